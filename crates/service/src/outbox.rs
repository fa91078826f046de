//! Messages owed: put into the outbox by a business transaction, sent by a job.

use crate::audit::NOBODY;
use crate::port::{Letter, MailError, Notice, PushError};
use crate::{Caller, Fault, Platform};
use lionrock_crypto::ring::{Domain, Slot};
use lionrock_model::id::{OutboxId, ResidentId};
use lionrock_model::language::Language;
use lionrock_model::person::Email;
use lionrock_model::time::Millis;
use lionrock_store::{Tx, outbox};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use zeroize::Zeroizing;

/// How many messages one round of the job takes.
const ROUND: i64 = 20;
/// After so many tries a message is given up.
const TRIES: i64 = 8;

#[derive(Serialize, Deserialize)]
struct Stored {
    to: String,
    subject: String,
    text: String,
}

/// Puts a letter into the outbox; it leaves after this transaction is committed.
///
/// # Errors
/// Of the store and of sealing.
pub fn post(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    resident: Option<ResidentId>,
    letter: &Letter,
) -> Result<(), Fault> {
    let id = OutboxId::new(caller.now, caller.random());
    let stored =
        Stored { to: letter.to.reveal().to_owned(), subject: letter.subject.clone(), text: letter.text.clone() };
    let plain = Zeroizing::new(serde_json::to_vec(&stored)?);
    let sealed = platform.keys.seal(Domain::Contact, &slot(&id), None, &plain, &*caller.entropy)?;
    let waiting = outbox::Waiting {
        id,
        kind: "mail".to_owned(),
        resident,
        sealed_message: sealed.into(),
        created_at: caller.now.0,
        attempts: 0,
    };
    Ok(outbox::insert(tx, &waiting)?)
}

#[derive(Serialize, Deserialize)]
struct StoredNotice {
    account: String,
    at: i64,
    id: String,
    language: String,
    news: String,
}

/// Puts a notice for a person's devices into the outbox, where there is a push service.
///
/// # Errors
/// Of the store and of sealing.
pub fn notify(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    resident: ResidentId,
    news: &'static str,
) -> Result<(), Fault> {
    if platform.ports.push.is_none() {
        return Ok(());
    }
    let id = OutboxId::new(caller.now, caller.random());
    let stored = StoredNotice {
        account: resident.to_string(),
        at: caller.now.0,
        id: id.to_string(),
        language: caller.language.tag().to_owned(),
        news: news.to_owned(),
    };
    let plain = serde_json::to_vec(&stored)?;
    let sealed = platform.keys.seal(Domain::Contact, &slot(&id), None, &plain, &*caller.entropy)?;
    let waiting = outbox::Waiting {
        id,
        kind: NOTICE.to_owned(),
        resident: Some(resident),
        sealed_message: sealed.into(),
        created_at: caller.now.0,
        attempts: 0,
    };
    Ok(outbox::insert(tx, &waiting)?)
}

/// Kind of a row that is a notice.
const NOTICE: &str = "push";

/// Sends what is due, once; returns how many letters left. Safe to run in several processes.
///
/// # Errors
/// Of the store. A letter that cannot be sent stays for a later round and is no error.
pub async fn deliver(platform: &Arc<Platform>, caller: &Caller) -> Result<usize, Fault> {
    let now = caller.now.0;
    let due = platform.store.read(move |tx| outbox::due(tx, now, ROUND)).await?;
    let mut sent = 0;
    for waiting in due {
        let delay = Duration::from_secs(5 << waiting.attempts.clamp(0, 10));
        let again = caller.now.after(delay).0;
        let claim = waiting.clone();
        if !platform.store.write(move |tx| outbox::claim(tx, &claim, again)).await? {
            continue;
        }
        let outcome = if waiting.kind == NOTICE {
            push(platform, &waiting).await?
        } else {
            platform.ports.mail.send(&read(platform, &waiting)?).await
        };
        match outcome {
            Ok(()) => sent += 1,
            Err(error @ MailError::Later) if waiting.attempts + 1 < TRIES => {
                tracing::warn!(%error, attempts = waiting.attempts + 1, "a message waits for another try");
                continue;
            }
            Err(error) => tracing::error!(%error, kind = waiting.kind, "a message was given up"),
        }
        platform.store.write(move |tx| outbox::delete(tx, waiting.id)).await?;
    }
    Ok(sent)
}

/// Hands a notice over; one that nobody takes any more is done with.
async fn push(platform: &Platform, waiting: &outbox::Waiting) -> Result<Result<(), MailError>, Fault> {
    let Some(port) = &platform.ports.push else { return Ok(Ok(())) };
    let plain = platform.keys.open_sealed(Domain::Contact, &slot(&waiting.id), None, &waiting.sealed_message)?;
    let stored: StoredNotice = serde_json::from_slice(&plain)?;
    let notice = Notice {
        id: stored.id,
        account: ResidentId::parse(&stored.account).map_err(|_| Fault::stored_data("a notice is nobody's"))?,
        news: stored.news,
        language: Language::from_tag(&stored.language).unwrap_or_default(),
        at: Millis(stored.at),
    };
    Ok(port.send(&notice).await.map_err(|error| match error {
        PushError::Later => MailError::Later,
        PushError::Refused => MailError::Refused,
    }))
}

fn read(platform: &Platform, waiting: &outbox::Waiting) -> Result<Letter, Fault> {
    let plain = platform.keys.open_sealed(Domain::Contact, &slot(&waiting.id), None, &waiting.sealed_message)?;
    let Stored { to, subject, text } = serde_json::from_slice(&plain)?;
    let to = Email::parse(&to).map_err(|_| Fault::stored_data("an outgoing letter has no address"))?;
    Ok(Letter { to, subject, text })
}

const fn slot(id: &OutboxId) -> Slot<'_> {
    Slot { table: "outbox", column: "sealed_message", row: id.as_bytes(), resident: &NOBODY, schema: 1, version: 1 }
}

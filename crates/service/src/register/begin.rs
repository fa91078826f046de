//! The notice is agreed to: a registration begins.

use super::{SECRET, cookie as cookie_of, of_secret, require, sealed_off};
use crate::audit::{self, Event};
use crate::{Caller, Error, Platform};
use lionrock_crypto::digest::sha256;
use lionrock_model::id::RegistrationId;
use lionrock_model::register::{Aim, RegisterRefusal, Step};
use lionrock_store::notice;
use lionrock_store::registration::{self, Registration};
use serde_json::json;
use std::fmt;
use std::sync::Arc;

/// What was agreed to.
#[derive(Clone, Debug)]
pub struct Begin {
    /// The box is ticked.
    pub agreed: bool,
    /// Version the form names.
    pub named_version: String,
    /// Version shown now.
    pub version: &'static str,
    /// The whole notice as shown, in the language shown: its SHA-256 is kept.
    pub notice: String,
}

/// A registration under way.
#[derive(Clone)]
pub struct Begun {
    /// The cookie's value.
    pub cookie: String,
    /// Seconds the cookie may live.
    pub seconds: u32,
    /// Where it stands: not the beginning when this browser had begun before.
    pub step: Step,
}

impl fmt::Debug for Begun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Begun({:?})", self.step)
    }
}

/// Begins, or carries on what this browser began before.
///
/// # Errors
/// `NotAgreed`, `NoticeChanged`: nothing is kept.
pub async fn begin(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: Option<&str>,
    command: Begin,
) -> Result<Begun, Error<RegisterRefusal>> {
    begin_for(platform, caller, cookie, command, (Aim::Account, None)).await
}

/// As [`begin`], for whatever card and face are looked at; only one for a new account carries an earlier one on.
pub(crate) async fn begin_for(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: Option<&str>,
    command: Begin,
    (aim, subject): (Aim, Option<Vec<u8>>),
) -> Result<Begun, Error<RegisterRefusal>> {
    if !command.agreed {
        return Err(Error::Refuse(RegisterRefusal::NotAgreed));
    }
    if command.named_version != command.version {
        return Err(Error::Refuse(RegisterRefusal::NoticeChanged));
    }
    if let Some(cookie) = cookie.filter(|_| aim == Aim::Account) {
        let (shared, secret, now) = (Arc::clone(platform), cookie.to_owned(), caller.now);
        let found = platform.store.read(move |tx| require(tx, &shared, &secret, now)).await;
        match found {
            // A finished or refused registration does not stand in the way of a new one.
            Ok(found) if found.aim == Aim::Account && !matches!(found.step, Step::Done | Step::Counter) => {
                let left = found.expires.since(caller.now).as_secs();
                let seconds = u32::try_from(left).unwrap_or(u32::MAX);
                return Ok(Begun { cookie: cookie.to_owned(), seconds, step: found.step });
            }
            Ok(_) | Err(Error::Refuse(_)) => {}
            Err(fault) => return Err(fault),
        }
    }
    let (id, secret) = (RegistrationId::new(caller.now, caller.random()), caller.random());
    let row = Registration {
        id,
        version: 1,
        step: Step::Pictures,
        language: caller.language,
        notice_version: command.version.to_owned(),
        notice_hash: sha256(command.notice.as_bytes()),
        attempts: 0,
        challenge: None,
        custody: None,
        verdict: None,
        reasons: Vec::new(),
        sealed_facts: None,
        sealed_codes: None,
        sealed_email: None,
        email_code: None,
        email_codes: 0,
        resident: None,
        created: caller.now,
        expires: caller.now.after(platform.settings.limits.registration),
        secret_digest: of_secret(&id, &secret).under(platform, SECRET)?,
        proof: None,
        aim,
        subject,
        attended: None,
    };
    let row = sealed_off(platform, row)?;
    let (shared, who) = (Arc::clone(platform), caller.clone());
    let agreed = notice::Notice {
        version: command.version.to_owned(),
        language: caller.language.tag().to_owned(),
        wording: command.notice,
    };
    platform
        .store
        .write(move |tx| {
            notice::keep(tx, &row.notice_hash, &agreed, who.now)?;
            let hash: String = row.notice_hash.iter().map(|byte| format!("{byte:02x}")).collect();
            let body = json!({
                "aim": row.aim.word(),
                "language": row.language.tag(),
                "notice": row.notice_version,
                "notice_sha256": hash,
                "registration": row.id.to_string(),
            });
            audit::append(tx, &shared, &who, &Event::new("registration.consented", None, body))?;
            Ok::<_, Error<RegisterRefusal>>(registration::insert(tx, &row)?)
        })
        .await?;
    let seconds = u32::try_from(platform.settings.limits.registration.as_secs()).unwrap_or(u32::MAX);
    Ok(Begun { cookie: cookie_of(&id, &secret), seconds, step: Step::Pictures })
}

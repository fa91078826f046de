//! GET and POST /account/close: the end of an account, approved by a passkey over exactly what the page shows.
//!
//! One transaction: the resident's key, blind index, user handle and sealed fields leave their row, so nothing sealed with the key opens
//! again, in backups neither; passkeys, sessions, history, codes, approvals and pseudonyms end; the leaf carries the digest of a signed receipt.

use crate::audit::{self, Event};
use crate::ceremony::{self, Ask};
use crate::counter::withdraw;
use crate::ledger::receipt;
use crate::letter::{self, News};
use crate::signed_in::{self, Current};
use crate::{Caller, Error, Fault, Platform, authority, erasure, freshness};
use lionrock_ledger::receipt::Receipt;
use lionrock_model::account::AccountRefusal;
use lionrock_model::certificate::Ground;
use lionrock_model::credential::{CeremonyKind, PasskeyRefusal};
use lionrock_model::id::ResidentId;
use lionrock_model::time::Millis;
use lionrock_store::{
    Tx, consent, contact_change, correction, credential, custody, guardianship, leaf, level, oidc_grant, outbox,
    recovery, recovery_code, registration, resident, session,
};
use lionrock_wire::webauthn::json::{AuthenticationResponse, RequestOptions};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// Type of the entry.
const CLOSED: &str = freshness::CLOSED;

/// What closing will end, as the page shows it and the passkey signs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Whose account.
    pub account: ResidentId,
    /// When it began.
    pub since: Millis,
    /// Passkeys that stop working.
    pub authenticators: usize,
    /// Services that lose the person.
    pub services: usize,
    /// The language it is shown in.
    pub language: &'static str,
}

impl Statement {
    fn read(tx: &mut Tx<'_>, caller: &Caller, current: &Current) -> Result<Self, Fault> {
        let who = current.resident.id;
        let consents = consent::of_resident(tx, who)?;
        let services: BTreeSet<_> =
            consents.iter().filter(|one| one.ended_at.is_none()).map(|one| &one.service).collect();
        Ok(Self {
            account: who,
            since: Millis(current.resident.created_at),
            authenticators: credential::standing(tx, who)?.len(),
            services: services.len(),
            language: caller.language.tag(),
        })
    }

    fn value(&self) -> Value {
        json!({
            "account": self.account.to_string(),
            "authenticators": self.authenticators,
            "language": self.language,
            "services": self.services,
            "since": self.since.0,
            "what": "close-account",
        })
    }

    /// The canonical form: members sorted, no blanks. What the page sends back to name what it showed.
    #[must_use]
    pub fn canonical(&self) -> String {
        self.value().to_string()
    }
}

/// The answer as it arrived.
#[derive(Clone, Debug)]
pub struct Close {
    /// The session cookie.
    pub cookie: String,
    /// The passkey's answer.
    pub answer: AuthenticationResponse,
}

/// A closed account.
#[derive(Clone, Debug)]
pub struct Closed {
    /// The signed statement; [`receipt::file`] makes the receipt of it.
    pub statement: String,
    /// The event whose body holds its digest.
    pub event: [u8; 16],
    /// When.
    pub at: Millis,
}

/// What the page shows.
///
/// # Errors
/// Of the session; faults.
pub async fn look(platform: &Arc<Platform>, caller: &Caller, cookie: &str) -> Result<Statement, Error<AccountRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    platform
        .store
        .read(move |tx| {
            let current = super::require(tx, &owned, &caller, &cookie)?;
            Ok(Statement::read(tx, &caller, &current)?)
        })
        .await
}

/// Makes a challenge over what the page says it showed, if that still stands.
///
/// # Errors
/// Of the session; [`PasskeyRefusal::ShownChanged`]; faults.
pub async fn begin(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    shown: &str,
) -> Result<RequestOptions, Error<AccountRefusal>> {
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    let (cookie, shown) = (cookie.to_owned(), shown.to_owned());
    platform
        .store
        .write(move |tx| {
            let current = super::require(tx, &owned, &caller, &cookie)?;
            let canonical = Statement::read(tx, &caller, &current)?.canonical();
            if canonical != shown {
                return Err(Error::Refuse(PasskeyRefusal::ShownChanged.into()));
            }
            let binding = current.binding();
            Ok(ceremony::begin(tx, &owned, &caller, &ask(&current, &binding, &canonical))?)
        })
        .await
}

/// Closes the account for good.
///
/// # Errors
/// Of the session and of the passkey; [`PasskeyRefusal::ShownChanged`] when something of the statement changed since; faults.
pub async fn close(platform: &Arc<Platform>, caller: &Caller, command: Close) -> Result<Closed, Error<AccountRefusal>> {
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    let outcome = platform.store.write(move |tx| carry_out(tx, &owned, &caller, &command)).await;
    ceremony::settle(outcome)
}

/// The receipt of a closed account, by the random id of its event: nobody is signed in any more who could be asked. `None`
/// while the log does not hold the event, and for events of another kind.
///
/// # Errors
/// Of the store.
pub async fn file(
    platform: &Arc<Platform>,
    event: [u8; 16],
    limit: Duration,
) -> Result<Option<(Receipt, Millis)>, Fault> {
    let owned = Arc::clone(platform);
    let found = platform
        .store
        .read(move |tx| {
            let closed = leaf::by_event(tx, &event)?.is_some_and(|entry| entry.kind == CLOSED);
            let Some(sealed) = leaf::sealed_body(tx, &event)?.filter(|_| closed) else { return Ok::<_, Fault>(None) };
            let (_, canonical) = audit::open_body(&owned, &event, &sealed)?;
            Ok(Some(serde_json::from_slice::<Value>(&canonical)?))
        })
        .await?;
    let Some(body) = found else { return Ok(None) };
    let statement = body.pointer("/body/statement").and_then(Value::as_str);
    let statement = statement.ok_or_else(|| Fault::stored_data("a closing without its statement"))?;
    let at = Millis(body.get("at").and_then(Value::as_i64).unwrap_or_default());
    Ok(receipt::file(platform, statement, event, limit).await?.map(|file| (file, at)))
}

fn carry_out(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    command: &Close,
) -> Result<Result<Closed, AccountRefusal>, Fault> {
    let current = match super::within(super::require(tx, platform, caller, &command.cookie))? {
        Ok(current) => current,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let statement = Statement::read(tx, caller, &current)?;
    let (canonical, binding) = (statement.canonical(), current.binding());
    let proof = match ceremony::answer(tx, platform, caller, &ask(&current, &binding, &canonical), &command.answer)? {
        Ok(proof) => proof,
        Err(refusal) => return Ok(Err(refusal.into())),
    };
    let who = proof.resident;
    // The address is opened for the last time, while the key is still there.
    letter::post(tx, platform, caller, who, News::AccountClosed)?;
    let ended = end(tx, platform, caller, who)?;
    let version =
        resident::find(tx, who)?.map(|row| row.version).ok_or_else(|| Fault::stored_data("no such resident"))?;
    if !resident::close(tx, who, version, caller.now.0)? {
        return Err(Fault::stored_data("an account changed within its own transaction"));
    }
    let claims = json!({
        "account": who.to_string(),
        "approved": lionrock_wire::jose::encode(&proof.approved),
        "closed": caller.now.seconds(),
        "destroyed": ["blind-index", "contact", "profile", "resident-key", "user-handle"],
        "ended": ended,
        "iat": caller.now.seconds(),
        "iss": platform.settings.issuer,
        "realm": platform.settings.realm.to_string(),
        "what": "account-erasure",
    });
    let signed = receipt::sign(platform, &claims)?;
    let body = json!({
        "credential": proof.credential.id.to_string(),
        "ended": ended,
        "receipt": receipt::digest(&signed),
        "shown": statement.value(),
        "statement": signed,
    });
    let event = freshness::record(tx, platform, caller, &Event::new(CLOSED, Some(who), body))?;
    erasure::begin(tx, caller, who, &event)?;
    Ok(Ok(Closed { statement: signed, event, at: caller.now }))
}

/// Ends everything that hangs on the account; returns what and how many.
fn end(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, who: ResidentId) -> Result<Value, Fault> {
    let now = caller.now;
    let certificates =
        authority::end_all(tx, platform, caller, who, Ground::CessationOfOperation, authority::By::Resident)?;
    let grants = oidc_grant::revoke_all(tx, who, now)?;
    let consents = consent::end_all(tx, who, now)?;
    let pseudonyms = erasure::pseudonyms(tx, who, now)?;
    // Each by itself, with its entry in the ledger: a row that is put back signs no more, whatever becomes of the account's.
    let passkeys = credential::standing(tx, who)?;
    for passkey in &passkeys {
        ceremony::remove_credential(tx, platform, caller, passkey, "closed")?;
    }
    let authenticators = passkeys.len();
    let (born, seen) = signed_in::horizon(platform, now);
    let sessions = session::open(tx, who, born, seen)?.len();
    session::erase(tx, who)?;
    let codes = recovery_code::left(tx, who)?;
    recovery_code::remove_all(tx, who)?;
    recovery::remove_all(tx, who)?;
    custody::forget_resident(tx, who)?;
    registration::forget_resident(tx, who)?;
    outbox::delete_of(tx, who)?;
    contact_change::remove(tx, who)?;
    level::remove(tx, who)?;
    withdraw::end_all(tx, platform, caller, who)?;
    guardianship::remove(tx, who)?;
    correction::forget_resident(tx, who)?;
    Ok(json!({
        "authenticators": authenticators,
        "certificates": certificates,
        "consents": consents,
        "grants": grants,
        "pseudonyms": pseudonyms,
        "recovery_codes": codes,
        "sessions": sessions,
    }))
}

fn ask<'a>(current: &Current, binding: &'a [u8; 16], shown: &'a str) -> Ask<'a> {
    Ask { kind: CeremonyKind::CloseAccount, binding, resident: Some(current.resident.id), shown: shown.as_bytes() }
}

//! Erasure: what a closed account leaves is cleared step by step, each step a transaction of its own that can be done twice.
//!
//! The irrevocable part happens in the transaction of the closing (`account::close`): the resident's key, blind index, user
//! handle and sealed fields leave the row, sessions end, passkeys and tokens stop working. That transaction calls
//! [`begin`]; a job carries on with [`resume`], wherever a crash left it. The last step counts every table that could name
//! the person and finds nothing but what the table of retention lets stay.

use crate::audit::{self, Event};
use crate::ledger::receipt;
use crate::{Caller, Fault, Platform, authority, freshness};
use lionrock_crypto::digest::sha256;
use lionrock_model::certificate::Ground;
use lionrock_model::id::ResidentId;
use lionrock_model::time::Millis;
use lionrock_store::erasure::{self, Erasure};
use lionrock_store::resident::Resident;
use lionrock_store::residue::{self, Fate, PLACES, Place};
use lionrock_store::{Tx, failpoint, key_copy, oidc_pseudonym, oidc_tombstone};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Erasures taken up in one round.
const ROUND: u32 = 20;

/// A step of an erasure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Sessions and the history of signing in.
    Sessions,
    /// Passkeys.
    Authenticators,
    /// Codes and tokens of services.
    Grants,
    /// Approvals.
    Consents,
    /// Names at services: only a digest of each stays, without the person.
    Pseudonyms,
    /// Messages waiting.
    Messages,
    /// Whatever else names the person.
    Residue,
    /// Copies of wrapped keys, beside backups: each is written anew, without the person's.
    KeyCopies,
    /// The row, the index and the key are looked at once more, and every table is counted.
    Check,
}

impl Step {
    /// All of them, in order.
    pub const ALL: [Self; 9] = [
        Self::Sessions,
        Self::Authenticators,
        Self::Grants,
        Self::Consents,
        Self::Pseudonyms,
        Self::Messages,
        Self::Residue,
        Self::KeyCopies,
        Self::Check,
    ];

    /// The stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sessions => "sessions",
            Self::Authenticators => "authenticators",
            Self::Grants => "grants",
            Self::Consents => "consents",
            Self::Pseudonyms => "pseudonyms",
            Self::Messages => "messages",
            Self::Residue => "residue",
            Self::KeyCopies => "key-copies",
            Self::Check => "check",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.word() == word)
    }

    /// The step that clears a table.
    fn of(place: &Place) -> Self {
        match place.table {
            "session" | "sign_in" => Self::Sessions,
            "credential" => Self::Authenticators,
            "oidc_grant" => Self::Grants,
            "consent" => Self::Consents,
            "oidc_pseudonym" => Self::Pseudonyms,
            "outbox" => Self::Messages,
            _ => Self::Residue,
        }
    }

    fn next(self) -> Option<Self> {
        let mut after = Self::ALL.into_iter().skip_while(|step| *step != self);
        after.nth(1)
    }

    /// Where a test can end the program, before the step's transaction is committed.
    const fn failpoint(self) -> &'static str {
        match self {
            Self::Sessions => "erasure-sessions",
            Self::Authenticators => "erasure-authenticators",
            Self::Grants => "erasure-grants",
            Self::Consents => "erasure-consents",
            Self::Pseudonyms => "erasure-pseudonyms",
            Self::Messages => "erasure-messages",
            Self::Residue => "erasure-residue",
            Self::KeyCopies => "erasure-key-copies",
            Self::Check => "erasure-check",
        }
    }
}

/// Begins an erasure, in the transaction of the closing whose ledger entry is `event`.
///
/// # Errors
/// Of the store.
pub fn begin(tx: &mut Tx<'_>, caller: &Caller, resident: ResidentId, event: &[u8; 16]) -> Result<(), Fault> {
    Ok(erasure::begin(tx, resident, Step::Sessions.word(), event, caller.now)?)
}

/// Ends a resident's names at services: only a digest of each stays, so that it is never given again. Says how many.
///
/// # Errors
/// Of the store.
pub fn pseudonyms(tx: &mut Tx<'_>, resident: ResidentId, now: Millis) -> Result<u64, Fault> {
    for (service, sub) in residue::pseudonyms(tx, resident)? {
        oidc_tombstone::add(tx, &sha256(sub.as_bytes()), &service, now)?;
    }
    Ok(oidc_pseudonym::remove(tx, resident)?)
}

/// Closes an account once more whose row was put back from an older copy, when the ledger says that it was closed. False when
/// the row is as the ledger says, or the account was never closed.
///
/// # Errors
/// Of the store.
pub fn again(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, row: &Resident) -> Result<bool, Fault> {
    let Some((version, kind)) = freshness::ahead(tx, platform, row)? else { return Ok(false) };
    if kind != freshness::CLOSED || (!row.active && row.version == version && row.sealed_key.is_none()) {
        return Ok(false);
    }
    let event = freshness::Mark::Record(row.id, version).event(platform)?;
    residue::close_again(tx, row.id, version, caller.now)?;
    begin(tx, caller, row.id, &event)?;
    Ok(true)
}

/// Carries on with whatever is not done; returns how many erasures ended. Safe to run in several processes. An erasure waits for
/// [`backup::refresh`](crate::backup::refresh) when backups were made: call it in between.
///
/// # Errors
/// Of the store: the next round goes on where this one stopped.
pub async fn resume(platform: &Arc<Platform>, caller: &Caller) -> Result<usize, Fault> {
    let open = platform.store.read(|tx| erasure::open(tx, ROUND)).await?;
    let mut ended = 0;
    for one in open {
        if finish(platform, caller, one.resident).await? {
            ended += 1;
        }
    }
    if ended > 0 {
        // What the store's own log still holds of the destroyed keys.
        platform.store.tidy().await?;
    }
    Ok(ended)
}

/// Carries one erasure to its end; false when another process has it, or something that must not stay stayed.
///
/// # Errors
/// Of the store.
pub async fn finish(platform: &Arc<Platform>, caller: &Caller, resident: ResidentId) -> Result<bool, Fault> {
    loop {
        let (owned, by) = (Arc::clone(platform), caller.clone());
        let outcome = platform.store.write(move |tx| carry_on(tx, &owned, &by, resident)).await?;
        match outcome {
            Outcome::Next => {}
            Outcome::Done => return Ok(true),
            Outcome::Waiting => return Ok(false),
        }
    }
}

enum Outcome {
    Next,
    Done,
    Waiting,
}

fn carry_on(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, resident: ResidentId) -> Result<Outcome, Fault> {
    let Some(now) = erasure::find(tx, resident)? else { return Ok(Outcome::Waiting) };
    if now.done.is_some() {
        return Ok(Outcome::Done);
    }
    let step = Step::from_word(&now.step).ok_or_else(|| Fault::stored_data("erasure.step"))?;
    if step == Step::Pseudonyms {
        pseudonyms(tx, resident, caller.now)?;
    }
    if step == Step::Residue {
        // Ended with the closing; here those of an account whose rows were put back.
        authority::end_all(tx, platform, caller, resident, Ground::CessationOfOperation, authority::By::Platform)?;
    }
    for place in PLACES.iter().filter(|place| Step::of(place) == step) {
        residue::clear(tx, place, resident)?;
    }
    if step == Step::KeyCopies {
        key_copy::want(tx)?;
    }
    let outcome = match step.next() {
        Some(next) => move_on(tx, &now, next)?,
        None => check(tx, platform, caller, &now)?,
    };
    failpoint::reach(step.failpoint());
    Ok(outcome)
}

fn move_on(tx: &mut Tx<'_>, now: &Erasure, next: Step) -> Result<Outcome, Fault> {
    if erasure::step(tx, now, next.word(), None)? { Ok(Outcome::Next) } else { Ok(Outcome::Waiting) }
}

/// Counts every table. What should not be there sends the erasure back to its first step; the ledger hears of the end.
fn check(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, now: &Erasure) -> Result<Outcome, Fault> {
    // Nothing is said to be cleared while a file that the platform wrote may hold the person's key.
    if key_copy::behind(tx)? > 0 {
        return Ok(Outcome::Waiting);
    }
    let mut counts = Map::new();
    let mut left = false;
    for place in &PLACES {
        let found = residue::count(tx, place, now.resident)?;
        left |= found > 0 && place.fate != Fate::Stays;
        if found > 0 {
            counts.insert(place.table.to_owned(), json!(found));
        }
    }
    let row = lionrock_store::resident::find(tx, now.resident)?;
    let shut = row.as_ref().is_none_or(|row| {
        !row.active
            && row.sealed_key.is_none()
            && row.sealed_profile.is_none()
            && row.sealed_contact.is_none()
            && row.blind_index.is_none()
            && row.user_handle.is_none()
    });
    if left || !shut {
        tracing::error!(left, shut, "an erasure found something that must not stay: it begins again");
        if let (false, Some(row)) = (shut, &row) {
            again(tx, platform, caller, row)?;
        } else {
            erasure::step(tx, now, Step::Sessions.word(), None)?;
        }
        return Ok(Outcome::Waiting);
    }
    let sorted: Map<String, Value> =
        counts.into_iter().collect::<std::collections::BTreeMap<_, _>>().into_iter().collect();
    let claims = json!({
        "account": now.resident.to_string(),
        "closed": now.begun.seconds(),
        "iat": caller.now.seconds(),
        "iss": platform.settings.issuer,
        "realm": platform.settings.realm.to_string(),
        "stays": sorted,
        "what": "account-cleared",
    });
    let signed = receipt::sign(platform, &claims)?;
    let body = json!({"receipt": receipt::digest(&signed), "stays": sorted, "statement": signed});
    audit::append(tx, platform, caller, &Event::new("account.cleared", Some(now.resident), body))?;
    let done = erasure::step(tx, now, Step::Check.word(), Some(caller.now))?;
    Ok(if done { Outcome::Done } else { Outcome::Waiting })
}

//! The kill switch: an account whose passkeys open nothing until the person shows again who they are.
//!
//! There is no row: the ledger's own entries say it, under keyed ids, so that nobody can take a suspension away, or make one, by writing
//! to the store. It is lifted by getting back in ([`crate::recovery`]: codes, or card and face again), or from the one passkey that
//! was left working.
//!
//! | verb | route | writes |
//! | --- | --- | --- |
//! | [`by_session`] | POST /account/lost | every other passkey sleeps, every other session ends, leaf, letter |
//! | [`by_code`] | POST /lost | all passkeys sleep, all sessions end, the code is used up, leaf, letter |
//! | [`lift_by_session`] | POST /account/lost/undo | the passkeys work again, leaf, letter |
//!
//! The help desk's way is [`crate::counter::switch`].

use crate::audit::{self, Event};
use crate::authority::{self, By};
use crate::ceremony::settle;
use crate::freshness::{self, Mark};
use crate::letter::{self, News};
use crate::{Caller, Error, Fault, Platform, recovery_codes, signed_in, vault};
use lionrock_crypto::ring::Mac;
use lionrock_model::account::{AccountRefusal, RecoveryCode};
use lionrock_model::budget::Budget;
use lionrock_model::certificate::Ground;
use lionrock_model::hkid::Hkid;
use lionrock_model::id::{CredentialId, ResidentId};
use lionrock_model::recovery::RecoveryRefusal;
use lionrock_model::session::EndReason;
use lionrock_model::time::Millis;
use lionrock_store::{Tx, ceremony as challenges, leaf, session};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// The type of the entry that begins one.
pub const SUSPENDED: &str = "account.suspended";
/// The type of the entry that ends one.
pub const REINSTATED: &str = "account.reinstated";
/// Failures one network may have in a window.
const MOST_FAILURES: i64 = 20;
/// The window.
const WINDOW: Duration = Duration::from_secs(10 * 60);

/// A suspension that stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suspension {
    turn: u32,
    /// The passkey that was left working.
    pub except: Option<CredentialId>,
    /// Since when; none when only the fact is known, after a restore.
    pub since: Option<Millis>,
    /// A guardian took their consent back: it takes another guardian, not only the person, to end it.
    pub guardian: bool,
}

/// Why an account is suspended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// A phone is lost. Names who said so, for the certificates that end with it.
    Lost(By),
    /// A guardian took their consent back.
    Guardian,
}

/// The suspension of an account that stands now.
///
/// # Errors
/// Of the store.
pub fn standing(tx: &mut Tx<'_>, platform: &Platform, who: ResidentId) -> Result<Option<Suspension>, Fault> {
    let mut turn = 1;
    loop {
        let [began, ended] =
            [Mark::Suspended(who, turn).event(platform)?, Mark::Reinstated(who, turn).event(platform)?];
        let found = leaf::marks(tx, [began, ended, began, ended])?;
        let Some(mark) = found.iter().find(|mark| mark.event == began) else { return Ok(None) };
        if found.iter().any(|mark| mark.event == ended) {
            turn += 1;
            continue;
        }
        let Some(sealed) = mark.sealed_body.as_deref() else {
            return Ok(Some(Suspension { turn, except: None, since: None, guardian: false }));
        };
        let (_, canonical) = audit::open_body(platform, &began, sealed)?;
        let event: Value = serde_json::from_slice(&canonical)?;
        let except = event.pointer("/body/except").and_then(Value::as_str).and_then(|id| CredentialId::parse(id).ok());
        let since = event.get("at").and_then(Value::as_i64).map(Millis);
        let guardian = event.pointer("/body/by/guardian").is_some();
        return Ok(Some(Suspension { turn, except, since, guardian }));
    }
}

/// Whether a passkey opens anything: it does, unless its account is suspended and it is not the one left working.
///
/// # Errors
/// Of the store.
pub fn permits(tx: &mut Tx<'_>, platform: &Platform, who: ResidentId, passkey: CredentialId) -> Result<bool, Fault> {
    Ok(standing(tx, platform, who)?.is_none_or(|now| now.except == Some(passkey)))
}

/// Suspends an account: passkeys, sessions and, when no passkey is left working, certificates for signing, at once. False when it is
/// suspended already. `by` says who asked.
///
/// # Errors
/// Of the store.
pub(crate) fn begin(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    who: ResidentId,
    left: Option<(CredentialId, lionrock_model::id::SessionId)>,
    why: Why,
    by: Value,
) -> Result<bool, Fault> {
    // A guardian's is never made lighter by another one; it takes the place of any other.
    let stands = |now: Suspension| now.guardian || (why != Why::Guardian && (now.except.is_none() || left.is_some()));
    if standing(tx, platform, who)?.is_some_and(stands) {
        return Ok(false);
    }
    // One that left a passkey working is replaced by one that leaves none.
    lift(tx, platform, caller, who, json!({"replaced": true}))?;
    let mut turn = 1;
    while freshness::known(tx, platform, Mark::Suspended(who, turn))? {
        turn += 1;
    }
    let ended = session::end_all(tx, who, left.map(|(_, session)| session), EndReason::Suspended, caller.now)?;
    // Whoever has the phone may have more than it: nothing is signed with certificates of before.
    let certificates = match (why, left) {
        (Why::Lost(said), None) => authority::end_all(tx, platform, caller, who, Ground::KeyCompromise, said)?,
        (Why::Guardian, _) => authority::end_all(tx, platform, caller, who, Ground::PrivilegeWithdrawn, By::Platform)?,
        (Why::Lost(_), Some(_)) => 0,
    };
    let body = json!({
        "by": by,
        "certificates_ended": certificates,
        "except": left.map(|(passkey, _)| passkey.to_string()),
        "sessions_ended": ended,
    });
    freshness::append(tx, platform, caller, Mark::Suspended(who, turn), &Event::new(SUSPENDED, Some(who), body))?;
    let news = if why == Why::Guardian { News::Unguarded } else { News::Suspended };
    letter::post(tx, platform, caller, who, news)?;
    Ok(true)
}

/// Ends the suspension that stands; false when there is none.
///
/// # Errors
/// Of the store.
pub(crate) fn lift(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    who: ResidentId,
    by: Value,
) -> Result<bool, Fault> {
    let Some(now) = standing(tx, platform, who)? else { return Ok(false) };
    let event = Event::new(REINSTATED, Some(who), json!({"by": by}));
    freshness::append(tx, platform, caller, Mark::Reinstated(who, now.turn), &event)?;
    Ok(true)
}

/// From another device of the person: every passkey but the one of this session sleeps.
///
/// # Errors
/// Of the session, `StepUpNeeded`; faults.
pub async fn by_session(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
) -> Result<bool, Error<AccountRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    platform
        .store
        .write(move |tx| {
            let current = fresh(tx, &owned, &caller, &cookie)?;
            let left = Some((current.session.credential, current.session.id));
            Ok(begin(
                tx,
                &owned,
                &caller,
                current.resident.id,
                left,
                Why::Lost(By::Resident),
                json!({"self": "session"}),
            )?)
        })
        .await
}

/// The passkeys work again, asked for with the one that was left working.
///
/// # Errors
/// Of the session, `StepUpNeeded`; faults.
pub async fn lift_by_session(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
) -> Result<bool, Error<AccountRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    platform
        .store
        .write(move |tx| {
            let current = fresh(tx, &owned, &caller, &cookie)?;
            let who = current.resident.id;
            // Only what left this passkey working is ended with it; everything else by showing who one is.
            let own = Some(current.session.credential);
            let lifted = standing(tx, &owned, who)?.is_some_and(|now| now.except == own)
                && lift(tx, &owned, &caller, who, json!({"self": "session"}))?;
            if lifted {
                letter::post(tx, &owned, &caller, who, News::Reinstated)?;
            }
            Ok(lifted)
        })
        .await
}

/// The suspension of the session's account, for its page.
///
/// # Errors
/// Of the session; faults.
pub async fn of_session(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
) -> Result<Option<Suspension>, Error<AccountRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    platform
        .store
        .read(move |tx| {
            let current = crate::account::require(tx, &owned, &caller, &cookie)?;
            Ok(standing(tx, &owned, current.resident.id)?)
        })
        .await
}

fn fresh(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    cookie: &str,
) -> Result<signed_in::Current, Error<AccountRefusal>> {
    crate::account::require_fresh(tx, platform, caller, cookie)
}

/// What a person without any device types: card number and one recovery code.
#[derive(Clone)]
pub struct Lost {
    /// Card number.
    pub hkid: String,
    /// One code; it is used up.
    pub code: String,
}

impl std::fmt::Debug for Lost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Lost(…)")
    }
}

/// Without any device: one recovery code suspends everything. A code is worth more than that, so nobody who has one is kept from it.
///
/// # Errors
/// [`RecoveryRefusal::NotAccepted`], the same for every cause; [`RecoveryRefusal::TooManyTries`]; faults.
pub async fn by_code(platform: &Arc<Platform>, caller: &Caller, command: Lost) -> Result<(), Error<RecoveryRefusal>> {
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    let outcome = platform.store.write(move |tx| switch_off(tx, &owned, &caller, &command)).await;
    settle(outcome)
}

fn switch_off(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    command: &Lost,
) -> Result<Result<(), RecoveryRefusal>, Fault> {
    let owner = match Hkid::parse(command.hkid.trim()) {
        Ok(hkid) => {
            let index = vault::blind_index(platform, caller, Budget::LookupAtRecovery, &caller.network(), &hkid)?;
            vault::owner(tx, platform, caller, &index)?
        }
        Err(_) => None,
    };
    let good = match (owner, RecoveryCode::parse(&command.code)) {
        (Some(owner), Some(code)) => recovery_codes::unused(tx, platform, owner, &code)?.map(|digest| (owner, digest)),
        _ => None,
    };
    let Some((owner, digest)) = good else {
        let bucket = platform.keys.mac(Mac::Code, "recovery try", &caller.network())?;
        let tries = challenges::count_failure(tx, &bucket, caller.now, caller.now.before(WINDOW))?;
        if tries > MOST_FAILURES {
            return Ok(Err(RecoveryRefusal::TooManyTries));
        }
        let body = json!({"code": "recovery-not-accepted"});
        audit::append(tx, platform, caller, &Event::new("recovery.refused", owner, body))?;
        return Ok(Err(RecoveryRefusal::NotAccepted));
    };
    if !recovery_codes::spend(tx, platform, caller, owner, &digest)? {
        return Ok(Err(RecoveryRefusal::NotAccepted));
    }
    begin(tx, platform, caller, owner, None, Why::Lost(By::Resident), json!({"self": "code"}))?;
    Ok(Ok(()))
}

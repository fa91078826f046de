//! Codes of 60 bits that one screen shows and another takes: to an officer, to the person's own phone, to a guardian.
//!
//! A code is good once and for a quarter of an hour; whoever tries codes out is turned away long before one fits. It reveals nothing: all that
//! comes of it is that the two screens are about the same errand.

use super::case;
use crate::audit::{self, Event};
use crate::ceremony::settle;
use crate::register::{self, Begin, Begun};
use crate::{Caller, Error, Fault, Platform, signed_in};
use lionrock_crypto::ring::Mac;
use lionrock_model::account::Level;
use lionrock_model::counter::{CaseKind, CaseState, CounterRefusal, ERRAND, HandOverCode};
use lionrock_model::id::CaseId;
use lionrock_model::level::LevelRefusal;
use lionrock_model::register::{Aim, RegisterRefusal, Step};
use lionrock_model::time::Millis;
use lionrock_store::{Tx, ceremony as challenges};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// Codes one registration or account may ask for in a window, and wrong codes one network may type.
const MOST: i64 = 20;
/// The window.
const WINDOW: Duration = Duration::from_secs(10 * 60);

/// A code to be shown, this once.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The errand.
    pub case: CaseId,
    /// The code.
    pub code: HandOverCode,
    /// Until when it can be taken up.
    pub until: Millis,
}

/// Makes a code for a registration: for an officer, for the person's own phone, or for their guardian. An earlier one of the kind is void.
///
/// # Errors
/// [`CounterRefusal::PersonNotReady`] at another step; [`CounterRefusal::TooManyTries`]; [`CounterRefusal::CaseOver`] without a
/// registration; faults.
pub async fn of_registration(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    kind: CaseKind,
) -> Result<Shown, Error<CounterRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let row = match register::require(tx, &owned, &cookie, caller.now) {
                Ok(row) => row,
                Err(Error::Refuse(_)) => return Ok(Err(CounterRefusal::CaseOver)),
                Err(Error::Fault(fault)) => return Err(fault),
            };
            let ready = match kind {
                CaseKind::Registration => {
                    row.aim == Aim::Account
                        && matches!(row.step, Step::Pictures | Step::Counter)
                        && row.attended.is_none()
                }
                CaseKind::Phone => matches!(row.step, Step::Pictures | Step::Presence | Step::Passkey),
                CaseKind::Guardian => row.step == Step::Guardian,
                CaseKind::KillSwitch | CaseKind::Kiosk | CaseKind::Upgrade => false,
            };
            if !ready {
                return Ok(Err(CounterRefusal::PersonNotReady));
            }
            if too_many(tx, &owned, &caller, "hand-over made", row.id.as_bytes())? {
                return Ok(Err(CounterRefusal::TooManyTries));
            }
            if let Some(before) = case::of_registration(tx, &owned, row.id, kind, caller.now)? {
                case::end(tx, &owned, &caller, before)?;
            }
            let mut new = case::new(&caller, kind);
            new.registration = Some(row.id);
            let shown = draw(tx, &owned, &caller, new)?;
            let body =
                json!({"case": shown.case.to_string(), "errand": kind.word(), "registration": row.id.to_string()});
            audit::append(tx, &owned, &caller, &Event::new("errand.begun", None, body))?;
            Ok(Ok(shown))
        })
        .await;
    settle(outcome)
}

/// Makes a code with which an officer takes up the raise of the session's account.
///
/// # Errors
/// Of the session; [`LevelRefusal::AlreadyPlus`], [`LevelRefusal::CoolingOff`]; faults.
pub async fn of_session(platform: &Arc<Platform>, caller: &Caller, cookie: &str) -> Result<Shown, Error<LevelRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let new = match errand(tx, &owned, &caller, &cookie)? {
                Ok(new) => new,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let who = new.resident;
            let shown = draw(tx, &owned, &caller, new)?;
            let body = json!({"case": shown.case.to_string(), "errand": CaseKind::Upgrade.word()});
            audit::append(tx, &owned, &caller, &Event::new("errand.begun", who, body))?;
            Ok(Ok(shown))
        })
        .await;
    settle(outcome)
}

/// Begins to proof card and face again for the session's account, so that it can be raised without a counter.
///
/// # Errors
/// As [`of_session`], and of the notice.
pub async fn proof_again(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    notice: Begin,
) -> Result<Result<Begun, RegisterRefusal>, Error<LevelRefusal>> {
    let (owned, by, secret) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    if !notice.agreed {
        return Ok(Err(RegisterRefusal::NotAgreed));
    }
    let outcome = platform
        .store
        .write(move |tx| {
            let mut new = match errand(tx, &owned, &by, &secret)? {
                Ok(new) => new,
                Err(refusal) => return Ok(Err(refusal)),
            };
            new.state = CaseState::Opened;
            new.expires = by.now.after(ERRAND);
            let case = case::add(tx, &owned, new)?;
            let body = json!({"case": case.id.to_string(), "errand": CaseKind::Upgrade.word()});
            audit::append(tx, &owned, &by, &Event::new("errand.begun", case.resident, body))?;
            Ok(Ok(case.id))
        })
        .await;
    let id = settle(outcome)?;
    let aim = (Aim::Upgrade, Some(id.as_bytes().to_vec()));
    match register::begin_for(platform, caller, None, notice, aim).await {
        Ok(begun) => Ok(Ok(begun)),
        Err(Error::Refuse(refusal)) => Ok(Err(refusal)),
        Err(Error::Fault(fault)) => Err(Error::Fault(fault)),
    }
}

/// A new errand to raise the session's account; an earlier one is over.
fn errand(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    cookie: &str,
) -> Result<Result<lionrock_store::counter_case::Case, LevelRefusal>, Fault> {
    let current = match signed_in::require(tx, platform, caller, cookie) {
        Ok(current) => current,
        Err(Error::Refuse(refusal)) => return Ok(Err(refusal.into())),
        Err(Error::Fault(fault)) => return Err(fault),
    };
    let who = current.resident.id;
    if crate::level::level(tx, platform, who)? >= Level::Plus {
        return Ok(Err(LevelRefusal::AlreadyPlus));
    }
    if crate::recovery::cooling_until(tx, who, caller.now)?.is_some() {
        return Ok(Err(LevelRefusal::CoolingOff));
    }
    if let Some(before) = case::of_resident(tx, platform, who, CaseKind::Upgrade, caller.now)? {
        case::end(tx, platform, caller, before)?;
    }
    let mut new = case::new(caller, CaseKind::Upgrade);
    new.resident = Some(who);
    Ok(Ok(new))
}

/// Takes a registration over to this browser, by the code that another screen shows. The other screen has it no more.
///
/// # Errors
/// [`CounterRefusal::CodeNotGood`], the same for every cause; [`CounterRefusal::TooManyTries`]; faults.
pub async fn carry_on(platform: &Arc<Platform>, caller: &Caller, typed: &str) -> Result<Begun, Error<CounterRefusal>> {
    let (owned, caller, typed) = (Arc::clone(platform), caller.clone(), typed.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let found = match taken(tx, &owned, &caller, &typed, &caller.network(), &[CaseKind::Phone])? {
                Ok(found) => found,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let row = found.registration.map(|id| register::find(tx, &owned, id)).transpose()?.flatten();
            let Some(row) = row.filter(|row| caller.now < row.expires) else {
                return Ok(Err(CounterRefusal::CodeNotGood));
            };
            let body = json!({"case": found.id.to_string(), "registration": row.id.to_string()});
            case::end(tx, &owned, &caller, found)?;
            audit::append(tx, &owned, &caller, &Event::new("errand.carried-on", None, body))?;
            Ok(Ok(register::hand_over(tx, &owned, &caller, row)?))
        })
        .await;
    settle(outcome)
}

/// Where the registration of a code stands. The code stays good, and the registration where it is.
///
/// # Errors
/// [`CounterRefusal::CodeNotGood`], the same for every cause; [`CounterRefusal::TooManyTries`]; faults.
pub async fn status(
    platform: &Arc<Platform>,
    caller: &Caller,
    typed: &str,
) -> Result<(Step, Millis), Error<CounterRefusal>> {
    let (owned, caller, typed) = (Arc::clone(platform), caller.clone(), typed.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let kinds = [CaseKind::Guardian, CaseKind::Phone, CaseKind::Registration];
            let found = match taken(tx, &owned, &caller, &typed, &caller.network(), &kinds)? {
                Ok(found) => found,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let row = found.registration.map(|id| register::find(tx, &owned, id)).transpose()?.flatten();
            let row = row.filter(|row| caller.now < row.expires);
            Ok(row.map(|row| (row.step, found.expires.min(row.expires))).ok_or(CounterRefusal::CodeNotGood))
        })
        .await;
    settle(outcome)
}

/// The waiting errand of a code, of one of these kinds. Wrong codes are counted for whoever types them.
///
/// # Errors
/// Of the store. A refusal is the inner `Err`; commit all the same.
pub(crate) fn taken(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    typed: &str,
    who: &[u8],
    kinds: &[CaseKind],
) -> Result<Result<lionrock_store::counter_case::Case, CounterRefusal>, Fault> {
    let found = match HandOverCode::parse(typed) {
        Some(code) => case::by_code(tx, platform, &code, caller.now)?.filter(|case| kinds.contains(&case.kind)),
        None => None,
    };
    match found {
        Some(found) => Ok(Ok(found)),
        None if too_many(tx, platform, caller, "hand-over try", who)? => Ok(Err(CounterRefusal::TooManyTries)),
        None => Ok(Err(CounterRefusal::CodeNotGood)),
    }
}

pub(crate) fn draw(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    mut new: lionrock_store::counter_case::Case,
) -> Result<Shown, Fault> {
    let code = HandOverCode::from_random(caller.random());
    new.code = Some(case::digest(platform, &code)?);
    let kept = case::add(tx, platform, new)?;
    Ok(Shown { case: kept.id, code, until: kept.expires })
}

pub(crate) fn too_many(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    what: &str,
    who: &[u8],
) -> Result<bool, Fault> {
    let bucket = platform.keys.mac(Mac::Code, what, who)?;
    Ok(challenges::count_failure(tx, &bucket, caller.now, caller.now.before(WINDOW))? > MOST)
}

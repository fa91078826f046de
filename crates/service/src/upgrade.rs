//! From *Basic* to *Plus*: two kinds of evidence, one after the other. First something shows that the person of the card is there (an
//! officer's signed act at a counter, or card and face proofed again); then the person's own passkey, one that cannot leave its
//! device, signs for exactly what the page shows.
//!
//! | verb | route | writes |
//! | --- | --- | --- |
//! | [`look`] | GET /account/level | leaf of the opening (date of birth) |
//! | [`begin`] | POST /account/level/options | a challenge |
//! | [`finish`] | POST /account/level | the level, leaf, letter |

use crate::ceremony::{self, Ask, settle};
use crate::counter::case;
use crate::letter::{self, News};
use crate::signed_in::{self, Current};
use crate::{Caller, Error, Fault, Platform, level, recovery, vault};
use lionrock_model::account::Level;
use lionrock_model::counter::{CaseKind, CaseState};
use lionrock_model::credential::{CeremonyKind, PasskeyRefusal};
use lionrock_model::level::{Ground, LevelRefusal};
use lionrock_model::policy::{Actor, Field, Purpose, Subject, decide};
use lionrock_model::session::SessionRefusal;
use lionrock_model::time::Millis;
use lionrock_store::Tx;
use lionrock_store::counter_case::Case;
use lionrock_store::credential;
use lionrock_wire::webauthn::json::{AuthenticationResponse, RequestOptions};
use serde_json::json;
use std::sync::Arc;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// The level now.
    pub level: level::Standing,
    /// Whether the person is old enough.
    pub of_age: bool,
    /// Until when a recovery makes them wait.
    pub cooling: Option<Millis>,
    /// Whether they have a passkey that cannot leave its device.
    pub device_bound: bool,
    /// The evidence that waits for the passkey: what it is and until when it is good.
    pub evidence: Option<(Ground, Millis)>,
    /// With evidence: exactly what the passkey signs.
    pub shown: Option<String>,
}

/// The answer as it arrived.
#[derive(Clone, Debug)]
pub struct Finish {
    /// The session cookie.
    pub cookie: String,
    /// The passkey's answer.
    pub answer: AuthenticationResponse,
}

/// Where the person stands on the way.
///
/// # Errors
/// Of the session; faults.
pub async fn look(platform: &Arc<Platform>, caller: &Caller, cookie: &str) -> Result<Look, Error<LevelRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    platform
        .store
        .write(move |tx| {
            let current = require(tx, &owned, &caller, &cookie)?;
            let who = current.resident.id;
            let now = level::standing(tx, &owned, who)?;
            let evidence = evidence(tx, &owned, &caller, &current)?;
            Ok(Look {
                level: now,
                of_age: of_age(tx, &owned, &caller, &current)?,
                cooling: recovery::cooling_until(tx, who, caller.now)?,
                device_bound: credential::standing(tx, who)?.iter().any(|known| !known.backup_eligible),
                shown: evidence.as_ref().map(|(case, ground)| canonical(&caller, case, *ground)),
                evidence: evidence.map(|(case, ground)| (ground, case.expires)),
            })
        })
        .await
}

/// Makes a challenge over what the page says it showed, if that still stands.
///
/// # Errors
/// As [`finish`].
pub async fn begin(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    shown: &str,
) -> Result<RequestOptions, Error<LevelRefusal>> {
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    let (cookie, shown) = (cookie.to_owned(), shown.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let current = match within(require(tx, &owned, &caller, &cookie))? {
                Ok(current) => current,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let (case, ground) = match may(tx, &owned, &caller, &current)? {
                Ok(ready) => ready,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let canonical = canonical(&caller, &case, ground);
            if canonical != shown {
                return Ok(Err(PasskeyRefusal::ShownChanged.into()));
            }
            let binding = current.binding();
            Ok(Ok(ceremony::begin(tx, &owned, &caller, &ask(&current, &binding, &canonical))?))
        })
        .await;
    settle(outcome)
}

/// Raises the account. The evidence is used up with it.
///
/// # Errors
/// Of the session and of the passkey; [`LevelRefusal::TooYoung`], [`LevelRefusal::CoolingOff`], [`LevelRefusal::AlreadyPlus`],
/// [`LevelRefusal::EvidenceMissing`], [`LevelRefusal::PasskeySynced`]; faults.
pub async fn finish(platform: &Arc<Platform>, caller: &Caller, command: Finish) -> Result<(), Error<LevelRefusal>> {
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    let outcome = platform.store.write(move |tx| carry_out(tx, &owned, &caller, &command)).await;
    settle(outcome)
}

fn carry_out(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    command: &Finish,
) -> Result<Result<(), LevelRefusal>, Fault> {
    let current = match within(require(tx, platform, caller, &command.cookie))? {
        Ok(current) => current,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let (case, ground) = match may(tx, platform, caller, &current)? {
        Ok(ready) => ready,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let (canonical, binding) = (canonical(caller, &case, ground), current.binding());
    let proof = match ceremony::answer(tx, platform, caller, &ask(&current, &binding, &canonical), &command.answer)? {
        Ok(proof) => proof,
        Err(refusal) => return Ok(Err(refusal.into())),
    };
    let who = proof.resident;
    if proof.credential.backup_eligible {
        let body = json!({"case": case.id.to_string(), "code": "passkey-synced"});
        crate::audit::append(tx, platform, caller, &crate::audit::Event::new("level.refused", Some(who), body))?;
        return Ok(Err(LevelRefusal::PasskeySynced));
    }
    let why = json!({
        "approved": lionrock_wire::jose::encode(&proof.approved),
        "case": case.id.to_string(),
        "credential": proof.credential.id.to_string(),
        "ground": ground.word(),
        "officer_signed": case.approval.map(|event| lionrock_wire::jose::encode(&event)),
        "shown": canonical,
    });
    case::end(tx, platform, caller, case)?;
    level::change(tx, platform, caller, who, Level::Plus, why)?;
    letter::post(tx, platform, caller, who, News::LevelRaised)?;
    Ok(Ok(()))
}

/// Whether the account may be raised now, and on what ground.
fn may(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    current: &Current,
) -> Result<Result<(Case, Ground), LevelRefusal>, Fault> {
    let who = current.resident.id;
    if level::level(tx, platform, who)? >= Level::Plus {
        return Ok(Err(LevelRefusal::AlreadyPlus));
    }
    if recovery::cooling_until(tx, who, caller.now)?.is_some() {
        return Ok(Err(LevelRefusal::CoolingOff));
    }
    if !of_age(tx, platform, caller, current)? {
        return Ok(Err(LevelRefusal::TooYoung));
    }
    Ok(evidence(tx, platform, caller, current)?.ok_or(LevelRefusal::EvidenceMissing))
}

/// Evidence that waits: an errand that was shown, on whatever ground, and is not over.
fn evidence(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    current: &Current,
) -> Result<Option<(Case, Ground)>, Fault> {
    let found = case::of_resident(tx, platform, current.resident.id, CaseKind::Upgrade, caller.now)?;
    let shown = found.filter(|case| case.state == CaseState::Shown);
    Ok(shown.and_then(|case| case.ground.map(|ground| (case, ground))))
}

fn of_age(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, current: &Current) -> Result<bool, Fault> {
    let id = current.resident.id;
    let fields = [Field::Birth];
    let decision = decide(Actor::Resident(id), Subject::Resident(id), Purpose::AccountManagement, &fields, None)
        .map_err(|_| Fault::bug("a person may always see their own data"))?;
    let birth = vault::grant(tx, platform, caller, &decision)?.profile()?.birth;
    let birth = birth.and_then(|day| day.parse().ok()).ok_or_else(|| Fault::stored_data("no date of birth"))?;
    Ok(Level::Plus.fits(birth, caller.now.hong_kong_date()))
}

/// What the page shows and the passkey signs: members in alphabetical order.
fn canonical(caller: &Caller, case: &Case, ground: Ground) -> String {
    json!({
        "account": case.resident.map(|id| id.to_string()),
        "case": case.id.to_string(),
        "ground": ground.word(),
        "language": caller.language.tag(),
        "level": Level::Plus.word(),
        "what": "upgrade",
    })
    .to_string()
}

fn ask<'a>(current: &Current, binding: &'a [u8; 16], shown: &'a str) -> Ask<'a> {
    Ask { kind: CeremonyKind::Upgrade, binding, resident: Some(current.resident.id), shown: shown.as_bytes() }
}

fn require(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    cookie: &str,
) -> Result<Current, Error<LevelRefusal>> {
    signed_in::require(tx, platform, caller, cookie).map_err(|error: Error<SessionRefusal>| match error {
        Error::Refuse(refusal) => Error::Refuse(refusal.into()),
        Error::Fault(fault) => Error::Fault(fault),
    })
}

fn within<T>(outcome: Result<T, Error<LevelRefusal>>) -> Result<Result<T, LevelRefusal>, Fault> {
    match outcome {
        Ok(value) => Ok(Ok(value)),
        Err(Error::Refuse(refusal)) => Ok(Err(refusal)),
        Err(Error::Fault(fault)) => Err(fault),
    }
}

//! The officer's side of an errand: taken up by the person's code, the card's number compared, and what was seen signed for. An officer
//! sees no value of the person, here or on the way; without the person's own passkey afterwards nothing comes of it.

use super::{case, code};
use crate::audit::{self, Event};
use crate::ceremony::settle;
use crate::freshness::{self, Mark};
use crate::register;
use crate::staff::{OnDuty, approve, on_duty, policy};
use crate::{Caller, Error, Fault, Platform, vault};
use lionrock_model::counter::{CaseKind, CaseState, CounterRefusal, ERRAND};
use lionrock_model::hkid::Hkid;
use lionrock_model::id::CaseId;
use lionrock_model::level::{EVIDENCE, Ground};
use lionrock_model::policy::staff::Action;
use lionrock_model::register::Step;
use lionrock_model::time::Millis;
use lionrock_store::counter_case::{self, Case};
use lionrock_store::{Tx, staff_mark};
use lionrock_wire::webauthn::json::{AuthenticationResponse, RequestOptions};
use serde_json::json;
use std::sync::Arc;

/// Wrong card numbers after which an errand is over.
const MOST_WRONG: i64 = 3;

/// An errand as an officer sees it: no name, no number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// Its id.
    pub case: CaseId,
    /// What it is about.
    pub kind: CaseKind,
    /// Where it stands.
    pub state: CaseState,
    /// Whether the card's number was compared and is that of the account.
    pub compared: bool,
    /// Where the person's registration stands, when it is about one.
    pub step: Option<Step>,
    /// When the person may do nothing more with it.
    pub until: Millis,
    /// What the officer would sign now; none while there is nothing to sign.
    pub text: Option<String>,
}

/// The officer's errands that are not over.
///
/// # Errors
/// Of the officer's session; faults.
pub async fn list(platform: &Arc<Platform>, caller: &Caller, cookie: &str) -> Result<Vec<View>, Error<CounterRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    platform
        .store
        .read(move |tx| {
            let duty = on_duty(tx, &owned, &caller, &cookie).map_err(widen)?;
            let found = counter_case::of_officer(tx, duty.officer.id.as_bytes(), caller.now)?;
            let mut views = Vec::new();
            for case in found {
                if let Some(case) =
                    case::good(&owned, Some(case), caller.now)?.filter(|case| case.kind != CaseKind::KillSwitch)
                {
                    views.push(view(tx, &owned, &duty, &case)?);
                }
            }
            Ok(views)
        })
        .await
}

/// One of the officer's errands.
///
/// # Errors
/// Of the officer's session; [`CounterRefusal::CaseOver`], also for another officer's; faults.
pub async fn look(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    id: CaseId,
) -> Result<View, Error<CounterRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    platform
        .store
        .read(move |tx| {
            let duty = on_duty(tx, &owned, &caller, &cookie).map_err(widen)?;
            let case = own(tx, &owned, &caller, &duty, id)?.ok_or(Error::Refuse(CounterRefusal::CaseOver))?;
            Ok(view(tx, &owned, &duty, &case)?)
        })
        .await
}

/// Takes an errand up by the code that the person's screen shows.
///
/// # Errors
/// Of the officer's session and of the policy; [`CounterRefusal::CodeNotGood`], [`CounterRefusal::TooManyTries`]; faults.
pub async fn take_up(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    typed: &str,
) -> Result<CaseId, Error<CounterRefusal>> {
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    let (cookie, typed) = (cookie.to_owned(), typed.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let duty = match within(on_duty(tx, &owned, &caller, &cookie))? {
                Ok(duty) => duty,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let kinds = [CaseKind::Kiosk, CaseKind::Registration, CaseKind::Upgrade];
            let who = duty.officer.id;
            let case = match code::taken(tx, &owned, &caller, &typed, who.as_bytes(), &kinds)? {
                Ok(case) => case,
                Err(refusal) => return Ok(Err(refusal)),
            };
            if let Err(refusal) = policy::decide(tx, &owned, &caller, &duty.question(&caller, action(case.kind)))? {
                return Ok(Err(CounterRefusal::Duty(refusal.into())));
            }
            if let Some(id) = case.registration {
                let Some(mut row) = register::find(tx, &owned, id)? else {
                    return Ok(Err(CounterRefusal::CodeNotGood));
                };
                row.attended = Some(case.id);
                row.attempts = 0;
                row.expires = caller.now.after(ERRAND);
                if row.step == Step::Counter {
                    row.step = Step::Pictures;
                    row.verdict = None;
                    row.reasons.clear();
                }
                if !register::keep(tx, &owned, &row)? {
                    return Err(lionrock_store::Error::Busy.into());
                }
            }
            let taken = Case {
                state: CaseState::Opened,
                officer: Some(*who.as_bytes()),
                unit: Some(duty.officer.unit.as_str().to_owned()),
                code: None,
                expires: caller.now.after(ERRAND),
                ..case
            };
            let taken = case::save(tx, &owned, taken)?;
            let body = json!({
                "case": taken.id.to_string(),
                "errand": taken.kind.word(),
                "officer": who.to_string(),
                "unit": duty.officer.unit.as_str(),
            });
            audit::append(tx, &owned, &caller, &Event::new("errand.taken-up", taken.resident, body))?;
            Ok(Ok(taken.id))
        })
        .await;
    settle(outcome)
}

/// Compares the number on the card in the officer's hand with the account of the errand. Nothing of the account is shown; a few wrong numbers
/// end the errand.
///
/// # Errors
/// Of the officer's session; [`CounterRefusal::CardDiffers`], [`CounterRefusal::OwnAccount`], [`CounterRefusal::CaseOver`]; `Locked` when
/// the officer looked up too many; faults.
pub async fn compare(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    id: CaseId,
    number: &str,
) -> Result<(), Error<CounterRefusal>> {
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    let (cookie, number) = (cookie.to_owned(), number.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let duty = match within(on_duty(tx, &owned, &caller, &cookie))? {
                Ok(duty) => duty,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let Some(mut case) = own(tx, &owned, &caller, &duty, id)?.filter(|case| case.kind == CaseKind::Upgrade)
            else {
                return Ok(Err(CounterRefusal::CaseOver));
            };
            let same = match Hkid::parse(number.trim()) {
                Ok(hkid) => {
                    let index = vault::blind_index_for(&owned, &caller, duty.officer.id, &hkid)?;
                    if is_officers(tx, &duty, &index)? {
                        return Ok(Err(refused(tx, &owned, &caller, &duty, &case, CounterRefusal::OwnAccount)?));
                    }
                    case.resident.is_some() && vault::owner(tx, &owned, &caller, &index)? == case.resident
                }
                Err(_) => false,
            };
            if same {
                case.ground = Some(Ground::Counter);
                case::save(tx, &owned, case)?;
                return Ok(Ok(()));
            }
            let refusal = refused(tx, &owned, &caller, &duty, &case, CounterRefusal::CardDiffers)?;
            case.tries += 1;
            if case.tries >= MOST_WRONG {
                case::end(tx, &owned, &caller, case)?;
            } else {
                case::save(tx, &owned, case)?;
            }
            Ok(Err(refusal))
        })
        .await;
    settle(outcome)
}

/// The question for the officer's key over what [`look`] shows.
///
/// # Errors
/// Of the officer's session; [`CounterRefusal::PersonNotReady`], [`CounterRefusal::CaseOver`]; faults.
pub async fn begin(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    id: CaseId,
) -> Result<RequestOptions, Error<CounterRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let (duty, case, text) = match ready(tx, &owned, &caller, &cookie, id)? {
                Ok(ready) => ready,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let options = approve::begin_in(tx, &owned, &caller, &duty, action(case.kind), &text)?;
            Ok(options.map_err(CounterRefusal::Duty))
        })
        .await;
    settle(outcome)
}

/// Takes the officer's signature: the errand is shown, and the person goes on.
///
/// # Errors
/// As [`begin`], and of the officer's key.
pub async fn sign(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    id: CaseId,
    answer: AuthenticationResponse,
) -> Result<(), Error<CounterRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let (duty, mut case, text) = match ready(tx, &owned, &caller, &cookie, id)? {
                Ok(ready) => ready,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let action = action(case.kind);
            if let Err(refusal) = policy::decide(tx, &owned, &caller, &duty.question(&caller, action))? {
                return Ok(Err(CounterRefusal::Duty(refusal.into())));
            }
            let approved = match approve::check(tx, &owned, &caller, &duty, action, &text, &answer)? {
                Ok(approved) => approved,
                Err(refusal) => return Ok(Err(CounterRefusal::Duty(refusal))),
            };
            let body = json!({
                "act": approve::hex(&approved.act),
                "case": id.to_string(),
                "errand": case.kind.word(),
                "ground": Ground::Counter.word(),
                "officer": duty.officer.id.to_string(),
                "unit": duty.officer.unit.as_str(),
            });
            let event = Event::new("errand.shown", case.resident, body);
            freshness::append(tx, &owned, &caller, Mark::Shown(id), &event)?;
            case.state = CaseState::Shown;
            case.approval = Some(approved.act);
            case.expires = caller.now.after(EVIDENCE);
            if let Some(registration) = case.registration {
                let Some(mut row) = register::find(tx, &owned, registration)? else {
                    return Ok(Err(CounterRefusal::CaseOver));
                };
                row.step = Step::Passkey;
                if !register::keep(tx, &owned, &row)? {
                    return Err(lionrock_store::Error::Busy.into());
                }
            }
            case::save(tx, &owned, case)?;
            Ok(Ok(()))
        })
        .await;
    settle(outcome)
}

/// What is to be signed, when everything is there.
type Ready = (OnDuty, Case, String);

fn ready(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    cookie: &str,
    id: CaseId,
) -> Result<Result<Ready, CounterRefusal>, Fault> {
    let duty = match within(on_duty(tx, platform, caller, cookie))? {
        Ok(duty) => duty,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let Some(case) = own(tx, platform, caller, &duty, id)? else { return Ok(Err(CounterRefusal::CaseOver)) };
    match text(tx, platform, &duty, &case)? {
        Some(text) => Ok(Ok((duty, case, text))),
        None => Ok(Err(CounterRefusal::PersonNotReady)),
    }
}

/// The canonical text of the act: a line of what it is, then names and values in alphabetical order. None while there is nothing to sign.
fn text(tx: &mut Tx<'_>, platform: &Platform, duty: &OnDuty, case: &Case) -> Result<Option<String>, Fault> {
    if case.state != CaseState::Opened {
        return Ok(None);
    }
    let (officer, unit) = (duty.officer.id.to_string(), duty.officer.unit.as_str());
    match case.kind {
        CaseKind::Upgrade if case.ground == Some(Ground::Counter) => {
            let account = case.resident.map(|id| id.to_string()).unwrap_or_default();
            Ok(Some(format!(
                "counter-upgrade\naccount: {account}\ncard: seen-and-compared\ncase: {}\nlevel: plus\nofficer: {officer}\n\
                 person: present\nunit: {unit}\n",
                case.id
            )))
        }
        CaseKind::Kiosk => Ok(Some(format!(
            "kiosk\ncase: {}\ndevice: seen-and-locked-down\nofficer: {officer}\nunit: {unit}\n",
            case.id
        ))),
        CaseKind::Registration => {
            let row = case.registration.map(|id| register::find(tx, platform, id)).transpose()?.flatten();
            let Some(row) = row.filter(|row| row.step == Step::Presence && row.attended == Some(case.id)) else {
                return Ok(None);
            };
            let custody = row.custody.map(|id| id.to_string()).unwrap_or_default();
            Ok(Some(format!(
                "counter-registration\ncard: seen\ncase: {}\ncustody: {custody}\nofficer: {officer}\nperson: present\n\
                 registration: {}\nunit: {unit}\n",
                case.id, row.id
            )))
        }
        _ => Ok(None),
    }
}

fn view(tx: &mut Tx<'_>, platform: &Platform, duty: &OnDuty, case: &Case) -> Result<View, Fault> {
    let row = case.registration.map(|id| register::find(tx, platform, id)).transpose()?.flatten();
    Ok(View {
        case: case.id,
        kind: case.kind,
        state: case.state,
        compared: case.ground.is_some(),
        step: row.map(|row| row.step),
        until: case.expires,
        text: text(tx, platform, duty, case)?,
    })
}

/// An errand of this officer that is not over.
fn own(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    duty: &OnDuty,
    id: CaseId,
) -> Result<Option<Case>, Fault> {
    let found = case::find(tx, platform, id, caller.now)?;
    Ok(found.filter(|case| case.officer == Some(*duty.officer.id.as_bytes()) && case.kind != CaseKind::KillSwitch))
}

/// Whether a card number is the officer's own.
pub(crate) fn is_officers(tx: &mut Tx<'_>, duty: &OnDuty, index: &[u8; 32]) -> Result<bool, Fault> {
    Ok(staff_mark::of_officer(tx, duty.officer.id)?.is_some_and(|mark| mark.card == *index))
}

/// Whether the officer beside a registration is its own person; looked at when the registry confirmed the card.
pub(crate) fn serves_self(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    attended: Option<CaseId>,
    index: &[u8; 32],
) -> Result<bool, Fault> {
    let Some(id) = attended else { return Ok(false) };
    let Some(case) = case::find(tx, platform, id, caller.now)? else { return Ok(false) };
    let own = staff_mark::by_card(tx, index)?.is_some_and(|mark| Some(*mark.officer.as_bytes()) == case.officer);
    if own {
        let body = json!({"case": id.to_string(), "code": "own-account"});
        audit::append(tx, platform, caller, &Event::new("errand.refused", None, body))?;
        case::end(tx, platform, caller, case)?;
    }
    Ok(own)
}

fn refused(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    duty: &OnDuty,
    case: &Case,
    refusal: CounterRefusal,
) -> Result<CounterRefusal, Fault> {
    let code = lionrock_model::refusal::Refusal::code(&refusal);
    let body = json!({"case": case.id.to_string(), "code": code, "officer": duty.officer.id.to_string()});
    audit::append(tx, platform, caller, &Event::new("errand.refused", case.resident, body))?;
    Ok(refusal)
}

const fn action(kind: CaseKind) -> Action {
    match kind {
        CaseKind::Upgrade => Action::CounterUpgrade,
        CaseKind::KillSwitch => Action::AccountFreeze,
        CaseKind::Guardian | CaseKind::Kiosk | CaseKind::Phone | CaseKind::Registration => Action::CounterRegister,
    }
}

pub(super) fn widen(error: Error<lionrock_model::staff::DutyRefusal>) -> Error<CounterRefusal> {
    match error {
        Error::Refuse(refusal) => Error::Refuse(refusal.into()),
        Error::Fault(fault) => Error::Fault(fault),
    }
}

pub(super) fn within(
    outcome: Result<OnDuty, Error<lionrock_model::staff::DutyRefusal>>,
) -> Result<Result<OnDuty, CounterRefusal>, Fault> {
    match outcome {
        Ok(duty) => Ok(Ok(duty)),
        Err(Error::Refuse(refusal)) => Ok(Err(refusal.into())),
        Err(Error::Fault(fault)) => Err(fault),
    }
}

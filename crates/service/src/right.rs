//! What an officer may do in the journeys of tickets: the policy asked, signatures over texts taken and checked again, officers as the
//! ledger confirms them.

use crate::audit::{self, Event};
use crate::fault::FaultKind;
use crate::staff::{OnDuty, approve, house};
use crate::{Caller, Fault, Platform};
use lionrock_model::id::OfficerId;
use lionrock_model::policy::staff::{Action, Permit, StaffRefusal, permit as ask};
use lionrock_model::policy::{Field, Purpose};
use lionrock_model::staff::{Officer, OfficerState, Unit};
use lionrock_store::{Tx, officer, officer_session};
use lionrock_wire::webauthn::json::{AuthenticationResponse, RequestOptions};
use serde_json::json;

/// Asks whether an officer may do something that opens nobody's data.
///
/// # Errors
/// A [`StaffRefusal`].
pub fn permit(on: &OnDuty, caller: &Caller, action: Action) -> Result<Permit, StaffRefusal> {
    ask(&on.question(caller, action))
}

/// Asks whether an officer may open these fields for this purpose.
///
/// # Errors
/// A [`StaffRefusal`].
pub fn permit_opening(
    on: &OnDuty,
    caller: &Caller,
    action: Action,
    (purpose, fields): (Purpose, &[Field]),
) -> Result<Permit, StaffRefusal> {
    ask(&on.question(caller, action).opening(purpose, fields))
}

/// Asks whether an officer may be the second one.
///
/// # Errors
/// A [`StaffRefusal`].
pub fn permit_approval(
    on: &OnDuty,
    caller: &Caller,
    action: Action,
    opening: Option<(Purpose, &[Field])>,
    (proposer, unit): (OfficerId, Unit),
) -> Result<Permit, StaffRefusal> {
    let question = on.question(caller, action).proposed_by(proposer, unit);
    ask(&match opening {
        Some((purpose, fields)) => question.opening(purpose, fields),
        None => question,
    })
}

/// A fresh question to the officer's key over a text. None when their session or rights went meanwhile.
///
/// # Errors
/// Of the store.
pub fn begin(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    on: &OnDuty,
    (action, text): (Action, &str),
) -> Result<Option<RequestOptions>, Fault> {
    Ok(approve::begin_in(tx, platform, caller, on, action, text)?.ok())
}

/// The signed act of an answer, when it is this officer's over exactly this text. Commit also when there is none.
///
/// # Errors
/// Of the store.
pub fn check(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    on: &OnDuty,
    (action, text): (Action, &str),
    answer: &AuthenticationResponse,
) -> Result<Option<[u8; 16]>, Fault> {
    Ok(approve::check(tx, platform, caller, on, action, text, answer)?.ok().map(|approved| approved.act))
}

/// Whether a kept act is this officer's signature over exactly this text, for this action.
///
/// # Errors
/// Of the store; `RolledBack` when the officer's rows are not what the ledger says.
pub fn stands(
    tx: &mut Tx<'_>,
    platform: &Platform,
    act: &[u8],
    who: OfficerId,
    (action, text): (Action, &str),
) -> Result<bool, Fault> {
    let Ok(act) = <&[u8; 16]>::try_from(act) else { return Ok(false) };
    Ok(approve::verify(tx, platform, act, action, text)?.is_some_and(|approved| approved.officer == who))
}

/// An officer, as the ledger confirms them.
///
/// # Errors
/// Of the store; `RolledBack` when the rows are not what the ledger says.
pub fn find(tx: &mut Tx<'_>, platform: &Platform, id: OfficerId) -> Result<Option<Officer>, Fault> {
    Ok(house::find(tx, platform, id)?.map(|seat| seat.kept.officer))
}

/// All officers whom the ledger confirms. One whose rows were edited is left out: an alarm is raised by the look.
///
/// # Errors
/// Of the store.
pub fn all(tx: &mut Tx<'_>, platform: &Platform) -> Result<Vec<Officer>, Fault> {
    let mut found = Vec::new();
    for kept in officer::all(tx)? {
        match find(tx, platform, kept.officer.id) {
            Ok(one) => found.extend(one),
            Err(fault) if fault.kind == FaultKind::RolledBack => {}
            Err(fault) => return Err(fault),
        }
    }
    Ok(found)
}

/// Suspends an officer until somebody lifts it; their sessions end. False when they were not at work.
///
/// # Errors
/// Of the store; `RolledBack` when the rows are not what the ledger says.
pub fn suspend(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    who: OfficerId,
    why: &'static str,
) -> Result<bool, Fault> {
    let Some(seat) = house::find(tx, platform, who)? else { return Ok(false) };
    let mut kept = seat.kept;
    if kept.officer.state != OfficerState::Active {
        return Ok(false);
    }
    kept.officer.state = OfficerState::Suspended;
    if !officer::change(tx, &kept)? {
        return Err(lionrock_store::Error::Busy.into());
    }
    house::record(tx, platform, caller, who, "staff.suspended", json!({"why": why}))?;
    if officer_session::end_all(tx, who, "suspended", caller.now)? > 0 {
        let body = json!({"officer": who.to_string(), "why": "suspended"});
        audit::append(tx, platform, caller, &Event::new("staff.signed-out", None, body))?;
    }
    Ok(true)
}

//! Ending an officer: one is enough, and it holds at once. Suspending one, until two give the rights back.

use super::{Subject, permitted, text};
use crate::staff::approve;
use crate::staff::house::{self, Seat};
use crate::staff::session::{OnDuty, on_duty};
use crate::{Caller, Error, Fault, Platform, ceremony};
use lionrock_model::id::OfficerId;
use lionrock_model::policy::staff::Action;
use lionrock_model::staff::{DutyRefusal, OfficerState};
use lionrock_store::{Tx, officer, officer_credential, officer_proposal, officer_session};
use lionrock_wire::webauthn::json::{AuthenticationResponse, RequestOptions};
use serde_json::json;
use std::sync::Arc;

/// The text to be signed, and the question for the key.
///
/// # Errors
/// A [`DutyRefusal`]; faults.
pub async fn begin(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    who: OfficerId,
) -> Result<(String, RequestOptions), Error<DutyRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let duty = match on_duty(tx, &owned, &caller, &cookie) {
                Ok(duty) => duty,
                Err(Error::Refuse(refusal)) => return Ok(Err(refusal)),
                Err(Error::Fault(fault)) => return Err(fault),
            };
            let (_, text) = match judged(tx, &owned, &caller, &duty, who)? {
                Ok(judged) => judged,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let options = approve::begin_in(tx, &owned, &caller, &duty, Action::OfficerEnd, &text)?;
            Ok::<_, Fault>(options.map(|options| (text, options)))
        })
        .await;
    ceremony::settle(outcome)
}

/// Ends an officer: sessions, keys and open proposals go with them, in the same transaction.
///
/// # Errors
/// A [`DutyRefusal`]; faults.
pub async fn finish(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    who: OfficerId,
    answer: AuthenticationResponse,
) -> Result<(), Error<DutyRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let duty = match on_duty(tx, &owned, &caller, &cookie) {
                Ok(duty) => duty,
                Err(Error::Refuse(refusal)) => return Ok(Err(refusal)),
                Err(Error::Fault(fault)) => return Err(fault),
            };
            let (seat, text) = match judged(tx, &owned, &caller, &duty, who)? {
                Ok(judged) => judged,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let signed = match approve::check(tx, &owned, &caller, &duty, Action::OfficerEnd, &text, &answer)? {
                Ok(signed) => signed,
                Err(refusal) => return Ok(Err(refusal)),
            };
            over(tx, &owned, &caller, seat, Some((&duty, &signed.act)))?;
            Ok::<_, Fault>(Ok(()))
        })
        .await;
    ceremony::settle(outcome)
}

fn judged(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    duty: &OnDuty,
    who: OfficerId,
) -> Result<Result<(Seat, String), DutyRefusal>, Fault> {
    let Some(seat) = house::find(tx, platform, who)? else { return Ok(Err(DutyRefusal::OfficerUnknown)) };
    if seat.kept.officer.state == OfficerState::Ended {
        return Ok(Err(DutyRefusal::OfficerUnknown));
    }
    if who == duty.officer.id || seat.kept.person == duty.person {
        super::decide::told(tx, platform, caller, duty, Action::OfficerEnd, DutyRefusal::OwnMatter)?;
        return Ok(Err(DutyRefusal::OwnMatter));
    }
    let about = seat.kept.officer.role;
    if let Err(refusal) = permitted(tx, platform, caller, duty, Action::OfficerEnd, about, None)? {
        return Ok(Err(refusal));
    }
    let named = house::open_name(platform, &seat.kept)?;
    let officer = &seat.kept.officer;
    let subject = Subject {
        kind: "end",
        officer: Some(who),
        named: &named,
        role: about,
        unit: &officer.unit,
        until: officer.rights_until,
    };
    let text = text(platform, Action::OfficerEnd, &subject, "");
    Ok(Ok((seat, text)))
}

/// Everything an end means, in one transaction.
fn over(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    seat: Seat,
    by: Option<(&OnDuty, &[u8; 16])>,
) -> Result<(), Fault> {
    let mut kept = seat.kept;
    let id = kept.officer.id;
    kept.officer.state = OfficerState::Ended;
    kept.ended = Some(caller.now);
    (kept.invite_first, kept.invite, kept.invite_until) = (None, None, None);
    if !officer::change(tx, &kept)? {
        return Err(lionrock_store::Error::Busy.into());
    }
    let keys = officer_credential::remove_all(tx, id, caller.now)?;
    let sessions = officer_session::end_all(tx, id, "officer-ended", caller.now)?;
    let proposals = officer_proposal::void(tx, id, caller.now)?;
    let body = json!({
        "act": by.map(|(_, act)| approve::hex(act)),
        "by": by.map(|(duty, _)| duty.officer.id.to_string()),
        "by_unit": by.map(|(duty, _)| duty.officer.unit.as_str().to_owned()),
        "keys": keys,
        "proposals": proposals,
        "sessions": sessions,
    });
    house::record(tx, platform, caller, id, "staff.ended", body)
}

/// Suspends an officer: sessions end, nothing is permitted, until two others give the rights back. For reviews that are overdue and the
/// like; `why` is a word of ours. False when they do not work here, or are suspended.
///
/// # Errors
/// Of the store.
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
    let sessions = officer_session::end_all(tx, who, "suspended", caller.now)?;
    house::record(tx, platform, caller, who, "staff.suspended", json!({"sessions": sessions, "why": why}))?;
    Ok(true)
}

//! Asking for an officer, for longer rights, or for another role or unit.

use super::{FIRST, Half, Subject, fitting, new_half, permitted, text};
use crate::staff::approve;
use crate::staff::house::{self, Named};
use crate::staff::session::{OnDuty, on_duty};
use crate::{Caller, Error, Fault, Platform, ceremony};
use lionrock_model::id::OfficerId;
use lionrock_model::policy::staff::Action;
use lionrock_model::staff::{DutyRefusal, Officer, OfficerState, PROPOSAL, Role, Unit};
use lionrock_model::time::Millis;
use lionrock_store::Tx;
use lionrock_store::officer::{self, Kept};
use lionrock_store::officer_proposal::{self, Proposal};
use lionrock_wire::webauthn::json::{AuthenticationResponse, RequestOptions};
use std::sync::Arc;

/// What is asked for.
#[derive(Clone, Debug)]
pub enum Wanted {
    /// Somebody new.
    New {
        /// Name and staff number.
        named: Named,
        /// Role.
        role: Role,
        /// Unit.
        unit: Unit,
        /// Until when.
        until: Millis,
    },
    /// A code for somebody who is there: for the first key, when the ten minutes of theirs ran out, or for a further one.
    Key {
        /// Who.
        officer: OfficerId,
    },
    /// Other rights for somebody who works here: longer ones, another role, another unit; a suspension is lifted with it.
    Rights {
        /// Who.
        officer: OfficerId,
        /// Role.
        role: Role,
        /// Unit.
        unit: Unit,
        /// Until when.
        until: Millis,
    },
}

/// A proposal that waits for somebody else.
#[derive(Debug)]
pub struct Proposed {
    /// Its id.
    pub proposal: [u8; 16],
    /// About whom.
    pub officer: OfficerId,
    /// For somebody new, and for a key: the half of the code that the proposer hands over, shown once.
    pub half: Option<Half>,
}

/// The text to be signed, and the question for the key.
///
/// # Errors
/// A [`DutyRefusal`]; faults.
pub async fn begin(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    wanted: Wanted,
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
            let text = match judged(tx, &owned, &caller, &duty, &wanted)? {
                Ok((text, _)) => text,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let options = approve::begin_in(tx, &owned, &caller, &duty, Action::OfficerPropose, &text)?;
            Ok::<_, Fault>(options.map(|options| (text, options)))
        })
        .await;
    ceremony::settle(outcome)
}

/// Keeps the proposal.
///
/// # Errors
/// A [`DutyRefusal`]; faults.
pub async fn finish(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    wanted: Wanted,
    answer: AuthenticationResponse,
) -> Result<Proposed, Error<DutyRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let duty = match on_duty(tx, &owned, &caller, &cookie) {
                Ok(duty) => duty,
                Err(Error::Refuse(refusal)) => return Ok(Err(refusal)),
                Err(Error::Fault(fault)) => return Err(fault),
            };
            carry_out(tx, &owned, &caller, &duty, &wanted, &answer)
        })
        .await;
    ceremony::settle(outcome)
}

fn carry_out(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    duty: &OnDuty,
    wanted: &Wanted,
    answer: &AuthenticationResponse,
) -> Result<Result<Proposed, DutyRefusal>, Fault> {
    let (text, about) = match judged(tx, platform, caller, duty, wanted)? {
        Ok(judged) => judged,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let signed = match approve::check(tx, platform, caller, duty, Action::OfficerPropose, &text, answer)? {
        Ok(signed) => signed,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let (kind, officer, role, unit, until, half) = match wanted {
        Wanted::Key { officer } => {
            let Some(seat) = house::find(tx, platform, *officer)? else { return Ok(Err(DutyRefusal::OfficerUnknown)) };
            let (half, code) = new_half(platform, caller, FIRST)?;
            let mut kept = seat.kept;
            // Halves that were handed out before are good no more.
            (kept.invite_first, kept.invite, kept.invite_until) = (Some(code), None, None);
            if !officer::change(tx, &kept)? {
                return Err(lionrock_store::Error::Busy.into());
            }
            let now = kept.officer;
            ("key", *officer, now.role, now.unit, now.rights_until, Some(half))
        }
        Wanted::New { named, role, unit, until } => {
            let id = OfficerId::new(caller.now, caller.random());
            let (half, code) = new_half(platform, caller, FIRST)?;
            let kept = Kept {
                officer: Officer {
                    id,
                    role: *role,
                    unit: unit.clone(),
                    rights_until: *until,
                    state: OfficerState::Proposed,
                },
                person: house::person(platform, &named.number)?,
                sealed_name: house::seal_name(platform, caller, id, named)?,
                proposed_by: Some(duty.officer.id),
                approved_by: None,
                invite_first: Some(code),
                invite: None,
                invite_until: None,
                user_handle: caller.random::<64>().to_vec(),
                created: caller.now,
                used: None,
                ended: None,
                version: 1,
            };
            officer::insert(tx, &kept)?;
            ("new", id, *role, unit.clone(), *until, Some(half))
        }
        Wanted::Rights { officer, role, unit, until } => ("rights", *officer, *role, unit.clone(), *until, None),
    };
    let proposal = Proposal {
        id: caller.random(),
        kind: kind.to_owned(),
        officer,
        role,
        unit,
        rights_until: until,
        proposed_by: Some(duty.officer.id),
        act: Some(signed.act),
        state: "open".to_owned(),
        decided_by: None,
        decided_act: None,
        created: caller.now,
        expires: caller.now.after(PROPOSAL),
        decided: None,
    };
    officer_proposal::add(tx, &proposal)?;
    let body = serde_json::json!({
        "act": approve::hex(&signed.act),
        "by": duty.officer.id.to_string(),
        "by_unit": duty.officer.unit.as_str(),
        "kind": kind,
        "proposal": approve::hex(&proposal.id),
        "wanted": about.word(),
    });
    if half.is_some() {
        let told = if kind == "new" { "staff.proposed" } else { "staff.change-proposed" };
        house::record(tx, platform, caller, officer, told, body)?;
    } else {
        let event = crate::audit::Event::new("staff.change-proposed", None, body);
        crate::audit::append(tx, platform, caller, &event)?;
    }
    Ok(Ok(Proposed { proposal: proposal.id, officer, half }))
}

/// Whether it may be asked for, and the text that is signed.
fn judged(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    duty: &OnDuty,
    wanted: &Wanted,
) -> Result<Result<(String, Role), DutyRefusal>, Fault> {
    let (officer, named, before, rights) = match wanted {
        Wanted::New { named, role, unit, until } => {
            let person = house::person(platform, &named.number)?;
            // Oneself under another name is refused as oneself, not as somebody known.
            if person == duty.person {
                return refused(tx, platform, caller, duty, DutyRefusal::OwnMatter);
            }
            if officer::by_person(tx, &person)?.is_some() {
                return refused(tx, platform, caller, duty, DutyRefusal::AlreadyOfficer);
            }
            (None, named.clone(), None, (*role, unit.clone(), *until))
        }
        Wanted::Key { officer } | Wanted::Rights { officer, .. } => {
            let Some(seat) = house::find(tx, platform, *officer)? else { return Ok(Err(DutyRefusal::OfficerUnknown)) };
            if *officer == duty.officer.id || seat.kept.person == duty.person {
                return refused(tx, platform, caller, duty, DutyRefusal::OwnMatter);
            }
            let now = &seat.kept.officer;
            let (fits, rights) = match wanted {
                Wanted::Rights { role, unit, until, .. } => {
                    let fits = matches!(now.state, OfficerState::Active | OfficerState::Suspended);
                    (fits, (*role, unit.clone(), *until))
                }
                _ => (takes_key(now, caller), (now.role, now.unit.clone(), now.rights_until)),
            };
            if !fits {
                return Ok(Err(DutyRefusal::OfficerUnknown));
            }
            (Some(*officer), house::open_name(platform, &seat.kept)?, Some(now.role), rights)
        }
    };
    let (role, unit, until) = rights;
    if let Err(refusal) = fitting(platform, caller, &unit, until) {
        return Ok(Err(refusal));
    }
    // Somebody who is an auditor, or would be one, is a manager's affair: both roles are asked about.
    for about in [Some(role), before].into_iter().flatten() {
        if let Err(refusal) = permitted(tx, platform, caller, duty, Action::OfficerPropose, about, None)? {
            return Ok(Err(refusal));
        }
    }
    let kind = match wanted {
        Wanted::New { .. } => "new",
        Wanted::Key { .. } => "key",
        Wanted::Rights { .. } => "rights",
    };
    let subject = Subject { kind, officer, named: &named, role, unit: &unit, until };
    Ok(Ok((text(platform, Action::OfficerPropose, &subject, ""), role)))
}

/// Whether somebody can be given a code for a key: invited and without one yet, or at work.
pub(super) fn takes_key(officer: &Officer, caller: &Caller) -> bool {
    officer.state == OfficerState::Invited || officer.stands(caller.now)
}

fn refused<T>(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    duty: &OnDuty,
    refusal: DutyRefusal,
) -> Result<Result<T, DutyRefusal>, Fault> {
    super::decide::told(tx, platform, caller, duty, Action::OfficerPropose, refusal)?;
    Ok(Err(refusal))
}

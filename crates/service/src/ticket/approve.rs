//! The second officer: of another unit, with another key, over the same text. Nobody approves what they asked for, by any route.

use super::draft::{by, hex};
use super::sound::{approves, load};
use super::{APPROVED, ENDED, Ruled, duty, keep, mark, settle};
use crate::audit::Event;
use crate::monitor::{self, Deed, Outcome};
use crate::right;
use crate::staff::OnDuty;
use crate::{Caller, Error, Platform, freshness};
use lionrock_model::id::{ResidentId, TicketId};
use lionrock_model::monitor::Rule;
use lionrock_model::policy::Purpose;
use lionrock_model::policy::staff::{Action, StaffRefusal};
use lionrock_model::refusal::Refusal as _;
use lionrock_model::ticket::{Object, State, TicketRefusal, WAITS};
use lionrock_store::Tx;
use lionrock_store::ticket::Ticket;
use lionrock_wire::webauthn::json::{AuthenticationResponse, RequestOptions};
use serde_json::json;
use std::sync::Arc;

/// A fresh question to the second officer's key over the ticket's text.
///
/// # Errors
/// A [`TicketRefusal`]; faults.
pub async fn approve_options(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    id: TicketId,
) -> Result<RequestOptions, Error<TicketRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let on = duty(tx, &owned, &caller, &cookie)?;
            let row = match may_approve(tx, &owned, &caller, &on, id)? {
                Ok(row) => row,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let asked = right::begin(tx, &owned, &caller, &on, (approves(&row), &row.terms.text()))?;
            Ok(asked.ok_or(TicketRefusal::NotPermitted))
        })
        .await;
    settle(outcome)
}

/// The second officer's signature: the ticket opens, from now on, for its minutes.
///
/// # Errors
/// A [`TicketRefusal`]; faults.
pub async fn approve(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    id: TicketId,
    answer: AuthenticationResponse,
) -> Result<(), Error<TicketRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let on = duty(tx, &owned, &caller, &cookie)?;
            let mut row = match may_approve(tx, &owned, &caller, &on, id)? {
                Ok(row) => row,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let act = match right::check(tx, &owned, &caller, &on, (approves(&row), &row.terms.text()), &answer)? {
                Some(act) => act,
                None => {
                    let deed = deed(&on, &row);
                    let reason = TicketRefusal::Signature;
                    monitor::refused(tx, &owned, &caller, &deed, ("approve", reason.code(), None))?;
                    return Ok(Err(reason));
                }
            };
            row.state = State::Approved;
            row.approved = Some(caller.now);
            row.approver = Some((on.officer.id, on.officer.role, on.officer.unit.clone()));
            row.approval_proof = Some(act.to_vec());
            let body = json!({
                "act": hex(&act),
                "by": {"officer": row.terms.officer.to_string(), "role": row.terms.role.word(), "unit": row.terms.unit.as_str()},
                "case": row.terms.case.as_str(),
                "fields": row.terms.fields.iter().map(|field| field.word()).collect::<Vec<_>>(),
                "minutes": row.terms.minutes,
                "purpose": row.terms.purpose.map(Purpose::word),
                "second": by(&on),
                "ticket": id.to_string(),
            });
            let event = Event::new("ticket.granted", about(&row), body);
            freshness::append(tx, &owned, &caller, mark(&id, APPROVED), &event)?;
            keep(tx, &owned, &row)?;
            let deed = deed(&on, &row);
            monitor::note(tx, &owned, &caller, &deed, ("approve", Outcome::Given, None))?;
            Ok(Ok(()))
        })
        .await;
    settle(outcome)
}

/// Says no to a ticket, as a second officer; or takes it back, as the one who asked.
///
/// # Errors
/// A [`TicketRefusal`]; faults.
pub async fn refuse(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    id: TicketId,
) -> Result<(), Error<TicketRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let on = duty(tx, &owned, &caller, &cookie)?;
            let mut row = match load(tx, &owned, &caller, &on, id)? {
                Ok(row) => row,
                Err(refusal) => return Ok(Err(refusal)),
            };
            if row.state != State::Asked {
                return Ok(Err(TicketRefusal::Over));
            }
            let own = row.terms.officer == on.officer.id;
            if !own && let Err(refusal) = judged(tx, &owned, &caller, &on, &row)? {
                return Ok(Err(refusal));
            }
            row.state = State::Refused;
            row.ended = Some(caller.now);
            if !own {
                row.approver = Some((on.officer.id, on.officer.role, on.officer.unit.clone()));
            }
            let body = json!({
                "by": by(&on),
                "case": row.terms.case.as_str(),
                "reason": if own { "taken-back" } else { "second-officer" },
                "ticket": id.to_string(),
            });
            freshness::append(tx, &owned, &caller, mark(&id, ENDED), &Event::new("ticket.refused", about(&row), body))?;
            keep(tx, &owned, &row)?;
            monitor::note(tx, &owned, &caller, &deed(&on, &row), ("approve", Outcome::Refused, None))?;
            Ok(Ok(()))
        })
        .await;
    settle(outcome)
}

/// The ticket, when it waits and this officer may be its second one.
fn may_approve(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, on: &OnDuty, id: TicketId) -> Ruled<Ticket> {
    let row = match load(tx, platform, caller, on, id)? {
        Ok(row) => row,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if row.state != State::Asked || caller.now.since(row.terms.asked) >= WAITS {
        return Ok(Err(TicketRefusal::Over));
    }
    if caller.now < row.terms.asked {
        return Ok(Err(TicketRefusal::ClockBehind));
    }
    Ok(judged(tx, platform, caller, on, &row)?.map(|()| row))
}

/// Who they are, what the policy says, and what monitoring says about the two of them and the person.
fn judged(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, on: &OnDuty, row: &Ticket) -> Ruled<()> {
    let proposer = (row.terms.officer, row.terms.unit.clone());
    let asked = match (row.terms.object, row.terms.purpose) {
        (Object::Resident(_), Some(purpose)) => {
            right::permit_approval(on, caller, Action::TicketApprove, Some((purpose, &row.terms.fields)), proposer)
        }
        _ => right::permit_approval(on, caller, Action::JobApprove, None, proposer),
    };
    let refusal = match asked {
        Ok(_) => None,
        Err(StaffRefusal::OwnProposal) => Some(TicketRefusal::ApproverSame),
        Err(StaffRefusal::SameUnit) => Some(TicketRefusal::ApproverUnit),
        Err(_) => Some(TicketRefusal::NotPermitted),
    };
    // Whatever the policy says: never the same person, never the same unit.
    let refusal = match refusal {
        _ if row.terms.officer == on.officer.id => Some(TicketRefusal::ApproverSame),
        _ if row.terms.unit == on.officer.unit => Some(TicketRefusal::ApproverUnit),
        other => other,
    };
    if let Some(refusal) = refusal {
        monitor::refused(tx, platform, caller, &deed(on, row), ("approve", refusal.code(), None))?;
        return Ok(Err(refusal));
    }
    let asker = right::find(tx, platform, row.terms.officer)?.filter(|asker| asker.stands(caller.now));
    let Some(asker) = asker.filter(|asker| asker.role == row.terms.role && asker.unit == row.terms.unit) else {
        monitor::refused(tx, platform, caller, &deed(on, row), ("approve", TicketRefusal::Over.code(), None))?;
        return Ok(Err(TicketRefusal::Over));
    };
    // Judged as the asker's deed with this second officer: the pair, and whether the record is either's own.
    let both = Deed { officer: &asker, second: Some(on.officer.id), ..deed(on, row) };
    let verdict = monitor::look(tx, platform, caller, &both)?;
    let denied = verdict.denied.filter(|rule| *rule != Rule::NearMisses);
    if let Some(rule) = denied {
        let refusal =
            if rule == Rule::Pair || rule == Rule::Volume { TicketRefusal::TooMany } else { TicketRefusal::NotGiven };
        monitor::refused(tx, platform, caller, &both, ("approve", refusal.code(), Some(rule)))?;
        return Ok(Err(refusal));
    }
    Ok(Ok(()))
}

fn deed<'a>(on: &'a OnDuty, row: &'a Ticket) -> Deed<'a> {
    Deed {
        officer: &on.officer,
        second: Some(row.terms.officer),
        about: about(row),
        purpose: row.terms.purpose,
        case: &row.terms.case,
        ticket: Some(row.terms.ticket),
    }
}

/// The resident a ticket is about.
pub(super) const fn about(row: &Ticket) -> Option<ResidentId> {
    match row.terms.object {
        Object::Resident(id) => Some(id),
        Object::Job(_) => None,
    }
}

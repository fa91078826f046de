//! Whether a stored ticket is what was signed. Whoever edits a row, a signature or the ledger opens nothing and is heard of.

use super::{APPROVED, ENDED, code, mark};
use crate::break_glass;
use crate::monitor::{self, Deed};
use crate::right;
use crate::staff::OnDuty;
use crate::{Caller, Error, Fault, Platform, freshness};
use lionrock_model::id::TicketId;
use lionrock_model::monitor::Rule;
use lionrock_model::policy::staff::Action;
use lionrock_model::ticket::{CaseNumber, Object, State, TicketRefusal};
use lionrock_store::Tx;
use lionrock_store::ticket::{self as rows, Ticket};

/// Reads a ticket and checks it. A row that is not what was signed is refused and heard of: commit after a refusal.
///
/// # Errors
/// Faults of the store. A refusal is the inner `Err`.
pub(super) fn load(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    on: &OnDuty,
    id: TicketId,
) -> Result<Result<Ticket, TicketRefusal>, Error<TicketRefusal>> {
    let row = match rows::find(tx, id, &platform.settings.realm.to_string()) {
        Ok(Some(row)) => row,
        Ok(None) => return Ok(Err(TicketRefusal::NotFound)),
        // A word that is none was written by hand.
        Err(lionrock_store::Error::Corrupt { .. }) => return tampered(tx, platform, caller, on, id, None),
        Err(error) => return Err(error.into()),
    };
    if sound(tx, platform, &row)? { Ok(Ok(row)) } else { tampered(tx, platform, caller, on, id, Some(&row)) }
}

fn sound(tx: &mut Tx<'_>, platform: &Platform, row: &Ticket) -> Result<bool, Fault> {
    if code(platform, row)? != row.code {
        return Ok(false);
    }
    let text = row.terms.text();
    let asks = asks(row);
    let signed_by_officer = match (&row.ask_proof, row.state) {
        (None, State::Drafted | State::Expired) => true,
        (Some(act), _) => right::stands(tx, platform, act, row.terms.officer, (asks, &text))?,
        (None, _) => false,
    };
    if !signed_by_officer {
        return Ok(false);
    }
    let approved = row.approved.is_some();
    let ended = row.state.is_over();
    if freshness::known(tx, platform, mark(&row.terms.ticket, APPROVED))? != approved
        || freshness::known(tx, platform, mark(&row.terms.ticket, ENDED))? != ended
    {
        return Ok(false);
    }
    if !approved {
        return Ok(!matches!(row.state, State::Approved | State::Closed));
    }
    let Some((approver, _, unit)) = &row.approver else { return Ok(false) };
    if *approver == row.terms.officer || *unit == row.terms.unit {
        return Ok(false);
    }
    match (&row.approval_proof, row.break_glass) {
        (Some(act), None) => right::stands(tx, platform, act, *approver, (approves(row), &text)),
        (None, Some(glass)) => break_glass::covers(tx, platform, glass, row.terms.officer, *approver, row.approved),
        _ => Ok(false),
    }
}

/// The officer's own part.
pub(super) const fn asks(row: &Ticket) -> Action {
    match row.terms.object {
        Object::Job(_) => Action::JobPropose,
        Object::Resident(_) if is_glass(row) => Action::BreakGlassOpen,
        Object::Resident(_) => Action::TicketOpen,
    }
}

/// The second officer's part.
pub(super) const fn approves(row: &Ticket) -> Action {
    match row.terms.object {
        Object::Job(_) => Action::JobApprove,
        Object::Resident(_) => Action::TicketApprove,
    }
}

pub(super) const fn is_glass(row: &Ticket) -> bool {
    matches!(row.terms.purpose, Some(lionrock_model::policy::Purpose::BreakGlass))
}

/// Refuses a row that somebody wrote by hand, and lets others hear of it. The rule is about whoever wants to use it: who edited the
/// store cannot be known here.
fn tampered<T>(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    on: &OnDuty,
    id: TicketId,
    row: Option<&Ticket>,
) -> Result<Result<T, TicketRefusal>, Error<TicketRefusal>> {
    let unknown = CaseNumber::parse("UNKNOWN-0").map_err(|_| Fault::bug("a case number of ours"))?;
    let deed = Deed {
        officer: &on.officer,
        second: None,
        about: None,
        purpose: row.and_then(|row| row.terms.purpose),
        case: row.map_or(&unknown, |row| &row.terms.case),
        ticket: Some(id),
    };
    monitor::refused(tx, platform, caller, &deed, ("ticket", "ticket-edited", Some(Rule::Tampered)))?;
    Ok(Err(TicketRefusal::Edited))
}

/// Whether both officers of a ticket still work here, in the roles and units in which they signed.
pub(super) fn both_stand(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, row: &Ticket) -> Result<bool, Fault> {
    let Some((approver, role, unit)) = &row.approver else { return Ok(false) };
    let first = right::find(tx, platform, row.terms.officer)?;
    let second = right::find(tx, platform, *approver)?;
    let same = first
        .is_some_and(|one| one.stands(caller.now) && one.role == row.terms.role && one.unit == row.terms.unit)
        && second.is_some_and(|one| one.stands(caller.now) && one.role == *role && one.unit == *unit);
    Ok(same)
}

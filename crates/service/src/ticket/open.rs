//! Opening under a ticket: the complete decision — signatures, ledger, clock, policy, monitoring, budget — and then exactly the fields
//! asked for. What was opened leaves this verb only when its entry stands in the published log: ledger away means access denied.

use super::approve::about;
use super::sound::{both_stand, is_glass, load};
use super::{OVER, Ruled, duty, keep, mark, settle, stands};
use crate::ceremony::name_slot;
use crate::monitor::{self, Deed, Outcome};
use crate::staff::OnDuty;
use crate::vault::{self, Grant, Readers};
use crate::{Caller, Error, Fault, Platform, freshness, ledger, right};
use lionrock_crypto::ring::Domain;
use lionrock_model::id::{ResidentId, TicketId};
use lionrock_model::monitor::{Rule, Verdict};
use lionrock_model::policy::staff::{Action, Permit};
use lionrock_model::policy::{Actor, Decision, Field, Purpose, Subject, TicketGround, decide_by_ticket};
use lionrock_model::refusal::Refusal as _;
use lionrock_model::ticket::TicketRefusal;
use lionrock_model::time::Millis;
use lionrock_store::ticket::Ticket;
use lionrock_store::{Tx, credential, log_head};
use std::sync::Arc;
use std::time::Duration;

/// How long an opening waits for its entry to be published.
const PUBLISHED: Duration = Duration::from_secs(10);
/// How far the ledger may be ahead of this server's clock: two servers' clocks may differ so much.
const AHEAD: Duration = Duration::from_secs(5);

/// What was opened. It has no `Debug` that tells and no `Serialize`.
pub struct Seen {
    /// Field and value; a field without a value says so.
    pub values: Vec<(Field, Option<String>)>,
    /// The entry of the ledger.
    pub leaf: [u8; 16],
    /// The first moment at which the ticket is over.
    pub until: Millis,
    /// Whose.
    pub resident: ResidentId,
}

impl std::fmt::Debug for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Seen({} fields)", self.values.len())
    }
}

/// Opens fields of a ticket, each time anew and each time written down.
///
/// # Errors
/// A [`TicketRefusal`]; faults; `Locked` when the officer's budget has no room.
pub async fn open(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    id: TicketId,
    fields: Vec<Field>,
) -> Result<Seen, Error<TicketRefusal>> {
    let (owned, by, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let on = duty(tx, &owned, &by, &cookie)?;
            let (mut row, decision, end) = match decided(tx, &owned, &by, &on, id, &fields)? {
                Ok(decided) => decided,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let grant = granted(tx, &owned, &by, &row, &decision)?;
            let values = values(tx, &grant, &fields)?;
            let (leaf, resident) = (grant.leaf, grant.row()?.id);
            drop(grant);
            row.openings += 1;
            keep(tx, &owned, &row)?;
            monitor::note(tx, &owned, &by, &deed(&on, &row), ("open", Outcome::Given, None))?;
            Ok(Ok(Seen { values, leaf, until: end, resident }))
        })
        .await;
    let seen = settle(outcome)?;
    if ledger::wait(platform, seen.leaf, PUBLISHED).await?.is_none() {
        return Err(Error::Refuse(TicketRefusal::LedgerAway));
    }
    Ok(seen)
}

/// The whole decision, without opening anything: for figures.
///
/// # Errors
/// As [`open`].
pub async fn decide(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    id: TicketId,
    fields: Vec<Field>,
) -> Result<(), Error<TicketRefusal>> {
    let (owned, by, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let on = duty(tx, &owned, &by, &cookie)?;
            Ok(decided(tx, &owned, &by, &on, id, &fields)?.map(drop))
        })
        .await;
    settle(outcome)
}

/// Everything that is asked before a key is touched.
pub(super) fn decided(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    on: &OnDuty,
    id: TicketId,
    fields: &[Field],
) -> Ruled<(Ticket, Decision, Millis)> {
    let row = match load(tx, platform, caller, on, id)? {
        Ok(row) => row,
        Err(refusal) => return Ok(Err(refusal)),
    };
    // Another officer's ticket does not exist for this one.
    if row.terms.officer != on.officer.id {
        monitor::refused(tx, platform, caller, &deed(on, &row), ("open", TicketRefusal::NotFound.code(), None))?;
        return Ok(Err(TicketRefusal::NotFound));
    }
    let ruled = ruled(tx, platform, caller, on, &row, fields)?;
    match ruled {
        Ok((decision, end)) => Ok(Ok((row, decision, end))),
        Err((refusal, rule)) => {
            monitor::refused(tx, platform, caller, &deed(on, &row), ("open", refusal.code(), rule))?;
            Ok(Err(refusal))
        }
    }
}

type Ruling = Result<Result<(Decision, Millis), (TicketRefusal, Option<Rule>)>, Error<TicketRefusal>>;

fn ruled(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, on: &OnDuty, row: &Ticket, fields: &[Field]) -> Ruling {
    let end = match stands(row, caller.now) {
        Ok(end) => end,
        Err(refusal) => return Ok(Err((refusal, None))),
    };
    if behind(tx, caller)? {
        return Ok(Err((TicketRefusal::ClockBehind, None)));
    }
    // Once the ledger has said that its time is over, no clock brings it back.
    if freshness::known(tx, platform, mark(&row.terms.ticket, OVER))? {
        return Ok(Err((TicketRefusal::Over, None)));
    }
    let (Some(resident), Some(purpose)) = (about(row), row.terms.purpose) else {
        return Ok(Err((TicketRefusal::Fields, None)));
    };
    if fields.is_empty() || fields.iter().any(|field| !row.terms.fields.contains(field)) {
        return Ok(Err((TicketRefusal::Fields, None)));
    }
    if !both_stand(tx, platform, caller, row)? {
        return Ok(Err((TicketRefusal::Over, None)));
    }
    let verdict: Verdict = monitor::look(tx, platform, caller, &deed(on, row))?;
    // The pair was judged when it came about, and its own tickets count for it.
    if let Some(rule) = verdict.denied.filter(|rule| !matches!(rule, Rule::Pair | Rule::NearMisses)) {
        return Ok(Err((TicketRefusal::NotGiven, Some(rule))));
    }
    let Ok(permit) = permitted(on, caller, row, purpose, fields) else {
        return Ok(Err((TicketRefusal::NotPermitted, None)));
    };
    let ground = TicketGround {
        ticket: row.terms.ticket,
        officer: row.terms.officer,
        resident,
        purpose,
        fields: row.terms.fields.clone(),
        until: end,
        permit,
    };
    let actor = Actor::Officer(on.officer.id);
    match decide_by_ticket(actor, Subject::Resident(resident), purpose, fields, &ground, caller.now) {
        Ok(decision) => Ok(Ok((decision, end))),
        Err(_) => Ok(Err((TicketRefusal::NotPermitted, None))),
    }
}

fn permitted(
    on: &OnDuty,
    caller: &Caller,
    row: &Ticket,
    purpose: Purpose,
    fields: &[Field],
) -> Result<Permit, lionrock_model::policy::staff::StaffRefusal> {
    let action = if is_glass(row) { Action::BreakGlassRead } else { Action::TicketRead };
    right::permit_opening(on, caller, action, (purpose, fields))
}

/// Whether the signed log is from later than this server's clock says it is: then the clock was set back, and no ticket's end can be
/// told.
fn behind(tx: &mut Tx<'_>, caller: &Caller) -> Result<bool, Fault> {
    let newest = log_head::read(tx)?;
    Ok(newest.is_some_and(|head| Millis(head.signed_at) > caller.now.after(AHEAD)))
}

fn readers(row: &Ticket) -> Result<Readers, Fault> {
    let second = row.approver.clone().ok_or_else(|| Fault::bug("an approved ticket has an approver"))?;
    Ok(Readers {
        officer: (row.terms.officer, row.terms.role, row.terms.unit.clone()),
        second,
        case: row.terms.case.to_string(),
    })
}

pub(super) fn granted<'p>(
    tx: &mut Tx<'_>,
    platform: &'p Platform,
    caller: &Caller,
    row: &Ticket,
    decision: &Decision,
) -> Result<Grant<'p>, Fault> {
    vault::grant_on_ticket(tx, platform, caller, decision, &readers(row)?)
}

pub(super) fn deed<'a>(on: &'a OnDuty, row: &'a Ticket) -> Deed<'a> {
    Deed {
        officer: &on.officer,
        second: row.approver.as_ref().map(|(id, ..)| *id),
        about: about(row),
        purpose: row.terms.purpose,
        case: &row.terms.case,
        ticket: Some(row.terms.ticket),
    }
}

fn values(tx: &mut Tx<'_>, grant: &Grant<'_>, fields: &[Field]) -> Result<Vec<(Field, Option<String>)>, Fault> {
    let of_card = fields.iter().any(|field| !matches!(field, Field::Email | Field::Devices));
    let profile = if of_card { grant.profile()? } else { vault::Profile::default() };
    let mut values = Vec::with_capacity(fields.len());
    for field in fields {
        let value = match field {
            Field::Birth => profile.birth.clone(),
            Field::CardIssued => profile.card_issued.clone(),
            Field::ChineseName => profile.chinese_name.clone(),
            Field::Devices => Some(devices(tx, grant)?),
            Field::Email => grant.email()?.map(|mail| mail.reveal().to_owned()),
            Field::EnglishName => profile.english_name.clone(),
            Field::Hkid => profile.hkid.clone(),
            Field::Sex => profile.sex.map(String::from),
        };
        values.push((*field, value));
    }
    Ok(values)
}

/// The names of the person's passkeys, one a line.
fn devices(tx: &mut Tx<'_>, grant: &Grant<'_>) -> Result<String, Fault> {
    let id = grant.row()?.id;
    let mut names = Vec::new();
    for one in credential::standing(tx, id)? {
        let slot = name_slot(&id, &one.id, one.name_version);
        let plain = grant.open(Field::Devices, Domain::Account, &slot, &one.sealed_name)?;
        names.push(String::from_utf8_lossy(&plain).into_owned());
    }
    Ok(names.join("\n"))
}

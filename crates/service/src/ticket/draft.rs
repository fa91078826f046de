//! Asking: policy and monitoring judge what an officer wants; then the officer signs exactly the text that a second one will sign.

use super::sound::{asks, is_glass, load};
use super::{APPROVED, Ruled, code, duty, keep, mark, settle, until};
use crate::audit::{self, Event};
use crate::break_glass;
use crate::monitor::{self, Deed, Outcome};
use crate::right;
use crate::staff::OnDuty;
use crate::{Caller, Error, Fault, Platform, freshness, vault};
use lionrock_model::bulk::Job;
use lionrock_model::hkid::Hkid;
use lionrock_model::id::{ResidentId, TicketId};
use lionrock_model::monitor::Rule;
use lionrock_model::policy::staff::{Action, Permit};
use lionrock_model::policy::{Field, Purpose};
use lionrock_model::refusal::Refusal as _;
use lionrock_model::ticket::{CaseNumber, Object, State, Terms, TicketRefusal, WAITS};
use lionrock_store::ticket::{self as rows, Ticket};
use lionrock_store::{Tx, resident, staff_mark};
use lionrock_wire::webauthn::json::{AuthenticationResponse, RequestOptions};
use serde_json::json;
use std::sync::Arc;

/// Whom a ticket is about, as the officer typed it.
#[derive(Clone)]
pub enum Person {
    /// The reference of an account.
    Reference(ResidentId),
    /// A whole card number: looked up exactly, at most one hit.
    Number(Hkid),
    /// Nobody: a job over all accounts.
    Job(Job),
}

impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Person(…)")
    }
}

impl Person {
    /// Reads what was typed: a reference or a whole card number, nothing in between.
    ///
    /// # Errors
    /// [`TicketRefusal::Person`].
    pub fn parse(text: &str) -> Result<Self, TicketRefusal> {
        let text = text.trim();
        if let Ok(id) = ResidentId::parse(text) {
            return Ok(Self::Reference(id));
        }
        Hkid::parse(text).map(Self::Number).map_err(|_| TicketRefusal::Person)
    }
}

/// What an officer wants.
#[derive(Clone, Debug)]
pub struct Draft {
    /// What for; none for a job.
    pub purpose: Option<Purpose>,
    /// The case in the office's books.
    pub case: String,
    /// About whom.
    pub person: Person,
    /// Which fields.
    pub fields: Vec<Field>,
    /// For how many minutes.
    pub minutes: u32,
}

/// Writes a ticket down, if policy and monitoring let it be. A person who does not exist and one about whom no ticket is given look
/// the same.
///
/// # Errors
/// A [`TicketRefusal`]; faults; `Locked` when the officer looked too many card numbers up.
pub async fn draft(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    draft: Draft,
) -> Result<Ticket, Error<TicketRefusal>> {
    let case = CaseNumber::parse(&draft.case).map_err(|_| Error::Refuse(TicketRefusal::CaseNumber))?;
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let outcome = platform.store.write(move |tx| carry_out(tx, &owned, &caller, &cookie, &draft, &case)).await;
    settle(outcome)
}

fn carry_out(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    cookie: &str,
    draft: &Draft,
    case: &CaseNumber,
) -> Ruled<Ticket> {
    let on = duty(tx, platform, caller, cookie)?;
    let deed = Deed { officer: &on.officer, second: None, about: None, purpose: draft.purpose, case, ticket: None };
    if staff_mark::of_officer(tx, on.officer.id)?.is_none() {
        return Ok(Err(TicketRefusal::MarkMissing));
    }
    if unclosed(tx, platform, caller, &on)? {
        monitor::refused(tx, platform, caller, &deed, ("ask", TicketRefusal::Unclosed.code(), Some(Rule::Unclosed)))?;
        return Ok(Err(TicketRefusal::Unclosed));
    }
    let mut fields = draft.fields.clone();
    fields.sort_by_key(|field| field.word());
    fields.dedup();
    let mut terms = Terms {
        ticket: TicketId::new(caller.now, caller.random()),
        realm: platform.settings.realm.to_string(),
        officer: on.officer.id,
        role: on.officer.role,
        unit: on.officer.unit.clone(),
        purpose: draft.purpose,
        case: case.clone(),
        object: match draft.person {
            Person::Job(job) => Object::Job(job),
            // Filled in below; the fields are checked before anybody is looked for.
            _ => Object::Resident(ResidentId::new(caller.now, [0; 10])),
        },
        fields,
        minutes: draft.minutes,
        asked: caller.now,
    };
    if let Err(refusal) = terms.check() {
        return Ok(Err(refusal));
    }
    if permitted(&on, caller, &terms).is_err() {
        monitor::refused(tx, platform, caller, &deed, ("ask", TicketRefusal::NotPermitted.code(), None))?;
        return Ok(Err(TicketRefusal::NotPermitted));
    }
    let about = match &draft.person {
        Person::Job(_) => None,
        Person::Reference(id) => Some(resident::find(tx, *id)?.filter(|row| row.active).map(|row| row.id)),
        Person::Number(number) => {
            let index = vault::blind_index_for(platform, caller, on.officer.id, number)?;
            Some(vault::owner(tx, platform, caller, &index)?)
        }
    };
    let ticket = Some(terms.ticket);
    let deed = Deed { about: about.flatten(), ticket, ..deed };
    let verdict = monitor::look(tx, platform, caller, &deed)?;
    let missed = about == Some(None);
    if missed {
        monitor::note(tx, platform, caller, &deed, ("look-up", Outcome::Missed, None))?;
    }
    if missed || verdict.denied.is_some() {
        let officers_own = matches!(verdict.denied, Some(Rule::Volume));
        let refusal = if officers_own { TicketRefusal::TooMany } else { TicketRefusal::NotGiven };
        monitor::refused(tx, platform, caller, &deed, ("ask", refusal.code(), verdict.denied))?;
        if verdict.flags.contains(&Rule::NearMisses) {
            monitor::flag(tx, platform, caller, &deed, &[Rule::NearMisses])?;
        }
        return Ok(Err(refusal));
    }
    if let Some(Some(id)) = about {
        terms.object = Object::Resident(id);
    }
    if draft.purpose == Some(Purpose::BreakGlass)
        && break_glass::standing(tx, platform, caller, on.officer.id)?.is_none()
    {
        monitor::refused(tx, platform, caller, &deed, ("ask", TicketRefusal::BreakGlassNone.code(), None))?;
        return Ok(Err(TicketRefusal::BreakGlassNone));
    }
    monitor::note(tx, platform, caller, &deed, ("ask", Outcome::Given, None))?;
    monitor::flag(tx, platform, caller, &deed, &verdict.flags)?;
    let mut row = Ticket {
        terms,
        version: 1,
        state: State::Drafted,
        approver: None,
        approved: None,
        ended: None,
        openings: 0,
        ask_proof: None,
        approval_proof: None,
        break_glass: None,
        sealed_note: None,
        code: [0; 32],
    };
    row.code = code(platform, &row)?;
    rows::insert(tx, &row)?;
    Ok(Ok(row))
}

/// Whether an earlier ticket of the officer is over and has no note.
fn unclosed(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, on: &OnDuty) -> Result<bool, Fault> {
    let realm = platform.settings.realm.to_string();
    let earlier = rows::unclosed(tx, on.officer.id, &realm)?;
    Ok(earlier.iter().any(|row| until(row).is_none_or(|end| caller.now >= end)))
}

fn permitted(on: &OnDuty, caller: &Caller, terms: &Terms) -> Result<Permit, TicketRefusal> {
    let asked = match terms.purpose {
        None => right::permit(on, caller, Action::JobPropose),
        Some(Purpose::BreakGlass) => {
            right::permit_opening(on, caller, Action::BreakGlassOpen, (Purpose::BreakGlass, &terms.fields))
        }
        Some(purpose) => right::permit_opening(on, caller, Action::TicketOpen, (purpose, &terms.fields)),
    };
    asked.map_err(|_| TicketRefusal::NotPermitted)
}

/// What the officer signs: a fresh question to their key over the ticket's text.
///
/// # Errors
/// A [`TicketRefusal`]; faults.
pub async fn sign_options(
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
            let row = match own(tx, &owned, &caller, &on, id)? {
                Ok(row) => row,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let asked = right::begin(tx, &owned, &caller, &on, (asks(&row), &row.terms.text()))?;
            Ok(asked.ok_or(TicketRefusal::NotPermitted))
        })
        .await;
    settle(outcome)
}

/// The officer's signature: the ticket waits for a second officer. In broken glass there is one already, and it opens at once.
///
/// # Errors
/// A [`TicketRefusal`]; faults.
pub async fn sign(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    id: TicketId,
    answer: AuthenticationResponse,
) -> Result<State, Error<TicketRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let on = duty(tx, &owned, &caller, &cookie)?;
            let mut row = match own(tx, &owned, &caller, &on, id)? {
                Ok(row) => row,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let act = match right::check(tx, &owned, &caller, &on, (asks(&row), &row.terms.text()), &answer)? {
                Some(act) => act,
                None => return Ok(Err(TicketRefusal::Signature)),
            };
            let (about, job) = match row.terms.object {
                Object::Resident(id) => (Some(id), None),
                Object::Job(job) => (None, Some(job)),
            };
            row.ask_proof = Some(act.to_vec());
            row.state = State::Asked;
            let body = json!({
                "act": hex(&act),
                "by": by(&on),
                "case": row.terms.case.as_str(),
                "fields": row.terms.fields.iter().map(|field| field.word()).collect::<Vec<_>>(),
                "job": job.map(Job::word),
                "purpose": row.terms.purpose.map(Purpose::word),
                "ticket": id.to_string(),
            });
            audit::append(tx, &owned, &caller, &Event::new("ticket.asked", about, body))?;
            if is_glass(&row) {
                let Some(glass) = break_glass::standing(tx, &owned, &caller, on.officer.id)? else {
                    return Ok(Err(TicketRefusal::BreakGlassNone));
                };
                row.state = State::Approved;
                row.approved = Some(caller.now);
                row.break_glass = Some(glass.id);
                let body = json!({
                    "break_glass": glass.id.to_string(),
                    "by": by(&on),
                    "second": {"officer": glass.other.0.to_string(), "role": glass.other.1.word(), "unit": glass.other.2.as_str()},
                    "ticket": id.to_string(),
                });
                row.approver = Some(glass.other);
                let event = Event::new("ticket.granted", about, body);
                freshness::append(tx, &owned, &caller, mark(&id, APPROVED), &event)?;
            }
            keep(tx, &owned, &row)?;
            Ok(Ok(row.state))
        })
        .await;
    settle(outcome)
}

/// The officer's own draft, still waiting for their signature.
fn own(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, on: &OnDuty, id: TicketId) -> Ruled<Ticket> {
    let row = match load(tx, platform, caller, on, id)? {
        Ok(row) if row.terms.officer == on.officer.id => row,
        Ok(_) => return Ok(Err(TicketRefusal::NotFound)),
        Err(refusal) => return Ok(Err(refusal)),
    };
    let waits = row.state == State::Drafted && caller.now.since(row.terms.asked) < WAITS;
    Ok(if waits { Ok(row) } else { Err(TicketRefusal::Over) })
}

/// Who did it, as the ledger names officers.
pub(super) fn by(on: &OnDuty) -> serde_json::Value {
    json!({
        "officer": on.officer.id.to_string(),
        "role": on.officer.role.word(),
        "unit": on.officer.unit.as_str(),
    })
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

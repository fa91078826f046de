//! Tickets: an officer names purpose, case, person and fields; a second one of another unit signs the same text; then exactly those
//! fields open, for minutes, to that officer alone (promises C-09, section 4.2).
//!
//! | step | verb | entry of the ledger |
//! | --- | --- | --- |
//! | written down, judged by policy and monitoring | [`draft`] | `ticket.refused` when not |
//! | signed by the officer | [`sign`] | `ticket.asked` |
//! | signed by the second officer | [`approve`] | `ticket.granted` |
//! | a field is looked at | [`open`](open::open) | `personal.opened`, with `by`, `second`, `ticket`, `fields` |
//! | closed with a note | [`close`] | `ticket.closed` |
//! | its minutes are over | [`expire`] | `ticket.over` |
//! | nobody approved it in time | [`expire`] | `ticket.expired` |
//!
//! Nothing in the row is believed. At every use the text is written again from the row, both signatures over it are checked again,
//! the code over the row is compared, and the ledger must know of the approval and of no end.

pub mod approve;
pub mod close;
pub mod correct;
pub mod draft;
pub mod expire;
pub mod job;
pub mod list;
pub mod open;
mod sound;

pub use approve::{approve, approve_options, refuse};
pub use close::close;
pub use draft::{Draft, Person, draft, sign, sign_options};
pub use expire::expire;
pub use list::{Mine, look, mine, waiting};
pub use open::{Seen, open};

use crate::audit::NOBODY;
use crate::freshness::Mark;
use crate::staff::{self, OnDuty};
use crate::{Caller, Error, Fault, Platform};
use lionrock_crypto::ring::{Mac, Slot};
use lionrock_model::id::TicketId;
use lionrock_model::ticket::{Object, State, TicketRefusal};
use lionrock_model::time::Millis;
use lionrock_store::Tx;
use lionrock_store::ticket::Ticket;
use std::time::Duration;

/// What a closure gives that commits also when it refuses.
type Ruled<T> = Result<Result<T, TicketRefusal>, Error<TicketRefusal>>;

/// Turns it into what a verb answers.
fn settle<T>(outcome: Ruled<T>) -> Result<T, Error<TicketRefusal>> {
    outcome?.map_err(Error::Refuse)
}

/// The officer behind a cookie.
fn duty(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, cookie: &str) -> Result<OnDuty, Error<TicketRefusal>> {
    staff::on_duty(tx, platform, caller, cookie).map_err(|error| match error {
        Error::Refuse(_) => Error::Refuse(TicketRefusal::NotPermitted),
        Error::Fault(fault) => Error::Fault(fault),
    })
}

/// The first moment at which an approved ticket is over.
#[must_use]
pub fn until(row: &Ticket) -> Option<Millis> {
    let approved = row.approved?;
    Some(approved.after(Duration::from_secs(60 * u64::from(row.terms.minutes))))
}

/// Keyed code over everything in a row but its version and the code itself.
fn code(platform: &Platform, row: &Ticket) -> Result<[u8; 32], Fault> {
    let (resident, job) = match row.terms.object {
        Object::Resident(id) => (Some(id.to_string()), None),
        Object::Job(job) => (None, Some(job.word())),
    };
    let second = row.approver.as_ref().map(|(id, role, unit)| (id.to_string(), role.word(), unit.as_str()));
    let whole = serde_json::to_vec(&(
        (row.terms.text(), resident, job, row.state.word(), second),
        (row.approved.map(|at| at.0), row.ended.map(|at| at.0), row.openings),
        (&row.ask_proof, &row.approval_proof, row.break_glass.map(|id| id.to_string()), &row.sealed_note),
    ))?;
    Ok(platform.keys.mac(Mac::Commitment, "ticket row v1", &whole)?)
}

/// Writes a row's next state with its code.
fn keep(tx: &mut Tx<'_>, platform: &Platform, row: &Ticket) -> Result<(), Fault> {
    let row = Ticket { code: code(platform, row)?, ..row.clone() };
    if lionrock_store::ticket::update(tx, &row)? { Ok(()) } else { Err(lionrock_store::Error::Busy.into()) }
}

/// The mark of a step that happens once.
const fn mark<'a>(id: &'a TicketId, step: &'a str) -> Mark<'a> {
    Mark::StaffStep(id.as_bytes(), step)
}

/// The step of an approval.
const APPROVED: &str = "ticket approved";
/// The step of its time being over.
const OVER: &str = "ticket over";
/// The step of any end.
const ENDED: &str = "ticket ended";

fn stands(row: &Ticket, now: Millis) -> Result<Millis, TicketRefusal> {
    match (row.state, row.approved, until(row)) {
        (State::Approved, Some(from), Some(_)) if now < from => Err(TicketRefusal::ClockBehind),
        (State::Approved, Some(_), Some(end)) if now < end => Ok(end),
        _ => Err(TicketRefusal::Over),
    }
}

const fn note_slot(id: &TicketId) -> Slot<'_> {
    Slot { table: "ticket", column: "sealed_note", row: id.as_bytes(), resident: &NOBODY, schema: 1, version: 1 }
}

//! Closing a ticket: a note is mandatory, and sealed. Until it is there, its officer gets no other ticket.

use super::approve::about;
use super::draft::by;
use super::open::deed;
use super::sound::load;
use super::{ENDED, duty, keep, mark, note_slot, settle};
use crate::audit::Event;
use crate::monitor;
use crate::{Caller, Error, Fault, Platform, freshness};
use lionrock_crypto::ring::Domain;
use lionrock_model::id::TicketId;
use lionrock_model::monitor::Rule;
use lionrock_model::policy::Purpose;
use lionrock_model::ticket::{Note, State, TicketRefusal};
use serde_json::json;
use std::sync::Arc;

/// Closes a ticket with a note about what was done; also one whose minutes are over.
///
/// # Errors
/// A [`TicketRefusal`]; faults.
pub async fn close(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    id: TicketId,
    note: &str,
) -> Result<(), Error<TicketRefusal>> {
    let note = Note::parse(note).map_err(Error::Refuse)?;
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let on = duty(tx, &owned, &caller, &cookie)?;
            let mut row = match load(tx, &owned, &caller, &on, id)? {
                Ok(row) if row.terms.officer == on.officer.id => row,
                Ok(_) => return Ok(Err(TicketRefusal::NotFound)),
                Err(refusal) => return Ok(Err(refusal)),
            };
            if row.state != State::Approved {
                return Ok(Err(TicketRefusal::Over));
            }
            let plain = note.reveal().as_bytes();
            let sealed = owned.keys.seal(Domain::Audit, &note_slot(&id), None, plain, &*caller.entropy);
            row.sealed_note = Some(sealed.map_err(Fault::from)?.into());
            row.state = State::Closed;
            row.ended = Some(caller.now);
            let body = json!({
                "by": by(&on),
                "case": row.terms.case.as_str(),
                "openings": row.openings,
                "purpose": row.terms.purpose.map(Purpose::word),
                "ticket": id.to_string(),
            });
            let event = Event::new("ticket.closed", about(&row), body);
            freshness::append(tx, &owned, &caller, mark(&id, ENDED), &event)?;
            keep(tx, &owned, &row)?;
            if row.openings == 0 && row.terms.purpose.is_some() {
                monitor::flag(tx, &owned, &caller, &deed(&on, &row), &[Rule::Nothing])?;
            }
            Ok(Ok(()))
        })
        .await;
    settle(outcome)
}

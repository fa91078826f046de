//! What officers see of tickets: their own, and those that wait for a second officer. There is no list of residents and no search.

use super::sound::load;
use super::{Ruled, duty, settle, until};
use crate::{Caller, Error, Platform, staff};
use lionrock_model::id::TicketId;
use lionrock_model::staff::Officer;
use lionrock_model::ticket::{State, TicketRefusal, WAITS, seconds};
use lionrock_model::time::Millis;
use lionrock_store::ticket::{self as rows, Ticket};
use std::sync::Arc;

/// A ticket as its page shows it: nothing opened.
#[derive(Clone, Debug)]
pub struct Mine {
    /// The row.
    pub ticket: Ticket,
    /// The first moment at which it is over, once it is approved.
    pub until: Option<Millis>,
    /// Whether it opens now.
    pub opens: bool,
    /// Whether whoever looks is the one who asked.
    pub own: bool,
    /// Who looks.
    pub officer: Officer,
}

fn shown(row: Ticket, officer: &Officer, now: Millis) -> Mine {
    let until = until(&row);
    let opens = row.state == State::Approved && until.is_some_and(|end| now < end);
    let own = row.terms.officer == officer.id;
    Mine { ticket: row, until, opens, own, officer: officer.clone() }
}

/// An officer's own tickets, newest first.
///
/// # Errors
/// Of the session; faults.
pub async fn mine(platform: &Arc<Platform>, caller: &Caller, cookie: &str) -> Result<Vec<Mine>, Error<TicketRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    platform
        .store
        .write(move |tx| {
            let on = duty(tx, &owned, &caller, &cookie)?;
            let rows = rows::of_officer(tx, on.officer.id, &owned.settings.realm.to_string())?;
            Ok(rows.into_iter().map(|row| shown(row, &on.officer, caller.now)).collect())
        })
        .await
}

/// Tickets that wait for a second officer of another unit: whether this officer may be it is judged when they look.
///
/// # Errors
/// Of the session; faults.
pub async fn waiting(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
) -> Result<Vec<Mine>, Error<TicketRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    platform
        .store
        .write(move |tx| {
            let on = duty(tx, &owned, &caller, &cookie)?;
            if !seconds(on.officer.role) {
                return Ok(Vec::new());
            }
            let rows = rows::waiting(tx, caller.now.before(WAITS), &owned.settings.realm.to_string())?;
            let others =
                rows.into_iter().filter(|row| row.terms.officer != on.officer.id && row.terms.unit != on.officer.unit);
            Ok(others.map(|row| shown(row, &on.officer, caller.now)).collect())
        })
        .await
}

/// One ticket, for its officer or for a second one of another unit.
///
/// # Errors
/// A [`TicketRefusal`]; faults.
pub async fn look(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    id: TicketId,
) -> Result<Mine, Error<TicketRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let outcome = platform
        .store
        .write(move |tx| -> Ruled<Mine> {
            let on = duty(tx, &owned, &caller, &cookie)?;
            let row = match load(tx, &owned, &caller, &on, id)? {
                Ok(row) => row,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let own = row.terms.officer == on.officer.id;
            let second = row.state == State::Asked && seconds(on.officer.role);
            let was_second = row.approver.as_ref().is_some_and(|(approver, ..)| *approver == on.officer.id);
            if !own && !second && !was_second {
                return Ok(Err(TicketRefusal::NotFound));
            }
            Ok(Ok(shown(row, &on.officer, caller.now)))
        })
        .await;
    settle(outcome)
}

/// Whether an officer may be here at all: for pages that show nothing of a ticket.
///
/// # Errors
/// Of the session; faults.
pub async fn officer(platform: &Arc<Platform>, caller: &Caller, cookie: &str) -> Result<Officer, Error<TicketRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    platform
        .store
        .write(move |tx| {
            staff::on_duty(tx, &owned, &caller, &cookie).map(|on| on.officer).map_err(|error| match error {
                Error::Refuse(_) => Error::Refuse(TicketRefusal::NotPermitted),
                Error::Fault(fault) => Error::Fault(fault),
            })
        })
        .await
}

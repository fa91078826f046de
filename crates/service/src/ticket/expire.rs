//! Time does what nobody did: drafts and unapproved tickets end, the ledger says when an approved one's minutes are over, and a missing
//! note is a finding. A job; each ticket in its own transaction, safe to run again.

use super::approve::about;
use super::{ENDED, OVER, keep, mark, until};
use crate::audit::Event;
use crate::monitor::finding;
use crate::{Caller, Fault, Platform, freshness, right};
use lionrock_model::id::TicketId;
use lionrock_model::monitor::Rule;
use lionrock_model::ticket::{State, WAITS};
use lionrock_store::Tx;
use lionrock_store::ticket as rows;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// How long after its end a ticket may wait for its note before somebody else hears of it.
pub const NOTE_WAITS: Duration = Duration::from_secs(60 * 60);

/// One round; returns how many tickets ended.
///
/// # Errors
/// Of the store; the next round tries again.
pub async fn expire(platform: &Arc<Platform>, caller: &Caller) -> Result<usize, Fault> {
    let realm = platform.settings.realm.to_string();
    let before = caller.now.before(WAITS);
    let (stale, standing) = platform
        .store
        .read(move |tx| {
            let ids = |rows: Vec<rows::Ticket>| rows.into_iter().map(|row| row.terms.ticket).collect::<Vec<_>>();
            Ok::<_, lionrock_store::Error>((ids(rows::stale(tx, before, &realm)?), ids(rows::standing(tx, &realm)?)))
        })
        .await?;
    let mut ended = 0;
    for id in stale.into_iter().chain(standing) {
        let (owned, caller) = (Arc::clone(platform), caller.clone());
        ended += usize::from(platform.store.write(move |tx| one(tx, &owned, &caller, id)).await?);
    }
    Ok(ended)
}

fn one(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, id: TicketId) -> Result<bool, Fault> {
    let Some(mut row) = rows::find(tx, id, &platform.settings.realm.to_string())? else { return Ok(false) };
    let ticket = id.to_string();
    match row.state {
        State::Drafted | State::Asked if caller.now.since(row.terms.asked) >= WAITS => {
            row.state = State::Expired;
            row.ended = Some(caller.now);
            let event = Event::new("ticket.expired", about(&row), json!({"ticket": ticket}));
            freshness::append(tx, platform, caller, mark(&id, ENDED), &event)?;
            keep(tx, platform, &row)?;
            Ok(true)
        }
        State::Approved => {
            let Some(end) = until(&row).filter(|end| caller.now >= *end) else { return Ok(false) };
            let over = mark(&id, OVER);
            let first = !freshness::known(tx, platform, over)?;
            if first {
                let body = json!({"openings": row.openings, "ticket": ticket});
                freshness::append(tx, platform, caller, over, &Event::new("ticket.over", about(&row), body))?;
            }
            if caller.now.since(end) >= NOTE_WAITS
                && let Some(officer) = right::find(tx, platform, row.terms.officer)?
                && lionrock_store::finding::open_of(tx, officer.id, Rule::Unclosed)?.is_none()
            {
                finding::raise(tx, platform, caller, &officer, Rule::Unclosed, Some(id))?;
            }
            Ok(first)
        }
        _ => Ok(false),
    }
}

//! The security officer's live board: decisions, refusals, alerts, budgets. It shows officers, rules and counts, and nobody's data.

use crate::{Caller, Error, Platform, right, staff};
use lionrock_model::break_glass::State as Glass;
use lionrock_model::monitor::FindingRefusal;
use lionrock_model::policy::staff::Action;
use lionrock_model::time::Millis;
use lionrock_store::break_glass::{self, BreakGlass};
use lionrock_store::domain_lock::{self, Locked};
use lionrock_store::finding::{self, Finding};
use lionrock_store::staff_act::{self, Act};
use std::sync::Arc;
use std::time::Duration;

/// Hours shown.
pub const HOURS: usize = 24;

/// Everything the board shows at a moment.
#[derive(Clone, Debug)]
pub struct Board {
    /// When it was read.
    pub at: Millis,
    /// Decisions in each of the last [`HOURS`] hours, the oldest first: given, refused (missed among them).
    pub hours: [(u32, u32); HOURS],
    /// Counts of the last day: what, how it ended, how often.
    pub tally: Vec<(String, String, u32)>,
    /// The newest acts.
    pub acts: Vec<Act>,
    /// Open findings, the most urgent first.
    pub findings: Vec<Finding>,
    /// Locked budgets.
    pub locked: Vec<Locked>,
    /// Openings of this minute by budget, in this server.
    pub minute: Vec<(String, u32)>,
    /// Breakings of the glass that stand or wait for their review.
    pub glass: Vec<BreakGlass>,
    /// Entries published, and whether the log is current.
    pub ledger: (u64, bool),
}

/// Reads the board.
///
/// # Errors
/// Of the session; [`FindingRefusal::FindingNotPermitted`]; faults.
pub async fn board(platform: &Arc<Platform>, caller: &Caller, cookie: &str) -> Result<Board, Error<FindingRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    platform
        .store
        .write(move |tx| {
            let on = staff::on_duty(tx, &owned, &caller, &cookie).map_err(|error| match error {
                Error::Refuse(_) => Error::Refuse(FindingRefusal::FindingNotPermitted),
                Error::Fault(fault) => Error::Fault(fault),
            })?;
            right::permit(&on, &caller, Action::BoardRead)
                .map_err(|_| Error::Refuse(FindingRefusal::FindingNotPermitted))?;
            let since = caller.now.before(Duration::from_secs(HOURS as u64 * 3600));
            let mut hours = [(0, 0); HOURS];
            for (at, outcome, count) in staff_act::hourly(tx, since)? {
                let Some(cell) = usize::try_from(at).ok().and_then(|at| hours.get_mut(at)) else { continue };
                let part = if outcome == "given" { &mut cell.0 } else { &mut cell.1 };
                *part += count;
            }
            let realm = owned.settings.realm.to_string();
            let mut glass = break_glass::latest(tx, &realm)?;
            glass.retain(|one| matches!(one.state, Glass::Asked | Glass::Open | Glass::Overdue));
            let standing = owned.ledger.standing();
            Ok(Board {
                at: caller.now,
                hours,
                tally: staff_act::tally(tx, since)?,
                acts: staff_act::latest(tx, since)?,
                findings: finding::open(tx)?,
                locked: domain_lock::all(tx)?,
                minute: owned.vault.minute(caller.now),
                glass,
                ledger: (standing.published, standing.is_current(caller.now, Duration::from_secs(10))),
            })
        })
        .await
}

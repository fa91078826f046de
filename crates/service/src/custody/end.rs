//! Ends nobody asked for: a dead worker, a deadline, a restart, a stop. Each is written down; none leaves a picture.

use super::Ending;
use super::receive::end;
use crate::port::Ended;
use crate::{Caller, Fault, Platform};
use lionrock_model::custody::CloseReason;
use lionrock_store::custody;
use std::sync::Arc;
use std::time::Duration;

/// Time after a deadline in which the server that holds a custody can write down its end itself.
const GRACE: Duration = Duration::from_secs(10);

/// Writes down that a custody ended by itself. Nothing happens when that is written already.
///
/// # Errors
/// Of the store.
pub async fn close_ended(platform: &Arc<Platform>, caller: &Caller, ended: Ended) -> Result<(), Fault> {
    let row = platform.store.read(move |tx| custody::find(tx, ended.custody)).await?;
    let Some(row) = row.filter(|row| row.closed.is_none()) else { return Ok(()) };
    let (shared, who) = (Arc::clone(platform), caller.clone());
    let ending = Ending::without_verdict(ended.reason, 0, 0);
    platform.store.write(move |tx| end(tx, &shared, &who, &row, ending)).await
}

/// Closes what an earlier run of this server left open, and what no server closed in time: the processes are gone, and
/// with them the keys and the pictures, which never left their memory. Says how many.
///
/// Called before the first socket opens, and every few seconds.
///
/// # Errors
/// Of the store.
pub async fn reconcile(platform: &Arc<Platform>, caller: &Caller) -> Result<usize, Fault> {
    let identity = platform.ports.proofing.identity();
    let rows = platform.store.read(custody::open).await?;
    let mut closed = 0;
    for row in rows {
        let earlier_run = row.node == identity.node && row.boot != identity.boot;
        let overdue = caller.now > row.deadline.after(GRACE);
        if !earlier_run && !overdue {
            continue;
        }
        if row.boot == identity.boot {
            // Ours and overdue: whatever hangs, its worker goes first.
            platform.ports.proofing.destroy(row.id).await;
        }
        let (shared, who) = (Arc::clone(platform), caller.clone());
        let ending = Ending::without_verdict(CloseReason::ProcessLoss, 0, 0);
        platform.store.write(move |tx| end(tx, &shared, &who, &row, ending)).await?;
        closed += 1;
    }
    Ok(closed)
}

/// Ends every custody of this run, in good order. Called on a graceful stop, after the last request was taken.
///
/// # Errors
/// Of the store.
pub async fn stop(platform: &Arc<Platform>, caller: &Caller) -> Result<usize, Fault> {
    let boot = platform.ports.proofing.identity().boot;
    let rows = platform.store.read(custody::open).await?;
    let mut stopped = 0;
    for row in rows.into_iter().filter(|row| row.boot == boot) {
        let (pictures, bytes) = platform.ports.proofing.destroy(row.id).await;
        let (shared, who) = (Arc::clone(platform), caller.clone());
        let ending = Ending::without_verdict(CloseReason::OperatorStop, pictures, bytes);
        platform.store.write(move |tx| end(tx, &shared, &who, &row, ending)).await?;
        stopped += 1;
    }
    Ok(stopped)
}

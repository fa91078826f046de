//! The job that forgets what is over: challenges, counters of failures, old sessions and old history.

use super::FAILURE_WINDOW;
use crate::{Caller, Fault, Platform, signed_in};
use lionrock_store::{ceremony, session};
use std::sync::Arc;
use std::time::Duration;

/// How long a line of the sign-in history is kept.
pub const HISTORY_KEPT: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Forgets once; returns how many rows went. Safe to run in several processes; once a minute is enough.
///
/// # Errors
/// Of the store.
pub async fn sweep(platform: &Arc<Platform>, caller: &Caller) -> Result<u64, Fault> {
    let now = caller.now;
    let (oldest, _) = signed_in::horizon(platform, now);
    platform
        .store
        .write(move |tx| {
            let mut gone = ceremony::sweep(tx, now)?;
            gone += ceremony::sweep_failures(tx, now.before(FAILURE_WINDOW))?;
            gone += session::forget(tx, oldest)?;
            gone += session::forget_history(tx, now.before(HISTORY_KEPT))?;
            Ok::<_, Fault>(gone)
        })
        .await
}

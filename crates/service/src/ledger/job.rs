//! The job that keeps the log going: a round every second, or at once when a journey asks.

use super::{Desk, Publisher, Standing, sequence};
use crate::{Caller, Fault, Platform};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// Longest time between two rounds.
pub const INTERVAL: Duration = Duration::from_secs(1);

/// Runs rounds until `stop` is done, then one last round. Trouble is logged when it begins and when it ends, shown in
/// [`Desk::standing`], and tried again: a store or disk that comes back is enough.
///
/// `caller` makes the platform's own caller of each round.
pub async fn run(platform: Arc<Platform>, caller: impl Fn() -> Caller + Send, stop: impl Future<Output = ()> + Send) {
    let mut publisher = None;
    let mut stop = std::pin::pin!(stop);
    let mut last = false;
    while !last {
        round(&platform, &mut publisher, &caller()).await;
        tokio::select! {
            () = &mut stop => last = true,
            () = platform.ledger.rung() => {}
            () = tokio::time::sleep(INTERVAL) => {}
        }
    }
    round(&platform, &mut publisher, &caller()).await;
}

async fn round(platform: &Arc<Platform>, publisher: &mut Option<Publisher>, caller: &Caller) {
    let before = platform.ledger.standing();
    let after = match attempt(platform, publisher, caller).await {
        Ok(published) => Standing { published, last_round: Some(caller.now.0), trouble: None },
        Err(fault) => Standing { trouble: Some(fault.to_string()), ..before.clone() },
    };
    match (&before.trouble, &after.trouble) {
        (None, Some(trouble)) => tracing::error!(%trouble, "the ledger does not go on"),
        (Some(_), None) => tracing::info!("the ledger goes on"),
        _ => {}
    }
    Desk::set(&platform.ledger, after);
}

async fn attempt(platform: &Arc<Platform>, publisher: &mut Option<Publisher>, caller: &Caller) -> Result<u64, Fault> {
    let publisher = match publisher {
        Some(publisher) => publisher,
        None => publisher.insert(Publisher::new(platform)?),
    };
    // First what a crash left, and the proof that the store continues what was published: only then is more signed.
    let published = publisher.publish(platform).await?;
    let size = sequence(platform, caller).await?;
    if size == published && size > 0 { Ok(published) } else { publisher.publish(platform).await }
}

//! The job of every server: attend to the ring, and carry out what is asked for.

use super::{Seat, Step, attend, leave, step};
use crate::{Caller, Fault, Platform};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// Longest time between two looks at the key ring.
const INTERVAL: Duration = Duration::from_secs(1);

/// Attends and rotates until `stop` is done, then gives the seat up. Trouble is logged when it begins and when it ends, and
/// tried again: a store or a disk that comes back is enough.
///
/// `caller` makes the platform's own caller of each round.
pub async fn run(
    platform: Arc<Platform>,
    seat: Arc<Seat>,
    caller: impl Fn() -> Caller + Send,
    stop: impl Future<Output = ()> + Send,
) {
    let mut stop = std::pin::pin!(stop);
    let mut troubled = false;
    loop {
        let outcome = round(&platform, &caller(), &seat).await;
        match &outcome {
            Err(fault) if !troubled => tracing::error!(error = %fault, "keys do not turn; it is tried again by itself"),
            Ok(_) if troubled => tracing::info!("keys turn again"),
            _ => {}
        }
        troubled = outcome.is_err();
        let pause = if matches!(outcome, Ok(Step::Moved)) { Duration::ZERO } else { INTERVAL };
        tokio::select! {
            biased;
            () = &mut stop => break,
            () = tokio::time::sleep(pause) => {}
        }
    }
    if let Err(fault) = leave(&platform, &seat).await {
        tracing::warn!(error = %fault, "other servers will notice later that this one is gone");
    }
}

async fn round(platform: &Arc<Platform>, caller: &Caller, seat: &Seat) -> Result<Step, Fault> {
    attend(platform, caller, seat).await?;
    step(platform, caller, seat).await
}

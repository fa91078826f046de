//! The job: requests whose time is over end, and their documents with them.

use super::request;
use crate::{Caller, Fault, Platform};
use lionrock_model::signing::State;
use lionrock_store::signing_request;
use std::sync::Arc;

/// Requests ended in one round.
const ROUND: u32 = 50;

/// Ends what is overdue; returns how many.
///
/// # Errors
/// Of the store.
pub async fn sweep(platform: &Arc<Platform>, caller: &Caller) -> Result<u64, Fault> {
    let now = caller.now;
    let overdue = platform.store.read(move |tx| signing_request::overdue(tx, now, ROUND)).await?;
    let mut ended = 0;
    for row in overdue {
        let (owned, caller) = (Arc::clone(platform), caller.clone());
        let done = platform.store.write(move |tx| request::over(tx, &owned, &caller, &row, State::Expired)).await?;
        ended += u64::from(done);
    }
    // What a server left behind when it stopped, or had no time for.
    let left = platform.store.read(|tx| signing_request::left(tx, ROUND)).await?;
    for id in left {
        request::destroy(platform, id).await?;
    }
    Ok(ended)
}

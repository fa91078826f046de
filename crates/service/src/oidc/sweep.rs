//! What is over is forgotten: a job of the program runs this every few minutes.

use crate::{Fault, Platform};
use lionrock_model::time::Millis;
use lionrock_store::{oidc_assertion, oidc_grant, oidc_request};
use std::time::Duration;

/// Removes requests and assertion ids whose time is over, and grants a day after their code; how many rows that were.
///
/// # Errors
/// Of the store.
pub async fn sweep(platform: &Platform, now: Millis) -> Result<u64, Fault> {
    let swept = platform
        .store
        .write(move |tx| {
            let requests = oidc_request::sweep(tx, now)?;
            let assertions = oidc_assertion::sweep(tx, now)?;
            // Kept past their use, so that a code that comes back late is still known as used.
            let grants = oidc_grant::sweep(tx, now.before(KEPT))?;
            Ok::<_, lionrock_store::Error>(requests + assertions + grants)
        })
        .await?;
    Ok(swept)
}

const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

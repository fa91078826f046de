//! The gate while the server runs: exceptions end by themselves, and what can change behind our back is looked at again every hour.

use super::{Outcome, Setting, Surroundings, exceptions, place};
use crate::clock;
use crate::config::Config;
use lionrock_model::deviation::Deviation;
use lionrock_model::realm::Realm;
use lionrock_service::platform::Limits;
use lionrock_service::{Platform, gate};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How often exceptions are looked at, at least; also at the moment one ends.
const STEP: Duration = Duration::from_secs(60);
/// Between two looks at clock, network and site certificates.
const LOOK: Duration = Duration::from_secs(60 * 60);

/// Looks again until the server stops.
pub async fn run(config: Config, platform: Arc<Platform>, mut stop: watch::Receiver<bool>) {
    let mut looked = clock::now();
    while !*stop.borrow() {
        let end = platform.gate.until_next_end(clock::now()).unwrap_or(STEP);
        tokio::select! {
            () = tokio::time::sleep(end.clamp(Duration::from_millis(200), STEP)) => {}
            _ = stop.changed() => continue,
        }
        if let Err(fault) = gate::expire(&platform, &clock::platform_caller()).await {
            tracing::error!(error = %fault, "the end of a deviation is not written down yet");
        }
        // What has lapsed is looked at every time: it may be mended.
        let now = clock::now();
        if now.since(looked) >= LOOK || !platform.gate.lapsed().is_empty() || platform.gate.clock_is_doubtful() {
            looked = now;
            look(&config, &platform).await;
        }
    }
}

async fn look(config: &Config, platform: &Arc<Platform>) {
    let realm = &platform.settings.realm;
    let around = Surroundings::look(config, realm).await;
    let caller = clock::platform_caller();
    platform.gate.doubt_clock(doubts_clock(config, realm, &around));
    let failed = failed(config, realm, &around, &platform.gate.standing(caller.now));
    if let Err(fault) = gate::looked_again(platform, &caller, failed).await {
        tracing::error!(error = %fault, "what the gate found is not written down");
    }
}

/// Whether others contradict the clock.
fn doubts_clock(config: &Config, realm: &Realm, around: &Surroundings) -> bool {
    let at = Setting { config, realm, limits: &Limits::default(), around };
    place::running(&at).iter().any(super::doubts_clock)
}

/// Names of the checks that hold no longer.
#[must_use]
pub(super) fn failed(
    config: &Config,
    realm: &Realm,
    around: &Surroundings,
    deviations: &[Deviation],
) -> Vec<&'static str> {
    let at = Setting { config, realm, limits: &Limits::default(), around };
    let mut checks = place::running(&at);
    checks.iter_mut().for_each(|check| exceptions::excuse(check, deviations));
    checks.iter().filter(|check| matches!(check.outcome, Outcome::Refused(_))).map(|check| check.name).collect()
}

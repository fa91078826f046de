//! The start gate: what must be true before a socket opens. Every check has a name; all of them are made, and one that fails ends the
//! process with the list of everything to mend.
//!
//! [`Surroundings`] is what the machine and the network look like, gathered first; [`judge`] is the verdict over them and the
//! configuration; [`universe::checks`] asks the opened store. One file below here a group of checks.

pub mod again;
mod authority;
mod build;
mod certificates;
mod exceptions;
pub mod place;
mod roles;
pub mod secrets;
mod settings;
mod shut;
mod staff;
pub mod universe;

use crate::clock;
use crate::config::Config;
use crate::worker::host::{self, Condition};
use lionrock_gateway::client::Network;
use lionrock_gateway::clock::Reading;
use lionrock_gateway::metadata;
use lionrock_model::deviation::Deviation;
use lionrock_model::realm::Realm;
use lionrock_model::time::Millis;
use lionrock_service::gate::Finding;
use lionrock_service::platform::Limits;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

pub use build::Build;
pub use shut::{shut, untouched};

/// One check and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Its stable name.
    pub name: &'static str,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is as it should be, or this realm does not ask for it.
    Passed,
    /// It is not as it should be, and this realm goes on.
    Warned(String),
    /// It is not as it should be, and two officers excused it for a time.
    Excused {
        /// The deviation.
        by: String,
        /// What is wrong.
        text: String,
    },
    /// It is not as it should be: what is wrong, and what to do.
    Refused(String),
}

impl Outcome {
    /// The stable word, as the ledger keeps it.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Warned(_) => "warned",
            Self::Excused { .. } => "excused",
            Self::Refused(_) => "refused",
        }
    }

    /// What people read of it.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Passed => "passes".to_owned(),
            Self::Warned(text) => format!("goes on, although {text}"),
            Self::Excused { by, text } => format!("excused by deviation {by}: {text}"),
            Self::Refused(text) => text.clone(),
        }
    }
}

/// What the machine and the network look like.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// What this program was built as.
    pub build: Build,
    /// What the configured time servers say; nothing when none answers.
    pub clock: Option<Reading>,
    /// Where a metadata service of a cloud answers.
    pub cloud: Option<SocketAddr>,
    /// What custody asks of the machine.
    pub host: Vec<Condition>,
    /// When it was looked at.
    pub now: Millis,
}

impl Surroundings {
    /// Looks at this machine. A test realm is not asked about clouds: it may run in one.
    pub async fn look(config: &Config, realm: &Realm) -> Self {
        let clouds = if realm.is_test() { Vec::new() } else { metadata::addresses() };
        Self::look_with(config, realm, &clouds).await
    }

    /// As [`Surroundings::look`], with other addresses of metadata services.
    pub async fn look_with(config: &Config, realm: &Realm, clouds: &[SocketAddr]) -> Self {
        // In production no machine vouches for its own clock.
        let admits: fn(IpAddr) -> bool = if realm.is_test() { |_| true } else { |it| Network::Private.admits(it) };
        let asked = lionrock_gateway::clock::ask(&config.clock.sources, admits);
        let (reading, cloud) = tokio::join!(asked, metadata::answers(clouds));
        Self { build: Build::this(), clock: reading, cloud, host: host::conditions(Path::new("/")), now: clock::now() }
    }
}

/// What the gate came to.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// All checks, in order.
    pub checks: Vec<Check>,
    /// The deviations that were accepted.
    pub deviations: Vec<Deviation>,
}

impl Verdict {
    /// Whether nothing was refused.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.refused().is_empty()
    }

    /// What is to be mended.
    #[must_use]
    pub fn refused(&self) -> Vec<&Check> {
        self.checks.iter().filter(|check| matches!(check.outcome, Outcome::Refused(_))).collect()
    }

    /// For the ledger: names and outcomes.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        self.checks.iter().map(|check| Finding { check: check.name, outcome: check.outcome.word() }).collect()
    }

    /// Everything to mend, one a line, under one heading.
    #[must_use]
    pub fn report(&self, realm: &Realm) -> String {
        let lines = self.refused().into_iter().map(|check| format!("  {}: {}", check.name, check.outcome.text()));
        format!("the start gate of realm {realm} stays shut:\n{}", lines.collect::<Vec<_>>().join("\n"))
    }
}

/// What a group of checks looks at.
pub(crate) struct Setting<'a> {
    config: &'a Config,
    realm: &'a Realm,
    limits: &'a Limits,
    around: &'a Surroundings,
}

impl Setting<'_> {
    /// A check of production: what is wrong there is nobody's concern in a test realm.
    fn production(&self, name: &'static str, wrong: bool, text: &str) -> Check {
        let refused = wrong && !self.realm.is_test();
        let outcome = if refused { Outcome::Refused(text.to_owned()) } else { Outcome::Passed };
        Check { name, outcome }
    }

    /// A check of production with everything found wrong; a test realm does not ask.
    fn production_all(&self, name: &'static str, find: impl FnOnce() -> Vec<String>) -> Check {
        let outcome = if self.realm.is_test() { Outcome::Passed } else { outcome(find()) };
        Check { name, outcome }
    }
}

/// Passed when nothing was found wrong; else everything that was.
fn outcome(wrong: Vec<String>) -> Outcome {
    if wrong.is_empty() { Outcome::Passed } else { Outcome::Refused(wrong.join("; ")) }
}

/// Whether a check says that nobody knows what time it is.
#[must_use]
pub fn doubts_clock(check: &Check) -> bool {
    check.name == place::CLOCK && !matches!(check.outcome, Outcome::Passed)
}

/// Looks around and judges.
pub async fn run(config: &Config, realm: &Realm, limits: &Limits) -> Verdict {
    judge(config, realm, limits, &Surroundings::look(config, realm).await)
}

/// All checks that need no open store.
#[must_use]
pub fn judge(config: &Config, realm: &Realm, limits: &Limits, around: &Surroundings) -> Verdict {
    let at = Setting { config, realm, limits, around };
    let mut checks = Vec::new();
    checks.extend(build::checks(&at));
    checks.extend(settings::checks(&at));
    checks.extend(secrets::checks(&at));
    checks.extend(certificates::checks(&at));
    checks.extend(roles::checks(&at));
    checks.extend(staff::checks(&at));
    checks.extend(place::checks(&at));
    let (check, deviations) = exceptions::check(&at);
    checks.push(check);
    checks.iter_mut().for_each(|check| exceptions::excuse(check, &deviations));
    Verdict { checks, deviations }
}

#[cfg(test)]
pub(crate) mod tests;

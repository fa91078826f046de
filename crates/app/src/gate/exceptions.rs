//! Deviations: what two officers excused, and what is wrong with a file that excuses nothing.

use super::{Check, Outcome, Setting, outcome};
use crate::config::{Config, oversight};
use anyhow::{Context, Result};
use lionrock_model::deviation::Deviation;
use lionrock_model::realm::Realm;
use lionrock_model::time::Millis;
use lionrock_service::statement::{DeviationClaims, Officer, Signed};
use std::path::Path;

/// Every configured deviation must hold, in every realm: one that does not is a mistake somebody should hear of.
pub(super) fn check(at: &Setting<'_>) -> (Check, Vec<Deviation>) {
    let (accepted, wrong) = accepted(at.config, at.realm, at.around.now);
    (Check { name: "deviations", outcome: outcome(wrong) }, accepted)
}

fn accepted(config: &Config, realm: &Realm, now: Millis) -> (Vec<Deviation>, Vec<String>) {
    // What is wrong with the officers has a check of its own; without them nothing is accepted.
    let officers = oversight::officers(&config.officers, realm).unwrap_or_default();
    let mut accepted: Vec<Deviation> = Vec::new();
    let mut wrong = Vec::new();
    for file in &config.deviations {
        match read(file, realm, now, &officers) {
            Ok(deviation) if accepted.iter().any(|other| other.id == deviation.id) => {
                wrong.push(format!("{}: a deviation of that id is there already", file.display()));
            }
            Ok(deviation) => accepted.push(deviation),
            Err(error) => wrong.push(format!("{}: {error:#}", file.display())),
        }
    }
    (accepted, wrong)
}

fn read(file: &Path, realm: &Realm, now: Millis, officers: &[Officer]) -> Result<Deviation> {
    let bytes = std::fs::read(file).context("it cannot be read")?;
    let deviation = Signed::<DeviationClaims>::parse(&bytes)?.open(officers)?;
    deviation.judge(realm, now)?;
    Ok(deviation)
}

/// Turns a refusal into an excuse when a deviation covers exactly this check.
pub(super) fn excuse(check: &mut Check, deviations: &[Deviation]) {
    let Outcome::Refused(text) = &check.outcome else { return };
    if let Some(deviation) = deviations.iter().find(|deviation| deviation.check.word() == check.name) {
        check.outcome = Outcome::Excused { by: deviation.id.clone(), text: text.clone() };
    }
}

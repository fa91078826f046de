//! What a running server notes of itself every minute in `DATA/standing.json`: counts of log lines by their place in the program, figures,
//! how the jobs and the ledger are. No text of any line, no value, no address.

use crate::clock;
use anyhow::Result;
use lionrock_service::Platform;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// The note.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    /// When it was written, Unix milliseconds.
    pub at: i64,
    /// Jobs that failed since the start, and how often they said so.
    pub failing_jobs: BTreeMap<String, u64>,
    /// Entries under the published checkpoint.
    pub ledger_entries: u64,
    /// Whether the last round of the ledger went well.
    pub ledger_well: bool,
    /// `LEVEL target:line` and how often.
    pub log: BTreeMap<String, u64>,
    /// Figures as `/metrics` has them.
    pub metrics: Vec<String>,
    /// Whether the gate's conditions still hold.
    pub ready: bool,
    /// Seconds since the start.
    pub up: u64,
}

/// Where it stands.
#[must_use]
pub fn path(data: &Path) -> PathBuf {
    data.join("standing.json")
}

/// Writes the note every minute and at the end.
pub async fn run(
    platform: Arc<Platform>,
    metrics: impl Fn() -> String + Send + 'static,
    mut stop: watch::Receiver<bool>,
) {
    let began = clock::now();
    let mut stopping = false;
    while !stopping {
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(60)) => {}
            _ = stop.wait_for(|stop| *stop) => stopping = true,
        }
        let now = clock::now();
        let ledger = platform.ledger.standing();
        let (log, failing_jobs) = lines();
        let note = Standing {
            at: now.0,
            failing_jobs,
            ledger_entries: ledger.published,
            ledger_well: ledger.trouble.is_none(),
            log,
            metrics: metrics().lines().filter(|line| is_figure(line)).map(str::to_owned).collect(),
            ready: platform.gate.open(),
            up: now.since(began).as_secs(),
        };
        if let Err(error) = keep(&path(&platform.settings.data), &note) {
            tracing::warn!(%error, "the note for diagnostics cannot be written");
        }
    }
}

fn keep(path: &Path, note: &Standing) -> Result<()> {
    let aside = path.with_extension("part");
    std::fs::write(&aside, serde_json::to_vec(note)?)?;
    Ok(std::fs::rename(&aside, path)?)
}

/// The last note of a server over this folder; nothing when none can be read.
#[must_use]
pub fn read(data: &Path) -> Option<Standing> {
    let bytes = std::fs::read(path(data)).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// A line of figures as ours look: a name, labels, a number; every other line is left out.
#[must_use]
pub fn is_figure(line: &str) -> bool {
    let Some((name, number)) = line.rsplit_once(' ') else { return false };
    let (name, labels) = name.split_once('{').map_or((name, ""), |(name, labels)| (name, labels));
    let plain = |c: char| c.is_ascii_alphanumeric() || "_/.{}\",=+-:*".contains(c);
    name.starts_with("lionrock_") && labels.chars().all(plain) && number.parse::<f64>().is_ok()
}

/// Counts log lines by place; the text and the values of a line never come here.
#[derive(Debug)]
pub struct Counting;

static LINES: Mutex<BTreeMap<String, u64>> = Mutex::new(BTreeMap::new());
static JOBS: Mutex<BTreeMap<String, u64>> = Mutex::new(BTreeMap::new());

impl<S: Subscriber> Layer<S> for Counting {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let about = event.metadata();
        let key = format!("{} {}:{}", about.level(), about.target(), about.line().unwrap_or(0));
        *LINES.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_insert(0) += 1;
        let mut job = Job(None);
        event.record(&mut job);
        if let Some(job) = job.0 {
            *JOBS.lock().unwrap_or_else(PoisonError::into_inner).entry(job).or_insert(0) += 1;
        }
    }
}

/// Takes the name of a job, which is a word of the program, and no other field.
struct Job(Option<String>);

impl Visit for Job {
    fn record_str(&mut self, field: &Field, value: &str) {
        let plain = value.len() <= 40 && value.chars().all(|c| c.is_ascii_lowercase() || c == ' ');
        if field.name() == "job" && plain {
            self.0 = Some(value.to_owned());
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

fn lines() -> (BTreeMap<String, u64>, BTreeMap<String, u64>) {
    let taken = |map: &Mutex<BTreeMap<String, u64>>| map.lock().unwrap_or_else(PoisonError::into_inner).clone();
    (taken(&LINES), taken(&JOBS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing_subscriber::prelude::*;

    #[test]
    fn lines_are_counted_by_place_and_nothing_of_them_is_kept() {
        let subscriber = tracing_subscriber::registry().with(Counting);
        tracing::subscriber::with_default(subscriber, || {
            for _ in 0..3 {
                tracing::error!(job = "canary job", error = "CANARY, Yellow Bird", "a canary line of {}", "mei");
            }
        });
        let (log, jobs) = lines();
        let (key, count) =
            log.iter().find(|(key, _)| key.contains("diagnosis::standing")).map_or(("", 0), |(k, n)| (k, *n));
        assert!(key.starts_with("ERROR lionrock_app::diagnosis::standing") && count == 3, "{log:?}");
        assert_eq!(jobs.get("canary job"), Some(&3));
        assert!(!format!("{log:?}").contains("CANARY") && !format!("{log:?}").contains("mei"));
    }

    #[test]
    fn only_figures_pass() {
        assert!(is_figure("lionrock_http_requests_total{route=\"/\",method=\"GET\",status=\"200\"} 4"));
        assert!(is_figure("lionrock_store_reads_total 12"));
        for line in
            ["# HELP lionrock_x Text.", "other_total 1", "lionrock_x{name=\"CHAN Tai\"} 1", "lionrock_x nan?", ""]
        {
            assert!(!is_figure(line), "{line}");
        }
    }
}

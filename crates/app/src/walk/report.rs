//! What a walk shows while it goes, and leaves behind.

use crate::demo::Running;
use anyhow::{Result, bail};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// One step, done or not.
struct Step {
    name: &'static str,
    outcome: Result<String, String>,
    took: Duration,
}

/// Steps so far.
pub struct Report {
    steps: Vec<Step>,
    bar: ProgressBar,
    people: Vec<String>,
}

impl Report {
    /// An empty one, with a progress display when somebody watches.
    pub fn begin(running: &Running) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        bar.set_style(ProgressStyle::default_spinner());
        bar.enable_steady_tick(Duration::from_millis(120));
        bar.set_message(format!("walking at {}", running.issuer));
        Self { steps: Vec::new(), bar, people: Vec::new() }
    }

    /// Notes a synthetic person who takes part.
    pub fn person(&mut self, slug: &str) {
        self.people.push(slug.to_owned());
    }

    /// Whether everything went well so far.
    pub fn all_well(&self) -> bool {
        self.steps.iter().all(|step| step.outcome.is_ok())
    }

    /// Does one step and notes what came of it; its value, when it went well.
    #[allow(clippy::disallowed_methods, reason = "a walk measures how long its steps take")]
    pub async fn step<T, E: std::fmt::Display>(
        &mut self,
        name: &'static str,
        work: impl Future<Output = Result<(T, String), E>>,
    ) -> Option<T> {
        self.bar.set_message(name);
        let begun = Instant::now();
        let done = work.await;
        let (value, outcome) = match done {
            Ok((value, says)) => (Some(value), Ok(says)),
            Err(error) => (None, Err(format!("{error:#}"))),
        };
        let step = Step { name, outcome, took: begun.elapsed() };
        self.tell(&line(&step));
        self.steps.push(step);
        value
    }

    /// Notes a step that others reported while they went on.
    pub fn note(&mut self, name: &'static str, took: Duration) {
        let step = Step { name, outcome: Ok(String::new()), took };
        self.tell(&line(&step));
        self.steps.push(step);
    }

    /// Above the progress display; plainly when nobody watches one.
    #[allow(clippy::print_stderr)]
    fn tell(&self, line: &str) {
        if self.bar.is_hidden() { eprintln!("{line}") } else { self.bar.println(line) }
    }

    /// Writes `walk.json`, prints the closing table.
    ///
    /// # Errors
    /// When a step failed.
    #[allow(clippy::print_stdout)]
    pub fn end(self, running: &Running, as_json: bool) -> Result<()> {
        self.bar.finish_and_clear();
        let whole = self.json(running);
        std::fs::write(running.folder.walk().join("walk.json"), serde_json::to_vec_pretty(&whole)?)?;
        if as_json {
            println!("{whole}")
        } else {
            println!("{}", self.table(running))
        }
        let failed = self.steps.iter().filter(|step| step.outcome.is_err()).count();
        if failed == 0 { Ok(()) } else { bail!("{failed} of {} steps failed", self.steps.len()) }
    }

    fn json(&self, running: &Running) -> Value {
        let steps: Vec<_> = self
            .steps
            .iter()
            .map(|step| {
                let (ok, detail) = match &step.outcome {
                    Ok(says) => (true, says),
                    Err(says) => (false, says),
                };
                json!({"step": step.name, "outcome": if ok { "passed" } else { "failed" }, "detail": detail,
                       "milliseconds": u64::try_from(step.took.as_millis()).unwrap_or(u64::MAX)})
            })
            .collect();
        json!({"issuer": running.issuer, "service": running.service, "passed": self.all_well(), "steps": steps, "people": self.people})
    }

    fn table(&self, running: &Running) -> String {
        let mut table = format!("\n{:<44} {:<8} {:>8}\n", "step", "outcome", "ms");
        for step in &self.steps {
            let outcome = if step.outcome.is_ok() { "passed" } else { "FAILED" };
            let _ = writeln!(table, "{:<44} {outcome:<8} {:>8}", step.name, step.took.as_millis());
        }
        let total: Duration = self.steps.iter().map(|step| step.took).sum();
        let _ = writeln!(table, "{:<44} {:<8} {:>8}", "altogether", "", total.as_millis());
        let _ = write!(table, "\nWhat it made lies in {}", running.folder.walk().display());
        table
    }
}

fn line(step: &Step) -> String {
    match &step.outcome {
        Ok(says) if says.is_empty() => format!("✓ {}", step.name),
        Ok(says) => format!("✓ {} – {says}", step.name),
        Err(says) => format!("✗ {}\n  {says}", step.name),
    }
}

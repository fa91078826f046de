//! `lionrock verify log DIR|URL`

use super::place::Place;
use super::{Outcome, Trust, keys};
use anyhow::{Context, Result};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use lionrock_ledger::verify::{Log, Report};
use serde_json::json;
use std::path::PathBuf;

/// Which log.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Folder of published files (a platform's data folder will do), or address such as `https://id.example.hk/ledger`.
    place: String,
    #[command(flatten)]
    trust: Trust,
    /// A checkpoint kept from before: the log must continue it.
    #[arg(long)]
    against: Option<PathBuf>,
    /// Name the log must have; without it the name of the key.
    #[arg(long)]
    origin: Option<String>,
    /// One JSON object instead of lines.
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Result<Outcome> {
    let place = Place::open(&arguments.place, arguments.trust.ca.as_deref())?;
    let read = |path: &PathBuf| std::fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    let kept = arguments.against.as_ref().map(read).transpose()?;
    let (known, pinned) = keys(&arguments.trust, Some(&place))?;
    let named = known.first().map(|key| key.name().to_owned()).unwrap_or_default();
    let log = Log { source: place, origin: arguments.origin.clone().unwrap_or(named), known };
    let bar = bar();
    let report = log.verify(kept.as_deref(), &mut |done, all| advance(&bar, done, all))?;
    bar.finish_and_clear();
    Ok(outcome(arguments, &log.origin, pinned, &report))
}

/// A bar that nobody sees yet.
pub(crate) fn bar() -> ProgressBar {
    ProgressBar::hidden()
}

/// A bar only for what takes a while, and only where people look (indicatif leaves out pipes).
pub(crate) fn advance(bar: &ProgressBar, done: u64, all: u64) {
    if all < WORTH_A_BAR {
        return;
    }
    if bar.length().is_none_or(|length| length != all) {
        bar.set_length(all);
        bar.set_draw_target(indicatif::ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{wide_bar} {human_pos}/{human_len} entries, {eta} left") {
            bar.set_style(style);
        }
    }
    bar.set_position(done);
}

const WORTH_A_BAR: u64 = 100_000;

fn outcome(arguments: &Arguments, origin: &str, pinned: bool, report: &Report) -> Outcome {
    let checkpoint = report.checkpoint.as_ref();
    let findings: Vec<_> =
        report.findings.iter().map(|finding| json!({"code": finding.code(), "text": finding.to_string()})).collect();
    let json = json!({
        "ok": report.is_good(),
        "log": origin,
        "size": checkpoint.map(|checkpoint| checkpoint.size),
        "root": checkpoint.map(|checkpoint| checkpoint.root.to_base64()),
        "entries": report.entries,
        "types": report.kinds,
        "from": report.span.map(|(from, _)| from),
        "to": report.span.map(|(_, to)| to),
        "continues": report.continues,
        "key_given": pinned,
        "findings": findings,
        "more_findings": report.more,
    });
    let mut lines = Vec::new();
    if let Some(checkpoint) = checkpoint {
        lines.push(('✓', format!("checkpoint of {origin}: {} entries, signed", checkpoint.size)));
    }
    if report.is_good() {
        lines.push(('✓', format!("{} entries read: every hash leads to the signed root", report.entries)));
    }
    if let Some(size) = report.continues {
        lines.push(('✓', format!("continues the kept checkpoint of {size} entries")));
    }
    lines.extend(report.findings.iter().map(|finding| ('✗', format!("{:<14} {finding}", finding.code()))));
    if report.more > 0 {
        lines.push(('✗', format!("and {} more", report.more)));
    }
    if !pinned {
        lines.push((
            '!',
            "the key is the one published beside the log: give --key to hold it to the one you know".into(),
        ));
    }
    Outcome {
        lines,
        json: arguments.json.then_some(json),
        good: report.is_good(),
        advice: "keep this copy and any checkpoint you have: together they show what was changed, and when",
    }
}

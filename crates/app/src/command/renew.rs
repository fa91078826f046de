//! `lionrock renew`: keeps signed PDFs provable. Whoever holds them runs it by a timer; the platform keeps none.
//!
//! Exit code 0: every file lasts, or was renewed. 1: a file does not hold, or cannot be prolonged. 2: something could not be asked or
//! written; nothing is lost, run it again.

mod file;
mod house;

use crate::clock;
use crate::start;
use anyhow::{Context, Result, bail};
use clap::Args;
use file::Found;
use house::House;
use jiff::Timestamp;
use lionrock_pki::certificate::Certificate;
use lionrock_pki::validation::Trust;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Seconds of a day.
const DAY: u64 = 24 * 60 * 60;
/// Deepest folder below one that was given.
const DEEPEST: usize = 16;

/// What to renew, and who stamps.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Signed PDFs (B-LT or B-LTA), or folders: every `.pdf` in them and below. Links are not followed.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Renew what lasts no longer than so many days.
    #[arg(long, default_value_t = 90)]
    within: u64,
    /// Certificates that are trusted without proof (PEM), such as `root.pem`; may be given several times.
    #[arg(long, required = true)]
    trust: Vec<PathBuf>,
    /// Where the authority answers: the address whose `/pki` has time-stamps and status, such as https://id.example.hk.
    #[arg(long, required_unless_present = "dry_run")]
    pki: Option<String>,
    /// Certificate authority (PEM) of an https address.
    #[arg(long)]
    ca: Option<PathBuf>,
    /// Only say how each file stands; ask nobody, write nothing.
    #[arg(long)]
    dry_run: bool,
    /// One JSON object instead of lines.
    #[arg(long)]
    json: bool,
}

/// What became of one file.
struct Line {
    path: PathBuf,
    found: Option<Found>,
    outcome: Outcome,
}

/// How it ended.
enum Outcome {
    /// It lasts longer than was asked.
    Lasts,
    /// It would be renewed.
    Due,
    /// It was renewed and lasts until then.
    Renewed(u64),
    /// It does not hold, or cannot be prolonged.
    Refused(String),
    /// Something could not be asked, read or written.
    Failed(String),
}

impl Outcome {
    const fn word(&self) -> &'static str {
        match self {
            Self::Lasts => "lasts",
            Self::Due => "due",
            Self::Renewed(_) => "renewed",
            Self::Refused(_) => "refused",
            Self::Failed(_) => "failed",
        }
    }
}

/// Runs the command.
pub async fn run(arguments: Arguments) -> ExitCode {
    // Reading and hashing block; so do the questions, one file after the other.
    let done = tokio::task::spawn_blocking(move || renew(&arguments).map(|lines| (arguments.json, lines)));
    match done.await.context("the renewal broke off").and_then(|outcome| outcome) {
        Ok((as_json, lines)) => show(&lines, as_json),
        Err(error) => super::cannot(&error, "nothing was renewed; mend this and run it again"),
    }
}

fn renew(arguments: &Arguments) -> Result<Vec<Line>> {
    let mut anchors = Vec::new();
    for path in &arguments.trust {
        for der in start::certificates(path)? {
            anchors.push(Certificate::from_der(&der).with_context(|| path.display().to_string())?);
        }
    }
    let house = match (&arguments.pki, arguments.dry_run) {
        (Some(address), false) => Some(House::new(address, arguments.ca.as_deref())?),
        _ => None,
    };
    let mut files = BTreeSet::new();
    for path in &arguments.paths {
        if path.is_dir() {
            below(path, 0, &mut files)?;
        } else {
            files.insert(path.clone());
        }
    }
    let within = arguments.within.saturating_mul(DAY);
    Ok(files.into_iter().map(|path| one(path, within, &anchors, house.as_ref())).collect())
}

/// The PDFs of a folder and of those in it.
fn below(folder: &Path, depth: usize, files: &mut BTreeSet<PathBuf>) -> Result<()> {
    if depth > DEEPEST {
        bail!("{} lies too deep: name the folder itself", folder.display());
    }
    let read = || format!("cannot read {}", folder.display());
    for entry in std::fs::read_dir(folder).with_context(read)? {
        let entry = entry.with_context(read)?;
        let (kind, path) = (entry.file_type().with_context(read)?, entry.path());
        if kind.is_dir() {
            below(&path, depth + 1, files)?;
        } else if kind.is_file() && path.extension().is_some_and(|end| end.eq_ignore_ascii_case("pdf")) {
            files.insert(path);
        }
    }
    Ok(())
}

fn one(path: PathBuf, within: u64, anchors: &[Certificate], house: Option<&House>) -> Line {
    let trust = Trust { anchors: anchors.to_vec(), policies: Vec::new(), now: now() };
    let mut found = None;
    let outcome = match file::look(&path, &trust) {
        Err(outcome) => outcome,
        Ok((held, standing)) => {
            let first = found.insert(Found::of(&standing));
            match house {
                _ if first.ends > trust.now.saturating_add(within) => Outcome::Lasts,
                None => Outcome::Due,
                Some(house) => file::renew(held, &standing, &trust, house).unwrap_or_else(|outcome| outcome),
            }
        }
    };
    Line { path, found, outcome }
}

/// Now, Unix seconds.
fn now() -> u64 {
    u64::try_from(clock::now().seconds()).unwrap_or(0)
}

#[allow(clippy::print_stdout, clippy::print_stderr)]
fn show(lines: &[Line], as_json: bool) -> ExitCode {
    if as_json {
        let all: Vec<Value> = lines.iter().map(told).collect();
        println!("{}", json!({ "files": all }));
    } else {
        lines.iter().for_each(|line| println!("{}", said(line)));
    }
    let any = |wanted: fn(&Outcome) -> bool| lines.iter().any(|line| wanted(&line.outcome));
    if any(|one| matches!(one, Outcome::Failed(_))) {
        eprintln!(
            "error: not every file could be looked at or renewed\n  those are as they were; mend this and run it again"
        );
        return ExitCode::from(2);
    }
    if any(|one| matches!(one, Outcome::Refused(_))) {
        eprintln!(
            "error: not every file can be renewed\n  those are as they were; look at each with `lionrock verify signature`"
        );
        return ExitCode::from(1);
    }
    ExitCode::SUCCESS
}

fn said(line: &Line) -> String {
    let (sign, words) = match &line.outcome {
        Outcome::Lasts => ('✓', "lasts".to_owned()),
        Outcome::Due => ('!', "is to be renewed".to_owned()),
        Outcome::Renewed(until) => ('✓', format!("renewed, now until {}", moment(*until))),
        Outcome::Refused(why) => ('✗', format!("refused: {why}")),
        Outcome::Failed(why) => ('✗', format!("failed: {why}")),
    };
    let found = line.found.as_ref().map(|one| {
        let what = if one.archived { "archive" } else { "signature" };
        format!("newest time-stamp ({what}) of {} by {}, good until {}; ", moment(one.at), one.by, moment(one.ends))
    });
    format!("{sign} {}: {}{words}", line.path.display(), found.unwrap_or_default())
}

fn told(line: &Line) -> Value {
    let found = line.found.as_ref();
    json!({
        "archived": found.map(|one| one.archived),
        "by": found.map(|one| one.by.clone()),
        "ends": found.map(|one| one.ends),
        "file": line.path.display().to_string(),
        "outcome": line.outcome.word(),
        "stamped_at": found.map(|one| one.at),
        "until": match line.outcome { Outcome::Renewed(until) => Some(until), _ => None },
        "why": match &line.outcome { Outcome::Refused(why) | Outcome::Failed(why) => Some(why), _ => None },
    })
}

fn moment(seconds: u64) -> String {
    let stamp = i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    stamp.map_or_else(|| seconds.to_string(), |stamp| stamp.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
}

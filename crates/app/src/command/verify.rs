//! `lionrock verify`: checks a log or a receipt without trusting whoever handed it over.
//!
//! Exit code 0: everything fits. 1: something does not. 2: it could not be checked.

pub(super) mod access_history;
pub(super) mod evidence;
pub(super) mod log;
pub(super) mod place;
mod receipt;
mod signature;

#[cfg(feature = "rehearsal")]
pub(crate) use log::{advance, bar};

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use lionrock_ledger::note::Verifier;
use lionrock_ledger::source::Source;
use lionrock_ledger::tile;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What to check.
#[derive(Debug, Subcommand)]
pub enum Verify {
    /// Check a person's access history: every entry about them, and that there is no other.
    AccessHistory(access_history::Arguments),
    /// Check a whole log: every entry, every tile, the signature.
    Log(log::Arguments),
    /// Check a receipt somebody kept.
    Receipt(receipt::Arguments),
    /// Check who signed a PDF or another file, when, and what was changed since.
    Signature(signature::Arguments),
}

/// Whose signature counts.
#[derive(Debug, Args)]
pub(super) struct Trust {
    /// The log's verifier key (`name+id+key`), or a file with it. Without it the key published beside the log is used,
    /// which proves only that the log agrees with itself.
    #[arg(long)]
    pub(super) key: Option<String>,
    /// Certificate authority (PEM) of an https address.
    #[arg(long)]
    pub(super) ca: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// Never for what is checked; that is the exit code.
pub async fn run(verify: Verify) -> ExitCode {
    // Reading is blocking work, over a network too.
    let done = tokio::task::spawn_blocking(move || match verify {
        Verify::AccessHistory(arguments) => access_history::run(&arguments),
        Verify::Log(arguments) => log::run(&arguments),
        Verify::Receipt(arguments) => receipt::run(&arguments),
        Verify::Signature(arguments) => signature::run(&arguments),
    });
    match done.await.context("the check broke off").and_then(|outcome| outcome) {
        Ok(outcome) => outcome.show(),
        Err(error) => super::cannot(&error, "nothing was checked; mend this and run it again"),
    }
}

/// What a check found, for people and for programs.
pub(super) struct Outcome {
    /// `✓`, `✗` or `!` and a sentence, one a line.
    pub(super) lines: Vec<(char, String)>,
    /// The whole as one object, when asked for.
    pub(super) json: Option<Value>,
    pub(super) good: bool,
    /// What to do when it is not good.
    pub(super) advice: &'static str,
}

impl Outcome {
    #[allow(clippy::print_stdout, clippy::print_stderr)]
    pub(super) fn show(self) -> ExitCode {
        match &self.json {
            Some(json) => println!("{json}"),
            None => self.lines.iter().for_each(|(sign, line)| println!("{sign} {line}")),
        }
        if self.good {
            return ExitCode::SUCCESS;
        }
        if self.json.is_none() {
            eprintln!("error: it does not verify\n  {}", self.advice);
        }
        ExitCode::from(1)
    }
}

/// The keys to trust, and whether they came from the person who asks.
pub(super) fn keys(trust: &Trust, source: Option<&dyn Source>) -> Result<(Vec<Verifier>, bool)> {
    if let Some(given) = &trust.key {
        let text = if Path::new(given).is_file() {
            std::fs::read_to_string(given).with_context(|| format!("cannot read {given}"))?
        } else {
            given.clone()
        };
        return Ok((parse_keys(&text).context("--key")?, true));
    }
    let source = source.context("no key: give --key")?;
    let Some(bytes) = source.read(tile::KEY)? else {
        bail!("no key is published there: give --key VKEY");
    };
    let text = String::from_utf8(bytes).context("the published key is not text")?;
    Ok((parse_keys(&text).context("the published key")?, false))
}

fn parse_keys(text: &str) -> Result<Vec<Verifier>> {
    let keys = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(Verifier::parse);
    let keys = keys.collect::<Result<Vec<_>, _>>()?;
    let Some(first) = keys.first() else { bail!("no verifier key in it") };
    if keys.iter().any(|key| key.name() != first.name()) {
        bail!("keys of two logs are mixed in it");
    }
    Ok(keys)
}

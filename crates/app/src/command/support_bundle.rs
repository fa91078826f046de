//! `lionrock support-bundle`: diagnostics for whoever supports a deployment, without data.

use crate::config::Config;
use crate::diagnosis::{self, bundle};
use anyhow::{Context, Result};
use clap::Args;
use std::path::{Path, PathBuf};

/// What to gather.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Configuration, TOML.
    #[arg(long)]
    config: PathBuf,
    /// Where to write it; must not exist.
    #[arg(long)]
    out: PathBuf,
    /// A file of words, one a line, that must not be in it: planted residents, names of staff.
    #[arg(long)]
    canaries: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// When anything personal would be in it: then nothing is written.
#[allow(clippy::print_stdout)]
pub async fn run(arguments: &Arguments) -> Result<()> {
    let config = Config::read(&arguments.config)?;
    let gathered = bundle::gather(&config).await?;
    let text = serde_json::to_string_pretty(&gathered)? + "\n";
    diagnosis::write(&arguments.out, &text, &canaries(arguments.canaries.as_deref())?)?;
    println!(
        "written to {}: counts, versions and outcomes; nothing of a person was found in it",
        arguments.out.display()
    );
    Ok(())
}

/// The planted words of a file.
///
/// # Errors
/// When it cannot be read.
pub fn canaries(file: Option<&Path>) -> Result<Vec<String>> {
    let Some(file) = file else { return Ok(Vec::new()) };
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

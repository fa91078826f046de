//! `lionrock replay-kit`: the shape of a deployment for a contractor, and the synthetic equivalent made from it.

use super::support_bundle::canaries;
use crate::config::Config;
use crate::diagnosis::replay;
use anyhow::{Context, Result};
use clap::Args;
use std::path::PathBuf;

/// Which kit.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Configuration of the deployment whose shape it is.
    #[arg(long, required_unless_present = "make")]
    config: Option<PathBuf>,
    /// Folder for the kit; must not hold one.
    #[arg(long, required_unless_present = "make")]
    out: Option<PathBuf>,
    /// A file of words, one a line, that must not be in it.
    #[arg(long)]
    canaries: Option<PathBuf>,
    /// Make the synthetic equivalent in this folder instead, as a kit's recipe says; test builds only.
    #[arg(long, conflicts_with_all = ["config", "out"])]
    make: Option<PathBuf>,
    /// How many residents.
    #[arg(long, requires = "make", default_value_t = 100)]
    residents: u64,
    /// Same seed, same people.
    #[arg(long, requires = "make", default_value_t = replay::SEED)]
    seed: u64,
}

/// Runs the command.
///
/// # Errors
/// When the store cannot be looked at, or something personal would be written.
#[allow(clippy::print_stdout)]
pub async fn run(arguments: &Arguments) -> Result<()> {
    if let Some(folder) = &arguments.make {
        let made = equivalent(folder, arguments).await?;
        println!("{made} synthetic residents of realm test-replay under {}", folder.display());
        return Ok(());
    }
    let config = Config::read(arguments.config.as_deref().context("give --config FILE")?)?;
    let out = arguments.out.as_deref().context("give --out DIR")?;
    let files = replay::kit(&config).await?;
    replay::write(out, &files, &canaries(arguments.canaries.as_deref())?)?;
    println!("written to {}: {}", out.display(), files.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", "));
    Ok(())
}

#[cfg(feature = "rehearsal")]
async fn equivalent(folder: &std::path::Path, arguments: &Arguments) -> Result<u64> {
    let residents = arguments.residents.min(replay::MOST);
    replay::make(folder, usize::try_from(residents)?, arguments.seed).await
}

#[cfg(not(feature = "rehearsal"))]
#[allow(clippy::unused_async, reason = "the other build awaits")]
async fn equivalent(_: &std::path::Path, _: &Arguments) -> Result<u64> {
    anyhow::bail!("this build has no synthetic people: make the equivalent with a test build")
}

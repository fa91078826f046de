//! `lionrock key move`: a signing key that lies in the store takes its next epoch in the key store module.

use super::rotate;
use crate::config::Config;
use anyhow::{Result, bail};
use std::path::PathBuf;

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The configuration of the server, which names the module and the key under `move`.
    #[arg(long)]
    config: PathBuf,
    /// Which key: token, checkpoint or receipt.
    #[arg(long)]
    what: String,
    /// A file with a share of the root, when it is kept in shares; once for each.
    #[arg(long = "share")]
    shares: Vec<PathBuf>,
    /// One JSON object instead of lines.
    #[arg(long)]
    json: bool,
}

/// Moves, or lets move.
///
/// # Errors
/// What is wrong and what to do.
pub async fn run(arguments: &Arguments) -> Result<()> {
    let config = Config::read(&arguments.config)?;
    let words: Vec<_> =
        config.keys.pkcs11.iter().flat_map(|token| &token.moving).filter_map(|hold| hold.ring_word()).collect();
    if !words.contains(&arguments.what.as_str()) {
        bail!(
            "the key {:?} is not named under keys.pkcs11, `move`: name it there, restart every server, then call this again",
            arguments.what
        );
    }
    rotate::run(&rotate::Arguments::of(&arguments.config, &arguments.what, &arguments.shares, arguments.json)).await
}

//! `lionrock key unseal`: one holder, one share, one file.

use crate::config::Config;
use crate::root_key::guard_mode;
use crate::sealed::door;
use anyhow::{Context, Result, bail};
use lionrock_crypto::shares::Share;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The configuration of the sealed server.
    #[arg(long)]
    config: PathBuf,
    /// The share file.
    #[arg(long)]
    share: PathBuf,
}

/// Hands the share in and says how many are missing.
///
/// # Errors
/// When the file is no share, others can read it, no server waits, or the server refuses it.
#[allow(clippy::print_stdout)]
pub async fn run(arguments: &Arguments) -> Result<()> {
    let config = Config::read(&arguments.config)?;
    guard_mode(&arguments.share)?;
    let path = arguments.share.display();
    let text = std::fs::read_to_string(&arguments.share).map(Zeroizing::new);
    let text = text.with_context(|| format!("cannot read {path}"))?;
    // What is wrong with the file is said here, before it goes anywhere.
    let share = Share::parse(&text).with_context(|| path.to_string())?;
    share.is_of(&config.realm).with_context(|| path.to_string())?;
    let reply = door::hand_in(&config.data, &text).await?;
    if !reply.taken {
        bail!("{}", reply.text);
    }
    match reply.missing {
        0 => println!("share {} was taken: {}", share.number(), reply.text),
        1 => println!("share {} was taken: 1 more is missing", share.number()),
        missing => println!("share {} was taken: {missing} more are missing", share.number()),
    }
    Ok(())
}

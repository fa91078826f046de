//! `lionrock backup`: make backups, put them back, and prove that they can be put back. One file a verb.

pub mod create;
pub mod custodian;
pub mod drill;
pub mod jail;
pub mod restore;

use crate::clock;
use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use lionrock_crypto::hpke::KeyPair;
use lionrock_service::Platform;
use lionrock_service::backup::Progress;
use lionrock_service::ledger::{self, receipt};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// What to do with backups.
#[derive(Debug, Subcommand)]
pub enum Backup {
    /// Make a backup, while the server runs.
    Create(create::Arguments),
    /// Restore a backup in a jail, measure it, and write the signed result down.
    Drill(drill::Arguments),
    /// Say that the copy of keys in a folder was destroyed, so that erasures no longer wait for it.
    Forget {
        /// Configuration, TOML.
        #[arg(long)]
        config: PathBuf,
        /// The folder it lay in.
        #[arg(long)]
        folder: PathBuf,
    },
    /// The jail of a drill: started by `drill` alone.
    #[command(hide = true)]
    Jailed(jail::Arguments),
    /// Make the key pair of a custodian: the private half goes to them, the public half into the configuration.
    Key {
        /// Where the private half goes; must not exist.
        #[arg(long)]
        out: PathBuf,
    },
    /// Put a backup into an empty store, and take away again what was revoked since.
    Restore(restore::Arguments),
}

/// A backup, the keys that open it, and the ledger that says what happened since.
#[derive(Clone, Debug, Args)]
pub struct Source {
    /// Configuration, TOML.
    #[arg(long)]
    pub config: PathBuf,
    /// Folder with the backup: a data file and `keys.latest`.
    #[arg(long)]
    pub from: PathBuf,
    /// Which data file, when there are several; the newest without it.
    #[arg(long)]
    pub name: Option<String>,
    /// The custodian's private key; several when files were sealed to earlier ones.
    #[arg(long = "custodian", required = true)]
    pub custodians: Vec<PathBuf>,
    /// The published ledger with the journal beside it: a data folder, or a copy.
    #[arg(long)]
    pub ledger: PathBuf,
    /// A share of the root key, when it is kept in shares; as often as needed.
    #[arg(long = "share")]
    pub shares: Vec<PathBuf>,
}

impl Source {
    /// Reads the custodians' keys.
    fn keys(&self) -> Result<Vec<KeyPair>> {
        self.custodians.iter().map(|file| custodian::read(file)).collect()
    }
}

/// Runs the command.
///
/// # Errors
/// What is wrong and what to do.
pub async fn run(what: &Backup) -> Result<ExitCode> {
    match what {
        Backup::Create(arguments) => create::run(arguments).await?,
        Backup::Drill(arguments) => return drill::run(arguments).await,
        Backup::Forget { config, folder } => forget(config, folder).await?,
        Backup::Jailed(arguments) => return jail::run(arguments).await,
        Backup::Key { out } => custodian::make(out)?,
        Backup::Restore(arguments) => restore::run(arguments).await?,
    }
    Ok(ExitCode::SUCCESS)
}

#[allow(clippy::print_stdout)]
async fn forget(config: &Path, folder: &Path) -> Result<()> {
    if folder.join(lionrock_service::backup::KEYS).exists() {
        anyhow::bail!("{} still holds keys: destroy the file first", folder.display());
    }
    let platform = crate::start::beside(&crate::config::Config::read(config)?).await?;
    let known = lionrock_service::backup::forget(&platform, &clock::platform_caller(), folder).await;
    platform.store.close().await;
    if known? {
        println!("✓ forgotten; the ledger has an entry, and erasures that waited go on");
        return Ok(());
    }
    anyhow::bail!("no copy of keys is known in {} on this machine", folder.display())
}

/// A bar where people look, nothing in pipes.
fn watched() -> Progress {
    let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{msg:8} {wide_bar} {human_pos}/{human_len}, {eta} left") {
        bar.set_style(style);
    }
    Arc::new(move |what, done, all| {
        bar.set_message(what);
        bar.set_length(all);
        bar.set_position(done);
        if done >= all {
            bar.reset();
        }
    })
}

/// Waits until the ledger holds the event, and writes the receipt of a statement. A running server publishes it; without
/// one this command does.
async fn write_receipt(platform: &Arc<Platform>, statement: &str, event: [u8; 16], file: &Path) -> Result<Value> {
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let job = ledger::run(Arc::clone(platform), clock::platform_caller, async { drop(stopped.await) });
    let job = tokio::spawn(job);
    let found = receipt::file(platform, statement, event, Duration::from_secs(60)).await;
    drop(stop);
    job.await.context("publishing broke off")?;
    let receipt = found?.with_context(|| {
        let trouble = platform.ledger.standing().trouble;
        format!("it is done, but the ledger did not publish it within a minute: {}", trouble.unwrap_or_default())
    })?;
    let json = receipt.to_json();
    std::fs::write(file, serde_json::to_vec_pretty(&json)?)
        .with_context(|| format!("cannot write {}", file.display()))?;
    Ok(json)
}

/// Shows an outcome: lines for people, one object for programs.
#[allow(clippy::print_stdout)]
fn show(as_json: bool, json: &Value, lines: &[String]) {
    if as_json { println!("{json}") } else { lines.iter().for_each(|line| println!("{line}")) }
}

/// `1.4 MB`.
fn size(bytes: u64) -> String {
    #[allow(clippy::cast_precision_loss, reason = "for reading")]
    let bytes = bytes as f64;
    if bytes < 1e6 { format!("{:.1} kB", bytes / 1e3) } else { format!("{:.1} MB", bytes / 1e6) }
}

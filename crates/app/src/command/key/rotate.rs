//! `lionrock key rotate`: new keys while the platform serves. A running server does the work; without one, this command does.

use crate::config::Config;
use crate::{clock, root_key, start};
use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use lionrock_crypto::ring::Root;
use lionrock_model::id::RotationId;
use lionrock_model::rotation::State;
use lionrock_model::time::Millis;
use lionrock_service::caller::{Entropy, System};
use lionrock_service::rotation::{self, Seat, Standing, Step, What};
use lionrock_service::{Caller, Platform, ledger, signing};
use lionrock_store::{Error, Store, server};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// A running server shows itself within this span of a request.
const SIGN_OF_LIFE: Duration = Duration::from_secs(5);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(250);
/// Rotations looked at.
const MOST: u32 = 100;

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The configuration of the server, with the root key that opens the store now.
    #[arg(long)]
    config: PathBuf,
    /// Which keys: root, realm, domain:NAME, resident:ID, residents, or all of these but the root; or a signing key: token, checkpoint,
    /// receipt.
    #[arg(long)]
    what: String,
    /// For the root: the new key file, made by `lionrock key init`.
    #[arg(long, conflicts_with = "new_config")]
    new_root_file: Option<PathBuf>,
    /// For the root: a configuration whose `keys` name the new root, of whatever kind.
    #[arg(long)]
    new_config: Option<PathBuf>,
    /// A file with a share of the root that opens the store now, when it is kept in shares; once for each.
    #[arg(long = "share")]
    shares: Vec<PathBuf>,
    /// A file with a share of the new root; once for each.
    #[arg(long = "new-share")]
    new_shares: Vec<PathBuf>,
    /// Stay until it is done, also when a server does it.
    #[arg(long)]
    wait: bool,
    /// Where to put the receipts of what was destroyed; waits for them.
    #[arg(long)]
    receipts: Option<PathBuf>,
    /// One JSON object instead of lines.
    #[arg(long)]
    json: bool,
}

impl Arguments {
    /// For the next key of a signer.
    pub(super) fn of(config: &Path, what: &str, shares: &[PathBuf], json: bool) -> Self {
        Self {
            config: config.to_path_buf(),
            what: what.to_owned(),
            new_root_file: None,
            new_config: None,
            shares: shares.to_vec(),
            new_shares: Vec::new(),
            wait: false,
            receipts: None,
            json,
        }
    }
}

/// Rotates, or lets rotate.
///
/// # Errors
/// What is wrong and what to do; when an old key had to be kept.
pub async fn run(arguments: &Arguments) -> Result<()> {
    let config = Config::read(&arguments.config)?;
    let what = What::list(&arguments.what)?;
    if what == [What::Root] {
        let id = root(arguments, &config).await?;
        return tell(arguments, &config, &[id]).await;
    }
    if arguments.new_root_file.is_some() || arguments.new_config.is_some() {
        bail!("a new root goes with --what root");
    }
    let store = Store::beside(&config.store()).await?;
    let asked = clock::now();
    let ids = rotation::ask(&store, &clock::platform_caller(), &what).await?;
    let served = is_served(&store, asked, &ids).await;
    let bar = bar()?;
    let outcome = match served {
        Err(error) => Err(error),
        Ok(true) if arguments.wait || arguments.receipts.is_some() => follow(&store, &ids, &bar).await,
        Ok(true) => Ok(()),
        Ok(false) => drive(arguments, &config, &ids, &bar).await,
    };
    bar.finish_and_clear();
    store.close().await;
    outcome?;
    tell(arguments, &config, &ids).await
}

/// Puts another root in place.
async fn root(arguments: &Arguments, config: &Config) -> Result<RotationId> {
    let new = new_root(arguments, config)?.context("which one? Give --new-root-file FILE or --new-config FILE")?;
    let platform = opened(arguments, config).await?;
    let old = start::root_of_shares(config, &arguments.shares)?;
    // Before the new root takes over, so that a server which starts in between finds what it can open.
    signing::key::rewrap(&platform.store, &old, &new, &platform.settings.realm, &clock::platform_caller()).await?;
    let replaced = rotation::replace_root(&platform, &clock::platform_caller(), &new).await;
    platform.store.close().await;
    Ok(replaced?)
}

/// The root that is to take over, when one is named.
fn new_root(arguments: &Arguments, config: &Config) -> Result<Option<Root>> {
    match (&arguments.new_root_file, &arguments.new_config) {
        (Some(file), _) => root_key::with_module(root_key::read(file)?, &config.keys).map(Some),
        (None, Some(file)) => start::root_of_shares(&Config::read(file)?, &arguments.new_shares).map(Some),
        (None, None) => Ok(None),
    }
}

async fn opened(arguments: &Arguments, config: &Config) -> Result<Arc<Platform>> {
    start::beside_with(config, start::root_of_shares(config, &arguments.shares)?).await
}

/// Whether a server works on it: one reports, or has taken a step.
async fn is_served(store: &Store, asked: Millis, ids: &[RotationId]) -> Result<bool> {
    let until = clock::now().after(SIGN_OF_LIFE);
    while clock::now() < until {
        let servers: Vec<_> = store.read(server::all).await.map_err(|error: Error| error)?;
        let moved = standing(store, ids).await?.iter().any(|one| one.state != State::Asked);
        if moved || servers.iter().any(|server| server.seen > asked) {
            return Ok(true);
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(false)
}

/// Shows how far a server is until it is done.
async fn follow(store: &Store, ids: &[RotationId], bar: &ProgressBar) -> Result<()> {
    while !show(&standing(store, ids).await?, bar) {
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

/// Carries it out here.
async fn drive(arguments: &Arguments, config: &Config, ids: &[RotationId], bar: &ProgressBar) -> Result<()> {
    forget_dead_servers(config).await?;
    let platform = opened(arguments, config).await?;
    let source: &dyn Entropy = &System;
    let seat = Seat::new(source.array(), format!("key rotate {}", std::process::id()));
    let outcome = work(&platform, &seat, ids, bar).await;
    drop(rotation::leave(&platform, &seat).await);
    platform.store.close().await;
    outcome
}

async fn work(platform: &Arc<Platform>, seat: &Seat, ids: &[RotationId], bar: &ProgressBar) -> Result<()> {
    rotation::join(platform, &clock::platform_caller(), seat).await?;
    loop {
        let caller: Caller = clock::platform_caller();
        rotation::attend(platform, &caller, seat).await?;
        let step = rotation::step(platform, &caller, seat).await?;
        let all = standing(&platform.store, ids).await?;
        if show(&all, bar) || all.iter().all(rests) {
            return Ok(());
        }
        if step != Step::Moved {
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Whether nothing is left to do but wait until the old signing key may go; a server sees to it, or the next call.
fn rests(one: &Standing) -> bool {
    let signs = matches!(one.what.parse(), Ok(What::Signer(_)));
    one.finished.is_some() || (signs && one.state == State::Counted)
}

/// Nobody serves an SQLite file whose lock is free: servers that were killed are not waited for.
async fn forget_dead_servers(config: &Config) -> Result<()> {
    let address = config.store();
    if !address.starts_with("sqlite:") {
        return Ok(());
    }
    let store = match Store::open(&address).await {
        Ok(store) => store,
        Err(Error::InUse { .. }) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let forgotten = store
        .write(|tx| {
            let all = server::all(tx)?;
            all.iter().try_for_each(|server| server::leave(tx, &server.boot))
        })
        .await;
    store.close().await;
    forgotten.map_err(|error: Error| error.into())
}

async fn standing(store: &Store, ids: &[RotationId]) -> Result<Vec<Standing>> {
    let mut all = rotation::standing(store, MOST).await?;
    all.retain(|one| ids.contains(&one.id));
    all.reverse();
    Ok(all)
}

fn bar() -> Result<ProgressBar> {
    let bar = ProgressBar::new(0);
    bar.set_style(ProgressStyle::with_template("{msg:<40} {bar:24} {pos}/{len}")?);
    bar.enable_steady_tick(Duration::from_millis(120));
    Ok(bar)
}

/// Shows the rotation under way; true when all are done.
fn show(all: &[Standing], bar: &ProgressBar) -> bool {
    let Some(now) = all.iter().find(|one| one.finished.is_none()) else { return true };
    bar.set_length(now.expected.max(1));
    bar.set_position(now.records);
    let waits =
        if now.waits_for.is_empty() { String::new() } else { format!(", waits for {}", now.waits_for.join(", ")) };
    bar.set_message(format!("{}: {}{waits}", now.what, now.state.word()));
    false
}

/// Says what came of it.
#[allow(clippy::print_stdout)]
async fn tell(arguments: &Arguments, config: &Config, ids: &[RotationId]) -> Result<()> {
    let store = Store::beside(&config.store()).await?;
    let all = standing(&store, ids).await;
    store.close().await;
    let all = all?;
    let files = receipts(arguments, config, &all).await?;
    if arguments.json {
        let rotations: Vec<Value> = all.iter().zip(&files).map(|(one, file)| told(one, file.as_deref())).collect();
        let done = all.iter().all(|one| one.finished.is_some() && one.trouble.is_none());
        println!("{}", json!({"ok": done, "rotations": rotations}));
    } else {
        for (one, file) in all.iter().zip(&files) {
            let mark = if one.trouble.is_some() { '✗' } else { '✓' };
            let receipt = file.as_ref().map(|file| format!(", {}", file.display())).unwrap_or_default();
            println!("{mark} {}: {}, {} moved{receipt}", one.what, one.state.word(), one.records);
            if rests(one) && one.finished.is_none() {
                println!(
                    "  The new key signs. The old one stays until what it signed is looked at no more; a running server then destroys it."
                );
            }
        }
        if all.iter().any(|one| one.what == What::Root.to_string()) {
            println!(
                "  Name the new root in the configuration before the next start of every server; then destroy the old one."
            );
        }
    }
    let trouble: Vec<_> =
        all.iter().filter_map(|one| one.trouble.as_ref().map(|why| format!("{}: {why}", one.what))).collect();
    if trouble.is_empty() { Ok(()) } else { bail!("{}", trouble.join("\n  ")) }
}

fn told(one: &Standing, file: Option<&Path>) -> Value {
    json!({
        "epoch": one.epoch,
        "id": one.id.to_string(),
        "keys": one.what,
        "receipt": file.map(|file| file.display().to_string()),
        "records": one.records,
        "state": one.state.word(),
        "trouble": one.trouble,
    })
}

/// Writes the receipts, where they are wanted and there are any; a place for each rotation.
async fn receipts(arguments: &Arguments, config: &Config, all: &[Standing]) -> Result<Vec<Option<PathBuf>>> {
    let Some(folder) = &arguments.receipts else { return Ok(all.iter().map(|_| None).collect()) };
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let root = match new_root(arguments, config)? {
        Some(root) => root,
        None => start::root_of_shares(config, &arguments.shares)?,
    };
    let platform = start::beside_with(config, root).await?;
    // Without a server nobody else publishes; beside one, it is one more that does.
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let publishing = ledger::run(Arc::clone(&platform), clock::platform_caller, async { drop(stopped.await) });
    let publishing = tokio::spawn(publishing);
    let files = write(&platform, folder, all).await;
    drop(stop);
    publishing.await.context("publishing broke off")?;
    platform.store.close().await;
    files
}

async fn write(platform: &Arc<Platform>, folder: &Path, all: &[Standing]) -> Result<Vec<Option<PathBuf>>> {
    let mut files = Vec::new();
    for one in all {
        let receipt = rotation::receipt(platform, one.id, Duration::from_secs(60)).await?;
        let file = receipt.map(|receipt| {
            let path = folder.join(format!("rotation-{}.json", one.what.replace(':', "-")));
            std::fs::write(&path, serde_json::to_vec_pretty(&receipt.to_json())?)
                .with_context(|| format!("cannot write {}", path.display()))?;
            Ok::<_, anyhow::Error>(path)
        });
        files.push(file.transpose()?);
    }
    Ok(files)
}

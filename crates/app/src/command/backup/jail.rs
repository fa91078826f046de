//! The jail of a drill: a process of its own that can read the backup and the ledger, write into one throw-away folder, and
//! reach nothing else – no other file, no network. It restores, tries a sample, says what it found and ends.

use super::Source;
use crate::config::Config;
use crate::{clock, start};
use anyhow::{Context, Result};
use clap::Args;
use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetStatus,
    path_beneath_rules,
};
use lionrock_ledger::tile;
use lionrock_service::backup::{self, Order, Trouble};
use lionrock_service::ledger;
use lionrock_store::Store;
use rustix::process::{Resource, Rlimit, setrlimit};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

/// What to restore where.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    source: Source,
    /// The throw-away folder.
    #[arg(long)]
    jail: PathBuf,
    /// Residents whose seals are tried.
    #[arg(long)]
    sample: u64,
}

/// Runs the jail; the finding is one JSON object on standard output.
///
/// # Errors
/// When the jail itself cannot be made; whatever is wrong with the backup is the finding.
#[allow(clippy::print_stdout)]
pub async fn run(arguments: &Arguments) -> Result<ExitCode> {
    let source = &arguments.source;
    let config = Config::read(&source.config)?;
    let custodians = source.keys()?;
    let root = start::root_of_shares(&config, &source.shares)?;
    let mut settings = start::settings(&config, Vec::new(), Default::default())?;
    settings.data.clone_from(&arguments.jail);
    // Everything outside was read; from here on there is only the backup, the ledger and the jail.
    let readable = [vec![source.from.clone()], published(&source.ledger)?].concat();
    let confined = confine(readable, &arguments.jail).context("the jail cannot be made")?;
    let store = Store::open(&format!("sqlite:{}", arguments.jail.join("lionrock.db").display())).await?;
    let order = Order {
        from: &source.from,
        name: source.name.as_deref(),
        custodians,
        ledger: &source.ledger,
        root: &root,
        realm: config.realm()?.to_string(),
        issuer: config.issuer.clone(),
        store,
    };
    let mut finding = match look(order, settings, arguments.sample).await {
        Ok(finding) => finding,
        Err(trouble) => json!({"ok": false, "reason": trouble.to_string()}),
    };
    if let Some(members) = finding.as_object_mut() {
        members.insert("jail_enforced".to_owned(), json!(confined));
    }
    println!("{finding}");
    Ok(if finding.get("ok") == Some(&Value::Bool(true)) { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

#[allow(clippy::disallowed_methods, reason = "a drill measures how long a restore takes")]
async fn look(order: Order<'_>, settings: lionrock_service::Settings, sample: u64) -> Result<Value, Trouble> {
    let begun = Instant::now();
    let caller = clock::platform_caller();
    let make = |store, keys| start::platform_of(store, keys, settings, start::idle::ports());
    let restored = backup::restore(order, &caller, &backup::unwatched(), make).await?;
    let took = begun.elapsed();
    let sampled = backup::sample(&restored.platform, &clock::platform_caller(), sample).await?;
    restored.platform.store.close().await;
    let name = restored.data.file_stem().map(|name| name.to_string_lossy().into_owned());
    Ok(json!({
        "bytes": restored.plain,
        "certificates_ended": restored.replayed.certificates,
        "erased_again": restored.replayed.erasures,
        "ledger": restored.ledger.1,
        "ledger_at_backup": restored.ledger.0,
        "milliseconds": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        "name": name,
        "ok": sampled.shut == 0,
        "reason": if sampled.shut == 0 { Value::Null } else { json!(format!("{} seals do not open", sampled.shut)) },
        "residents_tried": sampled.residents,
        "revoked_again": restored.replayed.revocations,
        "rows": restored.counts.values().sum::<u64>(),
        "seals_opened": sampled.opened,
        "seals_shut": sampled.shut,
        "taken": restored.taken_at,
    }))
}

/// The folders of a published ledger and its journal, and nothing that may lie beside them.
fn published(place: &Path) -> Result<Vec<PathBuf>> {
    let place = std::path::absolute(place)?;
    let both = match place.join(tile::CHECKPOINT).exists() {
        true => place.parent().unwrap_or(&place).to_path_buf(),
        false => place.clone(),
    };
    let ledger = if both == place { place.join(ledger::FOLDER) } else { place };
    Ok([ledger, both.join(backup::journal::FOLDER)].into_iter().filter(|folder| folder.exists()).collect())
}

/// Gives up every file but these, the network, and whatever is not needed; true when the kernel enforces it.
fn confine(readable: Vec<PathBuf>, jail: &Path) -> Result<bool> {
    let no_core = Rlimit { current: Some(0), maximum: Some(0) };
    setrlimit(Resource::Core, no_core).context("core dumps cannot be switched off")?;
    let abi = ABI::V5;
    let rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(abi))?
        .handle_access(AccessNet::from_all(abi))?
        .create()?
        .add_rules(path_beneath_rules(readable, AccessFs::from_read(abi)))?
        .add_rules(path_beneath_rules([jail], AccessFs::from_all(abi)))?;
    let status = rules.restrict_self()?;
    Ok(status.ruleset != RulesetStatus::NotEnforced)
}

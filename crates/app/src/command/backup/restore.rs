//! `lionrock backup restore`

use super::{Source, show, size, watched, write_receipt};
use crate::config::Config;
use crate::{clock, start};
use anyhow::{Context, Result, bail};
use clap::Args;
use lionrock_ledger::checkpoint::Checkpoint;
use lionrock_ledger::tile;
use lionrock_service::backup::{self, Order};
use lionrock_service::ledger::FOLDER;
use lionrock_store::Store;
use serde_json::json;
use std::path::Path;

/// Which backup, and how to show the outcome.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    source: Source,
    /// One JSON object instead of lines.
    #[arg(long)]
    json: bool,
}

/// Restores a backup.
///
/// # Errors
/// What is wrong and what to do.
pub async fn run(arguments: &Arguments) -> Result<()> {
    let source = &arguments.source;
    let config = Config::read(&source.config)?;
    let custodians = source.keys()?;
    let root = start::root_of_shares(&config, &source.shares)?;
    newest(&config, &source.ledger)?;
    std::fs::create_dir_all(&config.data).with_context(|| format!("cannot make {}", config.data.display()))?;
    let store = Store::open(&config.store()).await?;
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
    let settings = start::settings(&config, Vec::new(), Default::default())?;
    let caller = clock::platform_caller();
    let make = |store, keys| start::platform_of(store, keys, settings, start::idle::ports());
    let restored = backup::restore(order, &caller, &watched(), make).await?;
    let receipt = config.data.join("restore-receipt.json");
    write_receipt(&restored.platform, &restored.statement, restored.event, &receipt).await?;
    restored.platform.store.close().await;
    let (before, now) = restored.ledger;
    let json = json!({
        "certificates_ended": restored.replayed.certificates,
        "data": restored.data.display().to_string(),
        "erased_again": restored.replayed.erasures,
        "ledger": now,
        "ledger_at_backup": before,
        "ok": true,
        "receipt": receipt.display().to_string(),
        "revoked_again": restored.replayed.revocations,
        "rows": restored.counts,
    });
    let lines = [
        format!("✓ {} – {}, every byte as it was written", restored.data.display(), size(restored.plain)),
        format!("✓ the ledger continues it: {before} entries then, {now} now"),
        format!(
            "✓ taken away again: {} accounts, {} passkeys, approvals, certificates and officers' rights",
            restored.replayed.erasures, restored.replayed.revocations
        ),
        format!("✓ {} certificates for signing ended: no backup holds their keys", restored.replayed.certificates),
        format!("✓ {} – the store may serve", receipt.display()),
    ];
    show(arguments.json, &json, &lines);
    Ok(())
}

/// What this data folder published is never forgotten for an older copy of it.
fn newest(config: &Config, ledger: &Path) -> Result<()> {
    let inner = ledger.join(FOLDER);
    let given = if ledger.join(tile::CHECKPOINT).exists() { ledger.to_path_buf() } else { inner };
    let own = config.data.join(FOLDER);
    let size = |folder: &Path| {
        let note = std::fs::read_to_string(folder.join(tile::CHECKPOINT)).ok()?;
        let (text, _) = note.split_once("\n\n")?;
        Some(Checkpoint::parse(&format!("{text}\n")).ok()?.size)
    };
    match (size(&own), size(&given)) {
        (Some(own_size), Some(given_size)) if own_size > given_size => bail!(
            "{} holds {own_size} published entries, the ledger given {given_size}: give --ledger {}",
            own.display(),
            config.data.display()
        ),
        (_, None) => bail!("{} holds no published ledger", ledger.display()),
        _ => Ok(()),
    }
}

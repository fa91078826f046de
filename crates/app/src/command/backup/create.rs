//! `lionrock backup create`

use super::{show, size, watched, write_receipt};
use crate::config::Config;
use crate::gate::place;
use crate::{clock, start};
use anyhow::{Context, Result};
use clap::Args;
use lionrock_model::site::Holding;
use lionrock_service::backup;
use serde_json::json;
use std::path::PathBuf;

/// Which backup.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Configuration, TOML.
    #[arg(long)]
    config: PathBuf,
    /// Where it goes; `backup.folder` of the configuration without it.
    #[arg(long)]
    out: Option<PathBuf>,
    /// One JSON object instead of lines.
    #[arg(long)]
    json: bool,
}

/// Makes a backup.
///
/// # Errors
/// What is wrong and what to do; nothing half-written stays.
pub async fn run(arguments: &Arguments) -> Result<()> {
    let config = Config::read(&arguments.config)?;
    let custodian = config.backup.custodian()?;
    let custodian = custodian
        .context("nobody could open it: make a key by `lionrock backup key`, and name it as backup.custodian")?;
    let folder = arguments.out.clone().or_else(|| config.backup.folder.clone());
    let folder = folder.context("where to? Name backup.folder in the configuration, or give --out DIR")?;
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    place::vouched(&config, &config.realm()?, clock::now(), Holding::Backup, &place::real_folder(&folder))?;
    let platform = start::beside(&config).await?;
    let made = backup::create(&platform, &clock::platform_caller(), custodian, &folder, watched()).await?;
    let receipt = made.data.with_extension("receipt.json");
    write_receipt(&platform, &made.statement, made.event, &receipt).await?;
    platform.store.close().await;
    let rows: u64 = made.counts.values().sum();
    let json = json!({
        "bytes": made.bytes,
        "data": made.data.display().to_string(),
        "keys": made.keys.display().to_string(),
        "ok": true,
        "receipt": receipt.display().to_string(),
        "rows": made.counts,
    });
    let lines = [
        format!("✓ {}", made.data.display()),
        format!("✓ {} – replaces the earlier one; keep no copies of earlier ones", made.keys.display()),
        format!("✓ {rows} rows and keys, {}", size(made.bytes)),
        format!("✓ {}", receipt.display()),
    ];
    show(arguments.json, &json, &lines);
    Ok(())
}

//! `lionrock backup drill`: a restore that really happens, in a jail, with a signed result in the ledger.

use super::{Source, show, size, write_receipt};
use crate::config::Config;
use crate::{clock, start};
use anyhow::{Context, Result};
use clap::Args;
use lionrock_service::Platform;
use lionrock_service::audit::{self, Event};
use lionrock_service::ledger::receipt;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::sync::Arc;
use tokio::process::Command;

/// Which backup, and where the result goes.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    source: Source,
    /// Residents whose seals are tried.
    #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(u64).range(0..=50))]
    sample: u64,
    /// Where the signed result goes; `backup-drill.json` in the data folder without it.
    #[arg(long)]
    receipt: Option<PathBuf>,
    /// One JSON object instead of lines.
    #[arg(long)]
    json: bool,
}

/// Runs the drill. It ends with 1 when the backup cannot be restored.
///
/// # Errors
/// When no drill could be held, or its result not be written down.
pub async fn run(arguments: &Arguments) -> Result<ExitCode> {
    let config = Config::read(&arguments.source.config)?;
    let platform = match arguments.source.shares.is_empty() {
        true => start::beside(&config).await?,
        false => start::beside_with(&config, start::root_of_shares(&config, &arguments.source.shares)?).await?,
    };
    let jail = Jail::make(&config.data)?;
    let finding = restore(arguments, &jail.0).await;
    drop(jail);
    let finding = finding?;
    let (statement, event) = note(&platform, &finding).await?;
    let file = arguments.receipt.clone().unwrap_or_else(|| config.data.join("backup-drill.json"));
    write_receipt(&platform, &statement, event, &file).await?;
    platform.store.close().await;
    let good = finding.get("ok") == Some(&Value::Bool(true));
    let number = |name: &str| finding.get(name).and_then(Value::as_u64).unwrap_or_default();
    let lines = if good {
        vec![
            format!(
                "✓ restored in {} ms: {} rows and keys, {}",
                number("milliseconds"),
                number("rows"),
                size(number("bytes"))
            ),
            format!("✓ the ledger continues it: {} entries then, {} now", number("ledger_at_backup"), number("ledger")),
            format!("✓ {} seals of {} residents open", number("seals_opened"), number("residents_tried")),
            format!("✓ {} – signed", file.display()),
        ]
    } else {
        let reason = finding.get("reason").and_then(Value::as_str).unwrap_or("it broke off");
        vec![format!("✗ {reason}"), format!("✓ {} – signed", file.display())]
    };
    show(arguments.json, &finding, &lines);
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// A folder that goes with everything in it.
struct Jail(PathBuf);

impl Jail {
    fn make(data: &Path) -> Result<Self> {
        use std::os::unix::fs::DirBuilderExt as _;
        let path = std::path::absolute(data)?.join(format!(".drill-{}", std::process::id()));
        std::fs::DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Jail {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, folder = %self.0.display(), "the jail of the drill stays behind: remove it");
        }
    }
}

async fn restore(arguments: &Arguments, jail: &Path) -> Result<Value> {
    let source = &arguments.source;
    let mut command = Command::new(std::env::current_exe().context("cannot find this program's own file")?);
    command.args(["backup", "jailed", "--sample", &arguments.sample.to_string()]);
    command.arg("--config").arg(&source.config).arg("--from").arg(&source.from).arg("--ledger").arg(&source.ledger);
    for file in &source.custodians {
        command.arg("--custodian").arg(file);
    }
    for file in &source.shares {
        command.arg("--share").arg(file);
    }
    if let Some(name) = &source.name {
        command.arg("--name").arg(name);
    }
    command.arg("--jail").arg(jail).stdin(Stdio::null()).kill_on_drop(true);
    let output = command.output().await.context("the jail cannot be started")?;
    let said = String::from_utf8_lossy(&output.stdout);
    let finding: Option<Value> = said.lines().last().and_then(|line| serde_json::from_str(line).ok());
    Ok(finding.unwrap_or_else(|| {
        let error = String::from_utf8_lossy(&output.stderr);
        json!({"ok": false, "reason": format!("the restore broke off: {}", error.trim())})
    }))
}

/// Signs the result and writes it into the ledger.
async fn note(platform: &Arc<Platform>, finding: &Value) -> Result<(String, [u8; 16])> {
    let caller = clock::platform_caller();
    // Members in alphabetical order, as everything that is signed.
    let sorted: std::collections::BTreeMap<String, Value> =
        finding.as_object().map(|all| all.clone().into_iter().collect()).unwrap_or_default();
    let found: Value = sorted.into_iter().collect::<serde_json::Map<_, _>>().into();
    let claims = json!({
        "found": found,
        "iat": caller.now.seconds(),
        "iss": platform.settings.issuer,
        "realm": platform.settings.realm.to_string(),
        "what": "backup-drill",
    });
    let statement = receipt::sign(platform, &claims)?;
    let body = json!({"found": found, "receipt": receipt::digest(&statement), "statement": statement});
    let (owned, signed) = (Arc::clone(platform), statement.clone());
    let event = platform
        .store
        .write(move |tx| audit::append(tx, &owned, &caller, &Event::new("backup.drilled", None, body.clone())))
        .await?;
    Ok((signed, event))
}

//! Locked budgets and the host: what is locked stands in a file of the data folder, and a statement two officers signed, put
//! beside it, unlocks. So the command needs neither the store nor a key of the platform.

use anyhow::Result;
use lionrock_service::statement::Signed;
use lionrock_service::vault::unlock::{self, NotUnlocked, UnlockClaims};
use lionrock_service::{Caller, Platform};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The folder below the data folder.
pub const FOLDER: &str = "budget";
/// What is locked.
pub const LOCKED: &str = "locked.json";

/// A lock, as the file has it. Members in alphabetical order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// What is locked.
    pub budget: String,
    /// The ledger entry of it: what officers sign.
    pub event: String,
    /// Unix seconds.
    pub locked: i64,
    /// Openings that tripped it.
    pub opened: i64,
}

/// Where a statement is put that unlocks.
#[must_use]
pub fn statement_file(data: &Path, event: &str) -> PathBuf {
    data.join(FOLDER).join(format!("unlock-{event}.json"))
}

/// One round: takes statements up, and writes down what is locked.
///
/// # Errors
/// When store or folder fail; the next round tries again.
pub async fn round(platform: &Arc<Platform>, caller: &Caller) -> Result<()> {
    let folder = platform.settings.data.join(FOLDER);
    for file in statements(&folder) {
        let outcome = take(platform, caller, &file).await;
        match outcome {
            Ok(()) => std::fs::remove_file(&file)?,
            Err(error) if error.downcast_ref::<NotUnlocked>().is_some_and(is_passing) => return Err(error),
            Err(error) => {
                tracing::error!(%error, "a statement does not unlock a budget");
                std::fs::write(file.with_extension("refused"), format!("{error:#}\n"))?;
                std::fs::remove_file(&file)?;
            }
        }
    }
    let locked: Vec<Lock> = unlock::locked(platform)
        .await?
        .into_iter()
        .map(|one| {
            let event = unlock::claims(platform, &one, Vec::new()).event;
            Lock { budget: one.budget, event, locked: one.at.seconds(), opened: one.opened }
        })
        .collect();
    publish(&folder, &locked)
}

fn is_passing(error: &NotUnlocked) -> bool {
    matches!(error, NotUnlocked::Fault(fault) if fault.is_passing())
}

async fn take(platform: &Arc<Platform>, caller: &Caller, file: &Path) -> Result<()> {
    let signed: Signed<UnlockClaims> = Signed::parse(&std::fs::read(file)?).map_err(NotUnlocked::from)?;
    unlock::unlock(platform, caller, signed, &platform.settings.officers).await?;
    Ok(())
}

fn statements(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let files = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let named = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.starts_with("unlock-") && name.ends_with(".json")
    };
    files.filter(named).collect()
}

/// Writes the list when it changed; nothing is made while nothing was ever locked.
fn publish(folder: &Path, locked: &[Lock]) -> Result<()> {
    let file = folder.join(LOCKED);
    let text = serde_json::to_vec_pretty(locked)?;
    let before = std::fs::read(&file).ok();
    if before.as_deref() == Some(&text) || (before.is_none() && locked.is_empty()) {
        return Ok(());
    }
    std::fs::create_dir_all(folder)?;
    let aside = folder.join("locked.part");
    std::fs::write(&aside, text)?;
    Ok(std::fs::rename(&aside, &file)?)
}

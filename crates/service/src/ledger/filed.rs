//! Receipts of what the platform destroyed by itself: nobody asks for them at the time, so each is written as a file as soon as the
//! log holds it. `DATA/receipts/account.cleared-000000123.json`: the type of the entry and its place in the log.

use super::receipt;
use crate::{Fault, Platform, audit};
use lionrock_store::{leaf, log_head};
use serde_json::Value;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The folder below the data folder.
pub const FOLDER: &str = "receipts";
/// Types of entries whose receipts are written: the clearing of a closed account, and a sweep.
pub const KINDS: &[&str] = &["account.cleared", "retention.swept"];
/// Name of the file that says up to which place of the log the folder is whole.
const UPTO: &str = "upto";
/// Files written in one round.
const BATCH: u32 = 64;

/// Writes the receipts that are not there yet; how many. Several servers with a data folder each write them all.
///
/// # Errors
/// Of the store; `Outside` when a file cannot be written: the next round tries again.
pub async fn round(platform: &Arc<Platform>) -> Result<u64, Fault> {
    let folder = platform.settings.data.join(FOLDER);
    let from = known(&folder.join(UPTO))?;
    let Some(head) = platform.store.read(log_head::read).await? else { return Ok(0) };
    if from >= head.size {
        return Ok(0);
    }
    let size = head.size;
    let found = platform.store.read(move |tx| leaf::of_kinds(tx, KINDS, from, size, BATCH)).await?;
    let mut upto = if found.len() < BATCH as usize { size } else { from };
    let mut written = 0;
    for (entry, sealed) in found {
        let place = entry.position.ok_or_else(|| Fault::stored_data("table leaf: an entry has no place"))?;
        // What the log does not show yet, and what was taken over from a restored log without its body.
        let Some(sealed) = sealed else { continue };
        let (_, body) = audit::open_body(platform, &entry.event, &sealed)?;
        let body: Value = serde_json::from_slice(&body)?;
        let statement = body.pointer("/body/statement").and_then(Value::as_str);
        let statement =
            statement.ok_or_else(|| Fault::stored_data(format!("an entry {} has no statement", entry.kind)))?;
        let Some(file) = receipt::file(platform, statement, entry.event, Duration::ZERO).await? else {
            upto = place;
            break;
        };
        let path = folder.join(format!("{}-{place:09}.json", entry.kind));
        put(&path, &serde_json::to_vec_pretty(&file.to_json())?)?;
        upto = upto.max(place + 1);
        written += 1;
    }
    if upto > from {
        put(&folder.join(UPTO), format!("{upto}\n").as_bytes())?;
    }
    Ok(written)
}

/// How far the folder is; 0 when it was lost, and everything is written again.
fn known(path: &Path) -> Result<u64, Fault> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(text.trim().parse().unwrap_or(0)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(outside(path, &error)),
    }
}

/// Writes a file so that it is there whole or not at all.
fn put(path: &Path, bytes: &[u8]) -> Result<(), Fault> {
    let aside: PathBuf = path.with_extension("part");
    let write = || {
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        fs::write(&aside, bytes)?;
        fs::rename(&aside, path)
    };
    write().map_err(|error| {
        drop(fs::remove_file(&aside));
        outside(path, &error)
    })
}

fn outside(path: &Path, error: &io::Error) -> Fault {
    Fault::outside(format!("receipts cannot be kept: {}: {error}", path.display()))
}

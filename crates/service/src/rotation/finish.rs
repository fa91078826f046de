//! Ends of rotations: destruction of the old key, with a receipt; or the old key is kept, because something still needs it.

use crate::audit::{self, Event};
use crate::boot::wrapped;
use crate::ledger::receipt;
use crate::{Caller, Fault, Platform};
use lionrock_crypto::ring::{KeyRing, Wrapped};
use lionrock_ledger::receipt::Receipt;
use lionrock_model::id::RotationId;
use lionrock_model::rotation::State;
use lionrock_store::rotation::{self, Rotation};
use lionrock_store::{Tx, key_ring, server};
use lionrock_wire::jose::{decode, encode};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// Destroys every epoch before the new one. Called in the transaction of the second count, which found nothing.
pub(super) fn destroy(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    row: &mut Rotation,
    key: &str,
) -> Result<(), Fault> {
    let epoch = row.epoch.ok_or_else(|| Fault::stored_data("rotation.epoch"))?;
    let older: Vec<u32> = key_ring::all(tx)?
        .iter()
        .filter(|entry| entry.name == key && entry.epoch < epoch)
        .map(|entry| entry.epoch)
        .collect();
    if key_ring::destroy_older(tx, key, epoch)? != u64::try_from(older.len()).unwrap_or(u64::MAX) {
        return Err(Fault::stored_data("key_ring: an epoch changed within its own transaction"));
    }
    row.generation = server::turn(tx)?;
    row.state = State::Destroyed;
    // Two counts found nothing under these epochs: one before the span in which every write under way ended, one after it.
    let facts = json!({"counted": [0, 0], "destroyed": older, "epoch": epoch, "records": row.records});
    conclude(tx, platform, caller, row, facts)
}

/// Destroys the private half of every epoch before the new one; the public halves stay, so that what was signed is verified on.
pub(super) fn retire(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    row: &mut Rotation,
    key: &str,
) -> Result<(), Fault> {
    let epoch = row.epoch.ok_or_else(|| Fault::stored_data("rotation.epoch"))?;
    let mut older = Vec::new();
    let mut labels = Vec::new();
    for entry in key_ring::all(tx)?.into_iter().filter(|entry| entry.name == key && entry.epoch < epoch) {
        if KeyRing::is_retired(&entry.sealed_key)? {
            continue;
        }
        let left = platform.keys.retire(&wrapped(entry.clone()), &*caller.entropy)?;
        if !key_ring::replace(tx, &entry, left.sealed)? {
            return Err(lionrock_store::Error::Busy.into());
        }
        older.push(entry.epoch);
        if KeyRing::lies_in_module(&entry.sealed_key)? {
            labels.push(json!([entry.name, entry.epoch, encode(&entry.sealed_key)]));
        }
    }
    row.row_at = serde_json::to_vec(&labels)?;
    row.generation = server::turn(tx)?;
    row.state = State::Destroyed;
    let facts = json!({"destroyed": older, "epoch": epoch, "in_module": labels.len(), "verifies": older});
    conclude(tx, platform, caller, row, facts)
}

/// The labels of keys in a module that [`retire`] took out of the ring, and that are to be destroyed there.
pub(super) fn labels(row: &Rotation) -> Result<Vec<Wrapped>, Fault> {
    if row.row_at.is_empty() {
        return Ok(Vec::new());
    }
    let kept: Vec<(String, u32, String)> = serde_json::from_slice(&row.row_at)?;
    let read = |(name, epoch, sealed): (String, u32, String)| {
        let sealed = decode(&sealed, "rotation.row_at").map_err(|_| Fault::stored_data("rotation.row_at"))?;
        Ok(Wrapped { name, epoch, sealed })
    };
    kept.into_iter().map(read).collect()
}

/// Ends a rotation of residents' keys: the old ones went with each resident's own transaction.
pub(super) fn residents(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    row: &mut Rotation,
) -> Result<(), Fault> {
    row.state = State::Done;
    row.finished = Some(caller.now);
    if row.unopened > 0 {
        row.trouble = Some(format!(
            "{} residents have a record that does not open: their keys stay as they were. Restore those records, then ask again",
            row.unopened
        ));
    }
    let facts = json!({"kept": row.unopened, "residents": row.records});
    conclude(tx, platform, caller, row, facts)
}

/// Ends the exchange of the root.
pub(super) fn root(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, row: &mut Rotation) -> Result<(), Fault> {
    row.state = State::Done;
    row.finished = Some(caller.now);
    let facts = json!({"realm_keys": row.records});
    conclude(tx, platform, caller, row, facts)
}

/// Ends a rotation without destroying anything: records that do not open may need the old key.
pub(super) fn give_up(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    row: &mut Rotation,
    left: u64,
) -> Result<(), Fault> {
    row.state = State::Done;
    row.finished = Some(caller.now);
    row.trouble = Some(format!(
        "{left} records do not open: the old key is kept for them. Restore or remove those records, then ask again"
    ));
    let body = json!({
        "destroyed": [],
        "epoch": row.epoch,
        "keys": row.what,
        "left": left,
        "records": row.records,
        "rotation": row.id.to_string(),
    });
    row.event = Some(audit::append(tx, platform, caller, &Event::new("rotation.finished", None, body))?);
    Ok(())
}

fn conclude(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    row: &mut Rotation,
    facts: Value,
) -> Result<(), Fault> {
    let claims = json!({
        "asked": row.asked.0,
        "facts": facts,
        "iat": caller.now.seconds(),
        "iss": platform.settings.issuer,
        "keys": row.what,
        "realm": platform.settings.realm.to_string(),
        "rotation": row.id.to_string(),
        "what": "key-rotation",
    });
    let statement = receipt::sign(platform, &claims)?;
    let body = json!({
        "facts": facts,
        "keys": row.what,
        "receipt": receipt::digest(&statement),
        "rotation": row.id.to_string(),
    });
    row.event = Some(audit::append(tx, platform, caller, &Event::new("rotation.finished", None, body))?);
    row.receipt = Some(statement);
    Ok(())
}

/// The receipt of a rotation; waits up to `limit` for the log. `None` while there is none: not finished, or not in the log yet.
///
/// # Errors
/// Of the store; `StoredData` when the statement does not fit the log.
pub async fn receipt(platform: &Arc<Platform>, id: RotationId, limit: Duration) -> Result<Option<Receipt>, Fault> {
    let row = platform.store.read(move |tx| rotation::find(tx, id)).await?;
    match row.and_then(|row| row.receipt.zip(row.event)) {
        Some((statement, event)) => receipt::file(platform, &statement, event, limit).await,
        None => Ok(None),
    }
}

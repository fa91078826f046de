//! Another root: the realm keys are wrapped under it, in one transaction. Servers go on; they need the new root at their next start.

use super::finish;
use crate::boot::{self, wrapped};
use crate::{Caller, Fault, Platform};
use lionrock_crypto::ring::{REALM, Root};
use lionrock_model::id::RotationId;
use lionrock_store::{Tx, failpoint, key_ring, rotation, server};
use std::sync::Arc;

/// Wraps the realm keys under `new`. The old root opens nothing of this store any more; whoever holds it destroys it.
///
/// # Errors
/// `Key` when the new root cannot be used, or does not open the store afterwards; of the store: then nothing changed.
pub async fn replace_root(platform: &Arc<Platform>, caller: &Caller, new: &Root) -> Result<RotationId, Fault> {
    let id = RotationId::new(caller.now, caller.random());
    let before: Vec<_> = platform.store.read(key_ring::all).await?;
    let before: Vec<_> = before.into_iter().filter(|entry| entry.name == REALM).collect();
    let realm_keys: Vec<_> = before.iter().cloned().map(wrapped).collect();
    let after = platform.keys.reroot(new, &realm_keys, &*caller.entropy)?;
    let (shared, who) = (Arc::clone(platform), caller.clone());
    let pairs: Vec<_> = before.into_iter().zip(after.into_iter().map(|entry| entry.sealed)).collect();
    platform.store.write(move |tx| carry_out(tx, &shared, &who, id, &pairs)).await?;
    failpoint::reach("rotation-root-done");
    let stored = platform.store.read(key_ring::all).await?;
    platform.keys.adopt(&stored.into_iter().map(wrapped).collect::<Vec<_>>())?;
    // What was written is read again, by the new root alone.
    let opened = boot::key_ring(&platform.store, new, &platform.settings.realm, caller).await;
    opened.map_err(|error| Fault::stored_data(format!("after the exchange of the root: {error}")))?;
    Ok(id)
}

fn carry_out(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    id: RotationId,
    pairs: &[(key_ring::Entry, Vec<u8>)],
) -> Result<(), Fault> {
    let stored = key_ring::all(tx)?.iter().filter(|entry| entry.name == REALM).count();
    let mut replaced = 0;
    for (before, after) in pairs {
        replaced += usize::from(key_ring::replace(tx, before, after.clone())?);
    }
    if replaced != stored {
        // The realm key is being rotated: then there is another one by now.
        return Err(lionrock_store::Error::Busy.into());
    }
    server::turn(tx)?;
    rotation::ask(tx, id, &super::What::Root.to_string(), caller.now)?;
    let row = rotation::find(tx, id)?;
    let mut row = row.ok_or_else(|| Fault::stored_data("a rotation vanished within its own transaction"))?;
    row.records = u64::try_from(replaced).unwrap_or(u64::MAX);
    row.expected = row.records;
    finish::root(tx, platform, caller, &mut row)?;
    failpoint::reach("rotation-root");
    if rotation::update(tx, &row)? { Ok(()) } else { Err(lionrock_store::Error::Busy.into()) }
}

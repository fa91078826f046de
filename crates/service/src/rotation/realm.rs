//! Wrapping keys under the new realm key: first those of the ring, then the residents'.

use super::mover::PAGE;
use crate::boot::wrapped;
use crate::{Caller, Fault, Platform};
use lionrock_crypto::ring::{KeyRing, REALM};
use lionrock_store::rotation::Rotation;
use lionrock_store::{Tx, key_ring, sealed};

/// Moves the next page; `None` when there is none.
pub(super) fn page(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    row: &mut Rotation,
    epoch: u32,
) -> Result<Option<()>, Fault> {
    if row.column_at == 0 {
        ring(tx, platform, caller, row, epoch)?;
        row.column_at = 1;
        return Ok(Some(()));
    }
    let page = sealed::older_resident_keys(tx, epoch, &row.row_at, PAGE)?;
    let Some((last, _)) = page.last() else { return Ok(None) };
    row.row_at = last.to_vec();
    for (id, before) in &page {
        match platform.keys.rewrap_resident_key(id, before, &*caller.entropy) {
            Ok(after) => {
                if sealed::replace_resident_key(tx, id, before, after)? {
                    row.records += 1;
                }
            }
            Err(_) => row.unopened += 1,
        }
    }
    Ok(Some(()))
}

fn ring(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, row: &mut Rotation, epoch: u32) -> Result<(), Fault> {
    for entry in older_keys(tx, epoch)? {
        let after = platform.keys.rewrap(&wrapped(entry.clone()), &*caller.entropy)?;
        if key_ring::replace(tx, &entry, after.sealed)? {
            row.records += 1;
        }
    }
    Ok(())
}

/// The keys of the ring that are wrapped under a realm key before `epoch`.
pub(super) fn older_keys(tx: &mut Tx<'_>, epoch: u32) -> Result<Vec<key_ring::Entry>, Fault> {
    let mut older = Vec::new();
    for entry in key_ring::all(tx)? {
        if entry.name != REALM && KeyRing::wrapping_epoch(&entry.sealed_key)? < epoch {
            older.push(entry);
        }
    }
    Ok(older)
}

//! New keys for residents: one transaction each, in which every record sealed with the old key is sealed with the new one.

use super::records::{self, decide};
use super::{What, finish};
use crate::audit::{self, Event};
use crate::{Caller, Fault, Platform};
use lionrock_model::id::ResidentId;
use lionrock_model::policy::Moving;
use lionrock_store::rotation::Rotation;
use lionrock_store::sealed::{self, COLUMNS};
use lionrock_store::{Tx, resident};
use serde_json::json;

/// How many residents are to get a new key.
pub(super) fn count(tx: &mut Tx<'_>, what: What) -> Result<u64, Fault> {
    Ok(match what {
        What::Resident(id) => u64::from(resident::find(tx, id)?.is_some_and(|row| row.sealed_key.is_some())),
        _ => sealed::count_persons(tx)?,
    })
}

/// The next resident; after the last one the rotation is finished.
pub(super) fn next(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    what: What,
    row: &mut Rotation,
) -> Result<(), Fault> {
    let next = match what {
        What::Resident(id) if row.row_at.is_empty() => Some(*id.as_bytes()),
        What::Residents => sealed::next_person(tx, &row.row_at)?,
        _ => None,
    };
    let Some(person) = next else { return finish::residents(tx, platform, caller, row) };
    row.row_at = person.to_vec();
    match renew(tx, platform, caller, row, person)? {
        Some(true) => row.records += 1,
        Some(false) => row.unopened += 1,
        None => {}
    }
    Ok(())
}

/// Gives one resident a new key. `Some(false)`, with nothing changed, when one of their records does not open: with another key it
/// never would again. `None` when they have none: the account was closed.
fn renew(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    row: &Rotation,
    person: [u8; 16],
) -> Result<Option<bool>, Fault> {
    let id = ResidentId::from_bytes(&person).map_err(|_| Fault::stored_data("resident.id"))?;
    let Some(wrapped) = resident::find(tx, id)?.and_then(|row| row.sealed_key) else { return Ok(None) };
    let Ok(before) = platform.keys.resident_key(&person, &wrapped) else { return Ok(Some(false)) };
    // First of all: who signs in at this moment waits for this transaction, finds their passkey's row changed, and reads the key
    // again. So nothing is sealed with the old one meanwhile, and somebody who signs in all the time does not undo this work.
    sealed::disturb_signing(tx, &person)?;
    let mut found = Vec::new();
    for column in COLUMNS {
        found.extend(column.of_person(tx, &person)?.into_iter().map(|record| (column, record)));
    }
    // Nothing is left of values that were erased.
    found.retain(|(_, record)| !record.sealed.is_empty());
    let decision: Moving = decide()?;
    let body = json!({
        "purpose": decision.purpose().word(),
        "records": found.len(),
        "resident": id.to_string(),
        "rotation": row.id.to_string(),
    });
    audit::append(tx, platform, caller, &Event::new("rotation.resident", None, body))?;
    if found.iter().any(|(column, record)| !records::opens(platform, &decision, column, record, &before)) {
        return Ok(Some(false));
    }
    let (after, stored) = platform.keys.new_resident_key(&person, &*caller.entropy)?;
    for (column, record) in &found {
        let keys = [Some(&before), Some(&after)];
        let sealed = records::reseal(platform, caller, &decision, column, record, keys)?;
        let replaced = sealed.map(|sealed| column.replace(tx, record, sealed)).transpose()?;
        if replaced != Some(true) {
            return Err(Fault::stored_data("a record changed within its own transaction"));
        }
    }
    if !sealed::replace_resident_key(tx, &person, &wrapped, stored)? {
        return Err(Fault::stored_data("a resident's key changed within its own transaction"));
    }
    // The old key is gone with this commit, so what was written is read again first.
    for column in COLUMNS {
        for record in column.of_person(tx, &person)?.into_iter().filter(|record| !record.sealed.is_empty()) {
            if !records::opens(platform, &decision, column, &record, &after) {
                return Err(Fault::stored_data("a record does not open with the new key: the old one is kept"));
            }
        }
    }
    Ok(Some(true))
}

//! An officer's row and keys, as the ledger confirms them.
//!
//! Every change of an officer or of their keys raises the version of the row and leaves an entry in the ledger whose id is the mark of
//! that version and whose body has a digest of everything the rows say ([`crate::freshness`]). Whoever edits a role, a unit, a
//! key or an end in the database, or puts an older row back, has rows that contradict the ledger: the officer is refused
//! and an alarm is raised.

use crate::audit::{self, Event};
use crate::freshness::{self, Mark};
use crate::vault::Alarm;
use crate::{Caller, Fault, Platform};
use lionrock_crypto::digest::Sha256;
use lionrock_crypto::ring::{Domain, Mac, Slot};
use lionrock_model::id::OfficerId;
use lionrock_model::staff::{OfficerName, OfficerState, StaffNumber};
use lionrock_store::officer::{self, Kept};
use lionrock_store::officer_credential::{self, OfficerKey};
use lionrock_store::{Tx, leaf};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// An officer with their keys, as the ledger confirmed them.
#[derive(Clone, Debug)]
pub struct Seat {
    /// The row.
    pub kept: Kept,
    /// Their keys, removed ones too.
    pub keys: Vec<OfficerKey>,
}

/// An officer's name and staff number, in clear: for the pages of those who may see officers, and their own.
#[derive(Clone, Debug)]
pub struct Named {
    /// Name.
    pub name: OfficerName,
    /// Staff number.
    pub number: StaffNumber,
}

/// Finds an officer and compares the rows with the ledger.
///
/// # Errors
/// `RolledBack` when the rows are not what the ledger says; an alarm is raised. Of the store.
pub fn find(tx: &mut Tx<'_>, platform: &Platform, id: OfficerId) -> Result<Option<Seat>, Fault> {
    let Some(kept) = officer::find(tx, id)? else { return Ok(None) };
    let keys = officer_credential::of_officer(tx, id)?;
    let seat = Seat { kept, keys };
    // Somebody who ended may do nothing, whatever else a row says.
    if seat.kept.officer.state == OfficerState::Ended {
        return Ok(Some(seat));
    }
    judge(tx, platform, &seat)?;
    Ok(Some(seat))
}

/// Writes down that an officer or their keys changed: call it after the change, in its transaction, with the event that tells of it.
///
/// # Errors
/// Of the store; `RolledBack` when the ledger knows of that version already.
pub fn record(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    id: OfficerId,
    kind: &'static str,
    body: Value,
) -> Result<(), Fault> {
    let kept = officer::find(tx, id)?.ok_or_else(|| Fault::stored_data("no such officer"))?;
    let keys = officer_credential::of_officer(tx, id)?;
    let mut members: BTreeMap<String, Value> = match body {
        Value::Object(members) => members.into_iter().collect(),
        _ => return Err(Fault::bug("an event's body is an object")),
    };
    members.insert("officer".to_owned(), json!(id.to_string()));
    members.insert("role".to_owned(), json!(kept.officer.role.word()));
    // Whoever audits knows from here on with which keys this officer signs, and as what.
    let standing = keys.iter().filter(|key| key.removed.is_none());
    let keys_told: Vec<_> = standing
        .map(|key| {
            BTreeMap::from([("key", key.id.to_string()), ("public_key", lionrock_wire::jose::encode(&key.public_key))])
        })
        .collect();
    members.insert("holds".to_owned(), json!(keys_told));
    members.insert("rights_until".to_owned(), json!(kept.officer.rights_until.0));
    members.insert("state".to_owned(), json!(kept.officer.state.word()));
    members.insert("unit".to_owned(), json!(kept.officer.unit.as_str()));
    members.insert("version".to_owned(), json!(kept.version));
    members.insert("rows".to_owned(), json!(said_of(&Seat { kept: kept.clone(), keys })));
    let event = Event::new(kind, None, members.into_iter().collect());
    freshness::append(tx, platform, caller, Mark::Officer(id, kept.version), &event).map(drop)
}

fn judge(tx: &mut Tx<'_>, platform: &Platform, seat: &Seat) -> Result<(), Fault> {
    let (id, version) = (seat.kept.officer.id, seat.kept.version);
    let next = version.checked_add(1).ok_or_else(|| Fault::stored_data("officer.version"))?;
    let here = Mark::Officer(id, version).event(platform)?;
    let next = Mark::Officer(id, next).event(platform)?;
    let found = leaf::marks(tx, [here, next, here, next])?;
    if found.iter().any(|mark| mark.event == next) {
        // A reader that sees what others commit meanwhile looks again; a row that was put back stays as it is.
        if officer::find(tx, id)?.is_some_and(|again| again.version != version) {
            return Err(lionrock_store::Error::Busy.into());
        }
        return Err(refused(platform, "officer-behind"));
    }
    let Some(mark) = found.iter().find(|mark| mark.event == here) else {
        return Err(refused(platform, "officer-unknown"));
    };
    let sealed = mark.sealed_body.as_deref().ok_or_else(|| Fault::stored_data("an officer's entry has no body"))?;
    let (_, canonical) = audit::open_body(platform, &here, sealed)?;
    let said: Value = serde_json::from_slice(&canonical)?;
    if said.pointer("/body/rows").and_then(Value::as_str) != Some(said_of(seat).as_str()) {
        return Err(refused(platform, "officer-differs"));
    }
    Ok(())
}

fn refused(platform: &Platform, what: &'static str) -> Fault {
    platform.vault.raise(Alarm { resident: None, what });
    Fault::rolled_back(what)
}

/// A digest of everything the rows say; not of times of use and counters, which no right hangs on.
fn said_of(seat: &Seat) -> String {
    let Kept {
        officer,
        person,
        proposed_by,
        approved_by,
        invite_first,
        invite,
        invite_until,
        user_handle,
        created,
        ended,
        ..
    } = &seat.kept;
    let mut digest = Sha256::default();
    let mut part = |bytes: &[u8]| {
        digest.update(&u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
        digest.update(bytes);
    };
    let moment = |at: Option<i64>| at.map_or_else(Vec::new, |at| at.to_be_bytes().to_vec());
    part(officer.id.as_bytes());
    part(person);
    part(officer.role.word().as_bytes());
    part(officer.unit.as_str().as_bytes());
    part(officer.state.word().as_bytes());
    part(&officer.rights_until.0.to_be_bytes());
    for other in [proposed_by, approved_by] {
        part(other.as_ref().map_or(&[][..], |id| id.as_bytes()));
    }
    for code in [invite_first, invite] {
        part(code.as_ref().map_or(&[][..], |code| code));
    }
    part(&moment(invite_until.map(|at| at.0)));
    part(user_handle);
    part(&created.0.to_be_bytes());
    part(&moment(ended.map(|at| at.0)));
    for key in &seat.keys {
        part(key.id.as_bytes());
        part(&key.external_id);
        part(&key.public_key);
        part(&key.algorithm.to_be_bytes());
        part(&key.aaguid);
        part(&key.created.0.to_be_bytes());
        part(&moment(key.removed.map(|at| at.0)));
    }
    lionrock_wire::jose::encode(&digest.finish())
}

/// The keyed code of a staff number: equal numbers give equal codes, and nothing else can be read from them.
///
/// # Errors
/// `Key` when the ring is incomplete.
pub fn person(platform: &Platform, number: &StaffNumber) -> Result<[u8; 32], Fault> {
    Ok(platform.keys.mac(Mac::BlindIndex, "staff number", number.reveal().as_bytes())?)
}

/// Seals a name for an officer's row.
///
/// # Errors
/// Of sealing.
pub fn seal_name(platform: &Platform, caller: &Caller, id: OfficerId, named: &Named) -> Result<Vec<u8>, Fault> {
    let plain = serde_json::to_vec(&json!({"name": named.name.reveal(), "number": named.number.reveal()}))?;
    Ok(platform.keys.seal(Domain::Account, &name_slot(&id), None, &plain, &*caller.entropy)?.into())
}

/// Opens the name of an officer.
///
/// # Errors
/// `Key` when it is another's; `StoredData` when it is none.
pub fn open_name(platform: &Platform, kept: &Kept) -> Result<Named, Fault> {
    let slot = name_slot(&kept.officer.id);
    let plain = platform.keys.open_sealed(Domain::Account, &slot, None, &kept.sealed_name)?;
    let said: Value = serde_json::from_slice(&plain)?;
    let word = |name: &str| said.get(name).and_then(Value::as_str).unwrap_or_default();
    let wrong = || Fault::stored_data("officer.sealed_name");
    Ok(Named {
        name: OfficerName::parse(word("name")).ok_or_else(wrong)?,
        number: StaffNumber::parse(word("number")).ok_or_else(wrong)?,
    })
}

const fn name_slot(id: &OfficerId) -> Slot<'_> {
    let row = id.as_bytes();
    Slot { table: "officer", column: "sealed_name", row, resident: &audit::NOBODY, schema: 1, version: 1 }
}

/// After a restore: officers whose rows are older than the ledger take the version it knows, and their rights are over until
/// two others give them back. How many.
///
/// # Errors
/// Of the store.
pub fn carry_on(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller) -> Result<u64, Fault> {
    let mut behind = 0;
    for kept in officer::all(tx)? {
        let (id, mut newest) = (kept.officer.id, kept.version);
        loop {
            let event = Mark::Officer(id, newest + 1).event(platform)?;
            if leaf::marks(tx, [event; 4])?.is_empty() {
                break;
            }
            newest += 1;
        }
        if newest > kept.version {
            officer::restored(tx, id, newest + 1, caller.now)?;
            record(tx, platform, caller, id, "staff.restored", json!({}))?;
            behind += 1;
        }
    }
    Ok(behind)
}

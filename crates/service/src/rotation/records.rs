//! Opening records to seal them under a newer key. Nobody sees what they hold: bytes go in sealed and come out sealed.
//!
//! It is a purpose of its own, which lists no field; its leaf is written before the first record is opened, in the same
//! transaction, and says of how many records of which column.

use super::home;
use crate::audit::{self, Event};
use crate::{Caller, Fault, Platform};
use lionrock_crypto::ring::{ResidentKey, Sealed};
use lionrock_model::id::ResidentId;
use lionrock_model::policy::{self, Actor, Moving};
use lionrock_store::rotation::Rotation;
use lionrock_store::sealed::{Column, Record};
use lionrock_store::{Tx, resident};
use serde_json::json;
use std::collections::HashMap;

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moved {
    /// It is sealed under the newest key.
    Sealed,
    /// The person's key is destroyed, so nobody can open it: its bytes are removed.
    Erased,
    /// It does not open, and stays as it is.
    Unopened,
    /// It was changed or removed meanwhile.
    Gone,
}

/// The right to move records of one column, within one transaction.
pub(super) struct Movement<'p> {
    platform: &'p Platform,
    caller: &'p Caller,
    column: &'static Column,
    decision: Moving,
    keys: HashMap<[u8; 16], Option<ResidentKey>>,
}

impl<'p> Movement<'p> {
    /// Writes the leaf for a page of `count` records.
    pub(super) fn begin(
        tx: &mut Tx<'_>,
        platform: &'p Platform,
        caller: &'p Caller,
        row: &Rotation,
        column: &'static Column,
        count: usize,
    ) -> Result<Self, Fault> {
        let decision = decide()?;
        let body = json!({
            "column": column.title(),
            "epoch": row.epoch,
            "purpose": decision.purpose().word(),
            "records": count,
            "rotation": row.id.to_string(),
        });
        audit::append(tx, platform, caller, &Event::new("rotation.page", None, body))?;
        Ok(Self { platform, caller, column, decision, keys: HashMap::new() })
    }

    /// Seals one record under the newest key of its domain; place and version stay.
    pub(super) fn move_record(&mut self, tx: &mut Tx<'_>, record: &Record) -> Result<Moved, Fault> {
        let key = match &record.person {
            None => None,
            Some(person) => match self.key(tx, person)? {
                Some(key) => Some(key),
                None => return Ok(if self.column.erase(tx, record)? { Moved::Erased } else { Moved::Gone }),
            },
        };
        let Some(sealed) = reseal(self.platform, self.caller, &self.decision, self.column, record, [key.as_ref(); 2])?
        else {
            return Ok(Moved::Unopened);
        };
        Ok(if self.column.replace(tx, record, sealed)? { Moved::Sealed } else { Moved::Gone })
    }

    fn key(&mut self, tx: &mut Tx<'_>, person: &[u8; 16]) -> Result<Option<ResidentKey>, Fault> {
        if let Some(known) = self.keys.get(person) {
            return Ok(known.clone());
        }
        let found = current_key(tx, self.platform, person)?;
        self.keys.insert(*person, found.clone());
        Ok(found)
    }
}

/// The permission to move records.
pub(super) fn decide() -> Result<Moving, Fault> {
    policy::decide_moving(&Actor::Platform).map_err(|_| Fault::bug("the platform may move records to newer keys"))
}

/// A resident's key as it is stored now; `None` when it is destroyed.
pub(super) fn current_key(
    tx: &mut Tx<'_>,
    platform: &Platform,
    person: &[u8; 16],
) -> Result<Option<ResidentKey>, Fault> {
    let id = ResidentId::from_bytes(person).map_err(|_| Fault::stored_data("not the id of a resident"))?;
    let wrapped = resident::find(tx, id)?.and_then(|row| row.sealed_key);
    Ok(wrapped.map(|wrapped| platform.keys.resident_key(person, &wrapped)).transpose()?)
}

/// Opens a record with the first of the person's keys and seals it with the second, under the newest key of its domain; `None` when
/// it does not open.
pub(super) fn reseal(
    platform: &Platform,
    caller: &Caller,
    _: &Moving,
    column: &Column,
    record: &Record,
    [before, after]: [Option<&ResidentKey>; 2],
) -> Result<Option<Vec<u8>>, Fault> {
    let domain = home::domain(column).ok_or_else(|| Fault::bug(format!("{} has no domain", column.title())))?;
    // The version it was sealed at, not the one the row claims: an older value that was put back stays older, and refused.
    let Ok(version) = Sealed::version_of(&record.sealed) else { return Ok(None) };
    let slot = home::slot(column, record, version);
    let Ok(plain) = platform.keys.open_sealed(domain, &slot, before, &record.sealed) else { return Ok(None) };
    Ok(Some(platform.keys.seal(domain, &slot, after, &plain, &*caller.entropy)?.into()))
}

/// Whether a record opens with this key.
pub(super) fn opens(platform: &Platform, _: &Moving, column: &Column, record: &Record, key: &ResidentKey) -> bool {
    let (Some(domain), Ok(version)) = (home::domain(column), Sealed::version_of(&record.sealed)) else { return false };
    platform.keys.open_sealed(domain, &home::slot(column, record, version), Some(key), &record.sealed).is_ok()
}

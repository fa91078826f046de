//! Table `key_ring`: wrapped keys, useless without the root; and table `realm`: one row, whose store this is.

use crate::{Error, Tx, Value};

const ALL: &str = "SELECT name, epoch, sealed_key FROM key_ring ORDER BY name, epoch";
const INSERT: &str = "INSERT INTO key_ring (name, epoch, sealed_key, created_at) VALUES ($1, $2, $3, $4)";
const HELD: &str = "SELECT name, epoch FROM key_ring WHERE held = 1 ORDER BY name, epoch";
const HOLD: &str = "UPDATE key_ring SET held = 1 WHERE name = $1 AND epoch = $2";
const RELEASE: &str = "UPDATE key_ring SET held = 0 WHERE name = $1 AND epoch = $2 AND held = 1";
const REWRAP: &str = "UPDATE key_ring SET sealed_key = $4 WHERE name = $1 AND epoch = $2 AND sealed_key = $3";
const DESTROY: &str = "DELETE FROM key_ring WHERE name = $1 AND epoch < $2";
const REALM: &str = "SELECT name FROM realm WHERE id = 1";
const SET_REALM: &str = "INSERT INTO realm (id, name) VALUES (1, $1)";

/// A wrapped key as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name in the ring.
    pub name: String,
    /// 1 for the first of its name.
    pub epoch: u32,
    /// The wrapped key.
    pub sealed_key: Vec<u8>,
}

/// All wrapped keys.
///
/// # Errors
/// Of the store.
pub fn all(tx: &mut Tx<'_>) -> Result<Vec<Entry>, Error> {
    tx.query(ALL, &[])?
        .iter()
        .map(|row| {
            let epoch = u32::try_from(row.int(1)?).map_err(|_| Error::Corrupt { what: "key_ring.epoch".to_owned() })?;
            Ok(Entry { name: row.text(0)?.to_owned(), epoch, sealed_key: row.bytes(2)?.to_vec() })
        })
        .collect()
}

/// Stores a wrapped key.
///
/// # Errors
/// Of the store; `Conflict` when name and epoch are taken.
pub fn insert(tx: &mut Tx<'_>, entry: &Entry, created_at: i64) -> Result<(), Error> {
    let values = [
        Value::from(entry.name.as_str()),
        Value::from(i64::from(entry.epoch)),
        Value::from(entry.sealed_key.clone()),
        Value::from(created_at),
    ];
    tx.execute(INSERT, &values).map(drop)
}

/// Names and epochs of the keys that are known, but not used yet.
///
/// # Errors
/// Of the store.
pub fn held(tx: &mut Tx<'_>) -> Result<Vec<(String, u32)>, Error> {
    let corrupt = |_| Error::Corrupt { what: "key_ring.epoch".to_owned() };
    let rows = tx.query(HELD, &[])?;
    rows.iter().map(|row| Ok((row.text(0)?.to_owned(), u32::try_from(row.int(1)?).map_err(corrupt)?))).collect()
}

/// Stores a wrapped key that nobody is to use before it is [released](release).
///
/// # Errors
/// Of the store; `Conflict` when name and epoch are taken.
pub fn insert_held(tx: &mut Tx<'_>, entry: &Entry, created_at: i64) -> Result<(), Error> {
    insert(tx, entry, created_at)?;
    tx.execute(HOLD, &[Value::from(entry.name.as_str()), Value::from(entry.epoch)]).map(drop)
}

/// Lets a held key be used. False when it was not held.
///
/// # Errors
/// Of the store.
pub fn release(tx: &mut Tx<'_>, name: &str, epoch: u32) -> Result<bool, Error> {
    Ok(tx.execute(RELEASE, &[Value::from(name), Value::from(epoch)])? == 1)
}

/// Puts the same key, wrapped otherwise, in place of `before`. False when another is stored by now.
///
/// # Errors
/// Of the store.
pub fn replace(tx: &mut Tx<'_>, before: &Entry, sealed_key: Vec<u8>) -> Result<bool, Error> {
    let values = [
        Value::from(before.name.as_str()),
        Value::from(before.epoch),
        Value::from(before.sealed_key.clone()),
        Value::from(sealed_key),
    ];
    Ok(tx.execute(REWRAP, &values)? == 1)
}

/// Destroys every epoch of a name before `epoch`; says how many.
///
/// # Errors
/// Of the store.
pub fn destroy_older(tx: &mut Tx<'_>, name: &str, epoch: u32) -> Result<u64, Error> {
    tx.execute(DESTROY, &[Value::from(name), Value::from(epoch)])
}

/// The realm this store belongs to, when it was set.
///
/// # Errors
/// Of the store.
pub fn realm(tx: &mut Tx<'_>) -> Result<Option<String>, Error> {
    tx.first(REALM, &[])?.map(|row| row.text(0).map(str::to_owned)).transpose()
}

/// Marks the store as this realm's, once and for all.
///
/// # Errors
/// Of the store; `Conflict` when it is marked already.
pub fn set_realm(tx: &mut Tx<'_>, name: &str) -> Result<(), Error> {
    tx.execute(SET_REALM, &[Value::from(name)]).map(drop)
}

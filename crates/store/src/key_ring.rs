//! Table `key_ring`: wrapped keys, useless without the root; and table `realm`: one row, whose store this is.

use crate::{Error, Tx, Value};

const ALL: &str = "SELECT name, epoch, sealed_key FROM key_ring ORDER BY name, epoch";
const INSERT: &str = "INSERT INTO key_ring (name, epoch, sealed_key, created_at) VALUES ($1, $2, $3, $4)";
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

//! Table `activation_key`: the key under which residents' signing keys are sealed, wrapped by the root of all keys alone. More than one
//! row stands only while the root is exchanged: the same key, wrapped by the old root and by the new one.

use crate::{Error, Tx, Value};
use lionrock_model::time::Millis;

const INSERT: &str = "INSERT INTO activation_key (id, sealed_key, created_at) VALUES ($1, $2, $3)";
const ALL: &str = "SELECT id, sealed_key FROM activation_key ORDER BY created_at DESC, id DESC";
const KEEP: &str = "DELETE FROM activation_key WHERE id <> $1";

/// Keeps a wrapped key.
///
/// # Errors
/// Of the store.
pub fn insert(tx: &mut Tx<'_>, id: &[u8; 16], wrapped: &[u8], now: Millis) -> Result<(), Error> {
    tx.execute(INSERT, &[id.into(), wrapped.into(), now.into()]).map(drop)
}

/// A wrapped form by its id.
pub type Stored = ([u8; 16], Vec<u8>);

/// All wrapped forms, newest first.
///
/// # Errors
/// Of the store.
pub fn all(tx: &mut Tx<'_>) -> Result<Vec<Stored>, Error> {
    tx.query(ALL, &[])?.iter().map(|row| Ok((row.array(0)?, row.bytes(1)?.to_vec()))).collect()
}

/// Removes all forms but one.
///
/// # Errors
/// Of the store.
pub fn keep_only(tx: &mut Tx<'_>, id: &[u8; 16]) -> Result<u64, Error> {
    tx.execute(KEEP, &[Value::from(id)])
}

//! Table `restore`: one row, the restore that filled this store. While it is unfinished the store serves nobody.

use crate::{Error, Tx, Value};

const READ: &str = "SELECT backup, begun_at, done_at FROM restore WHERE id = 1";
const BEGIN: &str = "INSERT INTO restore (id, backup, begun_at, done_at) VALUES (1, $1, $2, NULL) \
                     ON CONFLICT (id) DO UPDATE SET backup = excluded.backup, begun_at = excluded.begun_at, done_at = NULL";
const FINISH: &str = "UPDATE restore SET done_at = $1 WHERE id = 1";

/// The restore that filled a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restore {
    /// Digest of the backup's header.
    pub backup: [u8; 32],
    /// Unix milliseconds.
    pub begun_at: i64,
    /// Unix milliseconds; none while it goes on, or broke off.
    pub done_at: Option<i64>,
}

/// The restore of this store, if there was one.
///
/// # Errors
/// Of the store.
pub fn read(tx: &mut Tx<'_>) -> Result<Option<Restore>, Error> {
    let Some(row) = tx.first(READ, &[])? else { return Ok(None) };
    Ok(Some(Restore { backup: row.array(0)?, begun_at: row.int(1)?, done_at: row.opt_int(2)? }))
}

/// Marks the store as being filled.
///
/// # Errors
/// Of the store.
pub fn begin(tx: &mut Tx<'_>, backup: &[u8; 32], now: i64) -> Result<(), Error> {
    tx.execute(BEGIN, &[Value::from(backup), Value::from(now)]).map(drop)
}

/// Marks the store as whole.
///
/// # Errors
/// Of the store.
pub fn finish(tx: &mut Tx<'_>, now: i64) -> Result<(), Error> {
    tx.execute(FINISH, &[Value::from(now)]).map(drop)
}

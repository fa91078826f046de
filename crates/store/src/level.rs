//! Table `level`: what an account is good for, one row for each that was ever raised. The row is a copy for reading and counting; the
//! ledger's entry of its version says whether it is true.

use crate::{Error, Tx, Value};
use lionrock_model::account::Level;
use lionrock_model::id::ResidentId;
use lionrock_model::time::Millis;

const FIND: &str = "SELECT version, level, since FROM level WHERE resident = $1";
const SET: &str = "INSERT INTO level (resident, version, level, since) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT (resident) DO UPDATE SET version = excluded.version, level = excluded.level, \
                   since = excluded.since WHERE level.version < excluded.version";
const REMOVE: &str = "DELETE FROM level WHERE resident = $1";

/// A level as the row has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// One more with each change, from 1 on.
    pub version: u32,
    /// The level.
    pub level: Level,
    /// Since when.
    pub since: Millis,
}

/// The row of a resident; none for whoever was never raised.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn find(tx: &mut Tx<'_>, resident: ResidentId) -> Result<Option<Kept>, Error> {
    let Some(row) = tx.first(FIND, &[resident.as_bytes().into()])? else { return Ok(None) };
    Ok(Some(Kept {
        version: u32::try_from(row.int(0)?).map_err(|_| Error::corrupt("level.version"))?,
        level: Level::from_word(row.text(1)?).ok_or_else(|| Error::corrupt("level.level"))?,
        since: Millis(row.int(2)?),
    }))
}

/// Writes the row of a newer version than the one that is there. False when somebody else was faster.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn set(tx: &mut Tx<'_>, resident: ResidentId, kept: Kept) -> Result<bool, Error> {
    let values: [Value; 4] =
        [resident.as_bytes().into(), i64::from(kept.version).into(), kept.level.word().into(), kept.since.into()];
    Ok(tx.execute(SET, &values)? == 1)
}

/// Removes the row of a resident.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn remove(tx: &mut Tx<'_>, resident: ResidentId) -> Result<u64, Error> {
    tx.execute(REMOVE, &[resident.as_bytes().into()])
}

//! Table `recovery_code`: keyed digests of the codes a resident keeps on paper.

use crate::{Error, Tx};
use lionrock_model::id::ResidentId;
use lionrock_model::time::Millis;

const INSERT: &str = "INSERT INTO recovery_code (digest, resident, created_at) VALUES ($1, $2, $3)";
const REMOVE: &str = "DELETE FROM recovery_code WHERE resident = $1";
const LEFT: &str = "SELECT COUNT(*) FROM recovery_code WHERE resident = $1 AND used_at IS NULL";
const UNUSED: &str = "SELECT digest FROM recovery_code WHERE resident = $1 AND digest = $2 AND used_at IS NULL";
const USE: &str = "UPDATE recovery_code SET used_at = $3 WHERE resident = $1 AND digest = $2 AND used_at IS NULL";

/// Replaces a resident's codes by these.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn replace(tx: &mut Tx<'_>, resident: ResidentId, digests: &[[u8; 32]], now: Millis) -> Result<(), Error> {
    remove_all(tx, resident)?;
    for digest in digests {
        tx.execute(INSERT, &[digest.into(), resident.as_bytes().into(), now.into()])?;
    }
    Ok(())
}

/// Deletes all codes of a resident.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn remove_all(tx: &mut Tx<'_>, resident: ResidentId) -> Result<(), Error> {
    tx.execute(REMOVE, &[resident.as_bytes().into()]).map(drop)
}

/// How many codes are unused.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn left(tx: &mut Tx<'_>, resident: ResidentId) -> Result<u64, Error> {
    let row = tx.first(LEFT, &[resident.as_bytes().into()])?;
    row.map_or(Ok(0), |row| row.int(0)).map(|n| u64::try_from(n).unwrap_or(0))
}

/// Whether the resident has this code and has not used it.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn is_unused(tx: &mut Tx<'_>, resident: ResidentId, digest: &[u8; 32]) -> Result<bool, Error> {
    Ok(tx.first(UNUSED, &[resident.as_bytes().into(), digest.into()])?.is_some())
}

/// Uses a code up. False when the resident has no such unused code.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn spend(tx: &mut Tx<'_>, resident: ResidentId, digest: &[u8; 32], now: Millis) -> Result<bool, Error> {
    Ok(tx.execute(USE, &[resident.as_bytes().into(), digest.into(), now.into()])? == 1)
}

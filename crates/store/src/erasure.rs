//! Table `erasure`: accounts that ended, and how far the clearing of what hung on them is.

use crate::{Error, Row, Tx};
use lionrock_model::id::ResidentId;
use lionrock_model::time::Millis;

const BEGIN: &str = "INSERT INTO erasure (resident, version, step, event, begun_at) VALUES ($1, 1, $2, $3, $4) \
                     ON CONFLICT (resident) DO UPDATE SET step = excluded.step, version = erasure.version + 1, done_at = NULL";
const OPEN: &str = "SELECT resident, version, step, event, begun_at, done_at FROM erasure WHERE done_at IS NULL \
                    ORDER BY begun_at LIMIT $1";
const FIND: &str = "SELECT resident, version, step, event, begun_at, done_at FROM erasure WHERE resident = $1";
const STEP: &str =
    "UPDATE erasure SET step = $3, done_at = $4, version = version + 1 WHERE resident = $1 AND version = $2";
const DELETE: &str = "DELETE FROM erasure WHERE resident = $1 AND done_at IS NOT NULL";

/// An erasure under way, or done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasure {
    /// Whose account ended.
    pub resident: ResidentId,
    /// One more with each step.
    pub version: i64,
    /// The word of the step to do next.
    pub step: String,
    /// The ledger entry of the closing.
    pub event: [u8; 16],
    /// When it was approved.
    pub begun: Millis,
    /// When nothing was left.
    pub done: Option<Millis>,
}

/// Begins an erasure at a step; one that was done begins again.
///
/// # Errors
/// Of the store.
pub fn begin(tx: &mut Tx<'_>, resident: ResidentId, step: &str, event: &[u8; 16], now: Millis) -> Result<(), Error> {
    tx.execute(BEGIN, &[resident.as_bytes().into(), step.into(), event.into(), now.into()]).map(drop)
}

/// Erasures that are not done, oldest first.
///
/// # Errors
/// Of the store.
pub fn open(tx: &mut Tx<'_>, most: u32) -> Result<Vec<Erasure>, Error> {
    tx.query(OPEN, &[most.into()])?.iter().map(read).collect()
}

/// The erasure of an account.
///
/// # Errors
/// Of the store.
pub fn find(tx: &mut Tx<'_>, resident: ResidentId) -> Result<Option<Erasure>, Error> {
    tx.first(FIND, &[resident.as_bytes().into()])?.as_ref().map(read).transpose()
}

/// Takes an erasure to its next step, or to its end. False when another process was faster.
///
/// # Errors
/// Of the store.
pub fn step(tx: &mut Tx<'_>, now: &Erasure, next: &str, done: Option<Millis>) -> Result<bool, Error> {
    let values = [now.resident.as_bytes().into(), now.version.into(), next.into(), done.map(|at| at.0).into()];
    Ok(tx.execute(STEP, &values)? == 1)
}

/// Forgets a finished erasure, with the account's last row.
///
/// # Errors
/// Of the store.
pub fn delete(tx: &mut Tx<'_>, resident: ResidentId) -> Result<u64, Error> {
    tx.execute(DELETE, &[resident.as_bytes().into()])
}

fn read(row: &Row) -> Result<Erasure, Error> {
    Ok(Erasure {
        resident: ResidentId::from_bytes(row.bytes(0)?).map_err(|_| Error::corrupt("erasure.resident"))?,
        version: row.int(1)?,
        step: row.text(2)?.to_owned(),
        event: row.array(3)?,
        begun: Millis(row.int(4)?),
        done: row.opt_int(5)?.map(Millis),
    })
}

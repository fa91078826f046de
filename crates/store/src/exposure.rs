//! Table `exposure`: how much each server opened in each minute. A server writes its own rows only.

use crate::{Error, Tx};

const NOTE: &str = "INSERT INTO exposure (process, minute, budget, opened) VALUES ($1, $2, $3, $4) \
                    ON CONFLICT (process, minute, budget) DO UPDATE SET opened = excluded.opened";
const SUMS: &str = "SELECT budget, SUM(opened) FROM exposure WHERE minute = $1 AND process <> $2 GROUP BY budget";
const SWEEP: &str = "DELETE FROM exposure WHERE process = $1 AND minute < $2";
const SWEEP_LEFT: &str = "DELETE FROM exposure WHERE minute < $1";

/// Writes down what this process opened in a minute so far.
///
/// # Errors
/// Of the store.
pub fn note(tx: &mut Tx<'_>, process: &[u8; 16], minute: i64, budget: &str, opened: u32) -> Result<(), Error> {
    tx.execute(NOTE, &[process.into(), minute.into(), budget.into(), opened.into()]).map(drop)
}

/// What all other processes opened in a minute, by budget.
///
/// # Errors
/// Of the store.
pub fn of_others(tx: &mut Tx<'_>, process: &[u8; 16], minute: i64) -> Result<Vec<(String, u64)>, Error> {
    let rows = tx.query(SUMS, &[minute.into(), process.into()])?;
    rows.iter().map(|row| Ok((row.text(0)?.to_owned(), u64::try_from(row.int(1)?).unwrap_or(0)))).collect()
}

/// Deletes this process' rows from before a minute.
///
/// # Errors
/// Of the store.
pub fn sweep(tx: &mut Tx<'_>, process: &[u8; 16], before: i64) -> Result<u64, Error> {
    tx.execute(SWEEP, &[process.into(), before.into()])
}

/// Deletes everybody's rows from before a minute: what servers left that are gone.
///
/// # Errors
/// Of the store.
pub fn sweep_left(tx: &mut Tx<'_>, before: i64) -> Result<u64, Error> {
    tx.execute(SWEEP_LEFT, &[before.into()])
}

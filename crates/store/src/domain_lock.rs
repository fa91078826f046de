//! Table `domain_lock`: budgets that were exceeded, until two officers unlock them.

use crate::{Error, Tx};
use lionrock_model::time::Millis;

const ALL: &str = "SELECT budget, opened, locked_at, event FROM domain_lock ORDER BY budget";
const LOCK: &str = "INSERT INTO domain_lock (budget, opened, locked_at, event) VALUES ($1, $2, $3, $4) \
                    ON CONFLICT (budget) DO NOTHING";
const FIND: &str = "SELECT budget, opened, locked_at, event FROM domain_lock WHERE budget = $1";
const UNLOCK: &str = "DELETE FROM domain_lock WHERE budget = $1 AND event = $2";

/// A locked budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locked {
    /// Its word.
    pub budget: String,
    /// Openings that tripped it.
    pub opened: i64,
    /// When.
    pub at: Millis,
    /// The ledger entry of it.
    pub event: [u8; 16],
}

/// Everything that is locked.
///
/// # Errors
/// Of the store.
pub fn all(tx: &mut Tx<'_>) -> Result<Vec<Locked>, Error> {
    tx.query(ALL, &[])?.iter().map(read).collect()
}

/// One budget's lock.
///
/// # Errors
/// Of the store.
pub fn find(tx: &mut Tx<'_>, budget: &str) -> Result<Option<Locked>, Error> {
    tx.first(FIND, &[budget.into()])?.as_ref().map(read).transpose()
}

/// Locks a budget. False when it is locked already.
///
/// # Errors
/// Of the store.
pub fn lock(tx: &mut Tx<'_>, new: &Locked) -> Result<bool, Error> {
    let values = [new.budget.as_str().into(), new.opened.into(), new.at.into(), new.event.into()];
    Ok(tx.execute(LOCK, &values)? == 1)
}

/// Unlocks the lock of this event. False when another one stands, or none.
///
/// # Errors
/// Of the store.
pub fn unlock(tx: &mut Tx<'_>, budget: &str, event: &[u8; 16]) -> Result<bool, Error> {
    Ok(tx.execute(UNLOCK, &[budget.into(), event.into()])? == 1)
}

fn read(row: &crate::Row) -> Result<Locked, Error> {
    Ok(Locked { budget: row.text(0)?.to_owned(), opened: row.int(1)?, at: Millis(row.int(2)?), event: row.array(3)? })
}

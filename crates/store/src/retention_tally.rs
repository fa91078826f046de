//! Table `retention_tally`: what was swept and is not yet told to the ledger, and where long sweeps go on.

use crate::{Error, Tx};

const ADD: &str = "INSERT INTO retention_tally (name, removed, mark) VALUES ($1, $2, $3) ON CONFLICT (name) \
                   DO UPDATE SET removed = retention_tally.removed + excluded.removed, mark = excluded.mark";
const MARK: &str = "SELECT mark FROM retention_tally WHERE name = $1";
const STANDING: &str = "SELECT name, removed FROM retention_tally WHERE removed > 0 ORDER BY name";
const CLEAR: &str = "UPDATE retention_tally SET removed = 0 WHERE removed > 0";

/// Counts rows removed from a table, in the transaction that removes them; `mark` is where the next batch goes on.
///
/// # Errors
/// Of the store.
pub fn add(tx: &mut Tx<'_>, name: &str, removed: u64, mark: Option<&[u8]>) -> Result<(), Error> {
    let removed = i64::try_from(removed).unwrap_or(i64::MAX);
    tx.execute(ADD, &[name.into(), removed.into(), mark.into()]).map(drop)
}

/// Where the next batch of a table goes on.
///
/// # Errors
/// Of the store.
pub fn mark(tx: &mut Tx<'_>, name: &str) -> Result<Option<Vec<u8>>, Error> {
    let row = tx.first(MARK, &[name.into()])?;
    Ok(row.map(|row| row.opt_bytes(0).map(|mark| mark.map(<[u8]>::to_vec))).transpose()?.flatten())
}

/// Takes the counts that no ledger entry tells of yet: name of the table and rows, by name.
///
/// # Errors
/// Of the store.
pub fn take(tx: &mut Tx<'_>) -> Result<Vec<(String, i64)>, Error> {
    let counts = tx.query(STANDING, &[])?.iter().map(|row| Ok((row.text(0)?.to_owned(), row.int(1)?))).collect();
    tx.execute(CLEAR, &[])?;
    counts
}

//! Table `hold`: statements of two officers that delay what a person is shown. A row is worth what its statement is worth:
//! whoever reads one judges the signatures again.

use crate::{Error, Row, Tx, Value};

const INSERT: &str = "INSERT INTO hold (id, resident, sealed_statement, until, laid_at) VALUES ($1, $2, $3, $4, $5) \
                      ON CONFLICT (id) DO NOTHING";
const OF: &str =
    "SELECT id, resident, sealed_statement, until, laid_at FROM hold WHERE resident = $1 ORDER BY laid_at, id";

/// A hold as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// First half of the statement's digest: one statement, one hold.
    pub id: [u8; 16],
    /// Whose history it is about.
    pub resident: [u8; 16],
    /// The statement with its signatures, sealed.
    pub sealed_statement: Vec<u8>,
    /// When it ends, Unix milliseconds, as the statement says: for sweeping alone.
    pub until: i64,
    /// When it was laid.
    pub laid_at: i64,
}

/// Keeps a hold; false when that statement is kept already.
///
/// # Errors
/// Of the store.
pub fn insert(tx: &mut Tx<'_>, hold: &Hold) -> Result<bool, Error> {
    let values = [
        Value::from(hold.id),
        Value::from(hold.resident),
        Value::from(hold.sealed_statement.clone()),
        Value::from(hold.until),
        Value::from(hold.laid_at),
    ];
    Ok(tx.execute(INSERT, &values)? == 1)
}

/// The holds on a person's history.
///
/// # Errors
/// Of the store.
pub fn of(tx: &mut Tx<'_>, resident: &[u8; 16]) -> Result<Vec<Hold>, Error> {
    tx.query(OF, &[Value::from(resident)])?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Hold, Error> {
    Ok(Hold {
        id: row.array(0)?,
        resident: row.array(1)?,
        sealed_statement: row.bytes(2)?.to_vec(),
        until: row.int(3)?,
        laid_at: row.int(4)?,
    })
}

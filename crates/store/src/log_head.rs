//! Table `log_head`: one row, what the ledger was when it was last signed.

use crate::{Error, Tx, Value};

/// The ledger as last signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// One more for each change; a change must name the version it began from.
    pub version: i64,
    /// Number of entries.
    pub size: u64,
    /// Root over all of them.
    pub root: [u8; 32],
    /// What is needed to append: the roots of the perfect subtrees, one after the other.
    pub frontier: Vec<u8>,
    /// The signed checkpoint of exactly this size and root.
    pub checkpoint: String,
    /// Unix milliseconds.
    pub signed_at: i64,
    /// The index of tags under the checkpoint, once there is one.
    pub tags: Option<Vec<u8>>,
}

/// The head; `None` before the first signature.
///
/// # Errors
/// Of the store.
pub fn read(tx: &mut Tx<'_>) -> Result<Option<Head>, Error> {
    let Some(row) = tx.first(READ, &[])? else { return Ok(None) };
    let corrupt = |_| Error::Corrupt { what: "log_head.size".to_owned() };
    Ok(Some(Head {
        version: row.int(0)?,
        size: u64::try_from(row.int(1)?).map_err(corrupt)?,
        root: row.array(2)?,
        frontier: row.bytes(3)?.to_vec(),
        checkpoint: row.text(4)?.to_owned(),
        signed_at: row.int(5)?,
        tags: row.opt_bytes(6)?.map(<[u8]>::to_vec),
    }))
}

/// Puts the first head in place.
///
/// # Errors
/// Of the store; [`Error::Conflict`] when another process was faster.
pub fn insert(tx: &mut Tx<'_>, head: &Head) -> Result<(), Error> {
    tx.execute(INSERT, &values(head)?).map(drop)
}

/// Replaces the head of version `head.version - 1`; false when another process was faster.
///
/// # Errors
/// Of the store.
pub fn replace(tx: &mut Tx<'_>, head: &Head) -> Result<bool, Error> {
    Ok(tx.execute(REPLACE, &values(head)?)? == 1)
}

const READ: &str = "SELECT version, size, root, frontier, checkpoint, signed_at, tags FROM log_head WHERE id = 1";
const INSERT: &str = "INSERT INTO log_head (id, version, size, root, frontier, checkpoint, signed_at, tags) \
                      VALUES (1, $1, $2, $3, $4, $5, $6, $7)";
const REPLACE: &str = "UPDATE log_head SET version = $1, size = $2, root = $3, frontier = $4, checkpoint = $5, \
                       signed_at = $6, tags = $7 WHERE id = 1 AND version = $1 - 1";

fn values(head: &Head) -> Result<[Value; 7], Error> {
    let size = i64::try_from(head.size).map_err(|_| Error::Corrupt { what: "log_head.size".to_owned() })?;
    Ok([
        Value::from(head.version),
        Value::from(size),
        Value::from(&head.root),
        Value::from(&head.frontier),
        Value::from(&head.checkpoint),
        Value::from(head.signed_at),
        Value::from(head.tags.as_deref()),
    ])
}

//! Table `leaf`: the ledger's entries. A business transaction inserts them; the sequencer numbers them afterwards.

use crate::{Error, Tx, Value};

const INSERT: &str = "INSERT INTO leaf (event, kind, coarse_time, commitment, resident, sealed_body, created_at, position) \
                      VALUES ($1, $2, $3, $4, $5, $6, $7, NULL)";

/// An entry before it has a place in the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLeaf {
    /// Random id of the event.
    pub event: [u8; 16],
    /// Its type, as in `custody.closed`.
    pub kind: String,
    /// Unix seconds, rounded down to the hour.
    pub coarse_time: i64,
    /// Keyed commitment to the event.
    pub commitment: [u8; 32],
    /// The resident it concerns.
    pub resident: Option<[u8; 16]>,
    /// The event and its commitment key, sealed.
    pub sealed_body: Vec<u8>,
    /// Unix milliseconds.
    pub created_at: i64,
}

/// Adds an entry, still without a place.
///
/// # Errors
/// Of the store.
pub fn insert(tx: &mut Tx<'_>, leaf: &NewLeaf) -> Result<(), Error> {
    let values = [
        Value::from(leaf.event.to_vec()),
        Value::from(leaf.kind.as_str()),
        Value::from(leaf.coarse_time),
        Value::from(leaf.commitment.to_vec()),
        leaf.resident.map_or(Value::Null, |id| Value::from(id.to_vec())),
        Value::from(leaf.sealed_body.clone()),
        Value::from(leaf.created_at),
    ];
    tx.execute(INSERT, &values).map(drop)
}

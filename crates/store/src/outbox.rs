//! Table `outbox`: messages that a committed transaction owes somebody; jobs send them afterwards.

use crate::{Error, Tx, Value};
use lionrock_model::id::{OutboxId, ResidentId};

const INSERT: &str = "INSERT INTO outbox (id, kind, resident, sealed_message, created_at, due_at, attempts) \
                      VALUES ($1, $2, $3, $4, $5, $5, 0)";
const DUE: &str = "SELECT id, kind, resident, sealed_message, created_at, attempts FROM outbox \
                   WHERE due_at <= $1 ORDER BY due_at LIMIT $2";
const CLAIM: &str = "UPDATE outbox SET attempts = attempts + 1, due_at = $3 WHERE id = $1 AND attempts = $2";
const COUNT_OF: &str = "SELECT COUNT(*) FROM outbox WHERE resident = $1";
const DELETE: &str = "DELETE FROM outbox WHERE id = $1";
const DELETE_OF: &str = "DELETE FROM outbox WHERE resident = $1";

/// A message waiting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Its id.
    pub id: OutboxId,
    /// What kind of message.
    pub kind: String,
    /// The resident it concerns.
    pub resident: Option<ResidentId>,
    /// The message, sealed.
    pub sealed_message: Vec<u8>,
    /// Unix milliseconds.
    pub created_at: i64,
    /// How often sending was tried.
    pub attempts: i64,
}

/// Adds a message, due at once.
///
/// # Errors
/// Of the store.
pub fn insert(tx: &mut Tx<'_>, message: &Waiting) -> Result<(), Error> {
    let values = [
        Value::from(message.id.as_bytes().to_vec()),
        Value::from(message.kind.as_str()),
        message.resident.map_or(Value::Null, |id| Value::from(id.as_bytes().to_vec())),
        Value::from(message.sealed_message.clone()),
        Value::from(message.created_at),
    ];
    tx.execute(INSERT, &values).map(drop)
}

/// Messages due by `now`, oldest first.
///
/// # Errors
/// Of the store.
pub fn due(tx: &mut Tx<'_>, now: i64, most: i64) -> Result<Vec<Waiting>, Error> {
    let corrupt = |_| Error::Corrupt { what: "outbox.id".to_owned() };
    tx.query(DUE, &[Value::from(now), Value::from(most)])?
        .iter()
        .map(|row| {
            Ok(Waiting {
                id: OutboxId::from_bytes(row.bytes(0)?).map_err(corrupt)?,
                kind: row.text(1)?.to_owned(),
                resident: row.opt_bytes(2)?.map(ResidentId::from_bytes).transpose().map_err(corrupt)?,
                sealed_message: row.bytes(3)?.to_vec(),
                created_at: row.int(4)?,
                attempts: row.int(5)?,
            })
        })
        .collect()
}

/// Takes a message for sending: true for the one process that wins; it is due again at `again_at` unless deleted.
///
/// # Errors
/// Of the store.
pub fn claim(tx: &mut Tx<'_>, message: &Waiting, again_at: i64) -> Result<bool, Error> {
    let values = [Value::from(message.id.as_bytes().to_vec()), Value::from(message.attempts), Value::from(again_at)];
    Ok(tx.execute(CLAIM, &values)? == 1)
}

/// Removes a message that was sent, or given up.
///
/// # Errors
/// Of the store.
pub fn delete(tx: &mut Tx<'_>, id: OutboxId) -> Result<(), Error> {
    tx.execute(DELETE, &[Value::from(id.as_bytes().to_vec())]).map(drop)
}

/// How many messages about a resident wait.
///
/// # Errors
/// Of the store.
pub fn count_of(tx: &mut Tx<'_>, resident: ResidentId) -> Result<i64, Error> {
    tx.first(COUNT_OF, &[Value::from(resident.as_bytes())])?.map_or(Ok(0), |row| row.int(0))
}

/// Removes what waits for a resident whose account ends; returns how many.
///
/// # Errors
/// Of the store.
pub fn delete_of(tx: &mut Tx<'_>, resident: ResidentId) -> Result<u64, Error> {
    tx.execute(DELETE_OF, &[Value::from(resident.as_bytes().to_vec())])
}

//! Table `contact_change`: a new e-mail address until it is confirmed, at most one a resident. The row outlives the code by
//! a while, so that nobody can be flooded with codes.

use crate::{Error, Tx, Value};
use lionrock_model::id::ResidentId;
use lionrock_model::time::Millis;

const FIND: &str = "SELECT version, sealed_email, code_digest, code_until, code_tries, codes, sent_at, expires_at \
                    FROM contact_change WHERE resident = $1";
const INSERT: &str = "INSERT INTO contact_change (resident, version, sealed_email, code_digest, code_until, code_tries, codes, \
                      sent_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (resident) DO NOTHING";
const REPLACE: &str = "UPDATE contact_change SET version = $2, sealed_email = $3, code_digest = $4, code_until = $5, \
                       code_tries = $6, codes = $7, sent_at = $8, expires_at = $9 WHERE resident = $1 AND version = $10";
const TRIED: &str = "UPDATE contact_change SET code_tries = code_tries + 1 \
                     WHERE resident = $1 AND version = $2 AND code_tries = $3";
const REMOVE: &str = "DELETE FROM contact_change WHERE resident = $1";
const SWEEP: &str = "DELETE FROM contact_change WHERE expires_at <= $1";

/// An address on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Whose.
    pub resident: ResidentId,
    /// One more with each code; the address is sealed at it.
    pub version: i64,
    /// The address, sealed.
    pub sealed_email: Vec<u8>,
    /// Keyed digest of the six digits.
    pub code_digest: [u8; 32],
    /// From when on they are worth nothing.
    pub code_until: Millis,
    /// Wrong answers so far.
    pub code_tries: i64,
    /// Codes sent since the row was made.
    pub codes: i64,
    /// When the last one was sent.
    pub sent: Millis,
    /// When the row may go.
    pub expires: Millis,
}

/// The address on its way of a resident.
///
/// # Errors
/// Of the store.
pub fn find(tx: &mut Tx<'_>, resident: ResidentId) -> Result<Option<Change>, Error> {
    let Some(row) = tx.first(FIND, &[Value::from(resident.as_bytes())])? else { return Ok(None) };
    Ok(Some(Change {
        resident,
        version: row.int(0)?,
        sealed_email: row.bytes(1)?.to_vec(),
        code_digest: row.array(2)?,
        code_until: Millis(row.int(3)?),
        code_tries: row.int(4)?,
        codes: row.int(5)?,
        sent: Millis(row.int(6)?),
        expires: Millis(row.int(7)?),
    }))
}

/// Keeps an address in place of the `earlier` row, or as the first. False when somebody was faster.
///
/// # Errors
/// Of the store.
pub fn keep(tx: &mut Tx<'_>, new: &Change, earlier: Option<i64>) -> Result<bool, Error> {
    let mut values = vec![
        Value::from(new.resident.as_bytes()),
        Value::from(new.version),
        Value::from(new.sealed_email.as_slice()),
        Value::from(new.code_digest),
        Value::from(new.code_until),
        Value::from(new.code_tries),
        Value::from(new.codes),
        Value::from(new.sent),
        Value::from(new.expires),
    ];
    let changed = match earlier {
        None => tx.execute(INSERT, &values)?,
        Some(version) => {
            values.push(Value::from(version));
            tx.execute(REPLACE, &values)?
        }
    };
    Ok(changed == 1)
}

/// Counts a wrong answer. False when somebody was faster.
///
/// # Errors
/// Of the store.
pub fn tried(tx: &mut Tx<'_>, change: &Change) -> Result<bool, Error> {
    let values = [Value::from(change.resident.as_bytes()), Value::from(change.version), Value::from(change.code_tries)];
    Ok(tx.execute(TRIED, &values)? == 1)
}

/// Removes the address on its way: it was confirmed, or the account is closed.
///
/// # Errors
/// Of the store.
pub fn remove(tx: &mut Tx<'_>, resident: ResidentId) -> Result<u64, Error> {
    tx.execute(REMOVE, &[Value::from(resident.as_bytes())])
}

/// Removes rows whose time is over.
///
/// # Errors
/// Of the store.
pub fn sweep(tx: &mut Tx<'_>, now: Millis) -> Result<u64, Error> {
    tx.execute(SWEEP, &[Value::from(now)])
}

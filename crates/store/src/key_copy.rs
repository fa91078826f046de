//! Table `key_copy`: where copies of the wrapped keys lie, beside backups, and whether each was written since the last account ended.

use crate::{Error, Row, Tx, Value};
use lionrock_model::time::Millis;

const KEEP: &str = "INSERT INTO key_copy (node, place, custodian, wanted, written, written_at) VALUES ($1, $2, $3, 1, 0, 0) \
                    ON CONFLICT (node, place) DO UPDATE SET custodian = excluded.custodian, wanted = key_copy.wanted + 1";
const ALL: &str = "SELECT node, place, custodian, wanted, written, written_at FROM key_copy ORDER BY node, place";
const WANT: &str = "UPDATE key_copy SET wanted = wanted + 1";
const WRITTEN: &str =
    "UPDATE key_copy SET written = $3, written_at = $4 WHERE node = $1 AND place = $2 AND written < $3";
const BEHIND: &str = "SELECT COUNT(*) FROM key_copy WHERE written < wanted";
const FORGET: &str = "DELETE FROM key_copy WHERE node = $1 AND place = $2";

/// A place where wrapped keys lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copy {
    /// The server, or the machine of the command, that wrote there.
    pub node: String,
    /// The folder.
    pub place: String,
    /// The public key it is sealed to.
    pub custodian: [u8; 32],
    /// How often it was to be written.
    pub wanted: i64,
    /// Up to which of these it is.
    pub written: i64,
    /// When it was written last.
    pub written_at: Millis,
}

impl Copy {
    /// Whether it may hold a key that was destroyed since.
    #[must_use]
    pub const fn is_behind(&self) -> bool {
        self.written < self.wanted
    }
}

/// Notes that a copy is about to be written at a place. Do it before the keys are read: an account that ends meanwhile then knows
/// of the copy.
///
/// # Errors
/// Of the store.
pub fn keep(tx: &mut Tx<'_>, node: &str, place: &str, custodian: &[u8; 32]) -> Result<i64, Error> {
    tx.execute(KEEP, &[Value::from(node), Value::from(place), Value::from(custodian)])?;
    let found = all(tx)?.into_iter().find(|copy| copy.node == node && copy.place == place);
    Ok(found.map_or(1, |copy| copy.wanted))
}

/// Every place.
///
/// # Errors
/// Of the store.
pub fn all(tx: &mut Tx<'_>) -> Result<Vec<Copy>, Error> {
    tx.query(ALL, &[])?.iter().map(read).collect()
}

/// Asks for all of them to be written anew; says how many there are.
///
/// # Errors
/// Of the store.
pub fn want(tx: &mut Tx<'_>) -> Result<u64, Error> {
    tx.execute(WANT, &[])
}

/// Notes that a copy was written, of keys that were read after it was `wanted` so often.
///
/// # Errors
/// Of the store.
pub fn written(tx: &mut Tx<'_>, node: &str, place: &str, wanted: i64, now: Millis) -> Result<bool, Error> {
    Ok(tx.execute(WRITTEN, &[Value::from(node), Value::from(place), Value::from(wanted), Value::from(now)])? == 1)
}

/// How many copies may hold a key that was destroyed since.
///
/// # Errors
/// Of the store.
pub fn behind(tx: &mut Tx<'_>) -> Result<i64, Error> {
    tx.first(BEHIND, &[])?.map_or(Ok(0), |row| row.int(0))
}

/// Forgets a place: there is no copy any more. False when it was not known.
///
/// # Errors
/// Of the store.
pub fn forget(tx: &mut Tx<'_>, node: &str, place: &str) -> Result<bool, Error> {
    Ok(tx.execute(FORGET, &[Value::from(node), Value::from(place)])? == 1)
}

fn read(row: &Row) -> Result<Copy, Error> {
    Ok(Copy {
        node: row.text(0)?.to_owned(),
        place: row.text(1)?.to_owned(),
        custodian: row.array(2)?,
        wanted: row.int(3)?,
        written: row.int(4)?,
        written_at: Millis(row.int(5)?),
    })
}

//! Tables `reading` and `reading_cursor`: readings by staff that their person is still to hear of, and how far the log was
//! looked through for them.

use crate::{Error, Tx, Value};

const CURSOR: &str = "SELECT position FROM reading_cursor WHERE id = 1";
const MOVE: &str = "INSERT INTO reading_cursor (id, position) VALUES (1, $1) \
                    ON CONFLICT (id) DO UPDATE SET position = excluded.position WHERE reading_cursor.position = $2";
const OWE: &str = "INSERT INTO reading (event, resident, due_at) VALUES ($1, $2, $3) ON CONFLICT (event) DO NOTHING";
const DUE: &str = "SELECT event, resident FROM reading WHERE due_at <= $1 ORDER BY due_at, event LIMIT $2";
const LATER: &str = "UPDATE reading SET due_at = $2 WHERE event = $1";
const DONE: &str = "DELETE FROM reading WHERE event = $1";

/// Place of the first entry that was not looked at.
///
/// # Errors
/// Of the store.
pub fn cursor(tx: &mut Tx<'_>) -> Result<u64, Error> {
    let row = tx.first(CURSOR, &[])?;
    let place = row.map_or(Ok(0), |row| row.int(0))?;
    u64::try_from(place).map_err(|_| Error::corrupt("reading_cursor.position"))
}

/// Moves on; false when another process was faster.
///
/// # Errors
/// Of the store.
pub fn move_on(tx: &mut Tx<'_>, from: u64, to: u64) -> Result<bool, Error> {
    let place = |place| i64::try_from(place).map_err(|_| Error::corrupt("reading_cursor.position"));
    Ok(tx.execute(MOVE, &[Value::from(place(to)?), Value::from(place(from)?)])? == 1)
}

/// Notes that a person is to hear of a reading, at a moment.
///
/// # Errors
/// Of the store.
pub fn owe(tx: &mut Tx<'_>, event: &[u8; 16], resident: &[u8; 16], due: i64) -> Result<(), Error> {
    tx.execute(OWE, &[Value::from(event), Value::from(resident), Value::from(due)]).map(drop)
}

/// An event, and the person it is about.
pub type Due = ([u8; 16], [u8; 16]);

/// What is due: event and person.
///
/// # Errors
/// Of the store.
pub fn due(tx: &mut Tx<'_>, now: i64, most: u32) -> Result<Vec<Due>, Error> {
    let rows = tx.query(DUE, &[Value::from(now), Value::from(most)])?;
    rows.iter().map(|row| Ok((row.array(0)?, row.array(1)?))).collect()
}

/// Puts one off.
///
/// # Errors
/// Of the store.
pub fn later(tx: &mut Tx<'_>, event: &[u8; 16], due: i64) -> Result<(), Error> {
    tx.execute(LATER, &[Value::from(event), Value::from(due)]).map(drop)
}

/// Takes one off the list; false when another process did.
///
/// # Errors
/// Of the store.
pub fn done(tx: &mut Tx<'_>, event: &[u8; 16]) -> Result<bool, Error> {
    Ok(tx.execute(DONE, &[Value::from(event)])? == 1)
}

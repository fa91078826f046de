//! Table `lane`: how many entries were written about each person, and in each of the lanes for entries about nobody.
//!
//! The count is raised in the transaction that writes the entry. So an entry that is deleted afterwards leaves a hole in its
//! lane, or a lane that counts further than it goes.

use crate::{Error, Tx, Value};

const NEXT: &str = "INSERT INTO lane (id, count, code) VALUES ($1, 1, $2) \
                    ON CONFLICT (id) DO UPDATE SET count = lane.count + 1 RETURNING count, code";
const SEAL: &str = "UPDATE lane SET code = $3 WHERE id = $1 AND count = $2";
const FIND: &str = "SELECT count, code FROM lane WHERE id = $1";
const SET: &str = "UPDATE lane SET count = $2, code = $3 WHERE id = $1 AND count < $2";
const REPLACE: &str = "UPDATE lane SET count = $2, code = $3 WHERE id = $1";
const PAGE: &str = "SELECT id, count, code, (SELECT COUNT(*) FROM leaf WHERE leaf.lane = lane.id AND leaf.number = lane.count) \
                    FROM lane WHERE id > $1 ORDER BY id LIMIT $2";
const HOLES: &str = "SELECT l.lane, l.number - 1 FROM leaf l WHERE l.position >= $1 AND l.position < $2 AND l.number > 1 \
                     AND NOT EXISTS (SELECT 1 FROM leaf p WHERE p.lane = l.lane AND p.number = l.number - 1)";

/// A lane as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// The person, or the lane's own number.
    pub id: [u8; 16],
    /// Entries counted.
    pub count: i64,
    /// A keyed code over lane and count; empty in the transaction that makes it.
    pub code: Vec<u8>,
    /// Whether the entry that was counted last is there.
    pub whole: bool,
}

/// Counts one more entry: its number, and the code that stood over the count before, empty for a new lane.
///
/// # Errors
/// Of the store.
pub fn next(tx: &mut Tx<'_>, id: &[u8; 16]) -> Result<(i64, Vec<u8>), Error> {
    let row = tx.first(NEXT, &[Value::from(id), Value::from(Vec::<u8>::new())])?;
    let row = row.ok_or_else(|| Error::corrupt("table lane gives no count"))?;
    Ok((row.int(0)?, row.bytes(1)?.to_vec()))
}

/// Puts the code over the count that [`next`] gave.
///
/// # Errors
/// Of the store.
pub fn seal(tx: &mut Tx<'_>, id: &[u8; 16], count: i64, code: &[u8; 32]) -> Result<(), Error> {
    tx.execute(SEAL, &[Value::from(id), Value::from(count), Value::from(code)]).map(drop)
}

/// The count and code of a lane.
///
/// # Errors
/// Of the store.
pub fn find(tx: &mut Tx<'_>, id: &[u8; 16]) -> Result<Option<(i64, Vec<u8>)>, Error> {
    tx.first(FIND, &[Value::from(id)])?.map(|row| Ok((row.int(0)?, row.bytes(1)?.to_vec()))).transpose()
}

/// Sets a lane forward, after a restore found more entries in the published log.
///
/// # Errors
/// Of the store.
pub fn set_forward(tx: &mut Tx<'_>, id: &[u8; 16], count: i64, code: &[u8; 32]) -> Result<(), Error> {
    tx.execute(SET, &[Value::from(id), Value::from(count), Value::from(code)]).map(drop)
}

/// Sets a lane to a count, after it was edited by hand.
///
/// # Errors
/// Of the store.
pub fn set(tx: &mut Tx<'_>, id: &[u8; 16], count: i64, code: &[u8; 32]) -> Result<(), Error> {
    tx.execute(REPLACE, &[Value::from(id), Value::from(count), Value::from(code)]).map(drop)
}

/// Lanes in order of their ids, after one.
///
/// # Errors
/// Of the store.
pub fn page(tx: &mut Tx<'_>, after: &[u8], most: u32) -> Result<Vec<Lane>, Error> {
    let rows = tx.query(PAGE, &[Value::from(after.to_vec()), Value::from(most)])?;
    rows.iter()
        .map(|row| {
            Ok(Lane { id: row.array(0)?, count: row.int(1)?, code: row.bytes(2)?.to_vec(), whole: row.int(3)? > 0 })
        })
        .collect()
}

/// Numbers that are missing before entries in the places from `from` to before `to`: lane and number.
///
/// # Errors
/// Of the store.
pub fn holes(tx: &mut Tx<'_>, from: u64, to: u64) -> Result<Vec<([u8; 16], i64)>, Error> {
    let place = |place| i64::try_from(place).map_err(|_| Error::corrupt("leaf.position"));
    let rows = tx.query(HOLES, &[Value::from(place(from)?), Value::from(place(to)?)])?;
    rows.iter().map(|row| Ok((row.array(0)?, row.int(1)?))).collect()
}

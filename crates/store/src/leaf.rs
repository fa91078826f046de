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

/// Does any entry wait for a place?
///
/// # Errors
/// Of the store.
pub fn any_waiting(tx: &mut Tx<'_>) -> Result<bool, Error> {
    Ok(tx.first(ANY_WAITING, &[])?.is_some())
}

/// Gives the oldest waiting entries, at most so many, the places from `first` on; how many got one.
///
/// # Errors
/// Of the store; [`Error::Conflict`] when a place is taken.
pub fn place_waiting(tx: &mut Tx<'_>, first: u64, most: u32) -> Result<u64, Error> {
    tx.execute(PLACE_WAITING, &[Value::from(integer(first)?), Value::from(most)])
}

/// The entries from place `from`, in order, at most so many.
///
/// # Errors
/// Of the store.
pub fn from_place(tx: &mut Tx<'_>, from: u64, most: u32) -> Result<Vec<Entry>, Error> {
    tx.query(FROM_PLACE, &[Value::from(integer(from)?), Value::from(most)])?.iter().map(entry).collect()
}

/// An entry by the event's id.
///
/// # Errors
/// Of the store.
pub fn by_event(tx: &mut Tx<'_>, event: &[u8; 16]) -> Result<Option<Entry>, Error> {
    tx.first(BY_EVENT, &[Value::from(event)])?.as_ref().map(entry).transpose()
}

/// The sealed body of an entry; `None` when there is no such entry or its body was erased.
///
/// # Errors
/// Of the store.
pub fn sealed_body(tx: &mut Tx<'_>, event: &[u8; 16]) -> Result<Option<Vec<u8>>, Error> {
    let row = tx.first(SEALED_BODY, &[Value::from(event)])?;
    Ok(row.map(|row| row.opt_bytes(0).map(|body| body.map(<[u8]>::to_vec))).transpose()?.flatten())
}

/// An entry that was asked for by its id: its type, and its sealed body unless erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The event's id.
    pub event: [u8; 16],
    /// Its type.
    pub kind: String,
    /// The event in full, sealed.
    pub sealed_body: Option<Vec<u8>>,
}

/// Those of four entries that exist, by their ids: one statement, four look-ups in the primary key.
///
/// # Errors
/// Of the store.
pub fn marks(tx: &mut Tx<'_>, events: [[u8; 16]; 4]) -> Result<Vec<Mark>, Error> {
    let rows = tx.query(MARKS, &events.map(Value::from))?;
    rows.iter()
        .map(|row| {
            let sealed_body = row.opt_bytes(2)?.map(<[u8]>::to_vec);
            Ok(Mark { event: row.array(0)?, kind: row.text(1)?.to_owned(), sealed_body })
        })
        .collect()
}

/// An entry and its sealed body, unless erased.
pub type WithBody = (Entry, Option<Vec<u8>>);

/// The entries of these kinds from place `from` to before `to`, in order, at most so many, with their sealed bodies.
///
/// # Errors
/// Of the store; [`Error::Corrupt`] for more than [`MOST_KINDS`] kinds.
pub fn of_kinds(tx: &mut Tx<'_>, kinds: &[&str], from: u64, to: u64, most: u32) -> Result<Vec<WithBody>, Error> {
    if kinds.len() > MOST_KINDS {
        return Err(Error::corrupt("more kinds than are asked for at once"));
    }
    let mut values = vec![Value::from(integer(from)?), Value::from(integer(to)?), Value::from(most)];
    // No kind is empty, so the places left over find nothing.
    values.extend((0..MOST_KINDS).map(|at| Value::from(kinds.get(at).copied().unwrap_or_default())));
    let rows = tx.query(OF_KINDS, &values)?;
    rows.iter().map(|row| Ok((entry(row)?, row.opt_bytes(5)?.map(<[u8]>::to_vec)))).collect()
}

/// Kinds that [`of_kinds`] asks for at most.
pub const MOST_KINDS: usize = 16;

/// Puts an entry of the published log in its place: gives a waiting one of the same commitment the place, or adds it. False when
/// another entry of that id, or another place, is there already.
///
/// # Errors
/// Of the store; [`Error::Conflict`] when the place is taken.
pub fn adopt(tx: &mut Tx<'_>, leaf: &NewLeaf, body: Option<&[u8]>, position: u64) -> Result<bool, Error> {
    let values = [
        Value::from(leaf.event),
        Value::from(leaf.kind.as_str()),
        Value::from(leaf.coarse_time),
        Value::from(leaf.commitment),
        Value::from(leaf.resident),
        Value::from(body),
        Value::from(leaf.created_at),
        Value::from(integer(position)?),
    ];
    Ok(tx.execute(ADOPT, &values)? == 1)
}

/// An entry, when it was made (Unix milliseconds), and its sealed body unless erased.
pub type Dated = (Entry, i64, Option<Vec<u8>>);

/// The newest entries about a resident from before `before` (Unix milliseconds), with when they were made and their sealed bodies.
///
/// # Errors
/// Of the store.
pub fn of_resident(tx: &mut Tx<'_>, resident: &[u8; 16], before: i64, most: u32) -> Result<Vec<Dated>, Error> {
    let rows = tx.query(OF_RESIDENT, &[Value::from(resident), Value::from(before), Value::from(most)])?;
    rows.iter().map(|row| Ok((entry(row)?, row.int(5)?, row.opt_bytes(6)?.map(<[u8]>::to_vec)))).collect()
}

/// What is public of an entry, and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Random id of the event.
    pub event: [u8; 16],
    /// Its type.
    pub kind: String,
    /// Unix seconds, rounded down to the hour.
    pub coarse_time: i64,
    /// Keyed commitment to the event.
    pub commitment: [u8; 32],
    /// Its place in the tree, once it has one.
    pub position: Option<u64>,
}

const ANY_WAITING: &str = "SELECT event FROM leaf WHERE position IS NULL ORDER BY created_at, event LIMIT 1";
// One statement for all of them: a round trip each would be most of the sequencer's time.
const PLACE_WAITING: &str = "WITH oldest AS (SELECT event, created_at FROM leaf WHERE position IS NULL \
                             ORDER BY created_at, event LIMIT $2), \
                             numbered AS (SELECT event, ROW_NUMBER() OVER (ORDER BY created_at, event) AS number FROM oldest) \
                             UPDATE leaf SET position = $1 + numbered.number - 1 FROM numbered \
                             WHERE leaf.event = numbered.event AND leaf.position IS NULL";
const FROM_PLACE: &str = "SELECT event, kind, coarse_time, commitment, position FROM leaf \
                          WHERE position >= $1 ORDER BY position LIMIT $2";
const BY_EVENT: &str = "SELECT event, kind, coarse_time, commitment, position FROM leaf WHERE event = $1";
const OF_RESIDENT: &str = "SELECT event, kind, coarse_time, commitment, position, created_at, sealed_body FROM leaf \
                           WHERE resident = $1 AND created_at < $2 ORDER BY created_at DESC, event LIMIT $3";
const MARKS: &str = "SELECT event, kind, sealed_body FROM leaf WHERE event IN ($1, $2, $3, $4)";
const OF_KINDS: &str = "SELECT event, kind, coarse_time, commitment, position, sealed_body FROM leaf \
                        WHERE position >= $1 AND position < $2 \
                        AND kind IN ($4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19) \
                        ORDER BY position LIMIT $3";
const ADOPT: &str = "INSERT INTO leaf (event, kind, coarse_time, commitment, resident, sealed_body, created_at, position) \
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (event) DO UPDATE SET position = excluded.position \
                     WHERE leaf.position IS NULL AND leaf.commitment = excluded.commitment AND leaf.kind = excluded.kind";
const SEALED_BODY: &str = "SELECT sealed_body FROM leaf WHERE event = $1";

fn entry(row: &crate::Row) -> Result<Entry, Error> {
    let position = row.opt_int(4)?.map(u64::try_from).transpose();
    Ok(Entry {
        event: row.array(0)?,
        kind: row.text(1)?.to_owned(),
        coarse_time: row.int(2)?,
        commitment: row.array(3)?,
        position: position.map_err(|_| Error::Corrupt { what: "leaf.position".to_owned() })?,
    })
}

fn integer(place: u64) -> Result<i64, Error> {
    i64::try_from(place).map_err(|_| Error::Corrupt { what: "leaf.position".to_owned() })
}

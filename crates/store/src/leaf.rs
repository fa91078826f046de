//! Table `leaf`: the ledger's entries. A business transaction inserts them; the sequencer numbers them afterwards.

use crate::{Error, Tx, Value};

const INSERT: &str = "INSERT INTO leaf (event, kind, coarse_time, commitment, resident, sealed_body, created_at, lane, number, \
                      tag, position) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, NULL)";

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
    /// Its lane, and its number there; see [`lane`](crate::lane).
    pub number: Option<([u8; 16], i64)>,
    /// The tag of the person it is about.
    pub tag: Option<[u8; 16]>,
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
        Value::from(leaf.number.map(|(lane, _)| lane)),
        leaf.number.map_or(Value::Null, |(_, number)| Value::from(number)),
        Value::from(leaf.tag),
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
    rows.iter().map(|row| Ok((entry(row)?, row.opt_bytes(6)?.map(<[u8]>::to_vec)))).collect()
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
        Value::from(leaf.number.map(|(lane, _)| lane)),
        leaf.number.map_or(Value::Null, |(_, number)| Value::from(number)),
        Value::from(leaf.tag),
    ];
    Ok(tx.execute(ADOPT, &values)? == 1)
}

/// An entry that has just been given its place, with everything that is stored of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// What is public of it.
    pub entry: Entry,
    /// The event in full, sealed.
    pub sealed_body: Option<Vec<u8>>,
    /// The resident it concerns.
    pub resident: Option<[u8; 16]>,
    /// Its lane, and its number there.
    pub number: Option<([u8; 16], i64)>,
}

/// The entries from place `from` on, in order, at most so many, with everything stored.
///
/// # Errors
/// Of the store.
pub fn placed(tx: &mut Tx<'_>, from: u64, most: u32) -> Result<Vec<Placed>, Error> {
    let rows = tx.query(PLACED, &[Value::from(integer(from)?), Value::from(most)])?;
    rows.iter()
        .map(|row| {
            let bytes = |at| row.opt_bytes(at).and_then(|bytes| bytes.map(fixed).transpose());
            let number = match (bytes(8)?, row.opt_int(9)?) {
                (Some(lane), Some(number)) => Some((lane, number)),
                _ => None,
            };
            let sealed_body = row.opt_bytes(6)?.map(<[u8]>::to_vec);
            Ok(Placed { entry: entry(row)?, sealed_body, resident: bytes(7)?, number })
        })
        .collect()
}

/// Adds an entry in its place: one that the sequencer makes itself, and has no body.
///
/// # Errors
/// Of the store; [`Error::Conflict`] when the place is taken.
pub fn insert_at(tx: &mut Tx<'_>, leaf: &NewLeaf, position: u64) -> Result<bool, Error> {
    adopt(tx, leaf, None, position)
}

/// The tags of the entries from place `from` to before `to`, in any order.
///
/// # Errors
/// Of the store.
pub fn tags(tx: &mut Tx<'_>, from: u64, to: u64) -> Result<Vec<[u8; 16]>, Error> {
    tx.query(TAGS, &[Value::from(integer(from)?), Value::from(integer(to)?)])?.iter().map(|row| row.array(0)).collect()
}

/// Does any entry that has a place carry a tag?
///
/// # Errors
/// Of the store.
pub fn any_tag(tx: &mut Tx<'_>) -> Result<bool, Error> {
    Ok(tx.first(ANY_TAG, &[])?.is_some())
}

/// An entry of a lane: its number, the entry, when it was made (Unix milliseconds), and its sealed body unless erased.
pub type Numbered = (i64, Entry, i64, Option<Vec<u8>>);

/// The entries of a lane after a number, in order, at most so many.
///
/// # Errors
/// Of the store.
pub fn of_lane(tx: &mut Tx<'_>, lane: &[u8; 16], after: i64, most: u32) -> Result<Vec<Numbered>, Error> {
    let rows = tx.query(OF_LANE, &[Value::from(lane), Value::from(after), Value::from(most)])?;
    rows.iter().map(|row| Ok((row.int(8)?, entry(row)?, row.int(6)?, row.opt_bytes(7)?.map(<[u8]>::to_vec)))).collect()
}

/// Whether a lane has an entry of this number.
///
/// # Errors
/// Of the store.
pub fn has_number(tx: &mut Tx<'_>, lane: &[u8; 16], number: i64) -> Result<bool, Error> {
    Ok(tx.first(HAS_NUMBER, &[Value::from(lane), Value::from(number)])?.is_some())
}

/// The place of the newest entry of a lane; none when it waits for one, or there is no entry.
///
/// # Errors
/// Of the store.
pub fn newest_placed(tx: &mut Tx<'_>, lane: &[u8; 16]) -> Result<Option<u64>, Error> {
    let place = tx.first(NEWEST_PLACED, &[Value::from(lane)])?.map_or(Ok(None), |row| row.opt_int(0))?;
    place.map(|place| u64::try_from(place).map_err(|_| Error::corrupt("leaf.position"))).transpose()
}

/// The highest number in a lane; 0 for an empty one.
///
/// # Errors
/// Of the store.
pub fn newest_number(tx: &mut Tx<'_>, lane: &[u8; 16]) -> Result<i64, Error> {
    tx.first(NEWEST_NUMBER, &[Value::from(lane)])?.map_or(Ok(0), |row| row.int(0))
}

/// An entry, when it was made (Unix milliseconds), and its sealed body unless erased.
pub type Dated = (Entry, i64, Option<Vec<u8>>);

/// The newest entries about a resident from before `before` (Unix milliseconds), with when they were made and their sealed bodies.
///
/// # Errors
/// Of the store.
pub fn of_resident(tx: &mut Tx<'_>, resident: &[u8; 16], before: i64, most: u32) -> Result<Vec<Dated>, Error> {
    let rows = tx.query(OF_RESIDENT, &[Value::from(resident), Value::from(before), Value::from(most)])?;
    rows.iter().map(|row| Ok((entry(row)?, row.int(6)?, row.opt_bytes(7)?.map(<[u8]>::to_vec)))).collect()
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
    /// The tag of the person it is about.
    pub tag: Option<[u8; 16]>,
}

const ANY_WAITING: &str = "SELECT event FROM leaf WHERE position IS NULL ORDER BY created_at, event LIMIT 1";
// One statement for all of them: a round trip each would be most of the sequencer's time.
const PLACE_WAITING: &str = "WITH oldest AS (SELECT event, created_at FROM leaf WHERE position IS NULL \
                             ORDER BY created_at, event LIMIT $2), \
                             numbered AS (SELECT event, ROW_NUMBER() OVER (ORDER BY created_at, event) AS number FROM oldest) \
                             UPDATE leaf SET position = $1 + numbered.number - 1 FROM numbered \
                             WHERE leaf.event = numbered.event AND leaf.position IS NULL";
const FROM_PLACE: &str = "SELECT event, kind, coarse_time, commitment, position, tag FROM leaf \
                          WHERE position >= $1 ORDER BY position LIMIT $2";
const PLACED: &str = "SELECT event, kind, coarse_time, commitment, position, tag, sealed_body, resident, lane, number FROM leaf \
                      WHERE position >= $1 ORDER BY position LIMIT $2";
const TAGS: &str = "SELECT tag FROM leaf WHERE position >= $1 AND position < $2 AND tag IS NOT NULL";
const ANY_TAG: &str = "SELECT event FROM leaf WHERE tag IS NOT NULL AND position IS NOT NULL LIMIT 1";
const OF_LANE: &str = "SELECT event, kind, coarse_time, commitment, position, tag, created_at, sealed_body, number FROM leaf \
                       WHERE lane = $1 AND number > $2 ORDER BY number LIMIT $3";
const NEWEST_PLACED: &str =
    "SELECT position FROM leaf WHERE lane = $1 AND number IS NOT NULL ORDER BY number DESC LIMIT 1";
const NEWEST_NUMBER: &str =
    "SELECT number FROM leaf WHERE lane = $1 AND number IS NOT NULL ORDER BY number DESC LIMIT 1";
const HAS_NUMBER: &str = "SELECT event FROM leaf WHERE lane = $1 AND number = $2";
const BY_EVENT: &str = "SELECT event, kind, coarse_time, commitment, position, tag FROM leaf WHERE event = $1";
const OF_RESIDENT: &str = "SELECT event, kind, coarse_time, commitment, position, tag, created_at, sealed_body FROM leaf \
                           WHERE resident = $1 AND created_at < $2 ORDER BY created_at DESC, event LIMIT $3";
const MARKS: &str = "SELECT event, kind, sealed_body FROM leaf WHERE event IN ($1, $2, $3, $4)";
const OF_KINDS: &str = "SELECT event, kind, coarse_time, commitment, position, tag, sealed_body FROM leaf \
                        WHERE position >= $1 AND position < $2 \
                        AND kind IN ($4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19) \
                        ORDER BY position LIMIT $3";
const ADOPT: &str = "INSERT INTO leaf (event, kind, coarse_time, commitment, resident, sealed_body, created_at, position, lane, \
                     number, tag) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (event) DO UPDATE SET position = excluded.position \
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
        tag: row.opt_bytes(5)?.map(|tag| tag.try_into().map_err(|_| Error::corrupt("leaf.tag"))).transpose()?,
    })
}

fn fixed(bytes: &[u8]) -> Result<[u8; 16], Error> {
    bytes.try_into().map_err(|_| Error::corrupt("table leaf"))
}

fn integer(place: u64) -> Result<i64, Error> {
    i64::try_from(place).map_err(|_| Error::Corrupt { what: "leaf.position".to_owned() })
}

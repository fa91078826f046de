//! Table `rotation`: rotations of keys, one row each, carried out one at a time in the order in which they were asked for.

use crate::{Error, Row, Tx};
use lionrock_model::id::RotationId;
use lionrock_model::rotation::State;
use lionrock_model::time::Millis;

macro_rules! select {
    ($which:literal) => {
        concat!(
            "SELECT id, version, what, state, epoch, generation, column_at, row_at, expected, records, unopened, asked_at, \
             moved_at, finished_at, trouble, driver, driven_until, event, receipt FROM rotation ",
            $which
        )
    };
}

const INSERT: &str = "INSERT INTO rotation (id, version, what, state, generation, column_at, row_at, expected, records, unopened, \
                      asked_at, moved_at, driven_until) VALUES ($1, 1, $2, $3, 0, 0, $4, 0, 0, 0, $5, $5, 0)";
const BY_ID: &str = select!("WHERE id = $1");
const CURRENT: &str = select!("WHERE finished_at IS NULL ORDER BY asked_at, id LIMIT 1");
const UNFINISHED: &str = select!("WHERE finished_at IS NULL ORDER BY asked_at, id LIMIT 100");
const WAITING: &str = select!("WHERE finished_at IS NULL AND what = $1 ORDER BY asked_at, id LIMIT 1");
const NEWEST: &str = select!("ORDER BY asked_at DESC, id DESC LIMIT $1");
const UPDATE: &str = "UPDATE rotation SET version = version + 1, state = $3, epoch = $4, generation = $5, column_at = $6, row_at = $7, \
                      expected = $8, records = $9, unopened = $10, moved_at = $11, finished_at = $12, trouble = $13, driver = $14, \
                      driven_until = $15, event = $16, receipt = $17 WHERE id = $1 AND version = $2";

/// A rotation's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// Its id.
    pub id: RotationId,
    /// One more with each change.
    pub version: i64,
    /// Which keys: `root`, `realm`, `domain:NAME`, `token`, `checkpoint`, `receipt`, `resident:ID`, `residents`.
    pub what: String,
    /// Where it stands.
    pub state: State,
    /// The epoch that everything is moved to, for keys that are counted in epochs.
    pub epoch: Option<u32>,
    /// The state of the key ring that every server must know before the next step.
    pub generation: i64,
    /// Which column is being moved, counted from 0.
    pub column_at: u32,
    /// The row moved last.
    pub row_at: Vec<u8>,
    /// Records to be moved, as counted when moving began.
    pub expected: u64,
    /// Records moved.
    pub records: u64,
    /// Records of this pass that did not open, and stay where they are.
    pub unopened: u64,
    /// When it was asked for.
    pub asked: Millis,
    /// When it last came to another state.
    pub moved: Millis,
    /// When it was done.
    pub finished: Option<Millis>,
    /// What keeps it from going on, for operators.
    pub trouble: Option<String>,
    /// The server that carries it out.
    pub driver: Option<[u8; 16]>,
    /// Until when no other server takes over.
    pub driven_until: Millis,
    /// The ledger event of its receipt.
    pub event: Option<[u8; 16]>,
    /// The signed statement of what was destroyed.
    pub receipt: Option<String>,
}

/// Asks for a rotation.
///
/// # Errors
/// Of the store.
pub fn ask(tx: &mut Tx<'_>, id: RotationId, what: &str, now: Millis) -> Result<(), Error> {
    let state = State::Asked.word();
    tx.execute(INSERT, &[id.as_bytes().into(), what.into(), state.into(), Vec::new().into(), now.into()]).map(drop)
}

/// One rotation.
///
/// # Errors
/// Of the store.
pub fn find(tx: &mut Tx<'_>, id: RotationId) -> Result<Option<Rotation>, Error> {
    tx.first(BY_ID, &[id.as_bytes().into()])?.map(|row| read(&row)).transpose()
}

/// The rotation to be carried out now.
///
/// # Errors
/// Of the store.
pub fn current(tx: &mut Tx<'_>) -> Result<Option<Rotation>, Error> {
    tx.first(CURRENT, &[])?.map(|row| read(&row)).transpose()
}

/// All rotations that are not done, in the order in which they were asked for.
///
/// # Errors
/// Of the store.
pub fn unfinished(tx: &mut Tx<'_>) -> Result<Vec<Rotation>, Error> {
    tx.query(UNFINISHED, &[])?.iter().map(read).collect()
}

/// The unfinished rotation of these keys.
///
/// # Errors
/// Of the store.
pub fn waiting(tx: &mut Tx<'_>, what: &str) -> Result<Option<Rotation>, Error> {
    tx.first(WAITING, &[what.into()])?.map(|row| read(&row)).transpose()
}

/// The rotations asked for last, newest first.
///
/// # Errors
/// Of the store.
pub fn newest(tx: &mut Tx<'_>, most: u32) -> Result<Vec<Rotation>, Error> {
    tx.query(NEWEST, &[most.into()])?.iter().map(read).collect()
}

/// Writes a row back. False when it changed since it was read.
///
/// # Errors
/// Of the store.
pub fn update(tx: &mut Tx<'_>, row: &Rotation) -> Result<bool, Error> {
    let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    let values = [
        row.id.as_bytes().into(),
        row.version.into(),
        row.state.word().into(),
        row.epoch.into(),
        row.generation.into(),
        row.column_at.into(),
        (&row.row_at).into(),
        number(row.expected).into(),
        number(row.records).into(),
        number(row.unopened).into(),
        row.moved.into(),
        row.finished.into(),
        row.trouble.clone().into(),
        row.driver.into(),
        row.driven_until.into(),
        row.event.into(),
        row.receipt.clone().into(),
    ];
    Ok(tx.execute(UPDATE, &values)? == 1)
}

fn read(row: &Row) -> Result<Rotation, Error> {
    let wrong = |what: &str| Error::corrupt(format!("rotation.{what}"));
    let number = |column: usize, what: &str| u64::try_from(row.int(column)?).map_err(|_| wrong(what));
    let short = |value: i64, what: &str| u32::try_from(value).map_err(|_| wrong(what));
    Ok(Rotation {
        id: RotationId::from_bytes(row.bytes(0)?).map_err(|_| wrong("id"))?,
        version: row.int(1)?,
        what: row.text(2)?.to_owned(),
        state: State::from_word(row.text(3)?).ok_or_else(|| wrong("state"))?,
        epoch: row.opt_int(4)?.map(|epoch| short(epoch, "epoch")).transpose()?,
        generation: row.int(5)?,
        column_at: short(row.int(6)?, "column_at")?,
        row_at: row.bytes(7)?.to_vec(),
        expected: number(8, "expected")?,
        records: number(9, "records")?,
        unopened: number(10, "unopened")?,
        asked: Millis(row.int(11)?),
        moved: Millis(row.int(12)?),
        finished: row.opt_int(13)?.map(Millis),
        trouble: row.opt_text(14)?.map(str::to_owned),
        driver: row.opt_array(15)?,
        driven_until: Millis(row.int(16)?),
        event: row.opt_array(17)?,
        receipt: row.opt_text(18)?.map(str::to_owned),
    })
}

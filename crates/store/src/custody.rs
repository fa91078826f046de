//! Table `custody`: one row a custody of pictures, from the opening of its worker to the receipt of their destruction.
//! Nothing in it is personal; the person's link is cut when the account is closed.

use crate::{Error, Row, Tx};
use lionrock_model::custody::{CloseReason, State};
use lionrock_model::id::{CustodyId, RegistrationId, ResidentId};
use lionrock_model::proofing::Stage;
use lionrock_model::time::Millis;

macro_rules! select {
    ($which:literal) => {
        concat!(
            "SELECT id, version, registration, state, stage, node, boot, worker, provider, opened_at, first_byte_at, \
             deadline_at, closed_at, reason, pictures, bytes, zeroise_us, opened_leaf, closed_leaf, receipt FROM custody ",
            $which
        )
    };
}

const INSERT: &str = "INSERT INTO custody (id, version, registration, state, node, boot, worker, provider, opened_at, \
                      deadline_at, pictures, bytes, opened_leaf) VALUES ($1, 1, $2, 'opened', $3, $4, $5, $6, $7, $8, 0, 0, $9)";
const BY_ID: &str = select!("WHERE id = $1");
const OPEN: &str = select!("WHERE closed_at IS NULL ORDER BY deadline_at");
const ALL: &str = select!("ORDER BY opened_at, id");
const OF_RESIDENT: &str = select!("WHERE resident = $1 ORDER BY opened_at");
const RECEIVING: &str = "UPDATE custody SET state = 'receiving', first_byte_at = $2, deadline_at = $3, version = version + 1 \
                         WHERE id = $1 AND state = 'opened'";
const JUDGING: &str =
    "UPDATE custody SET state = 'decoded', version = version + 1 WHERE id = $1 AND state = 'receiving'";
const STAGE: &str = "UPDATE custody SET stage = $2 WHERE id = $1 AND closed_at IS NULL";
const CLOSE: &str = "UPDATE custody SET state = 'closed', version = version + 1, closed_at = $2, reason = $3, pictures = $4, \
                     bytes = $5, zeroise_us = $6, closed_leaf = $7, receipt = $8 WHERE id = $1 AND closed_at IS NULL";
const LOST_AT: &str = "SELECT COUNT(*) FROM custody WHERE reason = 'process-loss' AND stage = $1 AND closed_at >= $2";
const BELONGS: &str = "UPDATE custody SET resident = $2 WHERE registration = $1";
const CUT: &str = "UPDATE custody SET registration = NULL WHERE registration = $1";
const FORGET_RESIDENT: &str = "UPDATE custody SET resident = NULL, registration = NULL WHERE resident = $1";

/// A custody's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Custody {
    /// Its random id: all a receipt names.
    pub id: CustodyId,
    /// One more with each change.
    pub version: i64,
    /// The registration it serves, while that lives.
    pub registration: Option<RegistrationId>,
    /// Where it stands.
    pub state: State,
    /// The stage of the judgement that began last.
    pub stage: Option<Stage>,
    /// The place it runs on: tells a restart of the same server from another server.
    pub node: String,
    /// The run of the server it belongs to.
    pub boot: [u8; 16],
    /// The worker process.
    pub worker: String,
    /// Name and version of the provider.
    pub provider: String,
    /// When it was opened.
    pub opened: Millis,
    /// When the first byte of a picture arrived.
    pub first_byte: Option<Millis>,
    /// When the watchdog ends it.
    pub deadline: Millis,
    /// When it was closed.
    pub closed: Option<Millis>,
    /// Pictures destroyed.
    pub pictures: u32,
    /// Bytes of pictures destroyed.
    pub bytes: u64,
    /// From verdict to destruction, in microseconds.
    pub zeroise_us: Option<u64>,
    /// The event of its opening.
    pub opened_leaf: [u8; 16],
    /// The event of its closing.
    pub closed_leaf: Option<[u8; 16]>,
    /// The signed statement of the destruction.
    pub receipt: Option<String>,
}

/// What a closing writes.
#[derive(Clone, Debug)]
pub struct Closing {
    /// When.
    pub at: Millis,
    /// Why.
    pub reason: CloseReason,
    /// Pictures destroyed.
    pub pictures: u32,
    /// Bytes of pictures destroyed.
    pub bytes: u64,
    /// From verdict to destruction, in microseconds.
    pub zeroise_us: Option<u64>,
    /// The event of the closing.
    pub leaf: [u8; 16],
    /// The signed statement.
    pub receipt: String,
}

/// Adds an opened custody.
///
/// # Errors
/// Of the store.
pub fn insert(tx: &mut Tx<'_>, new: &Custody) -> Result<(), Error> {
    let values = [
        new.id.as_bytes().into(),
        new.registration.map(|id| id.as_bytes().to_vec()).into(),
        new.node.as_str().into(),
        new.boot.to_vec().into(),
        new.worker.as_str().into(),
        new.provider.as_str().into(),
        new.opened.into(),
        new.deadline.into(),
        new.opened_leaf.to_vec().into(),
    ];
    tx.execute(INSERT, &values).map(drop)
}

/// One custody.
///
/// # Errors
/// Of the store.
pub fn find(tx: &mut Tx<'_>, id: CustodyId) -> Result<Option<Custody>, Error> {
    tx.first(BY_ID, &[id.as_bytes().into()])?.map(|row| read(&row)).transpose()
}

/// Every custody that is not closed.
///
/// # Errors
/// Of the store.
pub fn open(tx: &mut Tx<'_>) -> Result<Vec<Custody>, Error> {
    tx.query(OPEN, &[])?.iter().map(read).collect()
}

/// Every custody, oldest first: for figures and audits; nothing in them is personal.
///
/// # Errors
/// Of the store.
pub fn all(tx: &mut Tx<'_>) -> Result<Vec<Custody>, Error> {
    tx.query(ALL, &[])?.iter().map(read).collect()
}

/// A resident's custodies, oldest first.
///
/// # Errors
/// Of the store.
pub fn of_resident(tx: &mut Tx<'_>, resident: ResidentId) -> Result<Vec<Custody>, Error> {
    tx.query(OF_RESIDENT, &[resident.as_bytes().into()])?.iter().map(read).collect()
}

/// Notes the first byte and the deadline that follows from it; false when it was noted before.
///
/// # Errors
/// Of the store.
pub fn receiving(tx: &mut Tx<'_>, id: CustodyId, now: Millis, deadline: Millis) -> Result<bool, Error> {
    Ok(tx.execute(RECEIVING, &[id.as_bytes().into(), now.into(), deadline.into()])? == 1)
}

/// Begins the judgement; false for everybody but the first who asks.
///
/// # Errors
/// Of the store.
pub fn judging(tx: &mut Tx<'_>, id: CustodyId) -> Result<bool, Error> {
    Ok(tx.execute(JUDGING, &[id.as_bytes().into()])? == 1)
}

/// Notes the stage that began, for the progress page.
///
/// # Errors
/// Of the store.
pub fn stage(tx: &mut Tx<'_>, id: CustodyId, stage: Stage) -> Result<(), Error> {
    tx.execute(STAGE, &[id.as_bytes().into(), stage.word().into()]).map(drop)
}

/// Closes a custody; false when it was closed before.
///
/// # Errors
/// Of the store.
pub fn close(tx: &mut Tx<'_>, id: CustodyId, closing: &Closing) -> Result<bool, Error> {
    let values = [
        id.as_bytes().into(),
        closing.at.into(),
        closing.reason.word().into(),
        closing.pictures.into(),
        i64::try_from(closing.bytes).unwrap_or(i64::MAX).into(),
        closing.zeroise_us.map(|us| i64::try_from(us).unwrap_or(i64::MAX)).into(),
        closing.leaf.to_vec().into(),
        closing.receipt.as_str().into(),
    ];
    Ok(tx.execute(CLOSE, &values)? == 1)
}

/// How many custodies were lost with their process in this stage since then.
///
/// # Errors
/// Of the store.
pub fn lost_at(tx: &mut Tx<'_>, stage: Stage, since: Millis) -> Result<i64, Error> {
    tx.first(LOST_AT, &[stage.word().into(), since.into()])?.map_or(Ok(0), |row| row.int(0))
}

/// Gives a registration's custodies to the account that came of it.
///
/// # Errors
/// Of the store.
pub fn belongs(tx: &mut Tx<'_>, registration: RegistrationId, resident: ResidentId) -> Result<(), Error> {
    tx.execute(BELONGS, &[registration.as_bytes().into(), resident.as_bytes().into()]).map(drop)
}

/// Cuts the link of custodies to a registration that is swept.
///
/// # Errors
/// Of the store.
pub fn cut(tx: &mut Tx<'_>, registration: RegistrationId) -> Result<(), Error> {
    tx.execute(CUT, &[registration.as_bytes().into()]).map(drop)
}

/// Cuts the link of custodies to an account that is closed.
///
/// # Errors
/// Of the store.
pub fn forget_resident(tx: &mut Tx<'_>, resident: ResidentId) -> Result<(), Error> {
    tx.execute(FORGET_RESIDENT, &[resident.as_bytes().into()]).map(drop)
}

fn read(row: &Row) -> Result<Custody, Error> {
    let wrong = |what: &str| Error::corrupt(format!("custody.{what}"));
    let moment = |at: i64| Millis(at);
    let reason =
        row.opt_text(13)?.map(|word| CloseReason::from_word(word).ok_or_else(|| wrong("reason"))).transpose()?;
    let state = match (row.text(3)?, reason) {
        ("opened", None) => State::Opened,
        ("receiving", None) => State::Receiving,
        ("decoded", None) => State::Decoded,
        ("closed", Some(reason)) => State::Closed(reason),
        _ => return Err(wrong("state")),
    };
    Ok(Custody {
        id: CustodyId::from_bytes(row.bytes(0)?).map_err(|_| wrong("id"))?,
        version: row.int(1)?,
        registration: row
            .opt_bytes(2)?
            .map(RegistrationId::from_bytes)
            .transpose()
            .map_err(|_| wrong("registration"))?,
        state,
        stage: row.opt_text(4)?.and_then(Stage::from_word),
        node: row.text(5)?.to_owned(),
        boot: row.array(6)?,
        worker: row.text(7)?.to_owned(),
        provider: row.text(8)?.to_owned(),
        opened: Millis(row.int(9)?),
        first_byte: row.opt_int(10)?.map(moment),
        deadline: Millis(row.int(11)?),
        closed: row.opt_int(12)?.map(moment),
        pictures: u32::try_from(row.int(14)?).map_err(|_| wrong("pictures"))?,
        bytes: u64::try_from(row.int(15)?).map_err(|_| wrong("bytes"))?,
        zeroise_us: row.opt_int(16)?.and_then(|us| u64::try_from(us).ok()),
        opened_leaf: row.array(17)?,
        closed_leaf: row.opt_bytes(18)?.map(<[u8; 16]>::try_from).transpose().map_err(|_| wrong("closed_leaf"))?,
        receipt: row.opt_text(19)?.map(str::to_owned),
    })
}

//! Tables `authority` and `revocation_list`: the authority's own certificates and its lists, all of them public.

use crate::{Error, Row, Tx, Value};
use lionrock_model::time::Millis;

const ADD: &str = "INSERT INTO authority (serial, purpose, epoch, certificate, not_after, created_at) \
                   VALUES ($1, $2, $3, $4, $5, $6)";
const ALL: &str = "SELECT serial, purpose, epoch, certificate, not_after, created_at FROM authority \
                   ORDER BY purpose, created_at DESC, serial";
const FIND: &str = "SELECT serial, purpose, epoch, certificate, not_after, created_at FROM authority WHERE serial = $1";
const COUNT: &str = "SELECT COUNT(*) FROM authority";

const LIST: &str = "SELECT number, turn, made_in, list, made_at, next_at FROM revocation_list WHERE issuer = $1";
const FIRST_LIST: &str = "INSERT INTO revocation_list (issuer, number, turn, made_in, list, made_at, next_at) \
                          VALUES ($1, $2, 1, 1, $3, $4, $5)";
const NEXT_LIST: &str = "UPDATE revocation_list SET number = $2, made_in = $3, list = $4, made_at = $5, next_at = $6 \
                         WHERE issuer = $1 AND number < $2";
const AFTER_RESTORE: &str = "UPDATE revocation_list SET number = number + $2, turn = turn + 1 WHERE issuer = $1";
const TURN: &str = "UPDATE revocation_list SET turn = turn + 1 WHERE issuer = $1";

/// A certificate of the authority itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Own {
    /// Serial number, big-endian.
    pub serial: Vec<u8>,
    /// `root`, or the word of the ring's signer it belongs to.
    pub purpose: String,
    /// The epoch of that key; 0 for the root, whose key is elsewhere.
    pub epoch: u32,
    /// DER.
    pub certificate: Vec<u8>,
    /// Its last moment.
    pub not_after: Millis,
    /// When it came here.
    pub created: Millis,
}

/// Adds a certificate of the authority itself.
///
/// # Errors
/// Of the store; `Conflict` when the serial number is taken.
pub fn add(tx: &mut Tx<'_>, own: &Own) -> Result<(), Error> {
    let values = [
        Value::from(own.serial.as_slice()),
        Value::from(own.purpose.as_str()),
        Value::from(own.epoch),
        Value::from(own.certificate.as_slice()),
        Value::from(own.not_after),
        Value::from(own.created),
    ];
    tx.execute(ADD, &values).map(drop)
}

/// All of them, by purpose, the newest of each first.
///
/// # Errors
/// Of the store.
pub fn all(tx: &mut Tx<'_>) -> Result<Vec<Own>, Error> {
    tx.query(ALL, &[])?.iter().map(read).collect()
}

/// The one with a serial number.
///
/// # Errors
/// Of the store.
pub fn find(tx: &mut Tx<'_>, serial: &[u8]) -> Result<Option<Own>, Error> {
    tx.first(FIND, &[serial.into()])?.map(|row| read(&row)).transpose()
}

/// How many there are.
///
/// # Errors
/// Of the store.
pub fn count(tx: &mut Tx<'_>) -> Result<i64, Error> {
    tx.first(COUNT, &[])?.map_or(Ok(0), |row| row.int(0))
}

fn read(row: &Row) -> Result<Own, Error> {
    Ok(Own {
        serial: row.bytes(0)?.to_vec(),
        purpose: row.text(1)?.to_owned(),
        epoch: u32::try_from(row.int(2)?).map_err(|_| Error::corrupt("authority.epoch"))?,
        certificate: row.bytes(3)?.to_vec(),
        not_after: Millis(row.int(4)?),
        created: Millis(row.int(5)?),
    })
}

/// A revocation list as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// Its number.
    pub number: i64,
    /// The turn that is current.
    pub turn: i64,
    /// The turn it was made in.
    pub made_in: i64,
    /// DER.
    pub list: Vec<u8>,
    /// When it was made.
    pub made: Millis,
    /// When the next one is due.
    pub next: Millis,
}

/// The list of an issuer: `root` or `issuing`.
///
/// # Errors
/// Of the store.
pub fn list(tx: &mut Tx<'_>, issuer: &str) -> Result<Option<List>, Error> {
    let Some(row) = tx.first(LIST, &[issuer.into()])? else { return Ok(None) };
    Ok(Some(List {
        number: row.int(0)?,
        turn: row.int(1)?,
        made_in: row.int(2)?,
        list: row.bytes(3)?.to_vec(),
        made: Millis(row.int(4)?),
        next: Millis(row.int(5)?),
    }))
}

/// Keeps a newer list of an issuer, its first one too. False when one of that number or a higher one is there.
///
/// # Errors
/// Of the store.
pub fn keep_list(tx: &mut Tx<'_>, issuer: &str, new: &List) -> Result<bool, Error> {
    let (issuer, list) = (Value::from(issuer), Value::from(new.list.as_slice()));
    let (made, next) = (Value::from(new.made), Value::from(new.next));
    let values = [issuer.clone(), new.number.into(), new.made_in.into(), list.clone(), made.clone(), next.clone()];
    if tx.execute(NEXT_LIST, &values)? == 1 {
        return Ok(true);
    }
    if tx.first(LIST, std::slice::from_ref(&issuer))?.is_some() {
        return Ok(false);
    }
    Ok(tx.execute(FIRST_LIST, &[issuer, new.number.into(), list, made, next])? == 1)
}

/// Begins another turn: the list that stands is of yesterday from here on.
///
/// # Errors
/// Of the store.
pub fn turn(tx: &mut Tx<'_>, issuer: &str) -> Result<(), Error> {
    tx.execute(TURN, &[issuer.into()]).map(drop)
}

/// Moves the number of an issuer's list past every one that was published after a backup was made: one a millisecond was none.
///
/// # Errors
/// Of the store.
pub fn after_restore(tx: &mut Tx<'_>, issuer: &str, now: Millis) -> Result<(), Error> {
    let Some(list) = list(tx, issuer)? else { return Ok(()) };
    let passed = now.0.saturating_sub(list.made.0).max(1);
    tx.execute(AFTER_RESTORE, &[issuer.into(), passed.into()]).map(drop)
}

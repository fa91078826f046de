//! Table `officer_session`: which officer is signed in where.

use crate::{Error, Row, Tx};
use lionrock_model::id::{OfficerId, OfficerKeyId, OfficerSessionId};
use lionrock_model::time::Millis;

const INSERT: &str =
    "INSERT INTO officer_session (id, officer, credential, secret_digest, created_at, seen_at, device, place)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const FIND: &str = "SELECT id, officer, credential, created_at, seen_at, ended_at, device, place, secret_digest
    FROM officer_session WHERE id = $1";
const OPEN: &str = "SELECT id, officer, credential, created_at, seen_at, ended_at, device, place
    FROM officer_session WHERE officer = $1 AND ended_at IS NULL AND created_at > $2 AND seen_at > $3 ORDER BY seen_at DESC";
const SEEN: &str = "UPDATE officer_session SET seen_at = $2 WHERE id = $1 AND ended_at IS NULL AND seen_at < $2";
const END: &str = "UPDATE officer_session SET ended_at = $3, end_reason = $4
    WHERE officer = $1 AND id = $2 AND ended_at IS NULL";
const END_ALL: &str =
    "UPDATE officer_session SET ended_at = $2, end_reason = $3 WHERE officer = $1 AND ended_at IS NULL";

/// A session of an officer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfficerSession {
    /// Random id.
    pub id: OfficerSessionId,
    /// Whose.
    pub officer: OfficerId,
    /// The passkey that opened it.
    pub credential: OfficerKeyId,
    /// Opened.
    pub created: Millis,
    /// Last used, to the minute.
    pub seen: Millis,
    /// Ended.
    pub ended: Option<Millis>,
    /// Browser family and system.
    pub device: String,
    /// Kind of place it was opened at.
    pub place: String,
}

/// Adds a session under the digest of its secret.
///
/// # Errors
/// Of the store.
pub fn add(tx: &mut Tx<'_>, new: &OfficerSession, secret_digest: &[u8; 32]) -> Result<(), Error> {
    let values = [
        new.id.as_bytes().into(),
        new.officer.as_bytes().into(),
        new.credential.as_bytes().into(),
        secret_digest.into(),
        new.created.into(),
        new.seen.into(),
        new.device.as_str().into(),
        new.place.as_str().into(),
    ];
    tx.execute(INSERT, &values).map(drop)
}

/// A session, over or not, and the keyed digest of its secret.
///
/// # Errors
/// Of the store.
pub fn find(tx: &mut Tx<'_>, id: OfficerSessionId) -> Result<Option<(OfficerSession, [u8; 32])>, Error> {
    tx.first(FIND, &[id.as_bytes().into()])?.map(|row| Ok((read(&row)?, row.array(8)?))).transpose()
}

/// An officer's sessions that were not ended, began after `born` and were seen after `seen`.
///
/// # Errors
/// Of the store.
pub fn open(tx: &mut Tx<'_>, officer: OfficerId, born: Millis, seen: Millis) -> Result<Vec<OfficerSession>, Error> {
    tx.query(OPEN, &[officer.as_bytes().into(), born.into(), seen.into()])?.iter().map(read).collect()
}

/// Notes that a session was used.
///
/// # Errors
/// Of the store.
pub fn seen(tx: &mut Tx<'_>, id: OfficerSessionId, now: Millis) -> Result<(), Error> {
    tx.execute(SEEN, &[id.as_bytes().into(), now.into()]).map(drop)
}

/// Ends one session of this officer. False when it is not theirs or over.
///
/// # Errors
/// Of the store.
pub fn end(
    tx: &mut Tx<'_>,
    officer: OfficerId,
    id: OfficerSessionId,
    why: &'static str,
    now: Millis,
) -> Result<bool, Error> {
    Ok(tx.execute(END, &[officer.as_bytes().into(), id.as_bytes().into(), now.into(), why.into()])? == 1)
}

/// Ends all sessions of an officer; how many.
///
/// # Errors
/// Of the store.
pub fn end_all(tx: &mut Tx<'_>, officer: OfficerId, why: &'static str, now: Millis) -> Result<u64, Error> {
    tx.execute(END_ALL, &[officer.as_bytes().into(), now.into(), why.into()])
}

fn read(row: &Row) -> Result<OfficerSession, Error> {
    let wrong = |what: &str| Error::corrupt(format!("officer_session.{what}"));
    Ok(OfficerSession {
        id: OfficerSessionId::from_bytes(row.bytes(0)?).map_err(|_| wrong("id"))?,
        officer: OfficerId::from_bytes(row.bytes(1)?).map_err(|_| wrong("officer"))?,
        credential: OfficerKeyId::from_bytes(row.bytes(2)?).map_err(|_| wrong("credential"))?,
        created: Millis(row.int(3)?),
        seen: Millis(row.int(4)?),
        ended: row.opt_int(5)?.map(Millis),
        device: row.text(6)?.to_owned(),
        place: row.text(7)?.to_owned(),
    })
}

//! Tables `session` and `sign_in`: who is signed in where, and what happened before.

use crate::{Error, Row, Tx};
use lionrock_model::id::{CredentialId, ResidentId, SessionId, SignInId};
use lionrock_model::session::{Device, EndReason, Session, SignIn, SignInEvent};
use lionrock_model::time::Millis;

const INSERT: &str = "INSERT INTO session (id, resident, credential, secret_digest, created_at, seen_at, proved_at, device, sealed_place)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
const BY_ID: &str = "SELECT id, resident, credential, created_at, seen_at, proved_at, ended_at, end_reason, device, sealed_place, secret_digest
    FROM session WHERE id = $1";
const OPEN: &str =
    "SELECT id, resident, credential, created_at, seen_at, proved_at, ended_at, end_reason, device, sealed_place
    FROM session WHERE resident = $1 AND ended_at IS NULL AND created_at > $2 AND seen_at > $3 ORDER BY seen_at DESC";
const SEEN: &str = "UPDATE session SET seen_at = $2 WHERE id = $1 AND ended_at IS NULL AND seen_at < $2";
const PROVED: &str =
    "UPDATE session SET proved_at = $3, seen_at = $3, secret_digest = $2 WHERE id = $1 AND ended_at IS NULL";
const END: &str =
    "UPDATE session SET ended_at = $3, end_reason = $4 WHERE resident = $1 AND id = $2 AND ended_at IS NULL";
const END_OTHERS: &str = "UPDATE session SET ended_at = $3, end_reason = $4
    WHERE resident = $1 AND id <> $2 AND ended_at IS NULL";
const END_ALL: &str = "UPDATE session SET ended_at = $2, end_reason = $3 WHERE resident = $1 AND ended_at IS NULL";
const END_OF_CREDENTIAL: &str = "UPDATE session SET ended_at = $3, end_reason = $4
    WHERE resident = $1 AND credential = $2 AND ended_at IS NULL";
const FORGET: &str = "DELETE FROM session WHERE created_at < $1";
const FORGET_OF: &str = "DELETE FROM session WHERE resident = $1";
const NOTE: &str = "INSERT INTO sign_in (id, resident, at, event, credential, device, sealed_place) VALUES ($1, $2, $3, $4, $5, $6, $7)";
const HISTORY: &str = "SELECT id, resident, at, event, credential, device, sealed_place FROM sign_in
    WHERE resident = $1 AND at < $2 ORDER BY at DESC, id DESC LIMIT 100";
const FORGET_HISTORY: &str = "DELETE FROM sign_in WHERE at < $1";
const FORGET_HISTORY_OF: &str = "DELETE FROM sign_in WHERE resident = $1";

/// Adds a session under the digest of its secret.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn add(tx: &mut Tx<'_>, new: &Session, secret_digest: &[u8; 32]) -> Result<(), Error> {
    let values = [
        new.id.as_bytes().into(),
        new.resident.as_bytes().into(),
        new.credential.as_bytes().into(),
        secret_digest.into(),
        new.created.into(),
        new.seen.into(),
        new.proved.into(),
        new.device.word().into(),
        (&new.sealed_place).into(),
    ];
    tx.execute(INSERT, &values).map(drop)
}

/// A session, over or not, and the keyed digest of its secret.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn find(tx: &mut Tx<'_>, id: SessionId) -> Result<Option<(Session, [u8; 32])>, Error> {
    tx.first(BY_ID, &[id.as_bytes().into()])?.map(|row| Ok((read(&row)?, row.array(10)?))).transpose()
}

/// A resident's sessions that were not ended, began after `born` and were seen after `seen`; last seen first.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn open(tx: &mut Tx<'_>, resident: ResidentId, born: Millis, seen: Millis) -> Result<Vec<Session>, Error> {
    tx.query(OPEN, &[resident.as_bytes().into(), born.into(), seen.into()])?.iter().map(read).collect()
}

/// Notes that a session was used.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn seen(tx: &mut Tx<'_>, id: SessionId, now: Millis) -> Result<(), Error> {
    tx.execute(SEEN, &[id.as_bytes().into(), now.into()]).map(drop)
}

/// Notes a fresh proof of presence and gives the session a new secret. False when it is over.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn proved(tx: &mut Tx<'_>, id: SessionId, secret_digest: &[u8; 32], now: Millis) -> Result<bool, Error> {
    Ok(tx.execute(PROVED, &[id.as_bytes().into(), secret_digest.into(), now.into()])? == 1)
}

/// Ends one session of this resident. False when it is not theirs or over.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn end(tx: &mut Tx<'_>, resident: ResidentId, id: SessionId, why: EndReason, now: Millis) -> Result<bool, Error> {
    let values = [resident.as_bytes().into(), id.as_bytes().into(), now.into(), why.word().into()];
    Ok(tx.execute(END, &values)? == 1)
}

/// Ends all sessions of a resident, but for `keep`; says how many.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn end_all(
    tx: &mut Tx<'_>,
    resident: ResidentId,
    keep: Option<SessionId>,
    why: EndReason,
    now: Millis,
) -> Result<u64, Error> {
    match keep {
        Some(keep) => {
            let values = [resident.as_bytes().into(), keep.as_bytes().into(), now.into(), why.word().into()];
            tx.execute(END_OTHERS, &values)
        }
        None => tx.execute(END_ALL, &[resident.as_bytes().into(), now.into(), why.word().into()]),
    }
}

/// Ends the sessions that a passkey opened; says how many.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn end_of_credential(
    tx: &mut Tx<'_>,
    resident: ResidentId,
    credential: CredentialId,
    why: EndReason,
    now: Millis,
) -> Result<u64, Error> {
    let values = [resident.as_bytes().into(), credential.as_bytes().into(), now.into(), why.word().into()];
    tx.execute(END_OF_CREDENTIAL, &values)
}

/// Deletes sessions that began before `before`; says how many.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn forget(tx: &mut Tx<'_>, before: Millis) -> Result<u64, Error> {
    tx.execute(FORGET, &[before.into()])
}

/// Deletes everything this file keeps of a resident.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn erase(tx: &mut Tx<'_>, resident: ResidentId) -> Result<(), Error> {
    tx.execute(FORGET_OF, &[resident.as_bytes().into()])?;
    tx.execute(FORGET_HISTORY_OF, &[resident.as_bytes().into()]).map(drop)
}

/// Adds a line to a resident's history.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn note(tx: &mut Tx<'_>, line: &SignIn) -> Result<(), Error> {
    let values = [
        line.id.as_bytes().into(),
        line.resident.as_bytes().into(),
        line.at.into(),
        line.event.word().into(),
        line.credential.map(|id| id.as_bytes().to_vec()).into(),
        line.device.word().into(),
        (&line.sealed_place).into(),
    ];
    tx.execute(NOTE, &values).map(drop)
}

/// The last hundred lines of a resident's history from before `before`, newest first.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn history(tx: &mut Tx<'_>, resident: ResidentId, before: Millis) -> Result<Vec<SignIn>, Error> {
    tx.query(HISTORY, &[resident.as_bytes().into(), before.into()])?.iter().map(read_line).collect()
}

/// Deletes history from before `before`; says how many lines.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn forget_history(tx: &mut Tx<'_>, before: Millis) -> Result<u64, Error> {
    tx.execute(FORGET_HISTORY, &[before.into()])
}

fn read(row: &Row) -> Result<Session, Error> {
    let wrong = |what: &str| Error::corrupt(format!("session.{what}"));
    let ended = match (row.opt_int(6)?, row.opt_text(7)?) {
        (None, _) => None,
        (Some(at), Some(why)) => Some((Millis(at), EndReason::from_word(why).ok_or_else(|| wrong("end_reason"))?)),
        (Some(_), None) => return Err(wrong("end_reason")),
    };
    Ok(Session {
        id: SessionId::from_bytes(row.bytes(0)?).map_err(|_| wrong("id"))?,
        resident: ResidentId::from_bytes(row.bytes(1)?).map_err(|_| wrong("resident"))?,
        credential: CredentialId::from_bytes(row.bytes(2)?).map_err(|_| wrong("credential"))?,
        created: Millis(row.int(3)?),
        seen: Millis(row.int(4)?),
        proved: Millis(row.int(5)?),
        ended,
        device: Device::from_word(row.text(8)?),
        sealed_place: row.bytes(9)?.to_vec(),
    })
}

fn read_line(row: &Row) -> Result<SignIn, Error> {
    let wrong = |what: &str| Error::corrupt(format!("sign_in.{what}"));
    let credential = row.opt_bytes(4)?.map(CredentialId::from_bytes).transpose().map_err(|_| wrong("credential"))?;
    Ok(SignIn {
        id: SignInId::from_bytes(row.bytes(0)?).map_err(|_| wrong("id"))?,
        resident: ResidentId::from_bytes(row.bytes(1)?).map_err(|_| wrong("resident"))?,
        at: Millis(row.int(2)?),
        event: SignInEvent::from_word(row.text(3)?).ok_or_else(|| wrong("event"))?,
        credential,
        device: Device::from_word(row.text(5)?),
        sealed_place: row.bytes(6)?.to_vec(),
    })
}

//! Table `officer_act`: what officers approved with a fresh signature.

use crate::{Error, Row, Tx};
use lionrock_model::id::{OfficerId, OfficerKeyId};
use lionrock_model::time::Millis;

const INSERT: &str = "INSERT INTO officer_act (id, officer, credential, action, digest, sealed_proof, at)
    VALUES ($1, $2, $3, $4, $5, $6, $7)";
const FIND: &str = "SELECT id, officer, credential, action, digest, sealed_proof, at FROM officer_act WHERE id = $1";
const OF_OFFICER: &str = "SELECT id, officer, credential, action, digest, sealed_proof, at FROM officer_act
    WHERE officer = $1 AND at >= $2 ORDER BY at DESC LIMIT 1000";
const OF_ACTION: &str = "SELECT id, officer, credential, action, digest, sealed_proof, at FROM officer_act
    WHERE action = $1 AND at >= $2 ORDER BY at DESC, id LIMIT 200";
const WITH_TEXT: &str = "SELECT COUNT(*) FROM officer_act WHERE action = $1 AND digest = $2";
const COUNTED: &str = "SELECT officer, action, COUNT(*), MAX(at) FROM officer_act WHERE at >= $1 AND at < $2
    GROUP BY officer, action ORDER BY officer, action";

/// A signed act as kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// Random id.
    pub id: [u8; 16],
    /// Who signed.
    pub officer: OfficerId,
    /// With which key.
    pub credential: OfficerKeyId,
    /// What they did, a word of the policy.
    pub action: String,
    /// SHA-256 of the text they signed.
    pub digest: [u8; 32],
    /// Text, signature and key, sealed.
    pub sealed_proof: Vec<u8>,
    /// When.
    pub at: Millis,
}

/// Keeps an act.
///
/// # Errors
/// Of the store.
pub fn add(tx: &mut Tx<'_>, act: &Act) -> Result<(), Error> {
    let values = [
        act.id.into(),
        act.officer.as_bytes().into(),
        act.credential.as_bytes().into(),
        act.action.as_str().into(),
        act.digest.into(),
        (&act.sealed_proof).into(),
        act.at.into(),
    ];
    tx.execute(INSERT, &values).map(drop)
}

/// An act by its id.
///
/// # Errors
/// Of the store.
pub fn find(tx: &mut Tx<'_>, id: &[u8; 16]) -> Result<Option<Act>, Error> {
    tx.first(FIND, &[id.into()])?.map(|row| read(&row)).transpose()
}

/// What an officer signed since a moment, newest first; a thousand at most.
///
/// # Errors
/// Of the store.
pub fn of_officer(tx: &mut Tx<'_>, officer: OfficerId, since: Millis) -> Result<Vec<Act>, Error> {
    tx.query(OF_OFFICER, &[officer.as_bytes().into(), since.into()])?.iter().map(read).collect()
}

/// Signed acts of one kind since a moment, newest first; two hundred at most.
///
/// # Errors
/// Of the store.
pub fn of_action(tx: &mut Tx<'_>, action: &str, since: Millis) -> Result<Vec<Act>, Error> {
    tx.query(OF_ACTION, &[action.into(), since.into()])?.iter().map(read).collect()
}

/// Whether somebody signed a text for an action, by the text's digest.
///
/// # Errors
/// Of the store.
pub fn is_signed(tx: &mut Tx<'_>, action: &str, digest: &[u8; 32]) -> Result<bool, Error> {
    Ok(tx.first(WITH_TEXT, &[action.into(), digest.into()])?.is_some_and(|row| row.int(0).is_ok_and(|n| n > 0)))
}

/// How often who did what in a span, and when last.
///
/// # Errors
/// Of the store.
pub fn counted(tx: &mut Tx<'_>, from: Millis, to: Millis) -> Result<Vec<(OfficerId, String, i64, Millis)>, Error> {
    let wrong = || Error::corrupt("officer_act.officer");
    let rows = tx.query(COUNTED, &[from.into(), to.into()])?;
    rows.iter()
        .map(|row| {
            let officer = OfficerId::from_bytes(row.bytes(0)?).map_err(|_| wrong())?;
            Ok((officer, row.text(1)?.to_owned(), row.int(2)?, Millis(row.int(3)?)))
        })
        .collect()
}

fn read(row: &Row) -> Result<Act, Error> {
    let wrong = |what: &str| Error::corrupt(format!("officer_act.{what}"));
    Ok(Act {
        id: row.array(0)?,
        officer: OfficerId::from_bytes(row.bytes(1)?).map_err(|_| wrong("officer"))?,
        credential: OfficerKeyId::from_bytes(row.bytes(2)?).map_err(|_| wrong("credential"))?,
        action: row.text(3)?.to_owned(),
        digest: row.array(4)?,
        sealed_proof: row.bytes(5)?.to_vec(),
        at: Millis(row.int(6)?),
    })
}

//! Table `recovery`: chances to make a new passkey, opened by two recovery codes.

use crate::{Error, Row, Tx, Value};
use lionrock_model::id::{RecoveryId, ResidentId};
use lionrock_model::recovery::Ground;
use lionrock_model::time::Millis;

const INSERT: &str = "INSERT INTO recovery (id, resident, browser, first_code, second_code, lost, created_at, expires_at, proof, \
                      ground) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
const DROP_OPEN: &str = "DELETE FROM recovery WHERE browser = $1";
const OPEN: &str = "SELECT id, resident, first_code, second_code, lost, expires_at, proof, ground FROM recovery \
                    WHERE browser = $1 AND done_at IS NULL AND expires_at > $2";
const DONE: &str =
    "UPDATE recovery SET done_at = $2, expires_at = $3, browser = NULL WHERE id = $1 AND done_at IS NULL";
const LAST: &str =
    "SELECT done_at FROM recovery WHERE resident = $1 AND done_at IS NOT NULL ORDER BY done_at DESC LIMIT 1";
const SWEEP: &str = "DELETE FROM recovery WHERE expires_at <= $1";
const REMOVE_ALL: &str = "DELETE FROM recovery WHERE resident = $1";

/// A chance as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// Random id.
    pub id: RecoveryId,
    /// Whose account.
    pub resident: ResidentId,
    /// Keyed digests of the two codes; they are used up with the new passkey, not before.
    pub codes: [[u8; 32]; 2],
    /// Whether the other passkeys are lost and must go.
    pub lost: bool,
    /// Until when.
    pub expires: Millis,
    /// Imprint of the row; none on rows of an earlier program.
    pub proof: Option<[u8; 32]>,
    /// What opened it.
    pub ground: Ground,
}

/// Opens a chance for one browser; an earlier one of the same browser goes.
///
/// # Errors
/// Of the store.
pub fn open(tx: &mut Tx<'_>, new: &Recovery, browser: &[u8; 32], now: Millis) -> Result<(), Error> {
    tx.execute(DROP_OPEN, &[browser.into()])?;
    let [first, second] = &new.codes;
    let values = [
        new.id.as_bytes().into(),
        new.resident.as_bytes().into(),
        browser.into(),
        first.into(),
        second.into(),
        Value::from(i64::from(new.lost)),
        now.into(),
        new.expires.into(),
        new.proof.map(|proof| proof.to_vec()).into(),
        new.ground.word().into(),
    ];
    tx.execute(INSERT, &values).map(drop)
}

/// The open chance of a browser.
///
/// # Errors
/// Of the store.
pub fn current(tx: &mut Tx<'_>, browser: &[u8; 32], now: Millis) -> Result<Option<Recovery>, Error> {
    tx.first(OPEN, &[browser.into(), now.into()])?.map(|row| read(&row)).transpose()
}

/// Marks a chance as used; its row stays until `until`. False when it was used already.
///
/// # Errors
/// Of the store.
pub fn done(tx: &mut Tx<'_>, id: RecoveryId, now: Millis, until: Millis) -> Result<bool, Error> {
    Ok(tx.execute(DONE, &[id.as_bytes().into(), now.into(), until.into()])? == 1)
}

/// When the resident last got back in this way.
///
/// # Errors
/// Of the store.
pub fn last(tx: &mut Tx<'_>, resident: ResidentId) -> Result<Option<Millis>, Error> {
    Ok(tx.first(LAST, &[resident.as_bytes().into()])?.map(|row| row.int(0)).transpose()?.map(Millis))
}

/// Deletes chances that are over, and used ones whose cooling-off is over; says how many.
///
/// # Errors
/// Of the store.
pub fn sweep(tx: &mut Tx<'_>, now: Millis) -> Result<u64, Error> {
    tx.execute(SWEEP, &[now.into()])
}

/// Deletes all of a resident's.
///
/// # Errors
/// Of the store.
pub fn remove_all(tx: &mut Tx<'_>, resident: ResidentId) -> Result<u64, Error> {
    tx.execute(REMOVE_ALL, &[resident.as_bytes().into()])
}

fn read(row: &Row) -> Result<Recovery, Error> {
    let wrong = |what: &str| Error::corrupt(format!("recovery.{what}"));
    Ok(Recovery {
        id: RecoveryId::from_bytes(row.bytes(0)?).map_err(|_| wrong("id"))?,
        resident: ResidentId::from_bytes(row.bytes(1)?).map_err(|_| wrong("resident"))?,
        codes: [row.array(2)?, row.array(3)?],
        lost: row.int(4)? != 0,
        expires: Millis(row.int(5)?),
        proof: row.opt_array(6)?,
        ground: Ground::from_word(row.text(7)?).ok_or_else(|| wrong("ground"))?,
    })
}

//! Table `guardianship`: which grown-up let which young person have an account, by the ids of both accounts.

use crate::{Error, Row, Tx};
use lionrock_model::id::ResidentId;
use lionrock_model::time::Millis;

const INSERT: &str = "INSERT INTO guardianship (resident, guardian, approval, proof, created_at, ended_at, ends) \
                      VALUES ($1, $2, $3, $4, $5, NULL, $6)";
const OF_YOUNG: &str =
    "SELECT resident, guardian, approval, proof, created_at, ended_at, ends FROM guardianship WHERE resident = $1";
const OF_GUARDIAN: &str = "SELECT resident, guardian, approval, proof, created_at, ended_at, ends FROM guardianship \
                           WHERE guardian = $1 ORDER BY created_at";
const STANDING: &str = "SELECT resident, guardian, approval, proof, created_at, ended_at, ends FROM guardianship \
                        WHERE ended_at IS NULL AND resident > $1 ORDER BY resident LIMIT $2";
const END: &str = "UPDATE guardianship SET ended_at = $2 WHERE resident = $1 AND ended_at IS NULL";
const RENEW: &str = "UPDATE guardianship SET guardian = $2, approval = $3, proof = $4, created_at = $5, ended_at = NULL \
                     WHERE resident = $1 AND ended_at IS NOT NULL";
const REMOVE: &str = "DELETE FROM guardianship WHERE resident = $1 OR guardian = $1";

/// A link between two accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guardianship {
    /// The young person.
    pub resident: ResidentId,
    /// The grown-up.
    pub guardian: ResidentId,
    /// The ledger's entry of the grown-up's signature.
    pub approval: [u8; 16],
    /// Keyed code of person and day: what the day of the eighteenth birthday is recognised by.
    pub ends: [u8; 32],
    /// Keyed digest of those four.
    pub proof: [u8; 32],
    /// Since when.
    pub created: Millis,
    /// When it ended.
    pub ended: Option<Millis>,
}

/// Adds a link.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn insert(tx: &mut Tx<'_>, new: &Guardianship) -> Result<(), Error> {
    let values = [
        new.resident.as_bytes().into(),
        new.guardian.as_bytes().into(),
        new.approval.into(),
        new.proof.into(),
        new.created.into(),
        new.ends.into(),
    ];
    tx.execute(INSERT, &values).map(drop)
}

/// The link of a young person.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn of_young(tx: &mut Tx<'_>, resident: ResidentId) -> Result<Option<Guardianship>, Error> {
    tx.first(OF_YOUNG, &[resident.as_bytes().into()])?.map(|row| read(&row)).transpose()
}

/// The links of a grown-up, oldest first.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn of_guardian(tx: &mut Tx<'_>, guardian: ResidentId) -> Result<Vec<Guardianship>, Error> {
    tx.query(OF_GUARDIAN, &[guardian.as_bytes().into()])?.iter().map(read).collect()
}

/// Links that stand, after an id, at most so many.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn standing(tx: &mut Tx<'_>, after: &[u8], most: u32) -> Result<Vec<Guardianship>, Error> {
    tx.query(STANDING, &[after.into(), most.into()])?.iter().map(read).collect()
}

/// Ends a link; false when it has ended.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn end(tx: &mut Tx<'_>, resident: ResidentId, now: Millis) -> Result<bool, Error> {
    Ok(tx.execute(END, &[resident.as_bytes().into(), now.into()])? == 1)
}

/// Puts another grown-up in the place of one whose link ended; false when it has not ended.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn renew(tx: &mut Tx<'_>, new: &Guardianship) -> Result<bool, Error> {
    let values = [
        new.resident.as_bytes().into(),
        new.guardian.as_bytes().into(),
        new.approval.into(),
        new.proof.into(),
        new.created.into(),
    ];
    Ok(tx.execute(RENEW, &values)? == 1)
}

/// Removes every link of a person who closes their account, on either side.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn remove(tx: &mut Tx<'_>, resident: ResidentId) -> Result<u64, Error> {
    tx.execute(REMOVE, &[resident.as_bytes().into()])
}

fn read(row: &Row) -> Result<Guardianship, Error> {
    let wrong = |what: &str| Error::corrupt(format!("guardianship.{what}"));
    Ok(Guardianship {
        resident: ResidentId::from_bytes(row.bytes(0)?).map_err(|_| wrong("resident"))?,
        guardian: ResidentId::from_bytes(row.bytes(1)?).map_err(|_| wrong("guardian"))?,
        approval: row.array(2)?,
        proof: row.array(3)?,
        created: Millis(row.int(4)?),
        ended: row.opt_int(5)?.map(Millis),
        ends: row.array(6)?,
    })
}

//! Table `officer_credential`: the passkeys of officers, also those removed.

use crate::{Error, Row, Tx};
use lionrock_model::id::{OfficerId, OfficerKeyId};
use lionrock_model::time::Millis;

const INSERT: &str =
    "INSERT INTO officer_credential (id, officer, external_id, public_key, algorithm, sign_count, aaguid,
    attestation_chain, created_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1) ON CONFLICT DO NOTHING";
const BY_EXTERNAL_ID: &str =
    "SELECT id, officer, external_id, public_key, algorithm, sign_count, aaguid, attestation_chain, created_at,
    used_at, removed_at, counter_alarm_at, version FROM officer_credential WHERE external_id = $1";
const OF_OFFICER: &str =
    "SELECT id, officer, external_id, public_key, algorithm, sign_count, aaguid, attestation_chain, created_at,
    used_at, removed_at, counter_alarm_at, version FROM officer_credential WHERE officer = $1 ORDER BY id";
const STANDING: &str = "SELECT external_id FROM officer_credential WHERE removed_at IS NULL ORDER BY id";
const SIGNED: &str =
    "UPDATE officer_credential SET sign_count = $2, used_at = $3, counter_alarm_at = $4, version = version + 1
    WHERE id = $1 AND version = $5";
const REMOVE: &str = "UPDATE officer_credential SET removed_at = $3, version = version + 1
    WHERE officer = $1 AND id = $2 AND removed_at IS NULL";
const REMOVE_ALL: &str = "UPDATE officer_credential SET removed_at = $2, version = version + 1
    WHERE officer = $1 AND removed_at IS NULL";

/// A passkey of an officer: device-bound and attested, or it would not be here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfficerKey {
    /// Random id.
    pub id: OfficerKeyId,
    /// Whose.
    pub officer: OfficerId,
    /// The authenticator's own id for it.
    pub external_id: Vec<u8>,
    /// COSE key.
    pub public_key: Vec<u8>,
    /// COSE algorithm.
    pub algorithm: i64,
    /// Counter seen last.
    pub sign_count: u32,
    /// Model of the authenticator.
    pub aaguid: [u8; 16],
    /// Certificates that attested it, as JSON.
    pub chain: Vec<u8>,
    /// Made.
    pub created: Millis,
    /// Signed last.
    pub used: Option<Millis>,
    /// Removed.
    pub removed: Option<Millis>,
    /// The counter last failed to grow.
    pub counter_alarm: Option<Millis>,
    /// Of the row.
    pub version: i64,
}

/// Adds a passkey. False when its id or its key is known already, whoever's it is or was.
///
/// # Errors
/// Of the store.
pub fn add(tx: &mut Tx<'_>, new: &OfficerKey) -> Result<bool, Error> {
    let values = [
        new.id.as_bytes().into(),
        new.officer.as_bytes().into(),
        (&new.external_id).into(),
        (&new.public_key).into(),
        new.algorithm.into(),
        new.sign_count.into(),
        new.aaguid.into(),
        (&new.chain).into(),
        new.created.into(),
    ];
    Ok(tx.execute(INSERT, &values)? == 1)
}

/// The passkey with this id of its authenticator, removed or not.
///
/// # Errors
/// Of the store.
pub fn by_external_id(tx: &mut Tx<'_>, external_id: &[u8]) -> Result<Option<OfficerKey>, Error> {
    tx.first(BY_EXTERNAL_ID, &[external_id.into()])?.map(|row| read(&row)).transpose()
}

/// Every passkey an officer has or had, oldest first.
///
/// # Errors
/// Of the store.
pub fn of_officer(tx: &mut Tx<'_>, officer: OfficerId) -> Result<Vec<OfficerKey>, Error> {
    tx.query(OF_OFFICER, &[officer.as_bytes().into()])?.iter().map(read).collect()
}

/// The authenticators' ids of all passkeys in use: an authenticator that holds one makes no second.
///
/// # Errors
/// Of the store.
pub fn standing(tx: &mut Tx<'_>) -> Result<Vec<Vec<u8>>, Error> {
    tx.query(STANDING, &[])?.iter().map(|row| Ok(row.bytes(0)?.to_vec())).collect()
}

/// Records a signature. False when the row changed since it was read.
///
/// # Errors
/// Of the store.
pub fn signed(tx: &mut Tx<'_>, key: &OfficerKey, sign_count: u32, now: Millis, alarm: bool) -> Result<bool, Error> {
    let alarm = if alarm { Some(now) } else { key.counter_alarm };
    let values =
        [key.id.as_bytes().into(), sign_count.into(), now.into(), alarm.map(|at| at.0).into(), key.version.into()];
    Ok(tx.execute(SIGNED, &values)? == 1)
}

/// Removes a passkey. False when it is not this officer's, or removed already.
///
/// # Errors
/// Of the store.
pub fn remove(tx: &mut Tx<'_>, officer: OfficerId, id: OfficerKeyId, now: Millis) -> Result<bool, Error> {
    Ok(tx.execute(REMOVE, &[officer.as_bytes().into(), id.as_bytes().into(), now.into()])? == 1)
}

/// Removes all passkeys of an officer; how many.
///
/// # Errors
/// Of the store.
pub fn remove_all(tx: &mut Tx<'_>, officer: OfficerId, now: Millis) -> Result<u64, Error> {
    tx.execute(REMOVE_ALL, &[officer.as_bytes().into(), now.into()])
}

fn read(row: &Row) -> Result<OfficerKey, Error> {
    let wrong = |what: &str| Error::corrupt(format!("officer_credential.{what}"));
    Ok(OfficerKey {
        id: OfficerKeyId::from_bytes(row.bytes(0)?).map_err(|_| wrong("id"))?,
        officer: OfficerId::from_bytes(row.bytes(1)?).map_err(|_| wrong("officer"))?,
        external_id: row.bytes(2)?.to_vec(),
        public_key: row.bytes(3)?.to_vec(),
        algorithm: row.int(4)?,
        sign_count: u32::try_from(row.int(5)?).map_err(|_| wrong("sign_count"))?,
        aaguid: row.array(6)?,
        chain: row.bytes(7)?.to_vec(),
        created: Millis(row.int(8)?),
        used: row.opt_int(9)?.map(Millis),
        removed: row.opt_int(10)?.map(Millis),
        counter_alarm: row.opt_int(11)?.map(Millis),
        version: row.int(12)?,
    })
}

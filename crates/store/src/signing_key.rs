//! Table `signing_key`: residents' signing keys, sealed by the activation process. Nothing here opens them.

use crate::{Error, Row, Tx, Value};
use lionrock_model::id::{CredentialId, ResidentId, SigningKeyId};
use lionrock_model::time::Millis;

const INSERT: &str = "INSERT INTO signing_key (id, version, resident, credential, algorithm, serial, sealed_record, created_at) \
                      VALUES ($1, 1, $2, $3, $4, $5, $6, $7)";
const OF_RESIDENT: &str = "SELECT id, version, resident, credential, algorithm, serial, sealed_record, created_at \
                           FROM signing_key WHERE resident = $1 ORDER BY created_at DESC, id DESC";
const ADVANCE: &str = "UPDATE signing_key SET version = version + 1, sealed_record = $3 WHERE id = $1 AND version = $2";
const REMOVE: &str = "DELETE FROM signing_key WHERE id = $1 AND resident = $2";

/// A resident's signing key as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKey {
    /// Its id.
    pub id: SigningKeyId,
    /// One more with each signature.
    pub version: i64,
    /// Whose.
    pub resident: ResidentId,
    /// The passkey that guards it.
    pub credential: CredentialId,
    /// JOSE name.
    pub algorithm: String,
    /// Serial number of its certificate.
    pub serial: Vec<u8>,
    /// The sealed record.
    pub sealed_record: Vec<u8>,
    /// When it was made.
    pub created: Millis,
}

/// Keeps a new key.
///
/// # Errors
/// Of the store.
pub fn insert(tx: &mut Tx<'_>, new: &SigningKey) -> Result<(), Error> {
    let values = [
        Value::from(new.id.as_bytes()),
        Value::from(new.resident.as_bytes()),
        Value::from(new.credential.as_bytes()),
        Value::from(new.algorithm.as_str()),
        Value::from(&new.serial),
        Value::from(&new.sealed_record),
        Value::from(new.created),
    ];
    tx.execute(INSERT, &values).map(drop)
}

/// A resident's keys, newest first.
///
/// # Errors
/// Of the store.
pub fn of_resident(tx: &mut Tx<'_>, resident: ResidentId) -> Result<Vec<SigningKey>, Error> {
    tx.query(OF_RESIDENT, &[Value::from(resident.as_bytes())])?.iter().map(read).collect()
}

/// Keeps the record as it is after a signature. False when another signature was faster.
///
/// # Errors
/// Of the store.
pub fn advance(tx: &mut Tx<'_>, id: SigningKeyId, version: i64, record: &[u8]) -> Result<bool, Error> {
    Ok(tx.execute(ADVANCE, &[id.as_bytes().into(), version.into(), record.into()])? == 1)
}

/// Removes a key for good.
///
/// # Errors
/// Of the store.
pub fn remove(tx: &mut Tx<'_>, resident: ResidentId, id: SigningKeyId) -> Result<bool, Error> {
    Ok(tx.execute(REMOVE, &[id.as_bytes().into(), resident.as_bytes().into()])? == 1)
}

fn read(row: &Row) -> Result<SigningKey, Error> {
    let wrong = |what: &str| Error::corrupt(format!("signing_key.{what}"));
    Ok(SigningKey {
        id: SigningKeyId::from_bytes(row.bytes(0)?).map_err(|_| wrong("id"))?,
        version: row.int(1)?,
        resident: ResidentId::from_bytes(row.bytes(2)?).map_err(|_| wrong("resident"))?,
        credential: CredentialId::from_bytes(row.bytes(3)?).map_err(|_| wrong("credential"))?,
        algorithm: row.text(4)?.to_owned(),
        serial: row.bytes(5)?.to_vec(),
        sealed_record: row.bytes(6)?.to_vec(),
        created: Millis(row.int(7)?),
    })
}

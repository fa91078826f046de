//! Table `consent`: what a resident allowed a service to see, one row an approval.

use crate::{Error, Row, Tx, Value};
use lionrock_model::id::{ConsentId, CredentialId, ResidentId};
use lionrock_model::policy::Field;
use lionrock_model::time::Millis;

const INSERT: &str = "INSERT INTO consent (id, resident, service, fields, purpose_hash, shown_hash, credential, granted_at, \
                      ended_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, NULL)";
const SELECT: &str = "SELECT id, resident, service, fields, purpose_hash, shown_hash, credential, granted_at, ended_at \
                      FROM consent WHERE id = $1";
const LATEST: &str = "SELECT id, resident, service, fields, purpose_hash, shown_hash, credential, granted_at, ended_at \
                      FROM consent WHERE resident = $1 AND service = $2 AND ended_at IS NULL \
                      ORDER BY granted_at DESC, id DESC LIMIT 1";
const OF_RESIDENT: &str = "SELECT id, resident, service, fields, purpose_hash, shown_hash, credential, granted_at, ended_at \
                           FROM consent WHERE resident = $1 ORDER BY granted_at DESC, id DESC LIMIT 500";
const END: &str = "UPDATE consent SET ended_at = $3 WHERE resident = $1 AND service = $2 AND ended_at IS NULL";
const END_ALL: &str = "UPDATE consent SET ended_at = $2 WHERE resident = $1 AND ended_at IS NULL";

/// One approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// Its id.
    pub id: ConsentId,
    /// Who approved.
    pub resident: ResidentId,
    /// For whom.
    pub service: String,
    /// What may be released; empty when only the pseudonym is.
    pub fields: Vec<Field>,
    /// SHA-256 of the purpose as it was shown.
    pub purpose_hash: [u8; 32],
    /// SHA-256 of everything that was shown: what the passkey signed.
    pub shown_hash: [u8; 32],
    /// The passkey.
    pub credential: CredentialId,
    /// When.
    pub granted_at: Millis,
    /// When the resident took it back.
    pub ended_at: Option<Millis>,
}

/// Keeps an approval.
///
/// # Errors
/// Of the store.
pub fn insert(tx: &mut Tx<'_>, new: &Consent) -> Result<(), Error> {
    let values = [
        Value::from(new.id.as_bytes()),
        Value::from(new.resident.as_bytes()),
        Value::from(new.service.as_str()),
        Value::from(new.fields.iter().map(|field| field.word()).collect::<Vec<_>>().join(" ")),
        Value::from(new.purpose_hash),
        Value::from(new.shown_hash),
        Value::from(new.credential.as_bytes()),
        Value::from(new.granted_at),
    ];
    tx.execute(INSERT, &values).map(drop)
}

/// One approval.
///
/// # Errors
/// Of the store.
pub fn find(tx: &mut Tx<'_>, id: ConsentId) -> Result<Option<Consent>, Error> {
    tx.first(SELECT, &[Value::from(id.as_bytes())])?.map(|row| read(&row)).transpose()
}

/// The newest approval of a resident for a service that was not taken back.
///
/// # Errors
/// Of the store.
pub fn latest(tx: &mut Tx<'_>, resident: ResidentId, service: &str) -> Result<Option<Consent>, Error> {
    let key = [Value::from(resident.as_bytes()), Value::from(service)];
    tx.first(LATEST, &key)?.map(|row| read(&row)).transpose()
}

/// The newest 500 approvals of a resident, taken back or not.
///
/// # Errors
/// Of the store.
pub fn of_resident(tx: &mut Tx<'_>, resident: ResidentId) -> Result<Vec<Consent>, Error> {
    tx.query(OF_RESIDENT, &[Value::from(resident.as_bytes())])?.iter().map(read).collect()
}

/// Takes back everything a resident approved for a service; how many that were.
///
/// # Errors
/// Of the store.
pub fn end(tx: &mut Tx<'_>, resident: ResidentId, service: &str, now: Millis) -> Result<u64, Error> {
    tx.execute(END, &[Value::from(resident.as_bytes()), Value::from(service), Value::from(now)])
}

/// Takes back everything a resident ever approved: the account is closed.
///
/// # Errors
/// Of the store.
pub fn end_all(tx: &mut Tx<'_>, resident: ResidentId, now: Millis) -> Result<u64, Error> {
    tx.execute(END_ALL, &[Value::from(resident.as_bytes()), Value::from(now)])
}

fn read(row: &Row) -> Result<Consent, Error> {
    let corrupt = |what: &str| Error::corrupt(format!("consent.{what}"));
    Ok(Consent {
        id: ConsentId::from_bytes(row.bytes(0)?).map_err(|_| corrupt("id"))?,
        resident: ResidentId::from_bytes(row.bytes(1)?).map_err(|_| corrupt("resident"))?,
        service: row.text(2)?.to_owned(),
        fields: row
            .text(3)?
            .split_ascii_whitespace()
            .map(|word| Field::from_word(word).ok_or_else(|| corrupt("fields")))
            .collect::<Result<_, _>>()?,
        purpose_hash: row.array(4)?,
        shown_hash: row.array(5)?,
        credential: CredentialId::from_bytes(row.bytes(6)?).map_err(|_| corrupt("credential"))?,
        granted_at: Millis(row.int(7)?),
        ended_at: row.opt_int(8)?.map(Millis),
    })
}

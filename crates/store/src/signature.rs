//! Table `signature`: what residents signed, with the evidence of each, sealed under their own key.

use crate::{Error, Row, Tx, Value};
use lionrock_model::id::{ResidentId, SignatureId, SigningKeyId, SigningRequestId};
use lionrock_model::time::Millis;

const INSERT: &str = "INSERT INTO signature (id, resident, request, service, signing_key, event, sealed_evidence, created_at) \
                      VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const FIND: &str = "SELECT id, resident, request, service, signing_key, event, sealed_evidence, created_at FROM signature \
                    WHERE id = $1 AND resident = $2";
const OF_RESIDENT: &str = "SELECT id, resident, request, service, signing_key, event, sealed_evidence, created_at FROM signature \
                           WHERE resident = $1 ORDER BY created_at DESC, id DESC LIMIT $2";

/// A signature that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Its id.
    pub id: SignatureId,
    /// Who signed.
    pub resident: ResidentId,
    /// For which request.
    pub request: SigningRequestId,
    /// For which service.
    pub service: String,
    /// With which key.
    pub key: SigningKeyId,
    /// The ledger's entry.
    pub event: [u8; 16],
    /// Evidence.
    pub sealed_evidence: Vec<u8>,
    /// When.
    pub created: Millis,
}

/// Keeps a signature.
///
/// # Errors
/// Of the store.
pub fn insert(tx: &mut Tx<'_>, new: &Signature) -> Result<(), Error> {
    let values = [
        Value::from(new.id.as_bytes()),
        Value::from(new.resident.as_bytes()),
        Value::from(new.request.as_bytes()),
        Value::from(new.service.as_str()),
        Value::from(new.key.as_bytes()),
        Value::from(&new.event),
        Value::from(&new.sealed_evidence),
        Value::from(new.created),
    ];
    tx.execute(INSERT, &values).map(drop)
}

/// A resident's own signature.
///
/// # Errors
/// Of the store.
pub fn find(tx: &mut Tx<'_>, resident: ResidentId, id: SignatureId) -> Result<Option<Signature>, Error> {
    tx.first(FIND, &[id.as_bytes().into(), resident.as_bytes().into()])?.map(|row| read(&row)).transpose()
}

/// A resident's signatures, newest first, at most so many.
///
/// # Errors
/// Of the store.
pub fn of_resident(tx: &mut Tx<'_>, resident: ResidentId, most: u32) -> Result<Vec<Signature>, Error> {
    tx.query(OF_RESIDENT, &[resident.as_bytes().into(), most.into()])?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Signature, Error> {
    let wrong = |what: &str| Error::corrupt(format!("signature.{what}"));
    Ok(Signature {
        id: SignatureId::from_bytes(row.bytes(0)?).map_err(|_| wrong("id"))?,
        resident: ResidentId::from_bytes(row.bytes(1)?).map_err(|_| wrong("resident"))?,
        request: SigningRequestId::from_bytes(row.bytes(2)?).map_err(|_| wrong("request"))?,
        service: row.text(3)?.to_owned(),
        key: SigningKeyId::from_bytes(row.bytes(4)?).map_err(|_| wrong("signing_key"))?,
        event: row.array(5)?,
        sealed_evidence: row.bytes(6)?.to_vec(),
        created: Millis(row.int(7)?),
    })
}

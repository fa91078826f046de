//! Table `resident`: one row an account. What it says of the person is sealed; `sealed_key` is the person's wrapped key,
//! whose removal destroys everything sealed with it.

use crate::{Error, Tx, Value};
use lionrock_model::id::ResidentId;

const INSERT: &str = "INSERT INTO resident (id, version, state, blind_index, user_handle, sealed_key, sealed_profile, \
                      sealed_contact, notice_hash, notice_language, created_at, closed_at) \
                      VALUES ($1, 1, 'active', $2, $3, $4, $5, NULL, $6, $7, $8, NULL)";
const SELECT: &str = "SELECT id, version, state, user_handle, sealed_key, sealed_profile, sealed_contact, notice_hash, \
                      notice_language, created_at, closed_at, blind_index FROM resident WHERE id = $1";
const BY_HANDLE: &str = "SELECT id FROM resident WHERE user_handle = $1 AND state = 'active'";
const BY_INDEX: &str = "SELECT id FROM resident WHERE blind_index = $1 AND state = 'active'";
const SET_CONTACT: &str =
    "UPDATE resident SET sealed_contact = $3, version = version + 1 WHERE id = $1 AND version = $2";
const SET_PROFILE: &str = "UPDATE resident SET sealed_profile = $3, version = version + 1 WHERE id = $1 AND version = $2 AND state = 'active'";
const CLOSE: &str = "UPDATE resident SET state = 'closed', version = version + 1, blind_index = NULL, user_handle = NULL, \
                     sealed_key = NULL, sealed_profile = NULL, sealed_contact = NULL, closed_at = $3 \
                     WHERE id = $1 AND version = $2 AND state = 'active'";

/// An account to be made.
#[derive(Clone, Debug)]
pub struct NewResident {
    /// Its id.
    pub id: ResidentId,
    /// Blind index of the card number: one number, one account.
    pub blind_index: [u8; 32],
    /// Random WebAuthn user handle.
    pub user_handle: [u8; 64],
    /// The resident key, wrapped.
    pub sealed_key: Vec<u8>,
    /// The facts of the card, sealed at version 1.
    pub sealed_profile: Vec<u8>,
    /// SHA-256 of the notice agreed to.
    pub notice_hash: [u8; 32],
    /// The language it was read in.
    pub notice_language: String,
    /// Unix milliseconds.
    pub created_at: i64,
}

/// An account's row.
#[derive(Clone, Debug)]
pub struct Resident {
    /// Its id.
    pub id: ResidentId,
    /// One more with each change of the row; the profile is sealed at version 1, or at the version of the row since a fact of it was set right; the contact at the
    /// version the row has since it was set.
    pub version: i64,
    /// Whether the account is open.
    pub active: bool,
    /// Blind index of the card number; none once closed.
    pub blind_index: Option<Vec<u8>>,
    /// WebAuthn user handle; none once closed.
    pub user_handle: Option<Vec<u8>>,
    /// The wrapped resident key; none once closed.
    pub sealed_key: Option<Vec<u8>>,
    /// The facts of the card, sealed.
    pub sealed_profile: Option<Vec<u8>>,
    /// How to reach the person, sealed.
    pub sealed_contact: Option<Vec<u8>>,
    /// SHA-256 of the notice agreed to.
    pub notice_hash: Vec<u8>,
    /// The language it was read in.
    pub notice_language: String,
    /// Unix milliseconds.
    pub created_at: i64,
    /// Unix milliseconds.
    pub closed_at: Option<i64>,
}

/// Adds an account.
///
/// # Errors
/// `Conflict` on `resident.blind_index` when the card number has one already.
pub fn insert(tx: &mut Tx<'_>, new: &NewResident) -> Result<(), Error> {
    let values = [
        id_value(new.id),
        Value::from(new.blind_index.to_vec()),
        Value::from(new.user_handle.to_vec()),
        Value::from(new.sealed_key.clone()),
        Value::from(new.sealed_profile.clone()),
        Value::from(new.notice_hash.to_vec()),
        Value::from(new.notice_language.as_str()),
        Value::from(new.created_at),
    ];
    tx.execute(INSERT, &values).map(drop)
}

/// An account's row.
///
/// # Errors
/// Of the store.
pub fn find(tx: &mut Tx<'_>, id: ResidentId) -> Result<Option<Resident>, Error> {
    let Some(row) = tx.first(SELECT, &[id_value(id)])? else { return Ok(None) };
    Ok(Some(Resident {
        id,
        version: row.int(1)?,
        active: row.text(2)? == "active",
        user_handle: row.opt_bytes(3)?.map(<[u8]>::to_vec),
        sealed_key: row.opt_bytes(4)?.map(<[u8]>::to_vec),
        sealed_profile: row.opt_bytes(5)?.map(<[u8]>::to_vec),
        sealed_contact: row.opt_bytes(6)?.map(<[u8]>::to_vec),
        notice_hash: row.bytes(7)?.to_vec(),
        notice_language: row.text(8)?.to_owned(),
        created_at: row.int(9)?,
        closed_at: row.opt_int(10)?,
        blind_index: row.opt_bytes(11)?.map(<[u8]>::to_vec),
    }))
}

/// The open account that a WebAuthn user handle names.
///
/// # Errors
/// Of the store.
pub fn by_user_handle(tx: &mut Tx<'_>, handle: &[u8]) -> Result<Option<ResidentId>, Error> {
    one(tx, BY_HANDLE, handle)
}

/// The open account of a card number, by its blind index.
///
/// # Errors
/// Of the store.
pub fn by_blind_index(tx: &mut Tx<'_>, index: &[u8; 32]) -> Result<Option<ResidentId>, Error> {
    one(tx, BY_INDEX, index)
}

/// Sets the sealed contact; the row's version goes from `version` to the next. False when somebody else was faster.
///
/// # Errors
/// Of the store.
pub fn set_contact(tx: &mut Tx<'_>, id: ResidentId, version: i64, sealed: Vec<u8>) -> Result<bool, Error> {
    Ok(tx.execute(SET_CONTACT, &[id_value(id), Value::from(version), Value::from(sealed)])? == 1)
}

/// Sets the sealed facts of the card, one of which was set right; the row's version goes from `version` to the next. False when somebody
/// else was faster.
///
/// # Errors
/// Of the store.
pub fn set_profile(tx: &mut Tx<'_>, id: ResidentId, version: i64, sealed: Vec<u8>) -> Result<bool, Error> {
    Ok(tx.execute(SET_PROFILE, &[id_value(id), Value::from(version), Value::from(sealed)])? == 1)
}

/// Closes an account: key, index, handle and everything sealed leave the row. False when somebody else was faster.
///
/// # Errors
/// Of the store.
pub fn close(tx: &mut Tx<'_>, id: ResidentId, version: i64, now: i64) -> Result<bool, Error> {
    Ok(tx.execute(CLOSE, &[id_value(id), Value::from(version), Value::from(now)])? == 1)
}

fn one(tx: &mut Tx<'_>, sql: &'static str, key: &[u8]) -> Result<Option<ResidentId>, Error> {
    let Some(row) = tx.first(sql, &[Value::from(key.to_vec())])? else { return Ok(None) };
    ResidentId::from_bytes(row.bytes(0)?).map(Some).map_err(|_| Error::Corrupt { what: "resident.id".to_owned() })
}

fn id_value(id: ResidentId) -> Value {
    Value::from(id.as_bytes().to_vec())
}

//! Table `oidc_request`: what a service asked for, waiting for its person. Found by the imprint of its random handle.

use crate::{Error, Row, Tx, Value};
use lionrock_model::id::SigningRequestId;
use lionrock_model::time::Millis;

const INSERT: &str = "INSERT INTO oidc_request (handle, service, redirect_uri, scope, state, nonce, challenge, prompt, max_age, \
                      salt, created_at, expires_at, used_at, proof, signing) \
                      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, NULL, $13, $14)";
const SELECT: &str = "SELECT handle, service, redirect_uri, scope, state, nonce, challenge, prompt, max_age, salt, created_at, \
                      expires_at, used_at, proof, signing FROM oidc_request WHERE handle = $1";
const USE: &str = "UPDATE oidc_request SET used_at = $2 WHERE handle = $1 AND used_at IS NULL AND expires_at > $2";
const SWEEP: &str = "DELETE FROM oidc_request WHERE expires_at <= $1";

/// One request, after every check of its form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Imprint of the handle in `request_uri`.
    pub handle: [u8; 32],
    /// Client identifier.
    pub service: String,
    /// Where the answer goes.
    pub redirect_uri: String,
    /// Scopes, joined by blanks.
    pub scope: String,
    /// The service's own value, returned.
    pub state: Option<String>,
    /// The service's own value, put into the ID Token.
    pub nonce: Option<String>,
    /// PKCE challenge.
    pub challenge: [u8; 32],
    /// `prompt`, as sent; empty when it was not.
    pub prompt: String,
    /// Seconds.
    pub max_age: Option<i64>,
    /// Random bytes of the approval's challenge.
    pub salt: [u8; 32],
    /// When it was accepted.
    pub created_at: Millis,
    /// From when on it is worth nothing.
    pub expires_at: Millis,
    /// When it was answered.
    pub used_at: Option<Millis>,
    /// Imprint of the row; none on rows of an earlier program.
    pub proof: Option<[u8; 32]>,
    /// The signing request whose approval answers it, where it asks for signatures.
    pub signing: Option<SigningRequestId>,
}

/// Keeps a request.
///
/// # Errors
/// Of the store.
pub fn insert(tx: &mut Tx<'_>, new: &Request) -> Result<(), Error> {
    let values = [
        Value::from(new.handle),
        Value::from(new.service.as_str()),
        Value::from(new.redirect_uri.as_str()),
        Value::from(new.scope.as_str()),
        Value::from(new.state.as_deref()),
        Value::from(new.nonce.as_deref()),
        Value::from(new.challenge),
        Value::from(new.prompt.as_str()),
        Value::from(new.max_age),
        Value::from(new.salt),
        Value::from(new.created_at),
        Value::from(new.expires_at),
        Value::from(new.proof.map(|proof| proof.to_vec())),
        Value::from(new.signing.map(|id| id.as_bytes().to_vec())),
    ];
    tx.execute(INSERT, &values).map(drop)
}

/// The request of a handle, whatever its age.
///
/// # Errors
/// Of the store.
pub fn find(tx: &mut Tx<'_>, handle: [u8; 32]) -> Result<Option<Request>, Error> {
    tx.first(SELECT, &[Value::from(handle)])?.map(|row| read(&row)).transpose()
}

/// Takes a request for its one answer. False when it was answered already or its time is over.
///
/// # Errors
/// Of the store.
pub fn take(tx: &mut Tx<'_>, handle: [u8; 32], now: Millis) -> Result<bool, Error> {
    Ok(tx.execute(USE, &[Value::from(handle), Value::from(now)])? == 1)
}

/// Removes what expired before `before`.
///
/// # Errors
/// Of the store.
pub fn sweep(tx: &mut Tx<'_>, before: Millis) -> Result<u64, Error> {
    tx.execute(SWEEP, &[Value::from(before)])
}

/// The signing request in a column.
pub(crate) fn signing(row: &Row, column: usize, what: &'static str) -> Result<Option<SigningRequestId>, Error> {
    let found = row.opt_array::<16>(column)?;
    found.map(|id| SigningRequestId::from_bytes(&id)).transpose().map_err(|_| Error::corrupt(what))
}

fn read(row: &Row) -> Result<Request, Error> {
    Ok(Request {
        handle: row.array(0)?,
        service: row.text(1)?.to_owned(),
        redirect_uri: row.text(2)?.to_owned(),
        scope: row.text(3)?.to_owned(),
        state: row.opt_text(4)?.map(str::to_owned),
        nonce: row.opt_text(5)?.map(str::to_owned),
        challenge: row.array(6)?,
        prompt: row.text(7)?.to_owned(),
        max_age: row.opt_int(8)?,
        salt: row.array(9)?,
        created_at: Millis(row.int(10)?),
        expires_at: Millis(row.int(11)?),
        used_at: row.opt_int(12)?.map(Millis),
        proof: row.opt_array(13)?,
        signing: signing(row, 14, "oidc_request.signing")?,
    })
}

//! Table `oidc_grant`: an authorization code and the access token it was exchanged for. One row lives through both, so
//! that a code that comes twice can take back what it gave.

use crate::{Error, Row, Tx, Value};
use lionrock_model::id::{ConsentId, ResidentId, SigningRequestId};
use lionrock_model::policy::Field;
use lionrock_model::time::Millis;

const INSERT: &str = "INSERT INTO oidc_grant (code, service, resident, consent, sub, scope, redirect_uri, nonce, challenge, \
                      authenticated_at, acr, issued_at, expires_at, fields, proof, signing) \
                      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
const BY_CODE: &str = "SELECT code, service, resident, consent, sub, scope, redirect_uri, nonce, challenge, authenticated_at, \
                       acr, issued_at, expires_at, used_at, access_expires_at, revoked_at, \
                       fields, proof, access_proof, signing FROM oidc_grant WHERE code = $1";
const BY_ACCESS: &str = "SELECT code, service, resident, consent, sub, scope, redirect_uri, nonce, challenge, \
                         authenticated_at, acr, issued_at, expires_at, used_at, access_expires_at, revoked_at, \
                         fields, proof, access_proof, signing FROM oidc_grant WHERE access = $1";
const EXCHANGE: &str = "UPDATE oidc_grant SET used_at = $2, access = $3, access_expires_at = $4, access_proof = $5 \
                        WHERE code = $1 AND used_at IS NULL AND revoked_at IS NULL AND expires_at > $2 \
                        AND EXISTS (SELECT 1 FROM consent WHERE id = oidc_grant.consent AND ended_at IS NULL)";
const REVOKE: &str = "UPDATE oidc_grant SET revoked_at = $2 WHERE code = $1 AND revoked_at IS NULL";
const REVOKE_FOR: &str =
    "UPDATE oidc_grant SET revoked_at = $3 WHERE resident = $1 AND service = $2 AND revoked_at IS NULL";
const REVOKE_ALL: &str = "UPDATE oidc_grant SET revoked_at = $2 WHERE resident = $1 AND revoked_at IS NULL";
const SWEEP: &str = "DELETE FROM oidc_grant WHERE expires_at <= $1";

/// What an approval gave to a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Imprint of the code.
    pub code: [u8; 32],
    /// Client identifier.
    pub service: String,
    /// Who approved.
    pub resident: ResidentId,
    /// The approval.
    pub consent: ConsentId,
    /// The resident's name at the service.
    pub sub: String,
    /// Granted scopes, joined by blanks.
    pub scope: String,
    /// The redirect URI of the request, which the exchange has to repeat.
    pub redirect_uri: String,
    /// For the ID Token.
    pub nonce: Option<String>,
    /// PKCE challenge.
    pub challenge: [u8; 32],
    /// When the passkey was used.
    pub authenticated_at: Millis,
    /// How strong that was.
    pub acr: String,
    /// When the code was given out.
    pub issued_at: Millis,
    /// From when on the code is worth nothing.
    pub expires_at: Millis,
    /// When the code was exchanged.
    pub used_at: Option<Millis>,
    /// From when on the access token is worth nothing.
    pub access_expires_at: Option<Millis>,
    /// When everything of it was taken back.
    pub revoked_at: Option<Millis>,
    /// What may be released with it: no more than was approved for this very code.
    pub fields: Vec<Field>,
    /// Imprint of the row as it was given out; none on rows of an earlier program.
    pub proof: Option<[u8; 32]>,
    /// Imprint of the access token, its code and its end.
    pub access_proof: Option<[u8; 32]>,
    /// What was signed for it, where the grant stands for signatures.
    pub signing: Option<SigningRequestId>,
}

/// An access token as it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// Imprint of the token.
    pub digest: [u8; 32],
    /// From when on it is worth nothing.
    pub expires_at: Millis,
    /// Imprint of the token, its code and its end.
    pub proof: [u8; 32],
}

/// Fields as they are written: words in order, joined by blanks.
#[must_use]
pub fn words(fields: &[Field]) -> String {
    fields.iter().map(|field| field.word()).collect::<Vec<_>>().join(" ")
}

/// Keeps a new code.
///
/// # Errors
/// Of the store.
pub fn insert(tx: &mut Tx<'_>, new: &Grant) -> Result<(), Error> {
    let values = [
        Value::from(new.code),
        Value::from(new.service.as_str()),
        Value::from(new.resident.as_bytes()),
        Value::from(new.consent.as_bytes()),
        Value::from(new.sub.as_str()),
        Value::from(new.scope.as_str()),
        Value::from(new.redirect_uri.as_str()),
        Value::from(new.nonce.as_deref()),
        Value::from(new.challenge),
        Value::from(new.authenticated_at),
        Value::from(new.acr.as_str()),
        Value::from(new.issued_at),
        Value::from(new.expires_at),
        Value::from(words(&new.fields)),
        Value::from(new.proof.map(|proof| proof.to_vec())),
        Value::from(new.signing.map(|id| id.as_bytes().to_vec())),
    ];
    tx.execute(INSERT, &values).map(drop)
}

/// The grant of a code, in whatever state.
///
/// # Errors
/// Of the store.
pub fn by_code(tx: &mut Tx<'_>, code: [u8; 32]) -> Result<Option<Grant>, Error> {
    tx.first(BY_CODE, &[Value::from(code)])?.map(|row| read(&row)).transpose()
}

/// The grant of an access token, in whatever state.
///
/// # Errors
/// Of the store.
pub fn by_access(tx: &mut Tx<'_>, access: [u8; 32]) -> Result<Option<Grant>, Error> {
    tx.first(BY_ACCESS, &[Value::from(access)])?.map(|row| read(&row)).transpose()
}

/// Exchanges the code for an access token, once. False when it was exchanged already, revoked, its time is over, or its consent does
/// not stand any more: one taken back while the code was being given out.
///
/// # Errors
/// Of the store.
pub fn exchange(tx: &mut Tx<'_>, code: [u8; 32], now: Millis, access: &Access) -> Result<bool, Error> {
    let Access { digest, expires_at, proof } = *access;
    let values =
        [Value::from(code), Value::from(now), Value::from(digest), Value::from(expires_at), Value::from(proof)];
    Ok(tx.execute(EXCHANGE, &values)? == 1)
}

/// Takes back code and token.
///
/// # Errors
/// Of the store.
pub fn revoke(tx: &mut Tx<'_>, code: [u8; 32], now: Millis) -> Result<bool, Error> {
    Ok(tx.execute(REVOKE, &[Value::from(code), Value::from(now)])? == 1)
}

/// Takes back everything a service holds of a resident.
///
/// # Errors
/// Of the store.
pub fn revoke_for(tx: &mut Tx<'_>, resident: ResidentId, service: &str, now: Millis) -> Result<u64, Error> {
    tx.execute(REVOKE_FOR, &[Value::from(resident.as_bytes()), Value::from(service), Value::from(now)])
}

/// Takes back everything anybody holds of a resident.
///
/// # Errors
/// Of the store.
pub fn revoke_all(tx: &mut Tx<'_>, resident: ResidentId, now: Millis) -> Result<u64, Error> {
    tx.execute(REVOKE_ALL, &[Value::from(resident.as_bytes()), Value::from(now)])
}

/// Removes grants whose code expired before `before`.
///
/// # Errors
/// Of the store.
pub fn sweep(tx: &mut Tx<'_>, before: Millis) -> Result<u64, Error> {
    tx.execute(SWEEP, &[Value::from(before)])
}

fn read(row: &Row) -> Result<Grant, Error> {
    Ok(Grant {
        code: row.array(0)?,
        service: row.text(1)?.to_owned(),
        resident: ResidentId::from_bytes(row.bytes(2)?).map_err(|_| Error::corrupt("oidc_grant.resident"))?,
        consent: ConsentId::from_bytes(row.bytes(3)?).map_err(|_| Error::corrupt("oidc_grant.consent"))?,
        sub: row.text(4)?.to_owned(),
        scope: row.text(5)?.to_owned(),
        redirect_uri: row.text(6)?.to_owned(),
        nonce: row.opt_text(7)?.map(str::to_owned),
        challenge: row.array(8)?,
        authenticated_at: Millis(row.int(9)?),
        acr: row.text(10)?.to_owned(),
        issued_at: Millis(row.int(11)?),
        expires_at: Millis(row.int(12)?),
        used_at: row.opt_int(13)?.map(Millis),
        access_expires_at: row.opt_int(14)?.map(Millis),
        revoked_at: row.opt_int(15)?.map(Millis),
        fields: row
            .opt_text(16)?
            .unwrap_or_default()
            .split_ascii_whitespace()
            .map(|word| Field::from_word(word).ok_or_else(|| Error::corrupt("oidc_grant.fields")))
            .collect::<Result<_, _>>()?,
        proof: row.opt_array(17)?,
        access_proof: row.opt_array(18)?,
        signing: crate::oidc_request::signing(row, 19, "oidc_grant.signing")?,
    })
}

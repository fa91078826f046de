//! Table `oidc_tombstone`: digests of pseudonyms that ended, so that none is ever given again.

use crate::{Error, Tx};
use lionrock_model::time::Millis;

const ADD: &str =
    "INSERT INTO oidc_tombstone (sub, service, ended_at) VALUES ($1, $2, $3) ON CONFLICT (sub) DO NOTHING";
const FIND: &str = "SELECT ended_at FROM oidc_tombstone WHERE sub = $1 AND service = $2";

/// Keeps the digest of a pseudonym that ended.
///
/// # Errors
/// Of the store.
pub fn add(tx: &mut Tx<'_>, sub: &[u8; 32], service: &str, now: Millis) -> Result<(), Error> {
    tx.execute(ADD, &[sub.into(), service.into(), now.into()]).map(drop)
}

/// When the pseudonym with this digest ended at the service, if it did.
///
/// # Errors
/// Of the store.
pub fn ended(tx: &mut Tx<'_>, sub: &[u8; 32], service: &str) -> Result<Option<Millis>, Error> {
    tx.first(FIND, &[sub.into(), service.into()])?.map(|row| row.int(0).map(Millis)).transpose()
}

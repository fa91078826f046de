//! Table `oidc_assertion`: the ids of client assertions that were used, as long as they could be used again.

use crate::{Error, Tx, Value};
use lionrock_model::time::Millis;

const INSERT: &str =
    "INSERT INTO oidc_assertion (service, jti, expires_at) VALUES ($1, $2, $3) ON CONFLICT (service, jti) DO NOTHING";
const SWEEP: &str = "DELETE FROM oidc_assertion WHERE expires_at <= $1";

/// Uses up an assertion. False when it was used before.
///
/// # Errors
/// Of the store.
pub fn take(tx: &mut Tx<'_>, service: &str, jti: [u8; 32], expires_at: Millis) -> Result<bool, Error> {
    Ok(tx.execute(INSERT, &[Value::from(service), Value::from(jti), Value::from(expires_at)])? == 1)
}

/// Forgets those that expired before `before`.
///
/// # Errors
/// Of the store.
pub fn sweep(tx: &mut Tx<'_>, before: Millis) -> Result<u64, Error> {
    tx.execute(SWEEP, &[Value::from(before)])
}

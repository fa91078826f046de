//! Table `oidc_pseudonym`: the random name of a resident at one service. Two services cannot compare theirs.

use crate::{Error, Tx, Value};
use lionrock_model::id::ResidentId;
use lionrock_model::oidc::Pseudonym;
use lionrock_model::time::Millis;

const SELECT: &str = "SELECT sub FROM oidc_pseudonym WHERE service = $1 AND resident = $2";
const INSERT: &str = "INSERT INTO oidc_pseudonym (service, resident, sub, created_at) VALUES ($1, $2, $3, $4) \
                      ON CONFLICT (service, resident) DO NOTHING";
const REMOVE: &str = "DELETE FROM oidc_pseudonym WHERE resident = $1";

/// The name the resident has at the service; `fresh` becomes it when there is none yet.
///
/// # Errors
/// Of the store.
pub fn settle(
    tx: &mut Tx<'_>,
    service: &str,
    resident: ResidentId,
    fresh: &Pseudonym,
    now: Millis,
) -> Result<Pseudonym, Error> {
    let key = [Value::from(service), Value::from(resident.as_bytes())];
    if let Some(row) = tx.first(SELECT, &key)? {
        return read(row.text(0)?);
    }
    let [service, resident] = key;
    let values = [service.clone(), resident.clone(), Value::from(fresh.as_str()), Value::from(now)];
    if tx.execute(INSERT, &values)? == 1 {
        return Ok(fresh.clone());
    }
    // Somebody else was faster between the two statements; the engines' isolation makes this rare, not wrong.
    let row = tx.first(SELECT, &[service, resident])?.ok_or(Error::Busy)?;
    read(row.text(0)?)
}

/// Removes all names of a resident whose account is closed: the services' records lose their way back.
///
/// # Errors
/// Of the store.
pub fn remove(tx: &mut Tx<'_>, resident: ResidentId) -> Result<u64, Error> {
    tx.execute(REMOVE, &[Value::from(resident.as_bytes())])
}

fn read(text: &str) -> Result<Pseudonym, Error> {
    Pseudonym::parse(text).ok_or_else(|| Error::corrupt("oidc_pseudonym.sub"))
}

//! Table `oidc_pseudonym`: the random name of a resident at one service. Two services cannot compare theirs.

use crate::{Error, Tx, Value};
use lionrock_model::id::ResidentId;
use lionrock_model::oidc::Pseudonym;
use lionrock_model::time::Millis;

const OWNER: &str = "SELECT resident FROM oidc_pseudonym WHERE service = $1 AND sub = $2";
const SELECT: &str = "SELECT sub FROM oidc_pseudonym WHERE service = $1 AND resident = $2";
const INSERT: &str = "INSERT INTO oidc_pseudonym (service, resident, sub, created_at) VALUES ($1, $2, $3, $4) \
                      ON CONFLICT (service, resident) DO NOTHING";
const OF_RESIDENT: &str = "SELECT service, sub, created_at FROM oidc_pseudonym WHERE resident = $1 ORDER BY service";
const REMOVE: &str = "DELETE FROM oidc_pseudonym WHERE resident = $1";

/// The name a resident has at a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The name.
    pub name: Pseudonym,
    /// Whether it was given just now: the resident was never at this service before.
    pub first: bool,
}

/// The name the resident has at the service; `fresh` becomes it when there is none yet.
///
/// It is tried before anything is read: on PostgreSQL a reader of a small index is undone by everybody who adds to it, so
/// people who come for the first time, all at once, must not read.
///
/// # Errors
/// Of the store.
pub fn settle(
    tx: &mut Tx<'_>,
    service: &str,
    resident: ResidentId,
    fresh: &Pseudonym,
    now: Millis,
) -> Result<Settled, Error> {
    let [service, resident] = [Value::from(service), Value::from(resident.as_bytes())];
    let values = [service.clone(), resident.clone(), Value::from(fresh.as_str()), Value::from(now)];
    if tx.execute(INSERT, &values)? == 1 {
        return Ok(Settled { name: fresh.clone(), first: true });
    }
    // On an engine that shows one state to the end, a name given since is not seen: the work runs again.
    let row = tx.first(SELECT, &[service, resident])?.ok_or(Error::Busy)?;
    Ok(Settled { name: read(row.text(0)?)?, first: false })
}

/// The names of a resident, as (service, name, since).
///
/// # Errors
/// Of the store.
pub fn of_resident(tx: &mut Tx<'_>, resident: ResidentId) -> Result<Vec<(String, Pseudonym, Millis)>, Error> {
    let rows = tx.query(OF_RESIDENT, &[Value::from(resident.as_bytes())])?;
    rows.iter().map(|row| Ok((row.text(0)?.to_owned(), read(row.text(1)?)?, Millis(row.int(2)?)))).collect()
}

/// Whose name this is at a service.
///
/// # Errors
/// Of the store.
pub fn owner(tx: &mut Tx<'_>, service: &str, sub: &str) -> Result<Option<ResidentId>, Error> {
    let row = tx.first(OWNER, &[Value::from(service), Value::from(sub)])?;
    let id =
        row.map(|row| ResidentId::from_bytes(row.bytes(0)?).map_err(|_| Error::corrupt("oidc_pseudonym.resident")));
    id.transpose()
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

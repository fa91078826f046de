//! Table `oidc_pseudonym`: the random name of a resident at one service. Two services cannot compare theirs. The imprint over a row is
//! made and checked by the service; this room only keeps it.

use crate::{Error, Row, Tx, Value};
use lionrock_model::id::ResidentId;
use lionrock_model::oidc::Pseudonym;
use lionrock_model::time::Millis;

const OWNER: &str =
    "SELECT service, resident, sub, created_at, proof FROM oidc_pseudonym WHERE service = $1 AND sub = $2";
const SELECT: &str =
    "SELECT service, resident, sub, created_at, proof FROM oidc_pseudonym WHERE service = $1 AND resident = $2";
const INSERT: &str = "INSERT INTO oidc_pseudonym (service, resident, sub, created_at, proof) VALUES ($1, $2, $3, $4, $5) \
                      ON CONFLICT (service, resident) DO NOTHING";
const OF_RESIDENT: &str =
    "SELECT service, resident, sub, created_at, proof FROM oidc_pseudonym WHERE resident = $1 ORDER BY service";
const REMOVE: &str = "DELETE FROM oidc_pseudonym WHERE resident = $1";
const UNBOUND: &str =
    "SELECT service, resident, sub, created_at, proof FROM oidc_pseudonym WHERE proof IS NULL LIMIT $1";
const BIND: &str = "UPDATE oidc_pseudonym SET proof = $3 WHERE service = $1 AND resident = $2 AND proof IS NULL";

/// A name as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// At which service.
    pub service: String,
    /// Whose.
    pub resident: ResidentId,
    /// The name.
    pub name: Pseudonym,
    /// Since when.
    pub since: Millis,
    /// The keyed imprint over the row; none in rows of earlier versions.
    pub proof: Option<[u8; 32]>,
}

/// The name a resident has at a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The row.
    pub row: Name,
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
pub fn settle(tx: &mut Tx<'_>, fresh: &Name) -> Result<Settled, Error> {
    let [service, resident] = [Value::from(fresh.service.as_str()), Value::from(fresh.resident.as_bytes())];
    let proof = Value::from(fresh.proof.map(|proof| proof.to_vec()));
    let values = [service.clone(), resident.clone(), Value::from(fresh.name.as_str()), Value::from(fresh.since), proof];
    if tx.execute(INSERT, &values)? == 1 {
        return Ok(Settled { row: fresh.clone(), first: true });
    }
    // On an engine that shows one state to the end, a name given since is not seen: the work runs again.
    let row = tx.first(SELECT, &[service, resident])?.ok_or(Error::Busy)?;
    Ok(Settled { row: read(&row)?, first: false })
}

/// The names of a resident, in the order of the services.
///
/// # Errors
/// Of the store.
pub fn of_resident(tx: &mut Tx<'_>, resident: ResidentId) -> Result<Vec<Name>, Error> {
    tx.query(OF_RESIDENT, &[Value::from(resident.as_bytes())])?.iter().map(read).collect()
}

/// Whose name this is at a service.
///
/// # Errors
/// Of the store.
pub fn owner(tx: &mut Tx<'_>, service: &str, sub: &str) -> Result<Option<Name>, Error> {
    tx.first(OWNER, &[Value::from(service), Value::from(sub)])?.as_ref().map(read).transpose()
}

/// Removes all names of a resident whose account is closed: the services' records lose their way back.
///
/// # Errors
/// Of the store.
pub fn remove(tx: &mut Tx<'_>, resident: ResidentId) -> Result<u64, Error> {
    tx.execute(REMOVE, &[Value::from(resident.as_bytes())])
}

/// Some names that an earlier version kept without an imprint.
///
/// # Errors
/// Of the store.
pub fn unbound(tx: &mut Tx<'_>, most: u32) -> Result<Vec<Name>, Error> {
    tx.query(UNBOUND, &[Value::from(most)])?.iter().map(read).collect()
}

/// Gives such a name its imprint.
///
/// # Errors
/// Of the store.
pub fn bind(tx: &mut Tx<'_>, row: &Name, proof: &[u8; 32]) -> Result<(), Error> {
    let values = [Value::from(row.service.as_str()), Value::from(row.resident.as_bytes()), Value::from(proof)];
    tx.execute(BIND, &values).map(drop)
}

fn read(row: &Row) -> Result<Name, Error> {
    Ok(Name {
        service: row.text(0)?.to_owned(),
        resident: ResidentId::from_bytes(row.bytes(1)?).map_err(|_| Error::corrupt("oidc_pseudonym.resident"))?,
        name: Pseudonym::parse(row.text(2)?).ok_or_else(|| Error::corrupt("oidc_pseudonym.sub"))?,
        since: Millis(row.int(3)?),
        proof: row.opt_array(4)?,
    })
}

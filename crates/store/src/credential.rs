//! Table `credential`: passkeys, also those removed.

use crate::{Error, Row, Tx};
use lionrock_model::credential::{Attestation, Credential};
use lionrock_model::id::{CredentialId, ResidentId};
use lionrock_model::time::Millis;

const INSERT: &str =
    "INSERT INTO credential (id, resident, external_id, public_key, algorithm, sign_count, backup_eligible, backed_up,
    aaguid, transports, attestation, attestation_chain, sealed_name, name_version, created_at, version)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 1) ON CONFLICT (external_id) DO NOTHING";
const BY_EXTERNAL_ID: &str = "SELECT id, resident, external_id, public_key, algorithm, sign_count, backup_eligible, backed_up,
    aaguid, transports, attestation, sealed_name, name_version, created_at, used_at, removed_at, counter_alarm_at, version
    FROM credential WHERE external_id = $1";
const STANDING: &str = "SELECT id, resident, external_id, public_key, algorithm, sign_count, backup_eligible, backed_up,
    aaguid, transports, attestation, sealed_name, name_version, created_at, used_at, removed_at, counter_alarm_at, version
    FROM credential WHERE resident = $1 AND removed_at IS NULL ORDER BY id";
const ALL: &str = "SELECT id, resident, external_id, public_key, algorithm, sign_count, backup_eligible, backed_up,
    aaguid, transports, attestation, sealed_name, name_version, created_at, used_at, removed_at, counter_alarm_at, version
    FROM credential WHERE resident = $1 ORDER BY id";
const OF_RESIDENT: &str = "SELECT id, resident, external_id, public_key, algorithm, sign_count, backup_eligible, backed_up,
    aaguid, transports, attestation, sealed_name, name_version, created_at, used_at, removed_at, counter_alarm_at, version
    FROM credential WHERE resident = $1 AND id = $2";
const SIGNED: &str =
    "UPDATE credential SET sign_count = $2, backed_up = $3, used_at = $4, counter_alarm_at = $5, version = version + 1
    WHERE id = $1 AND version = $6";
const RENAME: &str = "UPDATE credential SET sealed_name = $3, name_version = $4, version = version + 1
    WHERE resident = $1 AND id = $2 AND removed_at IS NULL AND name_version = $4 - 1";
const REMOVE: &str = "UPDATE credential SET removed_at = $3, version = version + 1
    WHERE resident = $1 AND id = $2 AND removed_at IS NULL";
const REMOVE_ALL: &str = "UPDATE credential SET removed_at = $2, version = version + 1
    WHERE resident = $1 AND removed_at IS NULL";

/// Adds a passkey; `chain` is its attestation chain, if any. False when its credential id is known already, whoever's it is or was.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn add(tx: &mut Tx<'_>, new: &Credential, chain: Option<&[u8]>) -> Result<bool, Error> {
    let values = [
        new.id.as_bytes().into(),
        new.resident.as_bytes().into(),
        (&new.external_id).into(),
        (&new.public_key).into(),
        new.algorithm.into(),
        new.sign_count.into(),
        new.backup_eligible.into(),
        new.backed_up.into(),
        new.aaguid.into(),
        new.transports.join(" ").into(),
        new.attestation.word().into(),
        chain.into(),
        (&new.sealed_name).into(),
        whole(new.name_version).into(),
        new.created.into(),
    ];
    Ok(tx.execute(INSERT, &values)? == 1)
}

/// The passkey with this credential id of its authenticator, removed or not.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn by_external_id(tx: &mut Tx<'_>, external_id: &[u8]) -> Result<Option<Credential>, Error> {
    tx.first(BY_EXTERNAL_ID, &[external_id.into()])?.map(|row| read(&row)).transpose()
}

/// A resident's passkeys that may sign, oldest first.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn standing(tx: &mut Tx<'_>, resident: ResidentId) -> Result<Vec<Credential>, Error> {
    tx.query(STANDING, &[resident.as_bytes().into()])?.iter().map(read).collect()
}

/// Every passkey a resident has or had, oldest first.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn all(tx: &mut Tx<'_>, resident: ResidentId) -> Result<Vec<Credential>, Error> {
    tx.query(ALL, &[resident.as_bytes().into()])?.iter().map(read).collect()
}

/// This passkey of this resident; nobody else's is found.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn of_resident(tx: &mut Tx<'_>, resident: ResidentId, id: CredentialId) -> Result<Option<Credential>, Error> {
    tx.first(OF_RESIDENT, &[resident.as_bytes().into(), id.as_bytes().into()])?.map(|row| read(&row)).transpose()
}

/// Records a signature: counter, backup state, time, alarm. False when the row changed since it was read.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn signed(
    tx: &mut Tx<'_>,
    credential: &Credential,
    sign_count: u32,
    backed_up: bool,
    now: Millis,
    alarm: bool,
) -> Result<bool, Error> {
    let alarm = if alarm { Some(now) } else { credential.counter_alarm };
    let values = [
        credential.id.as_bytes().into(),
        sign_count.into(),
        backed_up.into(),
        now.into(),
        alarm.map(|at| at.0).into(),
        whole(credential.version).into(),
    ];
    Ok(tx.execute(SIGNED, &values)? == 1)
}

/// Gives a passkey another sealed name. False when it is not this resident's, removed, or renamed meanwhile.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn rename(
    tx: &mut Tx<'_>,
    resident: ResidentId,
    id: CredentialId,
    sealed: &[u8],
    name_version: u64,
) -> Result<bool, Error> {
    let values = [resident.as_bytes().into(), id.as_bytes().into(), sealed.into(), whole(name_version).into()];
    Ok(tx.execute(RENAME, &values)? == 1)
}

/// Removes a passkey. False when it is not this resident's or removed already.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn remove(tx: &mut Tx<'_>, resident: ResidentId, id: CredentialId, now: Millis) -> Result<bool, Error> {
    Ok(tx.execute(REMOVE, &[resident.as_bytes().into(), id.as_bytes().into(), now.into()])? == 1)
}

/// Removes all passkeys of a resident; says how many.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn remove_all(tx: &mut Tx<'_>, resident: ResidentId, now: Millis) -> Result<u64, Error> {
    tx.execute(REMOVE_ALL, &[resident.as_bytes().into(), now.into()])
}

fn read(row: &Row) -> Result<Credential, Error> {
    let wrong = |what: &str| Error::corrupt(format!("credential.{what}"));
    let transports = row.text(9)?.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect();
    Ok(Credential {
        id: CredentialId::from_bytes(row.bytes(0)?).map_err(|_| wrong("id"))?,
        resident: ResidentId::from_bytes(row.bytes(1)?).map_err(|_| wrong("resident"))?,
        external_id: row.bytes(2)?.to_vec(),
        public_key: row.bytes(3)?.to_vec(),
        algorithm: row.int(4)?,
        sign_count: u32::try_from(row.int(5)?).map_err(|_| wrong("sign_count"))?,
        backup_eligible: row.flag(6)?,
        backed_up: row.flag(7)?,
        aaguid: row.array(8)?,
        transports,
        attestation: Attestation::from_word(row.text(10)?).ok_or_else(|| wrong("attestation"))?,
        sealed_name: row.bytes(11)?.to_vec(),
        name_version: version(row, 12)?,
        created: Millis(row.int(13)?),
        used: row.opt_int(14)?.map(Millis),
        removed: row.opt_int(15)?.map(Millis),
        counter_alarm: row.opt_int(16)?.map(Millis),
        version: version(row, 17)?,
    })
}

fn whole(version: u64) -> i64 {
    i64::try_from(version).unwrap_or(i64::MAX)
}

fn version(row: &Row, column: usize) -> Result<u64, Error> {
    u64::try_from(row.int(column)?).map_err(|_| Error::corrupt("credential.version"))
}

//! Table `certificate`: what the authority issued and how each stands, one row a serial number. The certificate of a person is sealed
//! under their own key; what stays when their account is closed names nobody.

use crate::{Error, Row, Tx, Value};
use lionrock_model::certificate::{By, Ground, Standing, State};
use lionrock_model::id::ResidentId;
use lionrock_model::time::Millis;

macro_rules! select {
    ($which:literal) => {
        concat!(
            "SELECT serial, version, profile, resident, digest, key_digest, state, reason, changed_at, changed_by, not_before, \
             not_after, sealed_certificate, created_at FROM certificate ",
            $which
        )
    };
}

const INSERT: &str = "INSERT INTO certificate (serial, version, profile, resident, digest, key_digest, state, reason, \
                      changed_at, changed_by, not_before, not_after, sealed_certificate, noticed_at, created_at) \
                      VALUES ($1, 1, $2, $3, $4, $5, 'good', NULL, $6, $7, $8, $9, $10, NULL, $11)";
const FIND: &str = select!("WHERE serial = $1");
const BY_DIGEST: &str = select!("WHERE digest = $1");
const OF_RESIDENT: &str = select!("WHERE resident = $1 ORDER BY created_at DESC, serial LIMIT 200");
const OF_KEY: &str = select!("WHERE key_digest = $1 ORDER BY created_at DESC, serial LIMIT 20");
const ENDING: &str = select!(
    "WHERE not_after > $1 AND not_after <= $2 AND noticed_at IS NULL AND state <> 'revoked' AND resident IS NOT NULL \
     ORDER BY not_after LIMIT $3"
);
const REVOKED: &str =
    "SELECT serial, changed_at, reason FROM certificate WHERE state <> 'good' AND not_after > $1 ORDER BY serial";
const STANDING_OF: &str = "SELECT serial FROM certificate WHERE profile = $1 AND state <> 'revoked' AND not_after >= $2 \
                           ORDER BY serial LIMIT $3";
const STEP: &str = "UPDATE certificate SET state = $3, reason = $4, changed_at = $5, changed_by = $6, \
                    version = version + 1 \
                    WHERE serial = $1 AND version = $2";
const NOTICED: &str = "UPDATE certificate SET noticed_at = $2 WHERE serial = $1 AND noticed_at IS NULL";

/// A certificate's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Serial number, big-endian.
    pub serial: Vec<u8>,
    /// One more with each change of its standing.
    pub version: i64,
    /// The word of its profile.
    pub profile: String,
    /// Whose it is, when it is a person's whose account is open.
    pub resident: Option<ResidentId>,
    /// SHA-256 of it.
    pub digest: [u8; 32],
    /// SHA-256 of its public key.
    pub key_digest: [u8; 32],
    /// How it stands.
    pub standing: Standing,
    /// Who made it stand so.
    pub by: By,
    /// Its first moment.
    pub not_before: Millis,
    /// Its last moment.
    pub not_after: Millis,
    /// Itself, sealed.
    pub sealed_certificate: Option<Vec<u8>>,
    /// When it was issued.
    pub created: Millis,
}

/// Adds a certificate that was just issued, and is good.
///
/// # Errors
/// Of the store; `Conflict` when the serial number was used before.
pub fn insert(tx: &mut Tx<'_>, new: &Certificate) -> Result<(), Error> {
    let values = [
        Value::from(new.serial.as_slice()),
        Value::from(new.profile.as_str()),
        Value::from(new.resident.as_ref().map(|id| id.as_bytes().to_vec())),
        Value::from(&new.digest),
        Value::from(&new.key_digest),
        Value::from(new.created),
        Value::from(new.by.word()),
        Value::from(new.not_before),
        Value::from(new.not_after),
        Value::from(new.sealed_certificate.clone()),
        Value::from(new.created),
    ];
    tx.execute(INSERT, &values).map(drop)
}

/// The certificate of a serial number.
///
/// # Errors
/// Of the store.
pub fn find(tx: &mut Tx<'_>, serial: &[u8]) -> Result<Option<Certificate>, Error> {
    tx.first(FIND, &[serial.into()])?.map(|row| read(&row)).transpose()
}

/// The certificate with a SHA-256.
///
/// # Errors
/// Of the store.
pub fn by_digest(tx: &mut Tx<'_>, digest: &[u8; 32]) -> Result<Option<Certificate>, Error> {
    tx.first(BY_DIGEST, &[digest.into()])?.map(|row| read(&row)).transpose()
}

/// A resident's certificates, newest first, at most 200.
///
/// # Errors
/// Of the store.
pub fn of_resident(tx: &mut Tx<'_>, resident: ResidentId) -> Result<Vec<Certificate>, Error> {
    tx.query(OF_RESIDENT, &[resident.as_bytes().into()])?.iter().map(read).collect()
}

/// Certificates over a public key, newest first.
///
/// # Errors
/// Of the store.
pub fn of_key(tx: &mut Tx<'_>, key_digest: &[u8; 32]) -> Result<Vec<Certificate>, Error> {
    tx.query(OF_KEY, &[key_digest.into()])?.iter().map(read).collect()
}

/// Residents' certificates that end after `from` and by `until`, of which nobody was told yet.
///
/// # Errors
/// Of the store.
pub fn ending(tx: &mut Tx<'_>, from: Millis, until: Millis, most: u32) -> Result<Vec<Certificate>, Error> {
    tx.query(ENDING, &[from.into(), until.into(), most.into()])?.iter().map(read).collect()
}

/// Serial numbers of certificates of a profile that are not revoked and end no earlier than `now`, at most so many.
///
/// # Errors
/// Of the store.
pub fn standing_of(tx: &mut Tx<'_>, profile: &str, now: Millis, most: u32) -> Result<Vec<Vec<u8>>, Error> {
    let rows = tx.query(STANDING_OF, &[profile.into(), now.into(), most.into()])?;
    rows.iter().map(|row| Ok(row.bytes(0)?.to_vec())).collect()
}

/// Everything that is not good and would not be over by `after`: serial number, since when, why.
///
/// # Errors
/// Of the store.
pub fn not_good(tx: &mut Tx<'_>, after: Millis) -> Result<Vec<(Vec<u8>, Millis, Ground)>, Error> {
    let rows = tx.query(REVOKED, &[after.into()])?;
    let entry = |row: &Row| Ok((row.bytes(0)?.to_vec(), Millis(row.int(1)?), ground(row.opt_text(2)?)?));
    rows.iter().map(entry).collect()
}

/// Takes a certificate on to another standing. False when that does not follow from how it stands, or somebody was faster.
///
/// # Errors
/// Of the store.
pub fn step(tx: &mut Tx<'_>, from: &Certificate, next: Standing, by: By, now: Millis) -> Result<bool, Error> {
    if !from.standing.state().leads_to(next.state()) {
        return Ok(false);
    }
    let values = [
        Value::from(from.serial.as_slice()),
        Value::from(from.version),
        Value::from(next.state().word()),
        Value::from(next.ground().map(Ground::word)),
        Value::from(now),
        Value::from(by.word()),
    ];
    Ok(tx.execute(STEP, &values)? == 1)
}

/// Notes that its owner was told of its end. False when they were before.
///
/// # Errors
/// Of the store.
pub fn noticed(tx: &mut Tx<'_>, serial: &[u8], now: Millis) -> Result<bool, Error> {
    Ok(tx.execute(NOTICED, &[serial.into(), now.into()])? == 1)
}

fn ground(word: Option<&str>) -> Result<Ground, Error> {
    word.and_then(Ground::from_word).ok_or_else(|| Error::corrupt("certificate.reason"))
}

fn read(row: &Row) -> Result<Certificate, Error> {
    let wrong = |what: &str| Error::corrupt(format!("certificate.{what}"));
    let since = Millis(row.int(8)?);
    let standing = match State::from_word(row.text(6)?).ok_or_else(|| wrong("state"))? {
        State::Good => Standing::Good,
        State::Held => Standing::Held(since),
        State::Revoked => Standing::Revoked(since, ground(row.opt_text(7)?)?),
    };
    let resident = row.opt_bytes(3)?.map(|bytes| ResidentId::from_bytes(bytes).map_err(|_| wrong("resident")));
    Ok(Certificate {
        serial: row.bytes(0)?.to_vec(),
        version: row.int(1)?,
        profile: row.text(2)?.to_owned(),
        resident: resident.transpose()?,
        digest: row.array(4)?,
        key_digest: row.array(5)?,
        standing,
        by: By::from_word(row.text(9)?).ok_or_else(|| wrong("changed_by"))?,
        not_before: Millis(row.int(10)?),
        not_after: Millis(row.int(11)?),
        sealed_certificate: row.opt_bytes(12)?.map(<[u8]>::to_vec),
        created: Millis(row.int(13)?),
    })
}

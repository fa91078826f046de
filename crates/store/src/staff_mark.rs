//! Tables `officer_mark`, `family_mark` and `decoy`: keyed codes that monitoring compares. No name and no number stands here.

use crate::{Error, Tx, Value};
use lionrock_model::id::{OfficerId, ResidentId};
use lionrock_model::time::Millis;

const KEEP_OFFICER: &str = "INSERT INTO officer_mark (officer, card_code, family_code, sealed_mail, made_at) \
                            VALUES ($1, $2, $3, $4, $5) ON CONFLICT (officer) DO NOTHING";
const OF_OFFICER: &str = "SELECT officer, card_code, family_code, sealed_mail FROM officer_mark WHERE officer = $1";
const BY_CARD: &str = "SELECT officer, card_code, family_code, sealed_mail FROM officer_mark WHERE card_code = $1";
const ALL: &str = "SELECT officer, card_code, family_code, sealed_mail FROM officer_mark ORDER BY officer LIMIT 500";
const KEEP_FAMILY: &str = "INSERT INTO family_mark (resident, code) VALUES ($1, $2) \
                           ON CONFLICT (resident) DO UPDATE SET code = excluded.code";
const FAMILY: &str = "SELECT code FROM family_mark WHERE resident = $1";
const PLANT: &str = "INSERT INTO decoy (code, planted_at) VALUES ($1, $2) ON CONFLICT (code) DO NOTHING";
const DECOY: &str = "SELECT planted_at FROM decoy WHERE code = $1";

/// What monitoring knows of an officer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfficerMark {
    /// The officer.
    pub officer: OfficerId,
    /// Blind index of their card number: the same code as a resident's row has.
    pub card: [u8; 32],
    /// Keyed code of their family name.
    pub family: [u8; 32],
    /// Where alerts reach them, sealed.
    pub sealed_mail: Option<Vec<u8>>,
}

/// Keeps what is known of an officer, once.
///
/// # Errors
/// Of the store; [`Error::Conflict`] when another officer has that card number.
pub fn keep_officer(tx: &mut Tx<'_>, mark: &OfficerMark, now: Millis) -> Result<bool, Error> {
    let values = [
        Value::from(mark.officer.as_bytes()),
        Value::from(mark.card),
        Value::from(mark.family),
        Value::from(mark.sealed_mail.clone()),
        Value::from(now),
    ];
    Ok(tx.execute(KEEP_OFFICER, &values)? == 1)
}

/// What is known of an officer.
///
/// # Errors
/// Of the store.
pub fn of_officer(tx: &mut Tx<'_>, officer: OfficerId) -> Result<Option<OfficerMark>, Error> {
    tx.first(OF_OFFICER, &[officer.as_bytes().into()])?.map(|row| read(&row)).transpose()
}

/// The officer of a card number.
///
/// # Errors
/// Of the store.
pub fn by_card(tx: &mut Tx<'_>, card: &[u8]) -> Result<Option<OfficerMark>, Error> {
    tx.first(BY_CARD, &[card.into()])?.map(|row| read(&row)).transpose()
}

/// All officers that are known, at most 500.
///
/// # Errors
/// Of the store.
pub fn all(tx: &mut Tx<'_>) -> Result<Vec<OfficerMark>, Error> {
    tx.query(ALL, &[])?.iter().map(read).collect()
}

/// Keeps the code of a resident's family name, or replaces it.
///
/// # Errors
/// Of the store.
pub fn keep_family(tx: &mut Tx<'_>, resident: ResidentId, code: &[u8; 32]) -> Result<(), Error> {
    tx.execute(KEEP_FAMILY, &[resident.as_bytes().into(), code.into()]).map(drop)
}

/// The code of a resident's family name.
///
/// # Errors
/// Of the store.
pub fn family(tx: &mut Tx<'_>, resident: ResidentId) -> Result<Option<[u8; 32]>, Error> {
    tx.first(FAMILY, &[resident.as_bytes().into()])?.map(|row| row.array(0)).transpose()
}

/// Notes a planted account by its code.
///
/// # Errors
/// Of the store.
pub fn plant(tx: &mut Tx<'_>, code: &[u8; 32], now: Millis) -> Result<(), Error> {
    tx.execute(PLANT, &[code.into(), now.into()]).map(drop)
}

/// Whether a code is a planted account's.
///
/// # Errors
/// Of the store.
pub fn is_decoy(tx: &mut Tx<'_>, code: &[u8; 32]) -> Result<bool, Error> {
    Ok(tx.first(DECOY, &[code.into()])?.is_some())
}

fn read(row: &crate::Row) -> Result<OfficerMark, Error> {
    let id = OfficerId::from_bytes(row.bytes(0)?).map_err(|_| Error::corrupt("officer_mark.officer"))?;
    let sealed_mail = row.opt_bytes(3)?.map(<[u8]>::to_vec);
    Ok(OfficerMark { officer: id, card: row.array(1)?, family: row.array(2)?, sealed_mail })
}

//! Table `notice`: the notices people agreed to, in full, by their digest. Our own text, public by nature.

use crate::{Error, Tx, Value};
use lionrock_model::time::Millis;

const KEEP: &str = "INSERT INTO notice (digest, version, language, wording, created_at) VALUES ($1, $2, $3, $4, $5) \
                    ON CONFLICT (digest) DO NOTHING";
const FIND: &str = "SELECT version, language, wording FROM notice WHERE digest = $1";

/// A notice as it was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Its version.
    pub version: String,
    /// BCP 47 tag.
    pub language: String,
    /// The text whose SHA-256 is kept with whoever agreed to it.
    pub wording: String,
}

/// Keeps a notice the first time somebody agrees to it.
///
/// # Errors
/// Of the store.
pub fn keep(tx: &mut Tx<'_>, digest: &[u8; 32], notice: &Notice, now: Millis) -> Result<(), Error> {
    let values = [
        Value::from(digest),
        Value::from(notice.version.as_str()),
        Value::from(notice.language.as_str()),
        Value::from(notice.wording.as_str()),
        Value::from(now),
    ];
    tx.execute(KEEP, &values).map(drop)
}

/// The notice of a digest; none for those of a test realm's people who were registered beforehand and shown none.
///
/// # Errors
/// Of the store.
pub fn find(tx: &mut Tx<'_>, digest: &[u8]) -> Result<Option<Notice>, Error> {
    let Some(row) = tx.first(FIND, &[Value::from(digest)])? else { return Ok(None) };
    Ok(Some(Notice {
        version: row.text(0)?.to_owned(),
        language: row.text(1)?.to_owned(),
        wording: row.text(2)?.to_owned(),
    }))
}

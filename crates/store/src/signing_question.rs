//! Table `signing_question`: what a passkey was asked before there was a signing key, for five minutes.

use crate::{Error, Tx, Value};
use lionrock_model::id::ResidentId;
use lionrock_model::time::Millis;

const INSERT: &str = "INSERT INTO signing_question (challenge, resident, wording, expires_at) VALUES ($1, $2, $3, $4)";
const FIND: &str = "SELECT wording, expires_at FROM signing_question WHERE challenge = $1 AND resident = $2";
const TAKE: &str = "DELETE FROM signing_question WHERE challenge = $1 AND resident = $2";

/// Keeps a question.
///
/// # Errors
/// Of the store.
pub fn add(tx: &mut Tx<'_>, challenge: &[u8; 32], who: ResidentId, wording: &str, until: Millis) -> Result<(), Error> {
    tx.execute(INSERT, &[Value::from(*challenge), who.as_bytes().into(), wording.into(), until.into()]).map(drop)
}

/// Takes a question out: its wording, and until when it is good. `None` when it is not there, or was taken.
///
/// # Errors
/// Of the store.
pub fn take(tx: &mut Tx<'_>, challenge: &[u8; 32], who: ResidentId) -> Result<Option<(String, Millis)>, Error> {
    let key = [Value::from(*challenge), who.as_bytes().into()];
    let Some(row) = tx.first(FIND, &key)? else { return Ok(None) };
    let found = (row.text(0)?.to_owned(), Millis(row.int(1)?));
    Ok((tx.execute(TAKE, &key)? == 1).then_some(found))
}

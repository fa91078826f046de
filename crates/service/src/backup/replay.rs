//! Taking away again what was taken away after the backup was made.
//!
//! Entries that stand in the backup itself are not touched: their effect is in its rows, because entry and effect are
//! committed together. Sessions, codes and tokens are in no backup, so nothing of them can come back.

use super::Trouble;
use super::journal::Body;
use crate::authority::restored;
use crate::{Caller, Fault, Platform, erasure};
use lionrock_model::id::{CredentialId, OfficerId, ResidentId};
use lionrock_model::time::Millis;
use lionrock_store::{Tx, consent, credential, officer, officer_credential, resident, residue};
use serde::Deserialize;
use serde_json::Value;

/// What a replay did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Accounts erased again.
    pub erasures: u64,
    /// Passkeys, approvals, certificates and officers' rights taken away again.
    pub revocations: u64,
    /// Signing certificates that ended because their keys are in no backup.
    pub certificates: u64,
}

#[derive(Deserialize)]
struct Said {
    at: i64,
    body: Value,
    resident: Option<String>,
}

/// Takes one thing away again.
///
/// # Errors
/// `StoredData` when the body does not say what; of the store.
pub fn replay(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    kind: &str,
    event: &[u8; 16],
    body: &Body,
) -> Result<Replayed, Trouble> {
    let said: Said = serde_json::from_slice(&body.canonical).map_err(Fault::from)?;
    let unclear = || Fault::stored_data(format!("an entry {kind} does not say whom it concerns"));
    if kind == "staff.ended" {
        // Whoever became an officer after the backup was made is not in it.
        let who = said.body.get("officer").and_then(Value::as_str).and_then(|id| OfficerId::parse(id).ok());
        let (who, at) = (who.ok_or_else(unclear)?, Millis(said.at));
        let ended = officer::ended_again(tx, who, at)?;
        officer_credential::remove_all(tx, who, at)?;
        return Ok(Replayed { revocations: u64::from(ended), ..Replayed::default() });
    }
    if restored::KINDS.contains(&kind) {
        // Taken together when all entries are there.
        return Ok(Replayed::default());
    }
    let who = said.resident.as_deref().and_then(|id| ResidentId::parse(id).ok()).ok_or_else(unclear)?;
    let at = Millis(said.at);
    // Somebody who registered after the backup was made is not in it.
    let Some(row) = resident::find(tx, who)? else { return Ok(Replayed::default()) };
    let word = |name: &str| said.body.get(name).and_then(Value::as_str).ok_or_else(unclear);
    let mut done = Replayed::default();
    match kind {
        "account.closed" if row.active => {
            // By the ledger's own mark when it can be found, else by this entry.
            if !erasure::again(tx, platform, caller, &row)? {
                residue::close_again(tx, who, row.version + 1, at)?;
                erasure::begin(tx, caller, who, event)?;
            }
            done.erasures = 1;
        }
        "account.closed" => {}
        "account.recovered" => {
            if said.body.get("passkeys_removed").and_then(Value::as_u64).is_none_or(|count| count > 0) {
                done.revocations = credential::remove_all(tx, who, at)?;
            }
        }
        "authenticator.removed" => {
            let id: CredentialId = CredentialId::parse(word("credential")?).map_err(|_| unclear())?;
            done.revocations = u64::from(credential::remove(tx, who, id, at)?);
        }
        "consent.ended" => done.revocations = consent::end(tx, who, word("service")?, at)?,
        _ => return Err(Fault::bug(format!("nobody knows how to replay {kind}")).into()),
    }
    Ok(done)
}

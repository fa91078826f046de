//! Certificates after a restore: what the ledger says of them is done again, and those whose keys exist no more are revoked.
//!
//! A backup holds no signing keys, so a resident's certificate in a restored store is about a key that nobody has. It ends, and
//! its owner is told; they make a new key when they want one.

use super::change::change;
use super::officers::unhex;
use super::{Act, By, ISSUING};
use crate::{Caller, Error, Fault, Platform};
use lionrock_model::certificate::{Ground, Standing, State};
use lionrock_model::id::ResidentId;
use lionrock_model::time::Millis;
use lionrock_pki::profile::Profile;
use lionrock_store::{Tx, authority, certificate, resident};
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// Certificates ended in one transaction.
const BATCH: u32 = 100;
/// Letters written for one minute: the budget of openings is twice that.
const A_MINUTE: u64 = 3_000;

/// Entries replayed in one transaction.
const TOGETHER: usize = 500;
/// Type of the entry of a new certificate.
const ISSUED: &str = "certificate.issued";

/// Types of entries that say how a certificate stands.
pub(crate) const KINDS: [&str; 4] = ["certificate.held", ISSUED, "certificate.resumed", "certificate.revoked"];

/// What such an entry says.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Entry {
    kind: String,
    /// Whose certificate it is.
    resident: Option<String>,
    /// When it was written, Unix milliseconds.
    at: i64,
    body: Value,
}

impl Entry {
    fn text(&self, place: &str) -> Option<&str> {
        self.body.pointer(place).and_then(Value::as_str)
    }

    fn number(&self, place: &str) -> Option<i64> {
        self.body.pointer(place).and_then(Value::as_i64)
    }

    fn digest(&self, place: &str) -> Option<[u8; 32]> {
        lionrock_wire::jose::decode(self.text(place)?, "a digest in the ledger").ok()?.try_into().ok()
    }

    fn version(&self) -> i64 {
        self.number("/certificate/version").unwrap_or_default()
    }

    fn unclear(&self) -> Fault {
        Fault::stored_data(format!("an entry {} does not say which certificate it is about", self.kind))
    }
}

/// Does again what the ledger says of certificates after a backup; how many stand no more for it. Entries of one moment stand in the log in
/// any order, so they are taken by their versions.
///
/// # Errors
/// `StoredData` when an entry does not say what it is about; of the store.
pub(crate) async fn replay(platform: &Arc<Platform>, mut entries: Vec<Entry>) -> Result<u64, Fault> {
    entries.sort_by_key(Entry::version);
    let mut over = 0;
    while !entries.is_empty() {
        let rest = entries.split_off(entries.len().min(TOGETHER));
        let some = std::mem::replace(&mut entries, rest);
        let work = move |tx: &mut Tx<'_>| {
            let mut over = 0;
            for entry in &some {
                over += u64::from(again(tx, entry)?);
            }
            Ok::<_, Fault>(over)
        };
        over += platform.store.write(work).await?;
    }
    Ok(over)
}

/// Makes the row of a certificate say what a later entry says; true when it stands no more for it. The certificate itself is not in
/// the ledger: one that was issued after the backup comes back as a number that can be asked about.
fn again(tx: &mut Tx<'_>, entry: &Entry) -> Result<bool, Fault> {
    let unclear = || entry.unclear();
    let serial = entry.text("/certificate/serial").and_then(unhex).ok_or_else(unclear)?;
    let found = certificate::find(tx, &serial)?;
    if entry.kind == ISSUED {
        if found.is_none() {
            issued(tx, entry, serial)?;
        }
        return Ok(false);
    }
    let Some(row) = found.filter(|row| row.version == entry.version() - 1) else { return Ok(false) };
    let since = entry.number("/certificate/since").map(Millis);
    let ground = entry.text("/certificate/reason").and_then(Ground::from_word);
    let next = match entry.text("/certificate/state").and_then(State::from_word).ok_or_else(unclear)? {
        State::Good => Standing::Good,
        State::Held => Standing::Held(since.ok_or_else(unclear)?),
        State::Revoked => Standing::Revoked(since.ok_or_else(unclear)?, ground.ok_or_else(unclear)?),
    };
    let by = entry.text("/certificate/by").and_then(By::from_word).ok_or_else(unclear)?;
    if !certificate::step(tx, &row, next, by, since.unwrap_or(Millis(entry.at)))? {
        return Err(unclear());
    }
    Ok(next != Standing::Good)
}

fn issued(tx: &mut Tx<'_>, entry: &Entry, serial: Vec<u8>) -> Result<(), Fault> {
    let unclear = || entry.unclear();
    // Entries of earlier versions say less: such a certificate stays one that nobody here knows.
    let Some((key_digest, not_before)) = entry.digest("/made/key").zip(entry.number("/made/not_before")) else {
        return Ok(());
    };
    let resident = entry.resident.as_deref().and_then(|id| ResidentId::parse(id).ok());
    let resident = match resident {
        Some(id) => resident::find(tx, id)?.filter(|row| row.active).map(|row| row.id),
        None => None,
    };
    let not_after = entry.number("/certificate/not_after").ok_or_else(unclear)?;
    let row = certificate::Certificate {
        serial,
        version: entry.version(),
        profile: entry.text("/certificate/profile").ok_or_else(unclear)?.to_owned(),
        resident,
        digest: entry.digest("/certificate/digest").ok_or_else(unclear)?,
        key_digest,
        standing: Standing::Good,
        by: By::Platform,
        not_before: Millis(not_before.saturating_mul(1000)),
        not_after: Millis(not_after.saturating_mul(1000)),
        sealed_certificate: None,
        created: Millis(entry.at),
    };
    Ok(certificate::insert(tx, &row)?)
}

/// Ends the signing certificates of residents: their keys are in no backup. Each with its entry in the ledger and a letter, and the next
/// revocation list names them under a number that no list had before. Says how many.
///
/// # Errors
/// Of the store; `RolledBack` when a row is not what the ledger says.
pub(crate) async fn end_signing(platform: &Arc<Platform>, caller: &Caller) -> Result<u64, Fault> {
    let now = caller.now;
    platform.store.write(move |tx| authority::after_restore(tx, ISSUING, now)).await?;
    let mut ended = 0;
    loop {
        // Every minute has its budget of letters: the next ones are written for the next minute.
        let minutes = u32::try_from(ended / A_MINUTE).unwrap_or(u32::MAX);
        let by = Caller { now: now.after(Duration::from_secs(60) * minutes), ..caller.clone() };
        let owned = Arc::clone(platform);
        let work = move |tx: &mut Tx<'_>| {
            let serials = certificate::standing_of(tx, Profile::ResidentSigning.word(), by.now, BATCH)?;
            for serial in &serials {
                let act = Act::Revoke(Ground::CessationOfOperation);
                change(tx, &owned, &by, serial, act, By::Platform).map_err(|error| match error {
                    Error::Fault(fault) => fault,
                    Error::Refuse(refusal) => Fault::bug(format!("a standing certificate is not ended: {refusal:?}")),
                })?;
            }
            Ok::<_, Fault>(serials.len() as u64)
        };
        let some = platform.store.write(work).await?;
        ended += some;
        if some < u64::from(BATCH) {
            // Whatever else came back or was revoked stands in the next list, too.
            platform.store.write(|tx| authority::turn(tx, ISSUING)).await?;
            return Ok(ended);
        }
    }
}

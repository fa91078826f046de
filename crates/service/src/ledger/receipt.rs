//! Receipts: signed in the transaction that makes them true, handed out with the proof that the log holds their digest.
//!
//! A journey calls [`sign`] inside its transaction and puts [`digest`] of the result into its event's body as
//! `"receipt"`; later [`file`] makes the file a person keeps. Format: `docs/formats/receipt.md`.

use super::include::Inclusion;
use super::{inclusion, verifiers, wait};
use crate::{Fault, Platform, audit};
use lionrock_crypto::ring::Signer;
use lionrock_crypto::sign::{Algorithm, PublicKey};
use lionrock_ledger::receipt::{self, Receipt};
use lionrock_store::leaf;
use lionrock_wire::jose::{Jwk, jws};
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;

pub use lionrock_ledger::receipt::digest;

/// Signs a statement with the receipt key: compact JWS, EdDSA, type `receipt+jwt`. The same claims always give the
/// same statement, so a transaction that runs again signs nothing new.
///
/// # Errors
/// `Key` when the ring has no receipt key.
pub fn sign(platform: &Platform, claims: &impl Serialize) -> Result<String, Fault> {
    let (_, key) = platform.keys.signer(Signer::Receipt)?;
    let kid = Jwk::ours(key.public()?, Algorithm::EdDsa).kid.unwrap_or_default();
    jws::sign(&key, &kid, receipt::TYPE, claims).map_err(|error| Fault::bug(error.to_string()))
}

/// The receipt file of a statement whose digest stands in the event; waits up to `limit` for the log. `None` when the log
/// does not hold the event yet: ask again later.
///
/// # Errors
/// Of the store; `StoredData` when the event does not belong to the statement, or its body was erased.
pub async fn file(
    platform: &Arc<Platform>,
    statement: &str,
    event: [u8; 16],
    limit: Duration,
) -> Result<Option<Receipt>, Fault> {
    let found = match inclusion(platform, event).await? {
        None if !limit.is_zero() => wait(platform, event, limit).await?,
        found => found,
    };
    let Some(Inclusion { entry, proof }) = found else { return Ok(None) };
    let sealed = platform.store.read(move |tx| leaf::sealed_body(tx, &event)).await?;
    let sealed = sealed.ok_or_else(|| Fault::stored_data("the event of a receipt was erased"))?;
    let (event_key, event) = audit::open_body(platform, &event, &sealed)?;
    let event = String::from_utf8(event).map_err(|_| Fault::stored_data("an event is not text"))?;
    let known = verifiers(platform)?;
    let log = known.last().map(ToString::to_string).unwrap_or_default();
    let receipt = Receipt {
        statement: statement.to_owned(),
        key: key_of(platform, statement)?,
        entry,
        event,
        event_key,
        proof,
        log,
    };
    // What we hand out, everybody can check: so do we, first.
    receipt.check(&known).map_err(|error| Fault::stored_data(format!("a receipt does not verify: {error}")))?;
    Ok(Some(receipt))
}

/// The receipt key that signed the statement, by the key id in its header.
fn key_of(platform: &Platform, statement: &str) -> Result<[u8; 32], Fault> {
    let parsed = jws::Compact::parse(statement).map_err(|error| Fault::stored_data(error.to_string()))?;
    for (_, key) in platform.keys.verifiers(Signer::Receipt)? {
        let jwk = Jwk::ours(key, Algorithm::EdDsa);
        if let (true, PublicKey::Ed25519(public)) = (jwk.kid.as_deref() == parsed.kid(), &jwk.key) {
            return Ok(*public);
        }
    }
    Err(Fault::stored_data("a receipt was signed by a key that is not in the ring"))
}

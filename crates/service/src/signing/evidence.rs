//! The evidence of a signature: everything somebody needs who checks it in twenty years and asks nobody (`docs/formats/evidence.md`).
//!
//! A core that does not change, whose SHA-256 stands in the ledger's entry; around it, when it is handed out, the entry and its proof.

use super::make::{Made, Signer};
use super::sealed::Approval;
use crate::ledger::{self, Inclusion};
use crate::status;
use crate::{Fault, Platform, audit};
use lionrock_crypto::digest::sha256;
use lionrock_model::credential::Credential;
use lionrock_model::id::SignatureId;
use lionrock_model::time::Millis;
use lionrock_store::leaf;
use lionrock_store::signing_request::Request;
use lionrock_wire::webauthn::json::{AuthenticationResponse, Base64Url};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;

/// The word in every file of this kind.
pub const VERSION: &str = "lionrock evidence v1";

/// What evidence is made of.
pub(super) struct Parts<'a> {
    pub id: SignatureId,
    pub at: Millis,
    pub request: &'a Request,
    pub approval: &'a Approval,
    pub answer: &'a AuthenticationResponse,
    pub guard: &'a Credential,
    pub made: &'a [Made],
    pub tokens: &'a [Vec<u8>],
    pub proof: &'a status::Evidence,
    pub signer: &'a Signer<'a>,
}

fn b64(bytes: &[u8]) -> Base64Url {
    Base64Url(bytes.to_vec())
}

fn all(list: &[Vec<u8>]) -> Vec<Base64Url> {
    list.iter().map(|one| b64(one)).collect()
}

/// The core, canonical: members in alphabetical order, no spaces.
pub(super) fn make(platform: &Platform, parts: &Parts<'_>) -> Result<Vec<u8>, Fault> {
    let documents: Vec<_> = parts
        .made
        .iter()
        .zip(parts.tokens)
        .map(|(one, token)| {
            json!({
                "digest": one.document.digest,
                "form": one.document.form,
                "id": one.id,
                "message": b64(&one.message),
                "signature": b64(&one.signature),
                "time_stamp": b64(token),
            })
        })
        .collect();
    let core = json!({
        "activation": parts.approval.text,
        "algorithm": parts.signer.algorithm.name(),
        "assertion": {
            "authenticator_data": b64(&parts.answer.authenticator_data),
            "client_data": b64(&parts.answer.client_data_json),
            "id": b64(&parts.answer.id),
            "signature": b64(&parts.answer.signature),
        },
        "authenticator": {
            "aaguid": b64(&parts.guard.aaguid),
            "attestation": parts.guard.attestation.word(),
            "public_key": b64(&parts.guard.public_key),
        },
        "certificate": b64(parts.signer.certificate.der()),
        "documents": documents,
        "issuer": platform.settings.issuer,
        "request": parts.request.id.to_string(),
        "rp_id": platform.settings.rp_id,
        "shown": parts.approval.shown,
        "signature": parts.id.to_string(),
        "signed_at": parts.at.0,
        "status": {
            "answers": all(&parts.proof.answers),
            "certificates": all(&parts.proof.certificates),
            "lists": all(&parts.proof.lists),
        },
        "v": VERSION,
    });
    Ok(serde_json::to_vec(&core)?)
}

/// What the ledger's entry says of a core: SHA-256, hexadecimal.
#[must_use]
pub fn digest(core: &[u8]) -> String {
    sha256(core).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The core beside the id of its entry, as it is kept.
pub(super) fn with_event(core: &[u8], event: &[u8; 16]) -> Result<Vec<u8>, Fault> {
    let core = std::str::from_utf8(core).map_err(|_| Fault::bug("evidence of ours is text"))?;
    Ok(serde_json::to_vec(&json!({"core": core, "event": b64(event)}))?)
}

/// The file that is handed out: what is kept, with the ledger's proof as far as there is one by now.
pub(super) async fn proved(platform: &Arc<Platform>, kept: &[u8]) -> Result<Vec<u8>, Fault> {
    let kept: Map<String, Value> = serde_json::from_slice(kept)?;
    let event: Option<Base64Url> = kept.get("event").cloned().map(serde_json::from_value).transpose()?;
    let event = event.and_then(|event| <[u8; 16]>::try_from(event.0).ok());
    let event = event.ok_or_else(|| Fault::stored_data("evidence names no entry"))?;
    let found = match ledger::inclusion(platform, event).await? {
        None => ledger::wait(platform, event, Duration::from_secs(10)).await?,
        found => found,
    };
    let ledger = match found {
        None => Value::Null,
        Some(Inclusion { entry, proof }) => {
            let sealed = platform.store.read(move |tx| leaf::sealed_body(tx, &event)).await?;
            let sealed = sealed.ok_or_else(|| Fault::stored_data("the entry of a signature was erased"))?;
            let (key, canonical) = audit::open_body(platform, &event, &sealed)?;
            let log = ledger::verifiers(platform)?.last().map(ToString::to_string).unwrap_or_default();
            json!({
                "entry": b64(&entry),
                "event": String::from_utf8_lossy(&canonical),
                "event_key": b64(&key),
                "log": log,
                "proof": proof.to_string(),
            })
        }
    };
    let file = json!({"core": kept.get("core"), "ledger": ledger, "v": VERSION});
    Ok(serde_json::to_vec_pretty(&file)?)
}

//! GET /account/signatures: what the person signed, for whom, and the evidence of each.

use super::{evidence, own, sealed};
use crate::ceremony::settle;
use crate::{Caller, Error, Fault, Platform, signed_in};
use lionrock_model::id::SignatureId;
use lionrock_model::signing::SigningRefusal;
use lionrock_model::time::Millis;
use lionrock_store::signature;
use serde_json::Value;
use std::sync::Arc;

/// Most lines of a page.
const MOST: u32 = 200;

/// One signature.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its id.
    pub id: SignatureId,
    /// When.
    pub at: Millis,
    /// For which service.
    pub service: String,
    /// What it was called.
    pub title: String,
    /// Whether the person saw the document here.
    pub seen: bool,
    /// How many documents.
    pub documents: usize,
}

/// The person's signatures, newest first.
///
/// # Errors
/// [`SigningRefusal::SignInFirst`]; faults.
pub async fn list(platform: &Arc<Platform>, caller: &Caller, cookie: &str) -> Result<Vec<Line>, Error<SigningRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let who = match signed_in::require(tx, &owned, &caller, &cookie) {
                Ok(current) => current.resident.id,
                Err(Error::Refuse(_)) => return Ok(Err(SigningRefusal::SignInFirst)),
                Err(Error::Fault(fault)) => return Err(fault),
            };
            let rows = signature::of_resident(tx, who, MOST)?;
            if rows.is_empty() {
                return Ok(Ok(Vec::new()));
            }
            let grant = own(tx, &owned, &caller, who)?;
            let lines = rows.iter().map(|row| {
                let kept = sealed::open_evidence(&grant, row)?;
                let shown = shown(&kept)?;
                let text = |at: &str| shown.pointer(at).and_then(Value::as_str).unwrap_or_default().to_owned();
                let named = text("/service/name");
                Ok(Line {
                    id: row.id,
                    at: row.created,
                    service: if named.is_empty() { row.service.clone() } else { named },
                    title: text("/title"),
                    seen: shown.get("seen").and_then(Value::as_bool).unwrap_or(false),
                    documents: shown.get("documents").and_then(Value::as_array).map_or(1, |all| all.len().max(1)),
                })
            });
            Ok(Ok(lines.collect::<Result<Vec<_>, Fault>>()?))
        })
        .await;
    settle(outcome)
}

/// What was shown, out of kept evidence.
fn shown(kept: &[u8]) -> Result<Value, Fault> {
    let kept: Value = serde_json::from_slice(kept)?;
    let core: Value = serde_json::from_str(kept.get("core").and_then(Value::as_str).unwrap_or_default())?;
    Ok(serde_json::from_str(core.get("shown").and_then(Value::as_str).unwrap_or_default())?)
}

/// Whether the signature is there and the person's own. Opens nothing.
///
/// # Errors
/// [`SigningRefusal::SignInFirst`], [`SigningRefusal::RequestGone`]; faults.
pub async fn own_one(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    id: SignatureId,
) -> Result<(), Error<SigningRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let who = match signed_in::require(tx, &owned, &caller, &cookie) {
                Ok(current) => current.resident.id,
                Err(Error::Refuse(_)) => return Ok(Err(SigningRefusal::SignInFirst)),
                Err(Error::Fault(fault)) => return Err(fault),
            };
            Ok(signature::find(tx, who, id)?.map(drop).ok_or(SigningRefusal::RequestGone))
        })
        .await;
    settle(outcome)
}

/// The evidence of one of the person's signatures, with the ledger's proof.
///
/// # Errors
/// [`SigningRefusal::SignInFirst`], [`SigningRefusal::RequestGone`]; faults.
pub async fn evidence(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    id: SignatureId,
) -> Result<Vec<u8>, Error<SigningRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let who = match signed_in::require(tx, &owned, &caller, &cookie) {
                Ok(current) => current.resident.id,
                Err(Error::Refuse(_)) => return Ok(Err(SigningRefusal::SignInFirst)),
                Err(Error::Fault(fault)) => return Err(fault),
            };
            let Some(row) = signature::find(tx, who, id)? else { return Ok(Err(SigningRefusal::RequestGone)) };
            let grant = own(tx, &owned, &caller, who)?;
            Ok(Ok(sealed::open_evidence(&grant, &row)?.to_vec()))
        })
        .await;
    let kept = settle(outcome)?;
    Ok(evidence::proved(platform, &kept).await?)
}

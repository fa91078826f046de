//! What a service says of the signatures it was given: taken, not taken, or none came. It is written down; then documents are destroyed, unless
//! something did not come.

use super::request;
use super::sealed;
use crate::ceremony::settle;
use crate::{Caller, Error, Fault, Platform, audit};
use lionrock_model::id::SigningRequestId;
use lionrock_model::signing::{Receipt, SigningRefusal, State};
use lionrock_store::Tx;
use lionrock_store::signing_request::{Kind, Request};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a service says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Receipts {
    /// The same of everything.
    All(Receipt),
    /// Of signatures in bulk, by the service's own names for them; what it does not name it does not have.
    Each(BTreeMap<String, Receipt>),
}

impl Receipts {
    fn is_missing_something(&self, names: &[String]) -> bool {
        match self {
            Self::All(one) => *one == Receipt::NotReceived,
            Self::Each(each) => names.iter().any(|name| each.get(name).is_none_or(|one| *one == Receipt::NotReceived)),
        }
    }
}

/// Takes what a service says. Said twice, it is the same.
///
/// # Errors
/// [`SigningRefusal::ServiceUnknown`], [`SigningRefusal::WrongStep`] unless it is signed, [`SigningRefusal::RequestMalformed`] for a
/// signature that is not one of the request's; faults.
pub async fn acknowledge(
    platform: &Arc<Platform>,
    caller: &Caller,
    id: SigningRequestId,
    token: &str,
    receipts: Receipts,
) -> Result<(), Error<SigningRefusal>> {
    let (owned, who, own) = (Arc::clone(platform), caller.clone(), token.to_owned());
    let outcome = platform.store.write(move |tx| carry_out(tx, &owned, &who, (id, &own), &receipts)).await;
    if settle(outcome)? {
        request::acknowledge(platform, caller, id, token).await?;
    }
    Ok(())
}

/// Writes it down; true when nothing is missing.
fn carry_out(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    (id, token): (SigningRequestId, &str),
    receipts: &Receipts,
) -> super::Refused<bool> {
    let row = match request::theirs(tx, platform, id, token)? {
        Ok(row) => row,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if row.state == State::Delivered {
        return Ok(Ok(true));
    }
    if row.state != State::Signed {
        return Ok(Err(SigningRefusal::WrongStep));
    }
    let names = if matches!(receipts, Receipts::Each(_)) { names(tx, platform, &row)? } else { Vec::new() };
    if let Receipts::Each(each) = receipts
        && !each.keys().all(|name| names.contains(name))
    {
        return Ok(Err(SigningRefusal::RequestMalformed));
    }
    let said = match receipts {
        Receipts::All(one) => json!(one.word()),
        Receipts::Each(each) => each.iter().map(|(name, one)| json!({"id": name, "result": one.word()})).collect(),
    };
    let body = json!({"request": row.id.to_string(), "result": said, "service": row.service});
    audit::append(tx, platform, caller, &audit::Event::new("signing.acknowledged", row.resident, body))?;
    Ok(Ok(!receipts.is_missing_something(&names)))
}

#[derive(Deserialize)]
struct One {
    id: String,
}

#[derive(Deserialize)]
struct Signed {
    signatures: Vec<One>,
}

/// The service's names of what was signed in bulk; none for a document that was seen.
fn names(tx: &mut Tx<'_>, platform: &Platform, row: &Request) -> Result<Vec<String>, Fault> {
    if row.form.is_seen() {
        return Ok(Vec::new());
    }
    let bytes = sealed::bytes(tx, platform, row.id, Kind::Result)?;
    let signed: Signed = serde_json::from_slice(&bytes)?;
    Ok(signed.signatures.into_iter().map(|one| one.id).collect())
}

//! POST /oauth/consent: the person's passkey signs what was shown, and the service gets its code.

use super::authorize::{scope, waiting};
use super::consent::{Choice, Shown};
use super::issue::{self, Grounds};
use super::{checks, current};
use crate::audit::{self, Event};
use crate::ceremony::{self, Proof};
use crate::signed_in::{self, Current, Place, Secret};
use crate::{Caller, Error, Fault, Platform, vault};
use lionrock_model::credential::PasskeyRefusal;
use lionrock_model::id::ConsentId;
use lionrock_model::oidc::{ApprovalRefusal, PageRefusal};
use lionrock_store::consent::{self, Consent};
use lionrock_store::{Tx, oidc_request};
use lionrock_wire::jose::encode;
use lionrock_wire::webauthn::json::AuthenticationResponse;
use serde_json::json;
use std::sync::Arc;

/// An approval as it arrived.
#[derive(Debug)]
pub struct Approve {
    /// The passkey's answer to the options of this choice.
    pub answer: AuthenticationResponse,
    /// What was chosen, and what the page says it showed.
    pub choice: Choice,
    /// The browser's session cookie, if it has one.
    pub cookie: Option<String>,
    /// Where the person is.
    pub place: Place,
}

/// What an approval leads to.
#[derive(Debug)]
pub struct Approved {
    /// Where the browser goes, with the code in the query.
    pub location: String,
    /// The new secret of the person's session, opened here or renewed by this proof of presence.
    pub session: Secret,
}

/// Takes the request, signs the person in if they were not, keeps the consent and gives out the code: all or nothing.
///
/// # Errors
/// An [`ApprovalRefusal`]; faults. A refused answer leaves the request standing: the person can try again.
pub async fn approve(
    platform: &Arc<Platform>,
    caller: &Caller,
    command: Approve,
) -> Result<Approved, Error<ApprovalRefusal>> {
    let request = waiting(platform, caller.now, &command.choice.handle).await.map_err(widen)?;
    let shown = Shown::new(platform, request, &command.choice).map_err(widen)?;
    let (redirect_uri, state) = (shown.request.redirect_uri.clone(), shown.request.state.clone());
    let (store, owned, caller) = (platform.store.clone(), Arc::clone(platform), caller.clone());
    let (code, session) = store.write(move |tx| carry_out(tx, &owned, &caller, &shown, &command)).await?;
    Ok(Approved { location: issue::location(platform, &redirect_uri, state.as_deref(), &code), session })
}

fn carry_out(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    shown: &Shown,
    command: &Approve,
) -> Result<(String, Secret), Error<ApprovalRefusal>> {
    let current = current(tx, platform, caller, command.cookie.as_deref())?;
    shown.fits(current.as_ref()).map_err(refuse)?;
    let challenge = shown.challenge();
    // The random part alone tells that the page was ours; another digest behind it means that it showed something else.
    let claimed = command.answer.claimed_challenge();
    if claimed.as_deref().is_some_and(|claimed| claimed.starts_with(&shown.request.salt) && claimed != challenge) {
        return Err(refuse(PageRefusal::ShownAgain));
    }
    let known = current.as_ref().map(|current| current.session.resident);
    let proof = ceremony::prove(tx, platform, caller, &challenge, known, &command.answer)?.map_err(passkey)?;
    if !oidc_request::take(tx, shown.request.handle, caller.now)? {
        return Err(refuse(PageRefusal::RequestGone));
    }
    let session = session(tx, platform, caller, current.as_ref(), &proof, &command.place)?;
    let consent = keep(tx, platform, caller, shown, &proof, &command.answer)?;
    let grounds = Grounds {
        authenticated_at: caller.now,
        consent,
        resident: proof.resident,
        strength: issue::strength(&proof.credential),
    };
    Ok((issue::code(tx, platform, caller, &shown.request, &grounds)?, session))
}

/// The session this proof renews, or opens.
fn session(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    current: Option<&Current>,
    proof: &Proof,
    place: &Place,
) -> Result<Secret, Error<ApprovalRefusal>> {
    if let Some(current) = current {
        let renewed = signed_in::renew(tx, caller, current.session.id)?;
        return renewed.ok_or(refuse(PageRefusal::SignInFirst));
    }
    let key = vault::sealing_key(tx, platform, proof.resident)?;
    let (_, secret) = signed_in::open(tx, platform, caller, (proof.resident, &key), proof.credential.id, place)?;
    Ok(secret)
}

/// Keeps the approval. One that releases nothing is kept once: repeating it would say nothing new.
fn keep(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    shown: &Shown,
    proof: &Proof,
    answer: &AuthenticationResponse,
) -> Result<ConsentId, Fault> {
    let silent = checks::fields(&scope(&shown.request)).is_empty();
    let earlier = if silent { consent::latest(tx, proof.resident, &shown.request.service)? } else { None };
    let earlier = earlier.filter(|consent| consent.fields.is_empty() && consent.purpose_hash == shown.purpose_hash);
    let id = match earlier {
        Some(consent) => consent.id,
        None => {
            let fresh = Consent {
                id: ConsentId::new(caller.now, caller.random()),
                resident: proof.resident,
                service: shown.request.service.clone(),
                fields: shown.fields.clone(),
                purpose_hash: shown.purpose_hash,
                shown_hash: proof.approved,
                credential: proof.credential.id,
                granted_at: caller.now,
                ended_at: None,
            };
            consent::insert(tx, &fresh)?;
            fresh.id
        }
    };
    // Everything somebody needs to check the passkey's signature again: what was shown, the random bytes, the answer.
    let body = json!({
        "answer": {
            "authenticator_data": encode(&answer.authenticator_data),
            "client_data": encode(&answer.client_data_json),
            "signature": encode(&answer.signature),
        },
        "consent": id.to_string(),
        "counter_alarm": proof.counter_alarm,
        "credential": proof.credential.id.to_string(),
        "random": encode(&shown.request.salt),
        "service": shown.request.service,
        "shown": shown.canonical(),
    });
    audit::append(tx, platform, caller, &Event::new("consent.granted", Some(proof.resident), body))?;
    Ok(id)
}

fn widen(error: Error<PageRefusal>) -> Error<ApprovalRefusal> {
    match error {
        Error::Refuse(refusal) => refuse(refusal),
        Error::Fault(fault) => Error::Fault(fault),
    }
}

const fn refuse(refusal: PageRefusal) -> Error<ApprovalRefusal> {
    Error::Refuse(ApprovalRefusal::Page(refusal))
}

const fn passkey(refusal: PasskeyRefusal) -> Error<ApprovalRefusal> {
    Error::Refuse(ApprovalRefusal::Passkey(refusal))
}

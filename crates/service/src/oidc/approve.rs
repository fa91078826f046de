//! POST /oauth/consent: the person's passkey signs what was shown, and the service gets its code.
//!
//! Which fields and which language were approved is read from the signature itself: of the few pages that could have been
//! shown for the request, it is the one whose digest the passkey signed. No form field can say otherwise.

use super::authorize::{scope, still_waiting};
use super::consent::{self, Shown};
use super::issue::{self, Grounds};
use super::{Word, checks, current};
use crate::audit::{self, Event};
use crate::ceremony::{self, Proof};
use crate::signed_in::{self, Current, Place, Secret};
use crate::{Caller, Error, Fault, Platform, pseudonym, vault};
use lionrock_model::credential::PasskeyRefusal;
use lionrock_model::id::ConsentId;
use lionrock_model::oidc::{ApprovalRefusal, PageRefusal};
use lionrock_store::consent::{self as consents, Consent};
use lionrock_store::oidc_request::Request;
use lionrock_store::{Tx, oidc_request};
use lionrock_wire::jose::encode;
use lionrock_wire::webauthn::json::AuthenticationResponse;
use serde_json::json;
use std::sync::Arc;

/// An approval as it arrived.
#[derive(Debug)]
pub struct Approve {
    /// The passkey's answer.
    pub answer: AuthenticationResponse,
    /// The browser's session cookie, if it has one.
    pub cookie: Option<String>,
    /// Names the request.
    pub handle: String,
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
    let handle = Word::Request.digest(platform, &command.handle)?;
    let (store, owned, caller) = (platform.store.clone(), Arc::clone(platform), caller.clone());
    store
        .compare_and_set(move |tx| {
            let request = still_waiting(tx, &owned, caller.now, handle).map_err(widen)?;
            consent::service(&owned, &request).map_err(widen)?;
            let (code, session) = carry_out(tx, &owned, &caller, &request, &command)?;
            let location = issue::location(&owned, &request.redirect_uri, request.state.as_deref(), &code);
            Ok(Approved { location, session })
        })
        .await
}

fn carry_out(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    request: &Request,
    command: &Approve,
) -> Result<(String, Secret), Error<ApprovalRefusal>> {
    let current = current(tx, platform, caller, command.cookie.as_deref())?;
    let claimed = command.answer.claimed_challenge().unwrap_or_default();
    let shown = Shown::signed(platform, request, current.as_ref(), &claimed).map_err(widen)?.ok_or({
        // The random part alone tells that the page was ours; another digest behind it means that it showed something else.
        if claimed.starts_with(&request.salt) {
            refuse(PageRefusal::ShownAgain)
        } else {
            passkey(PasskeyRefusal::PasskeyNotAccepted)
        }
    })?;
    let known = current.as_ref().map(|current| current.session.resident);
    let proof = ceremony::prove(tx, platform, caller, &shown.challenge(), known, &command.answer)?.map_err(passkey)?;
    if !oidc_request::take(tx, request.handle, caller.now)? {
        return Err(refuse(PageRefusal::RequestGone));
    }
    let session = session(tx, platform, caller, current.as_ref(), &proof, &command.place)?;
    let name = pseudonym::settle(tx, platform, caller, &request.service, proof.resident)?;
    let consent = keep(tx, platform, caller, &shown, &proof, &command.answer, name.first)?;
    let grounds = Grounds {
        authenticated_at: caller.now,
        consent,
        fields: shown.fields.clone(),
        resident: proof.resident,
        strength: issue::strength(&proof.credential),
        sub: name.row.name,
    };
    Ok((issue::code(tx, platform, caller, request, &grounds)?, session))
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
        let renewed = signed_in::renew(tx, platform, caller, &current.session)?;
        return renewed.ok_or(refuse(PageRefusal::SignInFirst));
    }
    let key = vault::key_of(platform, proof)?;
    let (_, secret) = signed_in::open(tx, platform, caller, (proof.resident, &key), proof.credential.id, place)?;
    Ok(secret)
}

/// Keeps the approval. One that releases nothing is kept once: repeating it would say nothing new. Whoever was `never_here` has none
/// to repeat, so nothing is looked up (see [`pseudonym::settle`]).
fn keep(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    shown: &Shown,
    proof: &Proof,
    answer: &AuthenticationResponse,
    never_here: bool,
) -> Result<ConsentId, Fault> {
    let silent = checks::fields(&scope(&shown.request)).is_empty();
    let earlier =
        if silent && !never_here { consents::latest(tx, proof.resident, &shown.request.service)? } else { None };
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
            consents::insert(tx, &fresh)?;
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

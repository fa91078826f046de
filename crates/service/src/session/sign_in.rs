//! POST /signin: a passkey's answer becomes a session.

use super::begin::ask;
use super::failed;
use crate::audit::{self, Event};
use crate::signed_in::{self, Place, Secret};
use crate::{Caller, Error, Fault, Platform, ceremony, vault};
use lionrock_model::id::{ResidentId, SessionId};
use lionrock_model::session::{EndReason, SessionRefusal, SignInEvent};
use lionrock_store::{Tx, session};
use lionrock_wire::webauthn::json::AuthenticationResponse;
use serde_json::json;
use std::sync::Arc;

/// An answer as it arrived.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// The passkey's answer.
    pub answer: AuthenticationResponse,
    /// The browser's random id, for which the challenge was made.
    pub browser: String,
    /// The session cookie the browser had before: its session ends.
    pub earlier: Option<String>,
    /// What the browser calls itself.
    pub agent: Option<String>,
}

/// A session, open.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Who.
    pub resident: ResidentId,
    /// The session.
    pub session: SessionId,
    /// For the cookie.
    pub secret: Secret,
}

/// Checks the answer and opens a session with a new secret.
///
/// # Errors
/// [`SessionRefusal::Passkey`], the same for every unknown, removed or closed thing; [`SessionRefusal::TooManyTries`]; faults.
pub async fn sign_in(
    platform: &Arc<Platform>,
    caller: &Caller,
    command: SignIn,
) -> Result<SignedIn, Error<SessionRefusal>> {
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    let outcome = platform.store.write(move |tx| carry_out(tx, &owned, &caller, &command)).await;
    ceremony::settle(outcome)
}

fn carry_out(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    command: &SignIn,
) -> Result<Result<SignedIn, SessionRefusal>, Fault> {
    let place = Place::of(caller, command.agent.as_deref());
    let proof = match ceremony::answer(tx, platform, caller, &ask(&command.browser), &command.answer)? {
        Ok(proof) => proof,
        Err(refusal) => return Ok(Err(failed(tx, platform, caller, &command.answer, &place, refusal)?)),
    };
    let key = vault::key_of(platform, &proof)?;
    let who = (proof.resident, &key);
    if let Some(earlier) = &command.earlier
        && let Ok(earlier) = signed_in::require(tx, platform, caller, earlier)
    {
        session::end(tx, earlier.resident.id, earlier.session.id, EndReason::Replaced, caller.now)?;
    }
    let (id, secret) = signed_in::open(tx, platform, caller, who, proof.credential.id, &place)?;
    if proof.counter_alarm {
        let which = Some(proof.credential.id);
        signed_in::note(tx, platform, caller, who, SignInEvent::CounterAlarm, which, &place)?;
    }
    let body = json!({
        "counter_alarm": proof.counter_alarm,
        "credential": proof.credential.id.to_string(),
        "session": id.to_string(),
    });
    audit::append(tx, platform, caller, &Event::new("session.opened", Some(proof.resident), body))?;
    Ok(Ok(SignedIn { resident: proof.resident, session: id, secret }))
}

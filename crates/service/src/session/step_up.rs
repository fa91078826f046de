//! POST /account/step-up: presence proved again within a session, before a sensitive change.

use crate::audit::{self, Event};
use crate::ceremony::{self, Ask};
use crate::signed_in::{self, Current, Place, Secret};
use crate::{Caller, Error, Fault, Platform, vault};
use lionrock_model::credential::CeremonyKind;
use lionrock_model::session::{SessionRefusal, SignInEvent};
use lionrock_store::Tx;
use lionrock_wire::webauthn::json::{AuthenticationResponse, RequestOptions};
use serde_json::json;
use std::sync::Arc;

/// An answer as it arrived.
#[derive(Clone, Debug)]
pub struct StepUp {
    /// The session cookie.
    pub cookie: String,
    /// The passkey's answer.
    pub answer: AuthenticationResponse,
    /// What the browser calls itself.
    pub agent: Option<String>,
}

/// Makes a challenge that only a passkey of the session's own person can answer.
///
/// # Errors
/// Of the session; faults.
pub async fn begin(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
) -> Result<RequestOptions, Error<SessionRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    platform
        .store
        .write(move |tx| {
            let current = signed_in::require(tx, &owned, &caller, &cookie)?;
            Ok::<_, Error<SessionRefusal>>(ceremony::begin(tx, &owned, &caller, &ask(&current, &current.binding()))?)
        })
        .await
}

/// Checks the answer and gives the session a new secret.
///
/// # Errors
/// Of the session, [`SessionRefusal::Passkey`]; faults.
pub async fn finish(
    platform: &Arc<Platform>,
    caller: &Caller,
    command: StepUp,
) -> Result<Secret, Error<SessionRefusal>> {
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    let outcome = platform.store.write(move |tx| carry_out(tx, &owned, &caller, &command)).await;
    ceremony::settle(outcome)
}

fn carry_out(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    command: &StepUp,
) -> Result<Result<Secret, SessionRefusal>, Fault> {
    let current = match signed_in::require(tx, platform, caller, &command.cookie) {
        Ok(current) => current,
        Err(Error::Refuse(refusal)) => return Ok(Err(refusal)),
        Err(Error::Fault(fault)) => return Err(fault),
    };
    let place = Place::of(caller, command.agent.as_deref());
    let asked = current.binding();
    let proof = match ceremony::answer(tx, platform, caller, &ask(&current, &asked), &command.answer)? {
        Ok(proof) => proof,
        Err(refusal) => return Ok(Err(super::failed(tx, platform, caller, &command.answer, &place, refusal)?)),
    };
    let key = vault::key_of(platform, &proof)?;
    let which = Some(proof.credential.id);
    signed_in::note(tx, platform, caller, (proof.resident, &key), SignInEvent::SteppedUp, which, &place)?;
    let body = json!({
        "counter_alarm": proof.counter_alarm,
        "credential": proof.credential.id.to_string(),
        "session": current.session.id.to_string(),
    });
    audit::append(tx, platform, caller, &Event::new("session.stepped-up", Some(proof.resident), body))?;
    Ok(signed_in::renew(tx, platform, caller, &current.session)?.ok_or(SessionRefusal::SessionOver))
}

fn ask<'a>(current: &Current, binding: &'a [u8; 16]) -> Ask<'a> {
    Ask { kind: CeremonyKind::StepUp, binding, resident: Some(current.resident.id), shown: b"" }
}

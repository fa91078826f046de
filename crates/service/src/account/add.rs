//! POST /account/authenticators: one more passkey, after a fresh proof of presence.

use crate::ceremony::{self, Ask};
use crate::letter::{self, News};
use crate::signed_in::{self, Current, Place};
use crate::{Caller, Error, Fault, Platform, vault};
use lionrock_model::account::AccountRefusal;
use lionrock_model::credential::{CeremonyKind, CredentialName};
use lionrock_model::id::CredentialId;
use lionrock_model::session::SignInEvent;
use lionrock_store::Tx;
use lionrock_wire::webauthn::json::{CreationOptions, RegistrationResponse};
use std::sync::Arc;

/// A new passkey's answer as it arrived.
#[derive(Clone, Debug)]
pub struct Add {
    /// The session cookie.
    pub cookie: String,
    /// The passkey's answer.
    pub answer: RegistrationResponse,
    /// The name the person gives it, or one made of the device.
    pub name: CredentialName,
    /// What the browser calls itself.
    pub agent: Option<String>,
}

/// Makes a challenge for a new passkey.
///
/// # Errors
/// Of the session, `StepUpNeeded`, [`AccountRefusal::TooManyAuthenticators`]; faults.
pub async fn begin(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
) -> Result<CreationOptions, Error<AccountRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    platform
        .store
        .write(move |tx| {
            let current = super::require_fresh(tx, &owned, &caller, &cookie)?;
            if !ceremony::has_room(tx, current.resident.id)? {
                return Err(Error::Refuse(AccountRefusal::TooManyAuthenticators));
            }
            Ok(ceremony::begin_creation(tx, &owned, &caller, &ask(&current, &current.binding()))?)
        })
        .await
}

/// Checks the answer and keeps the passkey.
///
/// # Errors
/// Of the session, `StepUpNeeded`, of the passkey; faults.
pub async fn add(
    platform: &Arc<Platform>,
    caller: &Caller,
    command: Add,
) -> Result<CredentialId, Error<AccountRefusal>> {
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    let outcome = platform.store.write(move |tx| carry_out(tx, &owned, &caller, &command)).await;
    ceremony::settle(outcome)
}

fn carry_out(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    command: &Add,
) -> Result<Result<CredentialId, AccountRefusal>, Fault> {
    let current = match super::within(super::require_fresh(tx, platform, caller, &command.cookie))? {
        Ok(current) => current,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let made = ceremony::creation(tx, platform, caller, &ask(&current, &current.binding()), &command.answer)?;
    let new = match made {
        Ok((new, _)) => new,
        Err(refusal) => return Ok(Err(refusal.into())),
    };
    let id = current.resident.id;
    if !ceremony::has_room(tx, id)? {
        return Ok(Err(AccountRefusal::TooManyAuthenticators));
    }
    let key = vault::sealing_key(tx, platform, id)?;
    let kept = match ceremony::keep_credential(tx, platform, caller, (id, &key), &command.name, &new)? {
        Ok(kept) => kept,
        Err(refusal) => return Ok(Err(refusal.into())),
    };
    let place = Place::of(caller, command.agent.as_deref());
    signed_in::note(tx, platform, caller, (id, &key), SignInEvent::AuthenticatorAdded, Some(kept.id), &place)?;
    letter::post(tx, platform, caller, id, News::AuthenticatorAdded)?;
    Ok(Ok(kept.id))
}

fn ask<'a>(current: &Current, binding: &'a [u8; 16]) -> Ask<'a> {
    Ask { kind: CeremonyKind::AddAuthenticator, binding, resident: Some(current.resident.id), shown: b"" }
}

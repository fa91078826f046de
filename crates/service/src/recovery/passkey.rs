//! POST /recover/passkey: the new passkey, for which the two codes are given up.

use super::current;
use crate::audit::{self, Event};
use crate::ceremony::{self, Ask};
use crate::counter::withdraw;
use crate::letter::{self, News};
use crate::signed_in::{self, Place, Secret};
use crate::{Caller, Error, Fault, Platform, recovery_codes, suspension, vault};
use lionrock_model::credential::{CeremonyKind, CredentialName};
use lionrock_model::id::RecoveryId;
use lionrock_model::recovery::{COOLING_OFF, Ground, RecoveryRefusal};
use lionrock_model::session::{EndReason, SignInEvent};
use lionrock_store::{Tx, credential, guardianship, recovery, session};
use lionrock_wire::webauthn::json::{CreationOptions, RegistrationResponse};
use serde_json::json;
use std::sync::Arc;

/// A new passkey's answer as it arrived.
#[derive(Clone, Debug)]
pub struct Finish {
    /// The browser's random id.
    pub browser: String,
    /// The passkey's answer.
    pub answer: RegistrationResponse,
    /// A name made of the device.
    pub name: CredentialName,
    /// What the browser calls itself.
    pub agent: Option<String>,
}

/// Makes a challenge for the new passkey.
///
/// # Errors
/// [`RecoveryRefusal::Over`]; [`RecoveryRefusal::TooManyAuthenticators`]; faults.
pub async fn options(
    platform: &Arc<Platform>,
    caller: &Caller,
    browser: &str,
) -> Result<CreationOptions, Error<RecoveryRefusal>> {
    let (owned, caller, browser) = (Arc::clone(platform), caller.clone(), browser.to_owned());
    platform
        .store
        .write(move |tx| {
            let chance = current(tx, &owned, &caller, &browser)?.ok_or(Error::Refuse(RecoveryRefusal::Over))?;
            if !chance.lost && !ceremony::has_room(tx, chance.resident)? {
                return Err(Error::Refuse(RecoveryRefusal::TooManyAuthenticators));
            }
            Ok(ceremony::begin_creation(tx, &owned, &caller, &ask(&chance, &chance.id))?)
        })
        .await
}

/// Keeps the passkey, uses up both codes, ends every other session — and every other passkey when they are lost — and signs the person
/// in.
///
/// # Errors
/// [`RecoveryRefusal::Over`] also when a code was used meanwhile; what the ceremony refuses; faults.
pub async fn finish(
    platform: &Arc<Platform>,
    caller: &Caller,
    command: Finish,
) -> Result<Secret, Error<RecoveryRefusal>> {
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    let outcome = platform.store.write(move |tx| carry_out(tx, &owned, &caller, &command)).await;
    ceremony::settle(outcome)
}

fn carry_out(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    command: &Finish,
) -> Result<Result<Secret, RecoveryRefusal>, Fault> {
    let Some(chance) = current(tx, platform, caller, &command.browser)? else {
        return Ok(Err(RecoveryRefusal::Over));
    };
    let (new, _) = match ceremony::creation(tx, platform, caller, &ask(&chance, &chance.id), &command.answer)? {
        Ok(made) => made,
        Err(refusal) => return Ok(Err(refusal.into())),
    };
    let who = chance.resident;
    // A chance that was open when the guardian took their consent back is worth nothing either.
    let linked = guardianship::of_young(tx, who)?.is_some();
    if (linked || chance.ground == Ground::Codes) && withdraw::needs_guardian(tx, platform, caller, who)? {
        return Ok(Err(RecoveryRefusal::GuardianNeeded));
    }
    if credential::by_external_id(tx, &new.id)?.is_some() {
        return Ok(Err(lionrock_model::credential::PasskeyRefusal::PasskeyTaken.into()));
    }
    if !chance.lost && !ceremony::has_room(tx, who)? {
        return Ok(Err(RecoveryRefusal::TooManyAuthenticators));
    }
    let codes: &[[u8; 32]] = if chance.ground == Ground::Codes { &chance.codes } else { &[] };
    for code in codes {
        if !recovery_codes::spend(tx, platform, caller, who, code)? {
            // Another browser used one of them since: nothing more than that may happen here.
            return Ok(Err(RecoveryRefusal::Over));
        }
    }
    let lost = if chance.lost { credential::standing(tx, who)? } else { Vec::new() };
    for known in &lost {
        ceremony::remove_credential(tx, platform, caller, known, "lost")?;
    }
    let removed = lost.len();
    let ended = session::end_all(tx, who, None, EndReason::Recovered, caller.now)?;
    let key = vault::sealing_key(tx, platform, who)?;
    let kept = ceremony::keep_credential(tx, platform, caller, (who, &key), &command.name, &new)?;
    // Nothing of the above may stand when the passkey cannot.
    let kept = kept.map_err(|_| Fault::bug("a passkey that nobody has is somebody's"))?;
    if !recovery::done(tx, chance.id, caller.now, caller.now.after(COOLING_OFF))? {
        return Err(lionrock_store::Error::Busy.into());
    }
    let place = Place::of(caller, command.agent.as_deref());
    let (session, secret) = signed_in::open(tx, platform, caller, (who, &key), kept.id, &place)?;
    signed_in::note(tx, platform, caller, (who, &key), SignInEvent::Recovered, Some(kept.id), &place)?;
    let body = json!({
        "credential": kept.id.to_string(),
        "ground": chance.ground.word(),
        "passkeys_removed": removed,
        "recovery": chance.id.to_string(),
        "session": session.to_string(),
        "sessions_ended": ended,
    });
    audit::append(tx, platform, caller, &Event::new("account.recovered", Some(who), body))?;
    suspension::lift(tx, platform, caller, who, json!({"recovery": chance.id.to_string()}))?;
    let news = if chance.ground == Ground::Codes { News::Recovered } else { News::RecoveredByProofing };
    letter::post(tx, platform, caller, who, news)?;
    Ok(Ok(secret))
}

const fn ask<'a>(chance: &recovery::Recovery, id: &'a RecoveryId) -> Ask<'a> {
    Ask { kind: CeremonyKind::Recover, binding: id.as_bytes(), resident: Some(chance.resident), shown: b"" }
}

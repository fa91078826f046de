//! Making residents without pictures, for the pre-registered people of a test realm. A production realm refuses it, and so
//! does every number outside the synthetic range.
//!
//! Everything else is real: the passkey is checked as at any registration, the facts are sealed as always, the ledger
//! gets its leaf.

mod officers;

pub use officers::{EnrolOfficer, begin_officer, enrol_officer, suspend};

use crate::audit::Event;
use crate::ceremony::{self, Ask};
use crate::counter::case;
use crate::freshness::Mark;
use crate::{Caller, Error, Fault, Platform, freshness, vault};
use lionrock_model::budget::Budget;
use lionrock_model::counter::{CaseKind, CaseState};
use lionrock_model::credential::{CeremonyKind, CredentialName};
use lionrock_model::id::ResidentId;
use lionrock_model::level::{EVIDENCE, Ground};
use lionrock_model::person::{CardFacts, Email};
use lionrock_model::refusals;
use lionrock_store::{Tx, resident};
use lionrock_wire::webauthn::json::{CreationOptions, RegistrationResponse};
use serde_json::json;
use std::sync::Arc;

refusals! {
    /// Why a synthetic person is not enrolled.
    EnrolRefusal {
        /// The card number has an account.
        AlreadyThere = "already-there", 409;
        /// The realm or the number is not a synthetic one.
        NotSynthetic = "not-synthetic", 403, audited;
        /// The passkey's answer was not accepted.
        PasskeyNotMade = "passkey-not-made", 422;
    }
}

/// A synthetic person with the answer of their software authenticator.
#[derive(Clone, Debug)]
pub struct Enrol {
    /// What the card says.
    pub facts: CardFacts,
    /// Where to reach them.
    pub email: Email,
    /// The answer to the options of [`begin`].
    pub passkey: RegistrationResponse,
}

const ASK: Ask<'static> = Ask { kind: CeremonyKind::Register, binding: b"rehearsal", resident: None, shown: b"" };

/// Asks for the passkey of a synthetic person.
///
/// # Errors
/// [`EnrolRefusal::NotSynthetic`] outside test realms; faults of the store.
pub async fn begin(platform: &Arc<Platform>, caller: &Caller) -> Result<CreationOptions, Error<EnrolRefusal>> {
    if !platform.settings.realm.is_test() {
        return Err(Error::Refuse(EnrolRefusal::NotSynthetic));
    }
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    Ok(platform.store.write(move |tx| ceremony::begin_creation(tx, &owned, &caller, &ASK)).await?)
}

/// Makes the account of a synthetic person.
///
/// # Errors
/// An [`EnrolRefusal`]; faults.
pub async fn enrol(
    platform: &Arc<Platform>,
    caller: &Caller,
    command: Enrol,
) -> Result<ResidentId, Error<EnrolRefusal>> {
    let realm = &platform.settings.realm;
    if !realm.is_test() || !realm.admits(&command.facts.hkid) {
        return Err(Error::Refuse(EnrolRefusal::NotSynthetic));
    }
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    platform.store.write(move |tx| carry_out(tx, &owned, &caller, &command)).await
}

/// Puts down the evidence of a synthetic person for *Plus*, in place of an officer at a counter; everything after it is the real journey
/// ([`crate::upgrade`]): age, cooling-off, and the person's own passkey over what is shown.
///
/// # Errors
/// [`EnrolRefusal::NotSynthetic`] outside test realms; faults of the store.
pub async fn evidence(platform: &Arc<Platform>, caller: &Caller, who: ResidentId) -> Result<(), Error<EnrolRefusal>> {
    if !platform.settings.realm.is_test() {
        return Err(Error::Refuse(EnrolRefusal::NotSynthetic));
    }
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    Ok(platform
        .store
        .write(move |tx| {
            if let Some(before) = case::of_resident(tx, &owned, who, CaseKind::Upgrade, caller.now)? {
                case::end(tx, &owned, &caller, before)?;
            }
            let mut shown = case::new(&caller, CaseKind::Upgrade);
            shown.resident = Some(who);
            shown.state = CaseState::Shown;
            shown.ground = Some(Ground::Rehearsal);
            shown.expires = caller.now.after(EVIDENCE);
            let body = json!({"case": shown.id.to_string(), "ground": Ground::Rehearsal.word()});
            let event = Event::new("errand.shown", Some(who), body);
            shown.approval = Some(freshness::append(tx, &owned, &caller, Mark::Shown(shown.id), &event)?);
            case::add(tx, &owned, shown).map(drop)
        })
        .await?)
}

fn carry_out(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    command: &Enrol,
) -> Result<ResidentId, Error<EnrolRefusal>> {
    let asked = &command.passkey.id;
    let index = vault::blind_index(platform, caller, Budget::LookupAtRegistration, asked, &command.facts.hkid)?;
    if vault::owner(tx, platform, caller, &index)?.is_some() {
        return Err(Error::Refuse(EnrolRefusal::AlreadyThere));
    }
    let made = ceremony::creation(tx, platform, caller, &ASK, &command.passkey)?;
    let (passkey, user_handle) = made.map_err(|_| Error::Refuse(EnrolRefusal::PasskeyNotMade))?;
    let id = ResidentId::new(caller.now, caller.random());
    let (key, sealed_key) = platform.keys.new_resident_key(id.as_bytes(), &*caller.entropy)?;
    let row = resident::NewResident {
        id,
        blind_index: index,
        user_handle,
        sealed_key,
        sealed_profile: vault::seal_profile(platform, caller, id, &key, &command.facts)?,
        notice_hash: [0; 32],
        notice_language: caller.language.tag().to_owned(),
        created_at: caller.now.0,
    };
    resident::insert(tx, &row)?;
    crate::monitor::known::family(tx, platform, id, &command.facts)?;
    let contact = vault::seal_email(platform, caller, id, 2, &key, &command.email)?;
    resident::set_contact(tx, id, 1, contact)?;
    freshness::record(tx, platform, caller, &Event::new("account.rehearsed", Some(id), json!({})))?;
    let name = CredentialName::parse("Rehearsal phone").map_err(|_| Fault::bug("a passkey name of ours"))?;
    ceremony::keep_credential(tx, platform, caller, (id, &key), &name, &passkey)?
        .map_err(|_| Error::Refuse(EnrolRefusal::PasskeyNotMade))?;
    Ok(id)
}

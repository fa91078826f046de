//! The first passkey makes the account: row, keys, sealed facts, passkey, recovery codes and session in one transaction.

use super::{check, codes, open_facts, require, require_at, write_back};
use crate::audit::Event;
use crate::ceremony::{self, Ask, settle};
use crate::counter::{case, guardian};
use crate::signed_in::{self, Place, Secret};
use crate::vault::{self, Profile, blind_index};
use crate::{Caller, Error, Fault, Platform, freshness};
use lionrock_crypto::ring::ResidentKey;
use lionrock_model::budget::Budget;
use lionrock_model::credential::{CeremonyKind, CredentialName};
use lionrock_model::id::{RegistrationId, ResidentId};
use lionrock_model::language::Language;
use lionrock_model::person::CardFacts;
use lionrock_model::proofing::Verdict;
use lionrock_model::register::{RegisterRefusal, Step};
use lionrock_store::registration::Registration;
use lionrock_store::resident::{self, NewResident};
use lionrock_store::{Tx, custody};
use lionrock_wire::webauthn::json::{CreationOptions, RegistrationResponse};
use serde_json::json;
use std::sync::Arc;

/// What came of the first passkey.
#[derive(Debug)]
pub enum Made {
    /// The account exists and its person is signed in with this secret.
    Account(Secret),
    /// This step was taken before; the registration stands elsewhere.
    Already(Step),
}

/// An account to be opened.
#[derive(Debug)]
pub struct NewAccount<'a> {
    /// The facts the registry confirmed.
    pub facts: &'a CardFacts,
    /// Random WebAuthn user handle.
    pub user_handle: [u8; 64],
    /// SHA-256 of the notice agreed to.
    pub notice_hash: [u8; 32],
    /// The language it was read in.
    pub language: Language,
}

/// What will be kept of the card, for the person's own eyes before the account exists.
///
/// # Errors
/// `OutOfOrder`, `RegistrationOver`.
pub async fn preview(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
) -> Result<Profile, Error<RegisterRefusal>> {
    let (shared, who, secret) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    platform
        .store
        .write(move |tx| {
            let row = require_at(tx, &shared, &secret, who.now, &[Step::Passkey])?;
            Ok(Profile::from(&open_facts(tx, &shared, &who, &row)?))
        })
        .await
}

/// Options for `navigator.credentials.create`.
///
/// # Errors
/// `OutOfOrder`, `RegistrationOver`.
pub async fn options(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
) -> Result<CreationOptions, Error<RegisterRefusal>> {
    let (shared, who, secret) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    platform
        .store
        .write(move |tx| {
            let row = require_at(tx, &shared, &secret, who.now, &[Step::Passkey])?;
            Ok(ceremony::begin_creation(tx, &shared, &who, &ask(&row.id))?)
        })
        .await
}

/// Takes the answer of the authenticator. A second answer, from a double click or a second tab, changes nothing.
///
/// # Errors
/// `OutOfOrder`, `RegistrationOver`, and what [`ceremony::creation`] refuses.
pub async fn finish(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    response: RegistrationResponse,
    agent: Option<&str>,
) -> Result<Made, Error<RegisterRefusal>> {
    let (shared, who, secret) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let place = Place::of(caller, agent);
    let name = first_name(caller.language)?;
    let written = platform
        .store
        .write(move |tx| {
            let row = match require(tx, &shared, &secret, who.now) {
                Ok(row) if row.step.has_account() => return Ok(Ok(Made::Already(row.step))),
                Ok(row) if row.step == Step::Passkey => row,
                Ok(_) => return Ok(Err(RegisterRefusal::OutOfOrder)),
                Err(Error::Refuse(refusal)) => return Ok(Err(refusal)),
                Err(Error::Fault(fault)) => return Err(fault),
            };
            let (new, handle) = match ceremony::creation(tx, &shared, &who, &ask(&row.id), &response)? {
                Ok(new) => new,
                Err(refusal) => return Ok(Err(RegisterRefusal::Passkey(refusal))),
            };
            let facts = open_facts(tx, &shared, &who, &row)?;
            let account =
                NewAccount { facts: &facts, user_handle: handle, notice_hash: row.notice_hash, language: row.language };
            let guardian = match guardian::agreed(tx, &shared, &who, &row, &facts)? {
                Ok(guardian) => guardian,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let Ok((resident, key)) = open_account(tx, &shared, &who, &account)? else {
                return refuse_taken(tx, &shared, &who, row, &facts);
            };
            let kept = ceremony::keep_credential(tx, &shared, &who, (resident, &key), &name, &new)?;
            let Ok(credential) = kept else {
                // A passkey that belongs to an account already cannot begin another: nothing of this one remains.
                return Err(Fault::stored_data("a fresh passkey is known already"));
            };
            let (_, session) = signed_in::open(tx, &shared, &who, (resident, &key), credential.id, &place)?;
            if let Some(agreed) = guardian {
                guardian::bind(tx, &shared, &who, (resident, &facts), agreed)?;
            }
            if let Some(case) = row.attended {
                case::over(tx, &shared, &who, case)?;
            }
            let sealed_codes = codes::make(tx, &shared, &who, &row.id, resident)?;
            custody::belongs(tx, row.id, resident)?;
            let next = Registration {
                step: Step::Codes,
                sealed_facts: None,
                sealed_codes: Some(sealed_codes),
                resident: Some(resident),
                ..row
            };
            match write_back(tx, &shared, &next) {
                Ok(()) => Ok(Ok(Made::Account(session))),
                // Another tab was faster: everything above is rolled back.
                Err(_) => Err(lionrock_store::Error::Busy.into()),
            }
        })
        .await;
    settle(written)
}

/// Opens an account in this transaction. `Ok(Err(()))` when the card number has one: one number, one account.
///
/// # Errors
/// Of the store and of sealing.
pub fn open_account(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    new: &NewAccount<'_>,
) -> Result<Result<(ResidentId, ResidentKey), AlreadyTaken>, Fault> {
    let asked = &new.user_handle;
    let index = blind_index(platform, caller, Budget::LookupAtRegistration, asked, &new.facts.hkid)?;
    if vault::owner(tx, platform, caller, &index)?.is_some() {
        return Ok(Err(AlreadyTaken));
    }
    let id = ResidentId::new(caller.now, caller.random());
    let (key, sealed_key) = platform.keys.new_resident_key(id.as_bytes(), &*caller.entropy)?;
    let row = NewResident {
        id,
        blind_index: index,
        user_handle: new.user_handle,
        sealed_key,
        sealed_profile: vault::seal_profile(platform, caller, id, &key, new.facts)?,
        notice_hash: new.notice_hash,
        notice_language: new.language.tag().to_owned(),
        created_at: caller.now.0,
    };
    resident::insert(tx, &row)?;
    crate::monitor::known::family(tx, platform, id, new.facts)?;
    let opened = Event::new("account.opened", Some(id), json!({"resident": id.to_string()}));
    freshness::record(tx, platform, caller, &opened)?;
    Ok(Ok((id, key)))
}

/// The card number has an account already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlreadyTaken;

/// Two registrations of one card ran side by side and this one was second.
fn refuse_taken(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    mut row: Registration,
    facts: &CardFacts,
) -> Result<Result<Made, RegisterRefusal>, Fault> {
    let index = blind_index(platform, caller, Budget::LookupAtRegistration, row.id.as_bytes(), &facts.hkid)?;
    if let Some(owner) = vault::owner(tx, platform, caller, &index)? {
        check::tell_owner(tx, platform, caller, owner)?;
    }
    row.step = Step::Counter;
    row.verdict = Some(Verdict::Refused);
    row.sealed_facts = None;
    match write_back(tx, platform, &row) {
        Ok(()) => Ok(Ok(Made::Already(Step::Counter))),
        Err(_) => Err(lionrock_store::Error::Busy.into()),
    }
}

const fn ask(id: &RegistrationId) -> Ask<'_> {
    Ask { kind: CeremonyKind::Register, binding: id.as_bytes(), resident: None, shown: b"" }
}

fn first_name(language: Language) -> Result<CredentialName, Fault> {
    let name = match language {
        Language::En => "First passkey",
        Language::ZhHant => "第一個通行密鑰",
        Language::ZhHans => "第一个通行密钥",
    };
    CredentialName::parse(name).map_err(|_| Fault::bug("the first passkey's name"))
}

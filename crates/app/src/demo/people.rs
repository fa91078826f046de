//! The demo's people: who registers by camera, who is there already with a software phone, who meets a difficulty.

use super::folder::{Folder, private};
use crate::clock;
use anyhow::{Context, Result};
use lionrock_model::refusal::Refusal;
use lionrock_rehearsal::authenticator::{Authenticator, Manner};
use lionrock_rehearsal::people::{self as synthetic, Person, Role};
use lionrock_rehearsal::phone::PhoneBook;
use lionrock_service::caller::System;
use lionrock_service::rehearse::{self, Enrol, EnrolRefusal};
use lionrock_service::{Error, Platform};
use lionrock_wire::webauthn::json::RegistrationResponse;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// Everybody: residents first, then those with difficulties.
///
/// # Errors
/// When the generator's own tables contradict each other.
pub fn all(seed: u64) -> Result<Vec<Person>> {
    let mut people = synthetic::residents(seed, synthetic::DEFAULT_RESIDENTS)?;
    people.extend(synthetic::drills(seed)?);
    Ok(people)
}

/// Makes accounts for the pre-registered, once; answers their phones, which a file keeps that only its owner reads.
///
/// # Errors
/// When an account cannot be made.
pub async fn enrol(platform: &Arc<Platform>, folder: &Folder, people: &[Person], issuer: &str) -> Result<PhoneBook> {
    let file = folder.rehearsal().join("phones.json");
    let mut phones: BTreeMap<String, Authenticator> = match std::fs::read(&file) {
        Ok(bytes) => serde_json::from_slice(&bytes).with_context(|| format!("{} is damaged", file.display()))?,
        Err(_) => BTreeMap::new(),
    };
    let missing = people.iter().filter(|person| person.role == Role::PreRegistered);
    for person in missing.filter(|person| !phones.contains_key(&person.slug)).collect::<Vec<_>>() {
        if let Some(phone) = enrol_one(platform, person, issuer).await? {
            phones.insert(person.slug.clone(), phone);
        }
    }
    private(&file, &serde_json::to_vec(&phones)?)?;
    Ok(Arc::new(Mutex::new(phones)))
}

/// Makes the account of one person with a fresh software phone; nothing when the number has an account already.
///
/// # Errors
/// When the account cannot be made.
pub async fn enrol_one(platform: &Arc<Platform>, person: &Person, issuer: &str) -> Result<Option<Authenticator>> {
    let caller = clock::platform_caller();
    let options = rehearse::begin(platform, &caller).await?;
    let mut phone = Authenticator::default();
    let answer = phone.create(&serde_json::to_value(&options)?, issuer, &Manner::default(), &System)?;
    let passkey = RegistrationResponse::from_json(answer.to_string().as_bytes())?;
    let enrol = Enrol { facts: person.facts.clone(), email: person.email.clone(), passkey };
    match rehearse::enrol(platform, &caller, enrol).await {
        Ok(_) => Ok(Some(phone)),
        // The store knows this person, the phone file does not: somebody registered as them.
        Err(Error::Refuse(EnrolRefusal::AlreadyThere)) => Ok(None),
        Err(Error::Refuse(refusal)) => anyhow::bail!("{} cannot be enrolled: {}", person.slug, refusal.code()),
        Err(Error::Fault(fault)) => Err(fault.into()),
    }
}

//! The demo's officers: enrolled with software keys that a maker of this folder vouches for.

use super::folder::{Folder, private};
use crate::clock;
use crate::config::staff::{Staff, UnitEntry};
use anyhow::{Context, Result};
use lionrock_model::refusal::Refusal;
use lionrock_model::staff::{OfficerName, StaffNumber, Unit};
use lionrock_rehearsal::authenticator::Authenticator;
use lionrock_rehearsal::maker::Maker;
use lionrock_rehearsal::officers::{MODEL, OFFICERS, OfficerBook, Synthetic, UNITS};
use lionrock_service::caller::System;
use lionrock_service::rehearse::{self, EnrolOfficer, EnrolRefusal};
use lionrock_service::staff::house::Named;
use lionrock_service::{Error, Platform};
use lionrock_wire::webauthn::json::RegistrationResponse;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

/// The maker of this folder, made on the first start.
///
/// # Errors
/// When it cannot be made or read.
pub fn maker(folder: &Folder) -> Result<Maker> {
    let file = folder.rehearsal().join("maker.json");
    if let Ok(bytes) = std::fs::read(&file) {
        return serde_json::from_slice(&bytes).with_context(|| format!("{} is damaged", file.display()));
    }
    let maker = Maker::create(MODEL, clock::now().hong_kong_date())?;
    private(&file, &serde_json::to_vec(&maker)?)?;
    std::fs::write(folder.attestation_root(), &maker.root_pem)?;
    Ok(maker)
}

/// The staff house of a demo: units at every hour, on this machine.
///
/// # Errors
/// When the maker cannot be made.
pub fn configuration(folder: &Folder, listen: SocketAddr) -> Result<Staff> {
    let maker = maker(folder)?;
    let units = UNITS.iter().map(|(name, kind)| UnitEntry {
        name: (*name).to_owned(),
        kind: kind.word().to_owned(),
        hours: [0, 24],
        networks: vec!["127.0.0.0/8".to_owned(), "::1/128".to_owned()],
    });
    let mut models = vec![hex(maker.model)];
    let mut roots = vec![folder.attestation_root()];
    // A browser's own virtual authenticator, when a test put its root beside ours.
    let browser = folder.rehearsal().join("browser-root.pem");
    if browser.exists() {
        roots.push(browser);
        models.push(BROWSER_MODEL.to_owned());
    }
    Ok(Staff {
        listen,
        origin: format!("https://localhost:{}", listen.port()),
        attestation_roots: roots,
        models,
        units: units.collect(),
    })
}

/// Model of the virtual authenticator of a browser under test.
const BROWSER_MODEL: &str = "01020304-0506-0708-0102-030405060708";

fn hex(model: [u8; 16]) -> String {
    model.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Enrols everybody who is not there yet; answers their keys, which a file keeps that only its owner reads.
///
/// # Errors
/// When an officer cannot be made.
pub async fn enrol(platform: &Arc<Platform>, folder: &Folder, origin: &str) -> Result<OfficerBook> {
    let file = folder.rehearsal().join("officers.json");
    let keys: BTreeMap<String, Authenticator> = match std::fs::read(&file) {
        Ok(bytes) => serde_json::from_slice(&bytes).with_context(|| format!("{} is damaged", file.display()))?,
        Err(_) => BTreeMap::new(),
    };
    let book = OfficerBook { keys: Arc::new(Mutex::new(BTreeMap::new())), maker: Arc::new(maker(folder)?) };
    let mut all = keys;
    for officer in &OFFICERS {
        if !all.contains_key(officer.slug)
            && let Some(key) = enrol_one(platform, officer, &book, origin).await?
        {
            all.insert(officer.slug.to_owned(), key);
        }
    }
    private(&file, &serde_json::to_vec(&all)?)?;
    Ok(OfficerBook { keys: Arc::new(Mutex::new(all)), ..book })
}

async fn enrol_one(
    platform: &Arc<Platform>,
    officer: &Synthetic,
    book: &OfficerBook,
    origin: &str,
) -> Result<Option<Authenticator>> {
    let caller = clock::platform_caller();
    let options = rehearse::begin_officer(platform, &caller).await?;
    let mut key = Authenticator::default();
    let mut options = serde_json::to_value(&options)?;
    // Each has a device of their own; the list of others' keys is for the device to look at, and this one is empty.
    if let Some(members) = options.as_object_mut() {
        members.remove("excludeCredentials");
    }
    let answer = key.create(&options, origin, &book.manner(), &System)?;
    let named = Named {
        name: OfficerName::parse(officer.name).context("an officer's name")?,
        number: StaffNumber::parse(officer.number).context("a staff number")?,
    };
    let command = EnrolOfficer {
        named,
        role: officer.role,
        unit: Unit::parse(officer.unit)?,
        key: RegistrationResponse::from_json(answer.to_string().as_bytes())?,
    };
    match rehearse::enrol_officer(platform, &caller, command).await {
        Ok(_) => Ok(Some(key)),
        // The store knows this officer, the file of keys does not.
        Err(Error::Refuse(EnrolRefusal::AlreadyThere)) => Ok(None),
        Err(Error::Refuse(refusal)) => anyhow::bail!("{} cannot be enrolled: {}", officer.slug, refusal.code()),
        Err(Error::Fault(fault)) => Err(fault.into()),
    }
}

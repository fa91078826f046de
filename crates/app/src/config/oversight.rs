//! Members of the configuration that say who may approve exceptions, where data may be, and whose time counts.

use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lionrock_model::person::Email;
use lionrock_model::realm::Realm;
use lionrock_model::staff::Identity;
use lionrock_service::statement::Officer;
use serde::Deserialize;
use std::path::PathBuf;

/// Whose time counts.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// Time servers, `HOST` or `HOST:PORT` (SNTP): an odd number of them, so that one liar is outvoted.
    #[serde(default)]
    pub sources: Vec<String>,
}

/// Where data may be.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// Names of the sites that policy allows.
    #[serde(default)]
    pub allowed: Vec<String>,
    /// Site certificates, signed by two officers.
    #[serde(default)]
    pub certificates: Vec<PathBuf>,
}

/// Somebody whose signature counts on deviations and site certificates.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfficerEntry {
    /// What signatures call them by.
    pub id: String,
    /// Their role.
    pub role: String,
    /// Their Ed25519 public key, base64url.
    pub key: String,
}

/// Who hears of alarms.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alerting {
    /// E-mail addresses, each of another officer; at least two in production.
    #[serde(default)]
    pub alerts: Vec<String>,
}

/// Reads the addresses that hear of alarms.
///
/// # Errors
/// When one is no address, or two are the same.
pub fn alerts(entry: &Alerting) -> Result<Vec<Email>> {
    let mut read: Vec<Email> = Vec::new();
    for text in &entry.alerts {
        let Ok(address) = Email::parse(text) else { bail!("officers.alerts: {text:?} is no e-mail address") };
        if read.iter().any(|other| other.reveal().eq_ignore_ascii_case(address.reveal())) {
            bail!("officers.alerts: {text:?} is named twice; two officers are two people");
        }
        read.push(address);
    }
    Ok(read)
}

/// Reads the officers.
///
/// # Errors
/// Names the officer and what to mend: a role that this realm does not have, a key that is none, a name or key given twice.
pub fn officers(entries: &[OfficerEntry], realm: &Realm) -> Result<Vec<Officer>> {
    let mut officers: Vec<Officer> = Vec::new();
    for entry in entries {
        let named = || format!("officer {:?}", entry.id);
        let identity = Identity::parse(&entry.role, realm).with_context(named)?;
        let key: Option<[u8; 32]> = URL_SAFE_NO_PAD.decode(&entry.key).ok().and_then(|bytes| bytes.try_into().ok());
        let key = key.context("the key is not 32 bytes in base64url").with_context(named)?;
        if officers.iter().any(|other| other.id == entry.id || other.key == key) {
            bail!("officer {:?}: the name or the key belongs to another officer already", entry.id);
        }
        officers.push(Officer { id: entry.id.clone(), identity, key });
    }
    Ok(officers)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn entry(id: &str, role: &str, byte: u8) -> OfficerEntry {
        OfficerEntry { id: id.to_owned(), role: role.to_owned(), key: URL_SAFE_NO_PAD.encode([byte; 32]) }
    }

    #[test]
    fn production_refuses_a_contractor_whoever_wrote_the_file() {
        let entries = [entry("a", "privacy", 1), entry("b", "contractor", 2)];
        let text = format!("{:#}", officers(&entries, &Realm::Production).unwrap_err());
        assert!(text.contains("\"b\"") && text.contains("production has no contractors"), "{text}");
        let test = Realm::parse("test-demo").unwrap();
        let read = officers(&entries, &test).unwrap();
        assert!(read[0].identity.approves() && !read[1].identity.approves());
    }

    #[test]
    fn officers_have_names_and_keys_of_their_own() {
        let twice = [entry("a", "privacy", 1), entry("b", "security", 1)];
        assert!(officers(&twice, &Realm::Production).is_err());
        let namesakes = [entry("a", "privacy", 1), entry("a", "security", 2)];
        assert!(officers(&namesakes, &Realm::Production).is_err());
        let mut short = entry("a", "privacy", 1);
        short.key.truncate(10);
        assert!(officers(&[short], &Realm::Production).is_err());
        assert!(officers(&[entry("a", "administrator", 1)], &Realm::Production).is_err());
    }
}

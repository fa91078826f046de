//! Secrets that are no secrets: published in examples and tests, made of common words, too short, or not random at all.
//!
//! The published ones are kept as digests in `secrets/published.txt`; a test looks through the repository and fails when one is
//! missing there.

use super::{Check, Setting};
use crate::config::{Config, Mail};
use crate::{root_key, services};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lionrock_crypto::digest::sha256;
use lionrock_model::realm::Realm;
use lionrock_model::service::Authentication;
use lionrock_store::Address;
use lionrock_wire::jose::JwkSet;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use std::path::Path;
use zeroize::Zeroizing;

mod weak;
pub use weak::weakness;

pub(super) fn checks(at: &Setting<'_>) -> [Check; 1] {
    [at.production_all("no-known-secrets", || find(at.config, at.realm))]
}

/// Every secret the configuration leads to that is known or weak: where it stands and why, never what it is.
fn find(config: &Config, realm: &Realm) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut note = |place: &str, found: Result<(), String>| {
        if let Err(why) = found {
            wrong.push(format!("{place} {why}; make a new one"));
        }
    };
    for (place, path, least) in lines(config) {
        note(place, line(path).and_then(|text| text_secret(text.as_bytes(), least)));
    }
    if let Some(path) = &config.keys.root_file {
        note("keys.root_file", root_file(path));
    }
    note("tls.key", private_key(&config.tls.key));
    if let Ok(Address::Postgres(server)) = Address::parse(&config.store())
        && let Some(password) = server.password()
    {
        note("the password of the store", text_secret(password, PASSWORD));
    }
    for officer in &config.officers {
        let key = URL_SAFE_NO_PAD.decode(&officer.key).unwrap_or_default();
        note(&format!("the key of officer {:?}", officer.id), public_key(&key));
    }
    // A file that cannot be read as services has a check of its own.
    let declared = config.services.as_deref().and_then(|file| services::read(file, realm).ok()).unwrap_or_default();
    for service in &declared {
        note(&format!("the secret of service {:?}", service.id().as_str()), service_secret(service.authentication()));
    }
    wrong
}

/// Fewest characters of a PIN, of a password a person typed, of a token a machine made.
const PIN: usize = 6;
const PASSWORD: usize = 12;
const TOKEN: usize = 16;

/// Files whose first line is the secret.
fn lines(config: &Config) -> Vec<(&'static str, &Path, usize)> {
    let pin = config.keys.pkcs11.as_ref().map(|token| token.pin_file.as_path());
    let password = match &config.mail {
        Mail::Smtp { password_file, .. } => password_file.as_deref(),
        Mail::Mailbox => None,
    };
    let all = [
        ("keys.pkcs11.pin_file", pin, PIN),
        ("keys.passphrase_file", config.keys.passphrase_file.as_deref(), TOKEN),
        ("registry.token_file", config.registry.token_file.as_deref(), TOKEN),
        ("mail.password_file", password, PASSWORD),
    ];
    all.into_iter().filter_map(|(place, path, least)| Some((place, path?, least))).collect()
}

fn line(path: &Path) -> Result<Zeroizing<String>, String> {
    let text = std::fs::read_to_string(path).map(Zeroizing::new);
    let text = text.map_err(|error| format!("cannot be read ({error})"))?;
    Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
}

fn text_secret(text: &[u8], least: usize) -> Result<(), String> {
    known(text)?;
    weakness(text, least).map_or(Ok(()), |why| Err(why.to_owned()))
}

fn root_file(path: &Path) -> Result<(), String> {
    // What is no root key file is refused where keys are opened.
    let Ok(text) = std::fs::read_to_string(path).map(Zeroizing::new) else { return Ok(()) };
    let Some(bytes) = text.lines().nth(1).and_then(root_key::unhex).map(Zeroizing::new) else { return Ok(()) };
    known(&*bytes)?;
    raw(&*bytes)
}

/// 32 random bytes have about thirty different ones; fewer than twelve happen never.
fn raw(bytes: &[u8]) -> Result<(), String> {
    let mut seen: Vec<u8> = bytes.to_vec();
    seen.sort_unstable();
    seen.dedup();
    let steady = bytes.windows(2).all(|pair| matches!(pair, [a, b] if b.wrapping_sub(*a) == 1));
    if seen.len() < 12 || steady { Err("is not random".to_owned()) } else { Ok(()) }
}

fn private_key(path: &Path) -> Result<(), String> {
    let key = PrivateKeyDer::from_pem_file(path).map_err(|error| format!("cannot be read ({error})"))?;
    let der = key.secret_der();
    known(der)?;
    // The secret number of an elliptic curve stands in it as an octet string of 32 bytes: the same key in another wrapping.
    let mut numbers = der.windows(34).filter_map(|window| window.strip_prefix(&[0x04, 0x20]));
    numbers.try_for_each(known)
}

fn public_key(bytes: &[u8]) -> Result<(), String> {
    known(bytes)
}

fn service_secret(authentication: &Authentication) -> Result<(), String> {
    match authentication {
        Authentication::Secret { digest } => {
            if is_published(digest) || weak::is_digest_of_a_word(digest) {
                return Err("is a word of a list, or published".to_owned());
            }
            Ok(())
        }
        Authentication::Keys { jwks } => {
            let keys = JwkSet::parse(jwks.as_bytes()).map_err(|error| error.to_string())?;
            keys.keys().iter().try_for_each(|key| known(&key.key.bytes()))
        }
        Authentication::Public => Ok(()),
    }
}

fn known(secret: &[u8]) -> Result<(), String> {
    if is_published(&sha256(secret)) { Err("is published in examples or tests".to_owned()) } else { Ok(()) }
}

/// Whether a secret of this SHA-256 stands in the list.
#[must_use]
pub fn is_published(digest: &[u8; 32]) -> bool {
    let digests = PUBLISHED.lines().filter_map(|line| line.split(' ').next());
    digests.filter_map(root_key::unhex).any(|published| published == *digest)
}

/// `SHA-256 what it is`, one a line: of the bytes of a text, of a private key's DER or number, of a public key's bytes.
const PUBLISHED: &str = include_str!("secrets/published.txt");

#[cfg(test)]
mod tests;

//! Files of the authority: PEM, and the root's key sealed under a passphrase or under a secret in shares.

use anyhow::{Context, Result, bail};
use lionrock_crypto::aead::Key;
use lionrock_crypto::passphrase;
use lionrock_crypto::random::{Entropy, System};
use lionrock_crypto::secret::Secret;
use lionrock_crypto::shares::{self, Share};
use lionrock_pki::certificate::Certificate;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

const HEAD: &str = "lionrock authority key v1";
const PLACE: &[u8] = b"lionrock authority root key v1 ";

/// How the root's key is opened.
#[derive(Debug, Default, clap::Args)]
pub struct Opening {
    /// A file with the passphrase on its first line, 16 characters at least.
    #[arg(long)]
    pub passphrase_file: Option<PathBuf>,
    /// A share of the secret the key is sealed under; once for each.
    #[arg(long = "share")]
    pub shares: Vec<PathBuf>,
}

/// A PEM block (RFC 7468).
///
/// # Errors
/// When the library refuses.
pub fn pem(label: &'static str, der: &[u8]) -> Result<String> {
    Ok(lionrock_pki::to_pem(label, der)?)
}

/// The certificate of a PEM file.
///
/// # Errors
/// When it cannot be read or holds none.
pub fn certificate(file: &Path) -> Result<Certificate> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    Certificate::from_pem(&text).with_context(|| format!("{} holds no certificate", file.display()))
}

/// Writes a new file that only its owner reads.
///
/// # Errors
/// When it is there already.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("cannot make {}", path.display()))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).with_context(|| format!("cannot write {}", path.display()))
}

/// Seals the root's key under a secret; `salt` belongs to a passphrase.
///
/// # Errors
/// When the library refuses.
pub fn seal(secret: &Secret<32>, salt: Option<&[u8; 16]>, realm: &str, pkcs8: &[u8]) -> Result<String> {
    let sealed = Key::new(secret.clone()).seal_random(&System, &[PLACE, realm.as_bytes()].concat(), pkcs8)?;
    let salt = salt.map_or_else(|| "shares".to_owned(), |salt| hex(salt));
    Ok(format!("{HEAD}\n{realm}\n{salt}\n{}\n", hex(&sealed)))
}

/// Opens the root's key: its realm, and PKCS#8.
///
/// # Errors
/// When the file is none, or passphrase or shares are not its own.
pub fn open(file: &Path, opening: &Opening) -> Result<(String, Zeroizing<Vec<u8>>)> {
    crate::root_key::guard_mode(file)?;
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut lines = text.lines();
    let none = || format!("{} is no key of an authority's root", file.display());
    let (Some(HEAD), Some(realm), Some(salt), Some(sealed)) = (lines.next(), lines.next(), lines.next(), lines.next())
    else {
        bail!(none());
    };
    let secret = match salt {
        "shares" => from_shares(&opening.shares)?,
        salt => {
            let salt: [u8; 16] = unhex(salt).and_then(|bytes| bytes.try_into().ok()).with_context(none)?;
            let file =
                opening.passphrase_file.as_deref().context("this key needs its passphrase: --passphrase-file")?;
            from_passphrase(file, &salt)?
        }
    };
    let sealed = unhex(sealed).with_context(none)?;
    let plain = Key::new(secret).open_random(&[PLACE, realm.as_bytes()].concat(), &sealed);
    Ok((realm.to_owned(), plain.ok().context("this passphrase, or these shares, do not open the root's key")?))
}

/// The secret of a passphrase file.
///
/// # Errors
/// When others can read the file, or the passphrase is too short.
pub fn from_passphrase(file: &Path, salt: &[u8; 16]) -> Result<Secret<32>> {
    crate::root_key::guard_mode(file)?;
    let text =
        Zeroizing::new(std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?);
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() < 16 {
        bail!("the passphrase in {} is shorter than 16 characters", file.display());
    }
    Ok(passphrase::stretch(line.as_bytes(), salt)?)
}

/// A fresh secret in shares.
///
/// # Errors
/// When the numbers make no sense.
pub fn new_shares(realm: &str, threshold: u8, of: u8) -> Result<(Secret<32>, Vec<Share>)> {
    let secret = Secret::random(&System);
    let shares = shares::split(&secret, realm, threshold, of, &System)?;
    Ok((secret, shares))
}

fn from_shares(files: &[PathBuf]) -> Result<Secret<32>> {
    if files.is_empty() {
        bail!("this key is sealed under a secret in shares: give each holder's by --share");
    }
    let read = |file: &PathBuf| {
        let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        Share::parse(&Zeroizing::new(text)).with_context(|| file.display().to_string())
    };
    Ok(shares::join(&files.iter().map(read).collect::<Result<Vec<_>>>()?)?)
}

/// A random salt.
#[must_use]
pub fn salt() -> [u8; 16] {
    let source: &dyn Entropy = &System;
    source.array()
}

/// Hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes of hexadecimal digits.
#[must_use]
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

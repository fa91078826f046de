//! The root of all keys: a file of 32 bytes that only its owner reads, a passphrase, or a key in a key store module.

use crate::config::{Keys, Pkcs11};
use anyhow::{Context, Result, bail};
use lionrock_crypto::passphrase;
use lionrock_crypto::pkcs11::{Module, ModuleMac, ROOT};
use lionrock_crypto::random::Entropy;
use lionrock_crypto::ring::{Root, make_in_module};
use lionrock_crypto::secret::Secret;
use lionrock_model::realm::Realm;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use zeroize::Zeroizing;

const HEAD: &str = "lionrock root key v1";

/// Makes a new key file, readable by its owner alone.
///
/// # Errors
/// When the file exists already, or cannot be written.
pub fn init(path: &Path, entropy: &dyn Entropy) -> Result<Root> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    let secret = Secret::<32>::random(entropy);
    let hex: String = secret.expose().iter().map(|byte| format!("{byte:02x}")).collect();
    let text = Zeroizing::new(format!("{HEAD}\n{hex}\n"));
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("cannot make the key file {}: it may exist already", path.display()))?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).context("cannot write the key file")?;
    Ok(Root::new(secret))
}

/// Reads a key file.
///
/// # Errors
/// When others can read it, or it is no key file.
pub fn read(path: &Path) -> Result<Root> {
    guard_mode(path)?;
    let text = Zeroizing::new(
        std::fs::read_to_string(path).with_context(|| format!("cannot read the key file {}", path.display()))?,
    );
    let hex = text.strip_prefix(HEAD).map(str::trim).filter(|hex| hex.len() == 64);
    let bytes = hex
        .and_then(unhex)
        .with_context(|| format!("{} is not a root key file: make one with `lionrock key init`", path.display()))?;
    Ok(Root::new(Secret::new(bytes)))
}

/// Stretches the passphrase on the first line of a file; the salt lies beside the data.
///
/// # Errors
/// When the file cannot be read, others can read it, or the passphrase has fewer than 16 characters.
pub fn from_passphrase(path: &Path, salt_file: &Path, entropy: &dyn Entropy) -> Result<Root> {
    guard_mode(path)?;
    let text = Zeroizing::new(
        std::fs::read_to_string(path).with_context(|| format!("cannot read the passphrase file {}", path.display()))?,
    );
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() < 16 {
        bail!("the passphrase in {} is shorter than 16 characters", path.display());
    }
    let salt = match std::fs::read(salt_file) {
        Ok(bytes) => bytes.try_into().ok().with_context(|| format!("{} is damaged", salt_file.display()))?,
        Err(_) => {
            let salt: [u8; 16] = entropy.array();
            std::fs::write(salt_file, salt).with_context(|| format!("cannot write {}", salt_file.display()))?;
            salt
        }
    };
    Ok(Root::new(passphrase::stretch(line.as_bytes(), &salt)?))
}

/// Opens the root key of a token; its PIN stands on the first line of a file that only its owner reads.
///
/// # Errors
/// When module, token or PIN cannot be used, or the token has no root key.
pub fn in_module(setting: &Pkcs11) -> Result<Root> {
    let root = ModuleMac::open(&module(setting)?, ROOT).map(Root::in_module);
    root.with_context(|| format!("the root key in token {:?} of {}", setting.token, setting.module.display()))
}

/// The root beside the module that holds other keys of the ring, when the configuration names one.
///
/// # Errors
/// When module, token or PIN cannot be used.
pub fn with_module(root: Root, keys: &Keys) -> Result<Root> {
    let Some(setting) = &keys.pkcs11 else { return Ok(root) };
    let words: Vec<_> = setting.hold.iter().filter_map(|hold| hold.ring_word()).collect();
    let moving: Vec<_> = setting.moving.iter().filter_map(|hold| hold.ring_word()).collect();
    Ok(root.with_module(&module(setting)?, &words)?.moving(&moving)?)
}

/// Makes the keys in a token that it is to hold; those of the ring belong to a realm.
///
/// # Errors
/// When module, token or PIN cannot be used; when a key is there already, which leaves the ones before it made.
pub fn init_in_module(setting: &Pkcs11, realm: Option<&Realm>) -> Result<()> {
    if setting.hold.iter().any(|hold| hold.ring_word().is_some()) && realm.is_none() {
        bail!("keys other than the root belong to a realm: give --realm");
    }
    let module = module(setting)?;
    // Keys of the certificate authority are made with their requests.
    for hold in setting.hold.iter().filter(|hold| !hold.comes_later()) {
        let made = match (hold.ring_word(), realm) {
            (Some(word), Some(realm)) => make_in_module(&module, &realm.to_string(), word),
            _ => ModuleMac::make(&module, ROOT).map(drop),
        };
        made.with_context(|| {
            let (token, file) = (&setting.token, setting.module.display());
            format!("the {hold:?} key was not made in token {token:?} of {file}")
        })?;
    }
    Ok(())
}

pub(crate) fn module(setting: &Pkcs11) -> Result<Arc<Module>> {
    Module::open(&setting.module, &setting.token, pin(&setting.pin_file)?)
        .with_context(|| format!("token {:?} of {}", setting.token, setting.module.display()))
}

fn pin(path: &Path) -> Result<Zeroizing<String>> {
    guard_mode(path)?;
    let text = std::fs::read_to_string(path).map(Zeroizing::new);
    let text = text.with_context(|| format!("cannot read the PIN file {}", path.display()))?;
    Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
}

pub(crate) fn guard_mode(path: &Path) -> Result<()> {
    let meta = std::fs::metadata(path).with_context(|| format!("cannot find {}", path.display()))?;
    if meta.permissions().mode() & 0o077 != 0 {
        bail!("{} can be read by others than its owner: run `chmod 600` on it", path.display());
    }
    Ok(())
}

/// Reads 64 hexadecimal digits.
pub(crate) fn unhex(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 {
        return None;
    }
    let mut out = [0; 32];
    for (byte, pair) in out.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(out)
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test owns its folders")]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use lionrock_crypto::random::System;
    use lionrock_crypto::ring::KeyRing;

    #[test]
    fn a_key_file_is_made_once_read_back_and_kept_private() {
        let folder = std::env::temp_dir().join(format!("lionrock-root-key-{}", std::process::id()));
        let path = folder.join("root.key");
        let made = init(&path, &System).unwrap();
        let (_, stored) = KeyRing::create(&made, "test-demo", &System).unwrap();
        KeyRing::open(&read(&path).unwrap(), "test-demo", &stored).unwrap();
        assert!(init(&path, &System).is_err(), "an existing key must not be overwritten");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(format!("{:#}", read(&path).unwrap_err()).contains("chmod 600"));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        std::fs::write(&path, "something else").unwrap();
        assert!(format!("{:#}", read(&path).unwrap_err()).contains("not a root key file"));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}

//! The root of all keys, and what it does: it wraps realm keys, and says which other keys a module holds.

use super::kept::Kept;
use crate::aead::Key;
use crate::pkcs11::{Module, ModuleMac};
use crate::secret::Secret;
use crate::{Error, kdf};
use std::fmt;
use std::sync::Arc;

/// The root of all keys of a deployment: 32 bytes in memory, or a key that never leaves its module.
#[derive(Debug)]
pub struct Root {
    held: Held,
    kept: Option<Kept>,
}

#[derive(Debug)]
enum Held {
    Memory(Secret<32>),
    Module(ModuleMac),
}

impl Root {
    /// The root held in a key file (32 bytes), put together from shares, or stretched from a passphrase.
    #[must_use]
    pub const fn new(secret: Secret<32>) -> Self {
        Self { held: Held::Memory(secret), kept: None }
    }

    /// The root held in a key store module.
    #[must_use]
    pub const fn in_module(root: ModuleMac) -> Self {
        Self { held: Held::Module(root), kept: None }
    }

    /// The same root beside a module that holds other keys of the ring: `blind-index`, `checkpoint`, `receipt`, `token`.
    ///
    /// # Errors
    /// [`Error::NoSuchKey`] for another word.
    pub fn with_module(self, module: &Arc<Module>, words: &[&str]) -> Result<Self, Error> {
        Ok(Self { kept: Some(Kept::new(module, words)?), ..self })
    }

    /// The same root, whose module is to hold signing keys that lie in memory as yet: from their next epoch on.
    ///
    /// # Errors
    /// [`Error::NoSuchKey`] for another word; [`Error::NotInModule`] without a module.
    pub fn moving(self, words: &[&str]) -> Result<Self, Error> {
        if words.is_empty() {
            return Ok(self);
        }
        Ok(Self { kept: Some(self.kept.ok_or(Error::NotInModule)?.moving(words)?), ..self })
    }

    /// The key that wraps the activation key of a realm, under which residents' signing keys are sealed. A ring keeps nothing that
    /// leads to it.
    ///
    /// # Errors
    /// [`Error::ModuleGone`] when the root lies in a module that does not answer.
    pub fn activation(&self, realm: &str) -> Result<Key, Error> {
        let bytes = match &self.held {
            Held::Memory(secret) => {
                kdf::hkdf_sha256(secret.expose(), b"lionrock root v2", &[b"activation ", realm.as_bytes()])?
            }
            Held::Module(module) => *module.mac(&[b"lionrock root v2 activation ", realm.as_bytes()].concat())?,
        };
        Ok(Key::new(Secret::new(bytes)))
    }

    /// What a ring keeps of the root: enough to wrap this realm's keys, and no other realm's.
    pub(super) fn of_realm(&self, realm: &str) -> Result<RealmRoot, Error> {
        let wraps = match &self.held {
            Held::Memory(secret) => {
                let bytes = kdf::hkdf_sha256(secret.expose(), b"lionrock root v2", &[b"realm ", realm.as_bytes()])?;
                Wraps::Derived(Key::new(Secret::new(bytes)))
            }
            Held::Module(module) => Wraps::Module(module.clone(), realm.to_owned()),
        };
        Ok(RealmRoot { wraps, kept: self.kept.clone() })
    }
}

/// The part of the root that wraps the keys of one realm.
pub(super) struct RealmRoot {
    wraps: Wraps,
    /// The module that holds keys of the ring, when there is one.
    pub(super) kept: Option<Kept>,
}

enum Wraps {
    Derived(Key),
    /// Derived anew for each use, so that nothing of the root stays in memory.
    Module(ModuleMac, String),
}

impl RealmRoot {
    pub(super) fn key(&self) -> Result<Key, Error> {
        match &self.wraps {
            Wraps::Derived(key) => Ok(key.clone()),
            Wraps::Module(module, realm) => {
                let bytes = module.mac(&[b"lionrock root v2 realm ", realm.as_bytes()].concat())?;
                Ok(Key::new(Secret::new(*bytes)))
            }
        }
    }
}

impl fmt::Debug for RealmRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RealmRoot(…)")
    }
}

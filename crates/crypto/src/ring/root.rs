//! The root of all keys, and what it does: it wraps realm keys.

use crate::aead::Key;
use crate::pkcs11::ModuleMac;
use crate::secret::Secret;
use crate::{Error, kdf};
use std::fmt;

/// The root of all keys of a deployment: 32 bytes in memory, or a key that never leaves its module.
#[derive(Debug)]
pub struct Root(Held);

#[derive(Debug)]
enum Held {
    Memory(Secret<32>),
    Module(ModuleMac),
}

impl Root {
    /// The root held in a key file (32 bytes), put together from shares, or stretched from a passphrase.
    #[must_use]
    pub const fn new(secret: Secret<32>) -> Self {
        Self(Held::Memory(secret))
    }

    /// The root held in a key store module.
    #[must_use]
    pub const fn in_module(root: ModuleMac) -> Self {
        Self(Held::Module(root))
    }

    /// What a ring keeps of the root: enough to wrap this realm's keys, and no other realm's.
    pub(super) fn of_realm(&self, realm: &str) -> Result<RealmRoot, Error> {
        match &self.0 {
            Held::Memory(secret) => {
                let bytes = kdf::hkdf_sha256(secret.expose(), b"lionrock root v2", &[b"realm ", realm.as_bytes()])?;
                Ok(RealmRoot::Derived(Key::new(Secret::new(bytes))))
            }
            Held::Module(module) => Ok(RealmRoot::Module(module.clone(), realm.to_owned())),
        }
    }
}

/// The part of the root that wraps the keys of one realm.
#[derive(Clone)]
pub(super) enum RealmRoot {
    Derived(Key),
    /// Derived anew for each use, so that nothing of the root stays in memory.
    Module(ModuleMac, String),
}

impl RealmRoot {
    pub(super) fn key(&self) -> Result<Key, Error> {
        match self {
            Self::Derived(key) => Ok(key.clone()),
            Self::Module(module, realm) => {
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

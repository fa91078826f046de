//! Keys of the ring that lie in a key store module. The ring stores their labels; the keys never come here.
//!
//! The first keys of a realm are made by `lionrock key init-module` and found by a fixed label; keys of later epochs are made by a
//! rotation, under labels with a random end, so that two servers that begin one at the same time do not mean the same key.

use super::name::{Mac, Name, Signer};
use super::wrapped::{Kind, Wrapped};
use crate::Error;
use crate::pkcs11::{Module, ModuleMac, ModulePair};
use crate::random::Entropy;
use crate::secret::Secret;
use crate::sign::SigningKey;
use std::sync::Arc;
use zeroize::Zeroizing;

/// A module, and the names of those keys that it is to hold.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    module: Arc<Module>,
    names: Vec<Name>,
    /// Those whose next key is to be made there, although the present one lies in memory.
    moving: Vec<Name>,
}

/// A MAC key, wherever it lies.
#[derive(Clone)]
pub(super) enum MacKey {
    Memory(Secret<32>),
    Module(ModuleMac),
}

impl MacKey {
    pub(super) fn code(&self, message: &[u8]) -> Result<[u8; 32], Error> {
        match self {
            Self::Memory(key) => Ok(crate::mac::hmac_sha256(key.expose(), message)),
            Self::Module(key) => Ok(*key.mac(message)?),
        }
    }
}

impl Kept {
    pub(super) fn new(module: &Arc<Module>, words: &[&str]) -> Result<Self, Error> {
        let names = words.iter().map(|word| name_of(word)).collect::<Result<_, _>>()?;
        Ok(Self { module: Arc::clone(module), names, moving: Vec::new() })
    }

    pub(super) fn moving(self, words: &[&str]) -> Result<Self, Error> {
        Ok(Self { moving: words.iter().map(|word| name_of(word)).collect::<Result<_, _>>()?, ..self })
    }

    /// Refuses a ring whose newest key of a name lies in memory although it is to lie in the module: nobody shall believe that it
    /// cannot be copied.
    pub(super) fn check(&self, stored: &[Wrapped]) -> Result<(), Error> {
        for name in &self.names {
            let name = name.to_string();
            let newest = stored.iter().filter(|entry| entry.name == name).max_by_key(|entry| entry.epoch);
            if newest.is_some_and(|entry| Kind::of(&entry.sealed) == Ok(Kind::Key)) {
                return Err(Error::NotInModule);
            }
        }
        Ok(())
    }

    /// Whether the key of a name is to lie in the module.
    pub(super) fn names(&self, name: Name) -> bool {
        self.names.contains(&name)
    }

    /// Whether the next key of a name is made in the module.
    pub(super) fn makes(&self, name: Name) -> bool {
        self.names.contains(&name) || self.moving.contains(&name)
    }

    /// Makes a key for a later epoch; its label.
    pub(super) fn make(
        &self,
        realm: &str,
        name: Name,
        epoch: u32,
        entropy: &dyn Entropy,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let end: [u8; 8] = entropy.array();
        let label = format!("{} {:016x}", label(realm, name, epoch), u64::from_be_bytes(end));
        make(&self.module, &label, name)?;
        Ok(Zeroizing::new(label.into_bytes()))
    }

    pub(super) fn signer(&self, signer: Signer, label: &[u8]) -> Result<SigningKey, Error> {
        let pair = ModulePair::open(&self.module, text(label)?, signer.algorithm());
        pair.map(SigningKey::in_module).map_err(missing)
    }

    pub(super) fn mac(&self, label: &[u8]) -> Result<MacKey, Error> {
        ModuleMac::open(&self.module, text(label)?).map(MacKey::Module).map_err(missing)
    }

    pub(super) fn destroy(&self, label: &[u8]) -> Result<(), Error> {
        self.module.destroy(text(label)?)
    }
}

/// Makes the first key of a realm in a module: `word` is `blind-index`, `checkpoint`, `receipt` or `token`.
///
/// # Errors
/// [`Error::NoSuchKey`] for another word; [`Error::Exists`], [`Error::Unsupported`], [`Error::Module`].
pub fn make_in_module(module: &Arc<Module>, realm: &str, word: &str) -> Result<(), Error> {
    let name = name_of(word)?;
    make(module, &label(realm, name, 1), name)
}

fn make(module: &Arc<Module>, label: &str, name: Name) -> Result<(), Error> {
    match name {
        Name::Signer(signer) => ModulePair::make(module, label, signer.algorithm()).map(drop),
        Name::Mac(_) => ModuleMac::make(module, label).map(drop),
        Name::Realm | Name::Domain(_) => Err(Error::NoSuchKey),
    }
}

/// The label of a realm's first key of a name.
pub(super) fn label(realm: &str, name: Name, epoch: u32) -> String {
    format!("lionrock {realm} {name} {epoch}")
}

fn name_of(word: &str) -> Result<Name, Error> {
    let signer = Signer::ALL.into_iter().find(|signer| signer.word() == word).map(Name::Signer);
    signer.or_else(|| (word == Mac::BlindIndex.word()).then_some(Name::Mac(Mac::BlindIndex))).ok_or(Error::NoSuchKey)
}

fn text(label: &[u8]) -> Result<&str, Error> {
    std::str::from_utf8(label).map_err(|_| Error::NotAKey)
}

/// A key the ring refers to is not there.
const fn missing(error: Error) -> Error {
    match error {
        Error::NoSuchKey => Error::NotInModule,
        other => other,
    }
}

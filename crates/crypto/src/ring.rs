//! The key ring: root → realm → domain, resident and record keys; signers; the blind index; MAC keys.
//!
//! ```text
//! root ─ realm key ─┬ domain key, one a purpose ─┐
//!                   │                            ├ HKDF ─ record key ─ AES-256-GCM, one message
//!                   ├ resident key (wrapped) ────┘
//!                   ├ signers: checkpoint, receipt, token
//!                   └ MAC keys: blind index, codes, commitments, cookies
//! ```
//! Every key but the root and the realm key is random and stored wrapped under the realm key, so that it can be
//! rotated. Associated data binds realm, domain, table, column, row, resident, schema, epoch and version: sealed
//! bytes that are moved, or put back from an older version, do not open.

use crate::aead::{Key, NONCE};
use crate::pkcs11::ModuleRoot;
use crate::random::Entropy;
use crate::secret::Secret;
use crate::sign::{Algorithm, SigningKey};
use crate::{Error, kdf, mac};
use std::collections::BTreeMap;
use std::fmt;
use zeroize::Zeroizing;

mod slot;
pub use slot::{Sealed, Slot};

/// A purpose's own key: code that does not name the purpose has no key for its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Domain {
    /// Authenticators and what belongs to managing an account.
    Account,
    /// Bodies of ledger entries.
    Audit,
    /// What was consented to.
    Consent,
    /// How to reach a person; outgoing messages.
    Contact,
    /// The facts of the card.
    Profile,
    /// Registrations under way.
    Registration,
    /// Sessions and where they come from.
    Session,
}

impl Domain {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Account, Self::Audit, Self::Consent, Self::Contact, Self::Profile, Self::Registration, Self::Session];

    /// The stable word, part of associated data and key names.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Audit => "audit",
            Self::Consent => "consent",
            Self::Contact => "contact",
            Self::Profile => "profile",
            Self::Registration => "registration",
            Self::Session => "session",
        }
    }
}

/// A signing key of the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Signer {
    /// Ledger checkpoints, Ed25519.
    Checkpoint,
    /// Deletion and erasure receipts, Ed25519.
    Receipt,
    /// ID Tokens, ES256.
    Token,
}

impl Signer {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Checkpoint, Self::Receipt, Self::Token];

    /// The stable word, part of the key's name.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Checkpoint => "checkpoint",
            Self::Receipt => "receipt",
            Self::Token => "token",
        }
    }

    const fn algorithm(self) -> Algorithm {
        match self {
            Self::Checkpoint | Self::Receipt => Algorithm::EdDsa,
            Self::Token => Algorithm::Es256,
        }
    }
}

/// A key that only makes authentication codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mac {
    /// Lookup of a card number without storing it: exact match only.
    BlindIndex,
    /// Codes people type: recovery codes, e-mail confirmation.
    Code,
    /// Commitments of ledger entries to their bodies.
    Commitment,
    /// Forgery tokens of pages.
    Form,
}

impl Mac {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::BlindIndex, Self::Code, Self::Commitment, Self::Form];

    /// The stable word, part of the key's name.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::BlindIndex => "blind-index",
            Self::Code => "code",
            Self::Commitment => "commitment",
            Self::Form => "form",
        }
    }
}

/// The root of all keys of a deployment: 32 bytes in memory, or a key that never leaves its module.
#[derive(Debug)]
pub struct Root(Held);

#[derive(Debug)]
enum Held {
    Memory(Secret<32>),
    Module(ModuleRoot),
}

impl Root {
    /// The root held in a key file (32 bytes), or stretched from a passphrase.
    #[must_use]
    pub const fn new(secret: Secret<32>) -> Self {
        Self(Held::Memory(secret))
    }

    /// The root held in a key store module.
    #[must_use]
    pub const fn in_module(root: ModuleRoot) -> Self {
        Self(Held::Module(root))
    }

    fn realm_key(&self, realm: &str) -> Result<Key, Error> {
        let bytes = match &self.0 {
            Held::Memory(secret) => {
                kdf::hkdf_sha256(secret.expose(), b"lionrock root v1", &[b"realm ", realm.as_bytes()])?
            }
            Held::Module(module) => module.mac(&[b"lionrock root v1 realm ", realm.as_bytes()].concat())?,
        };
        Ok(Key::new(Secret::new(bytes)))
    }
}

/// A key of the ring as it is stored: useless without the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrapped {
    /// `domain/profile`, `signer/token`, `mac/blind-index` …
    pub name: String,
    /// 1 for the first key of a name, one more for each rotation.
    pub epoch: u32,
    /// Nonce and ciphertext under the realm key.
    pub sealed: Vec<u8>,
}

/// A resident's own key, in the open. Without it none of the resident's records opens.
#[derive(Clone, Debug)]
pub struct ResidentKey(Secret<32>);

/// All keys of one realm, in memory.
pub struct KeyRing {
    realm: String,
    realm_key: Key,
    domains: BTreeMap<(Domain, u32), Secret<32>>,
    signers: BTreeMap<(Signer, u32), SigningKey>,
    macs: BTreeMap<Mac, Secret<32>>,
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyRing({})", self.realm)
    }
}

impl KeyRing {
    /// Makes all keys of a new realm; the wrapped ones are to be stored.
    ///
    /// # Errors
    /// [`Error::Library`] when key generation fails.
    pub fn create(root: &Root, realm: &str, entropy: &dyn Entropy) -> Result<(Self, Vec<Wrapped>), Error> {
        let realm_key = root.realm_key(realm)?;
        let mut stored = Vec::new();
        let mut wrap = |name: String, plain: &[u8]| -> Result<(), Error> {
            let sealed = realm_key.seal_random(entropy, &wrapping_place(realm, &name, 1), plain)?;
            stored.push(Wrapped { name, epoch: 1, sealed });
            Ok(())
        };
        for domain in Domain::ALL {
            wrap(format!("domain/{}", domain.word()), Secret::<32>::random(entropy).expose())?;
        }
        for signer in Signer::ALL {
            let key = SigningKey::generate(signer.algorithm())?;
            wrap(format!("signer/{}", signer.word()), &key.to_pkcs8()?)?;
        }
        for mac in Mac::ALL {
            wrap(format!("mac/{}", mac.word()), Secret::<32>::random(entropy).expose())?;
        }
        Ok((Self::open(root, realm, &stored)?, stored))
    }

    /// Opens a stored ring.
    ///
    /// # Errors
    /// [`Error::DoesNotOpen`] when root or realm is another one; [`Error::NoSuchKey`] when keys are missing.
    pub fn open(root: &Root, realm: &str, stored: &[Wrapped]) -> Result<Self, Error> {
        let realm_key = root.realm_key(realm)?;
        let mut ring = Self {
            realm: realm.to_owned(),
            domains: BTreeMap::new(),
            signers: BTreeMap::new(),
            macs: BTreeMap::new(),
            realm_key,
        };
        for wrapped in stored {
            let place = wrapping_place(realm, &wrapped.name, wrapped.epoch);
            let plain = ring.realm_key.open_random(&place, &wrapped.sealed)?;
            ring.admit(wrapped, &plain)?;
        }
        let complete = Domain::ALL.iter().all(|d| ring.domain(*d).is_ok())
            && Signer::ALL.iter().all(|s| ring.signer(*s).is_ok())
            && Mac::ALL.iter().all(|m| ring.macs.contains_key(m));
        if complete { Ok(ring) } else { Err(Error::NoSuchKey) }
    }

    fn admit(&mut self, wrapped: &Wrapped, plain: &[u8]) -> Result<(), Error> {
        let (kind, word) = wrapped.name.split_once('/').ok_or(Error::NoSuchKey)?;
        match kind {
            "domain" => {
                let domain = Domain::ALL.into_iter().find(|d| d.word() == word).ok_or(Error::NoSuchKey)?;
                self.domains.insert((domain, wrapped.epoch), Secret::from_slice(plain)?);
            }
            "signer" => {
                let signer = Signer::ALL.into_iter().find(|s| s.word() == word).ok_or(Error::NoSuchKey)?;
                self.signers.insert((signer, wrapped.epoch), SigningKey::from_pkcs8(signer.algorithm(), plain)?);
            }
            "mac" => {
                let mac = Mac::ALL.into_iter().find(|m| m.word() == word).ok_or(Error::NoSuchKey)?;
                self.macs.insert(mac, Secret::from_slice(plain)?);
            }
            _ => return Err(Error::NoSuchKey),
        }
        Ok(())
    }

    /// The realm this ring belongs to.
    #[must_use]
    pub fn realm(&self) -> &str {
        &self.realm
    }

    /// Seals a value for one place. `resident` is the key of the person it is about, when it is about one.
    ///
    /// # Errors
    /// [`Error::Library`] when sealing fails.
    pub fn seal(
        &self,
        domain: Domain,
        slot: &Slot<'_>,
        resident: Option<&ResidentKey>,
        plain: &[u8],
        entropy: &dyn Entropy,
    ) -> Result<Sealed, Error> {
        let (epoch, key) = self.domain(domain)?;
        let place = slot.place(&self.realm, domain, epoch);
        let nonce: [u8; NONCE] = entropy.array();
        let ciphertext = record_key(key, resident, &place)?.seal(nonce, &place, plain)?;
        Ok(Sealed { epoch, version: slot.version, nonce, ciphertext })
    }

    /// Opens a value from its place. Personal data is opened through `service::vault` alone, which writes the
    /// ledger leaf first.
    ///
    /// # Errors
    /// [`Error::DoesNotOpen`] when place, version, resident or bytes are not the sealed ones.
    pub fn open_sealed(
        &self,
        domain: Domain,
        slot: &Slot<'_>,
        resident: Option<&ResidentKey>,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let sealed = Sealed::from_bytes(sealed)?;
        if sealed.version != slot.version {
            return Err(Error::DoesNotOpen);
        }
        let key = self.domains.get(&(domain, sealed.epoch)).ok_or(Error::DoesNotOpen)?;
        let place = slot.place(&self.realm, domain, sealed.epoch);
        record_key(key, resident, &place)?.open(sealed.nonce, &place, &sealed.ciphertext)
    }

    /// Makes the key of a new resident: the key, and its wrapped form for the resident's row. Destroying the
    /// wrapped form destroys the person's records.
    ///
    /// # Errors
    /// [`Error::Library`] when sealing fails.
    pub fn new_resident_key(
        &self,
        resident: &[u8; 16],
        entropy: &dyn Entropy,
    ) -> Result<(ResidentKey, Vec<u8>), Error> {
        let key = Secret::random(entropy);
        let wrapped = self.realm_key.seal_random(entropy, &self.resident_place(resident), key.expose())?;
        Ok((ResidentKey(key), wrapped))
    }

    /// Unwraps a resident's key.
    ///
    /// # Errors
    /// [`Error::DoesNotOpen`] when the wrapped form is another resident's, or destroyed.
    pub fn resident_key(&self, resident: &[u8; 16], wrapped: &[u8]) -> Result<ResidentKey, Error> {
        let plain = self.realm_key.open_random(&self.resident_place(resident), wrapped)?;
        Secret::from_slice(&plain).map(ResidentKey)
    }

    fn resident_place(&self, resident: &[u8; 16]) -> Vec<u8> {
        [b"lionrock resident key v1\0", self.realm.as_bytes(), b"\0", resident].concat()
    }

    /// The authentication code of a message under one of the ring's MAC keys; `context` separates uses of one key.
    ///
    /// # Errors
    /// [`Error::NoSuchKey`] when the ring is incomplete, which [`KeyRing::open`] rules out.
    pub fn mac(&self, mac: Mac, context: &str, message: &[u8]) -> Result<[u8; 32], Error> {
        let key = self.macs.get(&mac).ok_or(Error::NoSuchKey)?;
        let length = u64::try_from(context.len()).unwrap_or(u64::MAX).to_be_bytes();
        Ok(mac::hmac_sha256(key.expose(), &[&length, context.as_bytes(), message].concat()))
    }

    /// The newest key of a signer, with its epoch.
    ///
    /// # Errors
    /// [`Error::NoSuchKey`] when there is none.
    pub fn signer(&self, signer: Signer) -> Result<(u32, &SigningKey), Error> {
        self.signers(signer).last().ok_or(Error::NoSuchKey)
    }

    /// All keys of a signer, oldest first: what is published.
    pub fn signers(&self, signer: Signer) -> impl Iterator<Item = (u32, &SigningKey)> {
        self.signers.range((signer, 0)..=(signer, u32::MAX)).map(|((_, epoch), key)| (*epoch, key))
    }

    fn domain(&self, domain: Domain) -> Result<(u32, &Secret<32>), Error> {
        let newest = self.domains.range((domain, 0)..=(domain, u32::MAX)).next_back();
        newest.map(|((_, epoch), key)| (*epoch, key)).ok_or(Error::NoSuchKey)
    }
}

fn wrapping_place(realm: &str, name: &str, epoch: u32) -> Vec<u8> {
    [b"lionrock key v1\0", realm.as_bytes(), b"\0", name.as_bytes(), b"\0", &epoch.to_be_bytes()].concat()
}

/// One key a record version: HKDF over domain key and resident key, bound to the place.
fn record_key(domain: &Secret<32>, resident: Option<&ResidentKey>, place: &[u8]) -> Result<Key, Error> {
    let mut material = Zeroizing::new([0; 64]);
    let (own, theirs) = material.split_at_mut(32);
    own.copy_from_slice(domain.expose());
    if let Some(resident) = resident {
        theirs.copy_from_slice(resident.0.expose());
    }
    Ok(Key::new(Secret::new(kdf::hkdf_sha256(&material[..], b"lionrock record v1", &[place])?)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

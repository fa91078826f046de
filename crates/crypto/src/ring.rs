//! The key ring: root → realm → domain, resident and record keys; signers; the blind index; MAC keys.
//!
//! ```text
//! root ─ realm key ─┬ domain key, one a purpose ─┐
//!                   │                            ├ HKDF ─ record key ─ AES-256-GCM, one message
//!                   ├ resident key (wrapped) ────┘
//!                   ├ signers: checkpoint, receipt, token
//!                   └ MAC keys: blind index, codes, commitments, cookies
//! ```
//! Every key but the root is random and stored wrapped, realm keys under the root and the others under a realm key, so that
//! each can be rotated by itself (`docs/decisions/0012`). Associated data binds realm, domain, table, column, row, resident,
//! schema, epoch and version: sealed bytes that are moved, or put back from an older version, do not open.
//!
//! A ring is shared by everything that runs. What it holds is swapped as a whole ([`KeyRing::adopt`]), so that a rotation needs
//! no restart and nobody sees half of one.

use crate::aead::{Key, NONCE};
use crate::random::Entropy;
use crate::secret::Secret;
use crate::sign::{PublicKey, SigningKey};
use crate::{Error, kdf};
use keys::Keys;
use name::Name;
use root::RealmRoot;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use wrapped::{BY_ROOT, Kind, key_place, resident_place, wrap};
use zeroize::Zeroizing;

mod kept;
mod keys;
mod name;
mod root;
mod slot;
mod turn;
mod wrapped;
pub use kept::make_in_module;
pub use name::{Domain, Mac, REALM, Signer};
pub use root::Root;
pub use slot::{Sealed, Slot};
pub use wrapped::Wrapped;

/// A resident's own key, in the open. Without it none of the resident's records opens.
#[derive(Clone, Debug)]
pub struct ResidentKey(Secret<32>);

/// All keys of one realm, in memory.
pub struct KeyRing {
    realm: String,
    keys: RwLock<Arc<Keys>>,
    turning: Mutex<Turning>,
}

/// Held by whoever changes what the ring holds.
struct Turning {
    /// Wraps realm keys.
    root: RealmRoot,
    /// Wraps them once what it wrapped is stored.
    next: Option<RealmRoot>,
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
    /// [`Error::Library`] when key generation fails, [`Error::ModuleGone`] when a module does not answer, [`Error::NotInModule`]
    /// when it does not hold a key that it is to hold.
    pub fn create(root: &Root, realm: &str, entropy: &dyn Entropy) -> Result<(Self, Vec<Wrapped>), Error> {
        let realm_root = root.of_realm(realm)?;
        let by_root = realm_root.key()?;
        let realm_secret = Secret::<32>::random(entropy);
        let realm_key = Key::new(realm_secret.clone());
        let mut stored = Vec::new();
        for name in Name::all() {
            let in_module = realm_root.kept.as_ref().is_some_and(|kept| kept.names(name));
            let plain = match name {
                _ if in_module => Zeroizing::new(kept::label(realm, name, 1).into_bytes()),
                Name::Realm => Zeroizing::new(realm_secret.expose().to_vec()),
                Name::Signer(signer) => SigningKey::generate(signer.algorithm())?.to_pkcs8()?,
                Name::Domain(_) | Name::Mac(_) => Zeroizing::new(Secret::<32>::random(entropy).expose().to_vec()),
            };
            let by = if name == Name::Realm { (BY_ROOT, &by_root) } else { (1, &realm_key) };
            let kind = if in_module { Kind::Label } else { Kind::Key };
            let name = name.to_string();
            let sealed = wrap(kind, by, &key_place(realm, &name, 1), &plain, entropy)?;
            stored.push(Wrapped { name, epoch: 1, sealed });
        }
        Ok((Self::open(root, realm, &stored)?, stored))
    }

    /// Opens a stored ring.
    ///
    /// # Errors
    /// [`Error::DoesNotOpen`] when root or realm is another one; [`Error::NoSuchKey`] when keys are missing; as
    /// [`KeyRing::create`] for what lies in a module.
    pub fn open(root: &Root, realm: &str, stored: &[Wrapped]) -> Result<Self, Error> {
        let root = root.of_realm(realm)?;
        if let Some(kept) = &root.kept {
            kept.check(stored)?;
        }
        let keys = Keys::read(&[&root], realm, stored, BTreeSet::new(), &Keys::default())?;
        let turning = Mutex::new(Turning { root, next: None });
        Ok(Self { realm: realm.to_owned(), keys: RwLock::new(Arc::new(keys)), turning })
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
        let keys = self.keys();
        let (epoch, key) = keys.newest_domain(domain)?;
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
        let keys = self.keys();
        let key = keys.domains.get(&(domain, sealed.epoch)).ok_or(Error::DoesNotOpen)?;
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
        let secret = Secret::random(entropy);
        let keys = self.keys();
        let wrapped =
            wrap(Kind::Key, keys.newest_realm()?, &resident_place(&self.realm, resident), secret.expose(), entropy)?;
        Ok((ResidentKey(secret), wrapped))
    }

    /// Unwraps a resident's key.
    ///
    /// # Errors
    /// [`Error::DoesNotOpen`] when the wrapped form is another resident's, or destroyed; [`Error::NoSuchKey`] when the realm
    /// key it is wrapped under is gone, or not adopted yet.
    pub fn resident_key(&self, resident: &[u8; 16], wrapped: &[u8]) -> Result<ResidentKey, Error> {
        let keys = self.keys();
        let place = resident_place(&self.realm, resident);
        let plain = wrapped::unwrap(|epoch| keys.realm_key(epoch), &place, wrapped)?;
        Secret::from_slice(&plain).map(ResidentKey)
    }

    /// What names a resident's key without giving anything of it: the same for the same key, whatever it is wrapped under.
    ///
    /// # Errors
    /// As [`KeyRing::resident_key`].
    pub fn resident_print(&self, resident: &[u8; 16], wrapped: &[u8]) -> Result<[u8; 16], Error> {
        let key = self.resident_key(resident, wrapped)?;
        let code =
            crate::mac::hmac_sha256(key.0.expose(), &[b"lionrock resident key print v1\0", &resident[..]].concat());
        Ok(code.first_chunk().copied().unwrap_or_default())
    }

    /// The authentication code of a message under one of the ring's MAC keys; `context` separates uses of one key.
    ///
    /// # Errors
    /// [`Error::ModuleGone`] when the key lies in a module that does not answer.
    pub fn mac(&self, mac: Mac, context: &str, message: &[u8]) -> Result<[u8; 32], Error> {
        let keys = self.keys();
        let key = keys.newest_mac(mac)?;
        let length = u64::try_from(context.len()).unwrap_or(u64::MAX).to_be_bytes();
        key.code(&[&length, context.as_bytes(), message].concat())
    }

    /// The newest key of a signer, with its epoch.
    ///
    /// # Errors
    /// [`Error::NoSuchKey`] when there is none.
    pub fn signer(&self, signer: Signer) -> Result<(u32, Arc<SigningKey>), Error> {
        let keys = self.keys();
        let (epoch, key) = keys.newest_signer(signer)?;
        Ok((epoch, Arc::clone(key)))
    }

    /// All keys of a signer, oldest first: what is published.
    pub fn signers(&self, signer: Signer) -> impl Iterator<Item = (u32, Arc<SigningKey>)> + use<> {
        let keys = self.keys();
        let found: Vec<_> = keys
            .signers
            .range((signer, 0)..=(signer, u32::MAX))
            .map(|((_, epoch), key)| (*epoch, Arc::clone(key)))
            .collect();
        found.into_iter()
    }

    /// The keys of a signer that sign now, newest first: one, and two while one replaces the other.
    #[must_use]
    pub fn signing(&self, signer: Signer) -> Vec<Arc<SigningKey>> {
        let keys = self.keys();
        let known = keys.signers.range((signer, 0)..=(signer, u32::MAX)).rev();
        let used = known.filter(|((_, epoch), _)| !keys.held.contains(&(Name::Signer(signer), *epoch)));
        used.map(|(_, key)| Arc::clone(key)).collect()
    }

    /// The public half of every key of a signer there ever was, oldest first: what it signed is verified with one of them.
    ///
    /// # Errors
    /// [`Error::ModuleGone`] when a key lies in a module that does not answer.
    pub fn verifiers(&self, signer: Signer) -> Result<Vec<(u32, PublicKey)>, Error> {
        let keys = self.keys();
        let retired = keys.retired.range((signer, 0)..=(signer, u32::MAX));
        let mut found: Vec<_> = retired.map(|((_, epoch), key)| (*epoch, key.clone())).collect();
        for ((_, epoch), key) in keys.signers.range((signer, 0)..=(signer, u32::MAX)) {
            found.push((*epoch, key.public()?));
        }
        found.sort_by_key(|(epoch, _)| *epoch);
        Ok(found)
    }

    /// The keys at this moment. A verb that takes several sees one set in each call, which is enough: old keys stay until
    /// nothing refers to them.
    fn keys(&self) -> Arc<Keys> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }
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

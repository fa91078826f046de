//! One consistent set of open keys. A ring swaps whole sets, so that nobody sees half a rotation.

use super::kept::{Kept, MacKey};
use super::name::{Domain, Mac, Name, Signer};
use super::root::RealmRoot;
use super::wrapped::{BY_ROOT, Kind, Wrapped, key_place, unwrap, wrapping_epoch};
use crate::Error;
use crate::aead::Key;
use crate::secret::Secret;
use crate::sign::{PublicKey, SigningKey};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use zeroize::Zeroizing;

#[derive(Clone, Default)]
pub(super) struct Keys {
    pub(super) realm: BTreeMap<u32, Key>,
    pub(super) domains: BTreeMap<(Domain, u32), Secret<32>>,
    pub(super) signers: BTreeMap<(Signer, u32), Arc<SigningKey>>,
    pub(super) macs: BTreeMap<(Mac, u32), MacKey>,
    /// Public halves of signing keys that were destroyed: what they signed goes on being verified.
    pub(super) retired: BTreeMap<(Signer, u32), PublicKey>,
    /// Known, so that what others made with them opens, but not to be used yet.
    pub(super) held: BTreeSet<(Name, u32)>,
}

impl Keys {
    /// The set that is stored. Keys that `known` holds are taken from there, the rest is unwrapped.
    pub(super) fn read(
        roots: &[&RealmRoot],
        realm: &str,
        stored: &[Wrapped],
        held: BTreeSet<(Name, u32)>,
        known: &Self,
    ) -> Result<Self, Error> {
        let mut keys = Self { held, ..Self::default() };
        let kept = roots.iter().rev().find_map(|root| root.kept.as_ref());
        for entry in stored.iter().filter(|entry| Name::parse(&entry.name) == Ok(Name::Realm)) {
            let key = match known.realm.get(&entry.epoch) {
                Some(key) => key.clone(),
                None => realm_key(roots, realm, entry)?,
            };
            keys.realm.insert(entry.epoch, key);
        }
        for entry in stored {
            keys.admit(kept, realm, entry, known)?;
        }
        let complete = Name::all().all(|name| keys.has(name));
        if complete { Ok(keys) } else { Err(Error::NoSuchKey) }
    }

    fn admit(&mut self, kept: Option<&Kept>, realm: &str, entry: &Wrapped, known: &Self) -> Result<(), Error> {
        let epoch = entry.epoch;
        match Name::parse(&entry.name)? {
            Name::Realm => {}
            Name::Domain(domain) => {
                let key = match known.domains.get(&(domain, epoch)) {
                    Some(key) => key.clone(),
                    None => Secret::from_slice(&self.unwrap(realm, entry)?)?,
                };
                self.domains.insert((domain, epoch), key);
            }
            Name::Signer(signer) if Kind::of(&entry.sealed)? == Kind::Public => {
                let key = match known.retired.get(&(signer, epoch)) {
                    Some(key) => key.clone(),
                    None => PublicKey::from_bytes(signer.algorithm(), &self.unwrap(realm, entry)?)?,
                };
                self.retired.insert((signer, epoch), key);
            }
            Name::Signer(signer) => {
                let key = match known.signers.get(&(signer, epoch)) {
                    Some(key) => Arc::clone(key),
                    None => {
                        let plain = self.unwrap(realm, entry)?;
                        Arc::new(match Kind::of(&entry.sealed)? {
                            Kind::Label => kept.ok_or(Error::NotInModule)?.signer(signer, &plain)?,
                            Kind::Key | Kind::Public => SigningKey::from_pkcs8(signer.algorithm(), &plain)?,
                        })
                    }
                };
                self.signers.insert((signer, epoch), key);
            }
            Name::Mac(mac) => {
                let key = match known.macs.get(&(mac, epoch)) {
                    Some(key) => key.clone(),
                    None => {
                        let plain = self.unwrap(realm, entry)?;
                        match Kind::of(&entry.sealed)? {
                            Kind::Label => kept.ok_or(Error::NotInModule)?.mac(&plain)?,
                            Kind::Key | Kind::Public => MacKey::Memory(Secret::from_slice(&plain)?),
                        }
                    }
                };
                self.macs.insert((mac, epoch), key);
            }
        }
        Ok(())
    }

    /// The plain bytes of a stored key that is wrapped under a realm key.
    pub(super) fn unwrap(&self, realm: &str, entry: &Wrapped) -> Result<Zeroizing<Vec<u8>>, Error> {
        unwrap(|epoch| self.realm_key(epoch), &key_place(realm, &entry.name, entry.epoch), &entry.sealed)
    }

    pub(super) fn realm_key(&self, epoch: u32) -> Result<&Key, Error> {
        self.realm.get(&epoch).ok_or(if epoch == BY_ROOT { Error::DoesNotOpen } else { Error::NoSuchKey })
    }

    /// The realm key that new things are wrapped under.
    pub(super) fn newest_realm(&self) -> Result<(u32, &Key), Error> {
        let mut used = self.realm.iter().rev().filter(|(epoch, _)| self.is_used(Name::Realm, **epoch));
        used.next().map(|(epoch, key)| (*epoch, key)).ok_or(Error::NoSuchKey)
    }

    pub(super) fn newest_domain(&self, domain: Domain) -> Result<(u32, &Secret<32>), Error> {
        let known = self.domains.range((domain, 0)..=(domain, u32::MAX)).rev();
        let mut used = known.filter(|((_, epoch), _)| self.is_used(Name::Domain(domain), *epoch));
        used.next().map(|((_, epoch), key)| (*epoch, key)).ok_or(Error::NoSuchKey)
    }

    pub(super) fn newest_signer(&self, signer: Signer) -> Result<(u32, &Arc<SigningKey>), Error> {
        let known = self.signers.range((signer, 0)..=(signer, u32::MAX)).rev();
        let mut used = known.filter(|((_, epoch), _)| self.is_used(Name::Signer(signer), *epoch));
        used.next().map(|((_, epoch), key)| (*epoch, key)).ok_or(Error::NoSuchKey)
    }

    pub(super) fn newest_mac(&self, mac: Mac) -> Result<&MacKey, Error> {
        self.macs.range((mac, 0)..=(mac, u32::MAX)).next_back().map(|(_, key)| key).ok_or(Error::NoSuchKey)
    }

    /// The last epoch of a name, held or not.
    pub(super) fn newest(&self, name: Name) -> Option<u32> {
        match name {
            Name::Realm => self.realm.last_key_value().map(|(epoch, _)| *epoch),
            Name::Domain(domain) => {
                self.domains.range((domain, 0)..=(domain, u32::MAX)).next_back().map(|((_, epoch), _)| *epoch)
            }
            Name::Signer(signer) => {
                self.signers.range((signer, 0)..=(signer, u32::MAX)).next_back().map(|((_, epoch), _)| *epoch)
            }
            Name::Mac(mac) => self.macs.range((mac, 0)..=(mac, u32::MAX)).next_back().map(|((_, epoch), _)| *epoch),
        }
    }

    /// Whether there is a key of this name that may be used.
    fn has(&self, name: Name) -> bool {
        match name {
            Name::Realm => self.newest_realm().is_ok(),
            Name::Domain(domain) => self.newest_domain(domain).is_ok(),
            Name::Signer(signer) => self.newest_signer(signer).is_ok(),
            Name::Mac(mac) => self.newest_mac(mac).is_ok(),
        }
    }

    fn is_used(&self, name: Name, epoch: u32) -> bool {
        !self.held.contains(&(name, epoch))
    }

    /// Whether both hold the same names and epochs.
    pub(super) fn same_epochs(&self, other: &Self) -> bool {
        self.realm.keys().eq(other.realm.keys())
            && self.domains.keys().eq(other.domains.keys())
            && self.signers.keys().eq(other.signers.keys())
            && self.retired.keys().eq(other.retired.keys())
            && self.macs.keys().eq(other.macs.keys())
            && self.held == other.held
    }
}

/// Opens a realm key by the first of the roots that fits.
pub(super) fn realm_key(roots: &[&RealmRoot], realm: &str, entry: &Wrapped) -> Result<Key, Error> {
    if wrapping_epoch(&entry.sealed)? != BY_ROOT {
        return Err(Error::DoesNotOpen);
    }
    let place = key_place(realm, &entry.name, entry.epoch);
    let mut refused = Error::DoesNotOpen;
    for root in roots {
        let root = root.key()?;
        match unwrap(|_| Ok(&root), &place, &entry.sealed) {
            Ok(plain) => return Secret::from_slice(&plain).map(Key::new),
            Err(error) => refused = error,
        }
    }
    Err(refused)
}

//! What rotation needs of the ring: the next key of a name, the stored set as the truth, old wrappings under new keys.
//!
//! Nothing here stores anything. Whoever rotates stores what [`KeyRing::next`], [`KeyRing::rewrap`] and
//! [`KeyRing::reroot`] give, and then lets every ring of the realm [`adopt`](KeyRing::adopt) what is stored.

use super::KeyRing;
use super::kept::Kept;
use super::keys::{Keys, realm_key};
use super::name::{Domain, Name, REALM, Signer};
use super::root::Root;
use super::wrapped::{self, BY_ROOT, Kind, Wrapped, key_place, resident_place, wrap};
use crate::Error;
use crate::random::Entropy;
use crate::secret::Secret;
use crate::sign::SigningKey;
use std::sync::{Arc, PoisonError};
use zeroize::Zeroizing;

impl KeyRing {
    /// Makes the next key of `realm`, a `domain/…` or a `signer/…`, the first one of a signer that comes later; wrapped for
    /// storing. The ring does not use it before it is stored and [adopted](KeyRing::adopt).
    ///
    /// # Errors
    /// [`Error::NoSuchKey`] for another name: MAC keys are not rotated, since what they made can only be compared.
    pub fn next(&self, name: &str, entropy: &dyn Entropy) -> Result<Wrapped, Error> {
        let keys = self.keys();
        let parsed = Name::parse(name)?;
        let last = keys.newest(parsed).or_else(|| parsed.comes_later().then_some(0));
        let epoch = last.and_then(|epoch| epoch.checked_add(1)).ok_or(Error::NoSuchKey)?;
        if let Name::Signer(_) = parsed {
            let kept = self.kept();
            if let Some(kept) = kept.filter(|kept| kept.makes(parsed)) {
                let label = kept.make(&self.realm, parsed, epoch, entropy)?;
                return self.wrap_entry(&keys, Kind::Label, (name, epoch), &label, entropy);
            }
        }
        let plain = match parsed {
            Name::Realm | Name::Domain(_) => Zeroizing::new(Secret::<32>::random(entropy).expose().to_vec()),
            Name::Signer(signer) => SigningKey::generate(signer.algorithm())?.to_pkcs8()?,
            Name::Mac(_) => return Err(Error::NoSuchKey),
        };
        self.wrap_entry(&keys, Kind::Key, (name, epoch), &plain, entropy)
    }

    /// Takes the stored set as the truth: keys it holds and the ring does not are opened, keys it no longer holds are
    /// wiped. True when something changed. On an error nothing changes.
    ///
    /// # Errors
    /// [`Error::NoSuchKey`] when the set is incomplete; [`Error::DoesNotOpen`] when a new key is wrapped under a root this
    /// ring does not know, or is another realm's.
    pub fn adopt(&self, stored: &[Wrapped]) -> Result<bool, Error> {
        self.adopt_holding(stored, &[])
    }

    /// As [`KeyRing::adopt`], but the keys named in `held` are only known: what another server made with them opens, and
    /// nothing new is made with them before they are adopted without being held.
    ///
    /// # Errors
    /// As [`KeyRing::adopt`]; [`Error::NoSuchKey`] also when all keys of a name are held.
    pub fn adopt_holding(&self, stored: &[Wrapped], held: &[(String, u32)]) -> Result<bool, Error> {
        let held = held.iter().map(|(name, epoch)| Ok((Name::parse(name)?, *epoch))).collect::<Result<_, Error>>()?;
        let mut turning = self.turning.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(next) = turning.next.take_if(|next| {
            // The other root has taken over once what it wrapped is what is stored.
            let mut realm = stored.iter().filter(|entry| entry.name == REALM).peekable();
            realm.peek().is_some() && realm.all(|entry| realm_key(&[&*next], &self.realm, entry).is_ok())
        }) {
            turning.root = next;
        }
        let before = self.keys();
        let roots: Vec<_> = [Some(&turning.root), turning.next.as_ref()].into_iter().flatten().collect();
        let keys = Keys::read(&roots, &self.realm, stored, held, &before)?;
        let changed = !keys.same_epochs(&before);
        if changed {
            *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
        }
        Ok(changed)
    }

    /// The same key of the ring, wrapped under the newest realm key; a realm key under the root.
    ///
    /// # Errors
    /// [`Error::DoesNotOpen`] when it is no key of this ring, [`Error::NoSuchKey`] when the key it is wrapped under is gone.
    pub fn rewrap(&self, entry: &Wrapped, entropy: &dyn Entropy) -> Result<Wrapped, Error> {
        let keys = self.keys();
        let plain = match Name::parse(&entry.name)? {
            Name::Realm => {
                let turning = self.turning.lock().unwrap_or_else(PoisonError::into_inner);
                let key = realm_key(&[&turning.root], &self.realm, entry)?;
                Zeroizing::new(key.expose().to_vec())
            }
            _ => keys.unwrap(&self.realm, entry)?,
        };
        self.wrap_entry(&keys, Kind::of(&entry.sealed)?, (&entry.name, entry.epoch), &plain, entropy)
    }

    /// The same resident's key, wrapped under the newest realm key.
    ///
    /// # Errors
    /// As [`KeyRing::resident_key`].
    pub fn rewrap_resident_key(
        &self,
        resident: &[u8; 16],
        wrapped: &[u8],
        entropy: &dyn Entropy,
    ) -> Result<Vec<u8>, Error> {
        let keys = self.keys();
        let place = resident_place(&self.realm, resident);
        let plain = wrapped::unwrap(|epoch| keys.realm_key(epoch), &place, wrapped)?;
        wrap(Kind::Key, keys.newest_realm()?, &place, &plain, entropy)
    }

    /// The public half of a signing key, for storing in place of it: from then on the ring verifies with it and signs no more.
    ///
    /// # Errors
    /// [`Error::NoSuchKey`] when the entry is no signing key of this ring; [`Error::ModuleGone`].
    pub fn retire(&self, entry: &Wrapped, entropy: &dyn Entropy) -> Result<Wrapped, Error> {
        let keys = self.keys();
        let Name::Signer(signer) = Name::parse(&entry.name)? else { return Err(Error::NoSuchKey) };
        let public = keys.signers.get(&(signer, entry.epoch)).ok_or(Error::NoSuchKey)?.public()?;
        self.wrap_entry(&keys, Kind::Public, (&entry.name, entry.epoch), &public.bytes(), entropy)
    }

    /// Whether a stored entry is what is left of a signing key, without opening it.
    ///
    /// # Errors
    /// [`Error::DoesNotOpen`] when it is no wrapped key.
    pub fn is_retired(wrapped: &[u8]) -> Result<bool, Error> {
        Kind::of(wrapped).map(|kind| kind == Kind::Public)
    }

    /// The newest epoch of a signer that this ring signs with.
    ///
    /// # Errors
    /// [`Error::NoSuchKey`] when there is none.
    pub fn newest_signer(&self, signer: Signer) -> Result<u32, Error> {
        self.keys().newest_signer(signer).map(|(epoch, _)| epoch)
    }

    /// Destroys a key in the module that holds it, once its entry is no longer stored anywhere; nothing for a key that is
    /// stored itself.
    ///
    /// # Errors
    /// As [`KeyRing::rewrap`]; [`Error::Module`] when the module does not do it.
    pub fn destroy_in_module(&self, entry: &Wrapped) -> Result<(), Error> {
        if Kind::of(&entry.sealed)? != Kind::Label {
            return Ok(());
        }
        let label = self.keys().unwrap(&self.realm, entry)?;
        self.kept().ok_or(Error::NotInModule)?.destroy(&label)
    }

    /// Whether a stored key lies in a module, and its entry is but a label; without opening it.
    ///
    /// # Errors
    /// [`Error::DoesNotOpen`] when it is no wrapped key.
    pub fn lies_in_module(wrapped: &[u8]) -> Result<bool, Error> {
        Kind::of(wrapped).map(|kind| kind == Kind::Label)
    }

    fn kept(&self) -> Option<Kept> {
        self.turning.lock().unwrap_or_else(PoisonError::into_inner).root.kept.clone()
    }

    /// The realm epoch that a stored key or a resident's stored key is wrapped under, without opening it; 0 when it is a
    /// realm key, wrapped under the root.
    ///
    /// # Errors
    /// [`Error::DoesNotOpen`] when it is no wrapped key.
    pub fn wrapping_epoch(wrapped: &[u8]) -> Result<u32, Error> {
        wrapped::wrapping_epoch(wrapped)
    }

    /// The realm keys of the ring wrapped under another root, for storing in place of `realm_entries`. The ring goes on with
    /// its own root until it [adopts](KeyRing::adopt) what is stored.
    ///
    /// # Errors
    /// [`Error::NoSuchKey`] when one of the entries is not a realm key of this ring; [`Error::Module`] when the new root
    /// lies in a module that does not answer.
    pub fn reroot(&self, new: &Root, realm_entries: &[Wrapped], entropy: &dyn Entropy) -> Result<Vec<Wrapped>, Error> {
        let keys = self.keys();
        let root = new.of_realm(&self.realm)?;
        let by = root.key()?;
        let rewrapped: Vec<_> = realm_entries
            .iter()
            .map(|entry| {
                let known = (entry.name == REALM).then(|| keys.realm.get(&entry.epoch)).flatten();
                let plain = known.ok_or(Error::NoSuchKey)?.expose();
                let place = key_place(&self.realm, &entry.name, entry.epoch);
                let sealed = wrap(Kind::Key, (BY_ROOT, &by), &place, plain, entropy)?;
                Ok(Wrapped { name: entry.name.clone(), epoch: entry.epoch, sealed })
            })
            .collect::<Result<_, Error>>()?;
        self.turning.lock().unwrap_or_else(PoisonError::into_inner).next = Some(root);
        Ok(rewrapped)
    }

    /// The epoch that new values of a domain are sealed under.
    #[must_use]
    pub fn newest(&self, domain: Domain) -> u32 {
        // A ring is only ever open when every domain has a key.
        self.keys().newest_domain(domain).map_or(0, |(epoch, _)| epoch)
    }

    /// The realm epoch that new keys are wrapped under.
    #[must_use]
    pub fn newest_realm(&self) -> u32 {
        self.keys().newest_realm().map_or(0, |(epoch, _)| epoch)
    }

    pub(super) fn wrap_entry(
        &self,
        keys: &Keys,
        kind: Kind,
        (name, epoch): (&str, u32),
        plain: &[u8],
        entropy: &dyn Entropy,
    ) -> Result<Wrapped, Error> {
        let place = key_place(&self.realm, name, epoch);
        let sealed = if name == REALM {
            let root = self.turning.lock().unwrap_or_else(PoisonError::into_inner).root.key()?;
            wrap(kind, (BY_ROOT, &root), &place, plain, entropy)?
        } else {
            wrap(kind, keys.newest_realm()?, &place, plain, entropy)?
        };
        Ok(Wrapped { name: name.to_owned(), epoch, sealed })
    }
}

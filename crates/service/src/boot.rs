//! Opening the key ring of a store: made on the first start, opened on every later one.

use crate::Caller;
use lionrock_crypto::ring::{KeyRing, Root, Wrapped};
use lionrock_model::realm::Realm;
use lionrock_store::{Store, key_ring, restore};
use thiserror::Error;

/// Why the key ring stays shut.
#[derive(Debug, Error)]
pub enum KeyRingError {
    /// The root is not the one this store was made with.
    #[error("this root key does not open this store: give the key file, passphrase or shares the store was made with")]
    WrongRoot,
    /// The store belongs to another realm.
    #[error("this store belongs to realm {found}, not {asked}: check `realm` and `store` in the configuration")]
    WrongRealm {
        /// The realm the store is marked with.
        found: String,
        /// The realm that was asked for.
        asked: String,
    },
    /// Keys are missing from the ring.
    #[error("the key ring of this store is incomplete: restore a backup, do not go on writing")]
    Incomplete,
    /// A restore into this store broke off.
    #[error(
        "a restore into this store broke off, and half a restore is never served: run `lionrock backup restore` again"
    )]
    RestoreUnfinished,
    /// The library refused.
    #[error(transparent)]
    Key(lionrock_crypto::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] lionrock_store::Error),
}

impl From<lionrock_crypto::Error> for KeyRingError {
    fn from(error: lionrock_crypto::Error) -> Self {
        match error {
            lionrock_crypto::Error::DoesNotOpen => Self::WrongRoot,
            lionrock_crypto::Error::NoSuchKey => Self::Incomplete,
            other => Self::Key(other),
        }
    }
}

/// Opens the ring of a store, making it first when the store is empty. Two processes may start at once.
///
/// # Errors
/// As [`KeyRingError`] says; nothing is written unless the store was empty.
pub async fn key_ring(store: &Store, root: &Root, realm: &Realm, caller: &Caller) -> Result<KeyRing, KeyRingError> {
    let name = realm.to_string();
    if store.read(restore::read).await?.is_some_and(|restore| restore.done_at.is_none()) {
        return Err(KeyRingError::RestoreUnfinished);
    }
    let marked = store.read(key_ring::realm).await?;
    if let Some(found) = marked.filter(|found| *found != name) {
        return Err(KeyRingError::WrongRealm { found, asked: name });
    }
    let entries = store.read(key_ring::all).await?;
    let entries = if entries.is_empty() { first(store, root, &name, caller).await? } else { entries };
    let wrapped: Vec<Wrapped> = entries.into_iter().map(wrapped).collect();
    let ring = KeyRing::open(root, &name, &wrapped)?;
    // A rotation may be under way: then the newest key is known, but not to be used yet.
    ring.adopt_holding(&wrapped, &store.read(key_ring::held).await?)?;
    Ok(ring)
}

/// Opens wrapped keys that are in no store yet: those of a backup.
///
/// # Errors
/// `WrongRoot` and `Incomplete`.
pub fn open(root: &Root, realm: &str, entries: &[key_ring::Entry]) -> Result<KeyRing, KeyRingError> {
    let wrapped: Vec<Wrapped> = entries.iter().cloned().map(wrapped).collect();
    Ok(KeyRing::open(root, realm, &wrapped)?)
}

/// Whether a root is the store's: it opens the ring that is there, or there is none yet. Writes nothing.
///
/// # Errors
/// As [`key_ring`].
pub async fn opens(store: &Store, root: &Root, realm: &Realm) -> Result<(), KeyRingError> {
    let entries = store.read(key_ring::all).await?;
    if entries.is_empty() {
        return Ok(());
    }
    let wrapped: Vec<Wrapped> = entries.into_iter().map(wrapped).collect();
    Ok(KeyRing::open(root, &realm.to_string(), &wrapped).map(drop)?)
}

/// Stores a fresh ring, unless another process was faster; answers what is stored.
async fn first(store: &Store, root: &Root, realm: &str, caller: &Caller) -> Result<Vec<key_ring::Entry>, KeyRingError> {
    let (_, fresh) = KeyRing::create(root, realm, &*caller.entropy)?;
    let fresh: Vec<key_ring::Entry> = fresh.into_iter().map(entry).collect();
    let (realm, now) = (realm.to_owned(), caller.now.0);
    store
        .write(move |tx| {
            let stored = key_ring::all(tx)?;
            if !stored.is_empty() {
                return Ok(stored);
            }
            key_ring::set_realm(tx, &realm)?;
            fresh.iter().try_for_each(|entry| key_ring::insert(tx, entry, now))?;
            Ok::<_, lionrock_store::Error>(fresh.clone())
        })
        .await
        .map_err(Into::into)
}

pub(crate) fn wrapped(entry: key_ring::Entry) -> Wrapped {
    Wrapped { name: entry.name, epoch: entry.epoch, sealed: entry.sealed_key }
}

pub(crate) fn entry(wrapped: Wrapped) -> key_ring::Entry {
    key_ring::Entry { name: wrapped.name, epoch: wrapped.epoch, sealed_key: wrapped.sealed }
}

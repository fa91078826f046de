//! The activation key in the store: wrapped by the root of all keys alone. A server hands it to the activation process at its start and
//! forgets it; its ring leads nowhere near.

use crate::{Caller, Fault};
use lionrock_crypto::aead::Key;
use lionrock_crypto::ring::Root;
use lionrock_crypto::secret::Secret;
use lionrock_model::realm::Realm;
use lionrock_store::{Store, activation_key};
use zeroize::Zeroizing;

/// The activation key as it is stored: what the root opens.
#[derive(Clone, Debug)]
pub struct Wrapped(Vec<Vec<u8>>);

/// Reads the wrapped activation key, making the key first when there is none. Two servers may start at once.
///
/// # Errors
/// Of the store; `Key` when the root is another one.
pub async fn wrapped(store: &Store, root: &Root, realm: &Realm, caller: &Caller) -> Result<Wrapped, Fault> {
    let mut stored = store.read(activation_key::all).await?;
    if stored.is_empty() {
        let fresh = Secret::<32>::random(&*caller.entropy);
        let bytes = seal(root, realm, fresh.expose(), caller)?;
        let (id, now) = (FIRST, caller.now);
        // Whoever comes second finds the first one's.
        let _ = store.write(move |tx| activation_key::insert(tx, &id, &bytes, now)).await;
        stored = store.read(activation_key::all).await?;
    }
    let wrapped = Wrapped(stored.into_iter().map(|(_, bytes)| bytes).collect());
    wrapped.open(root, realm)?;
    Ok(wrapped)
}

/// Wraps the activation key by another root too, before that takes over.
///
/// # Errors
/// Of the store; `Key` when the old root does not open it.
pub async fn rewrap(store: &Store, old: &Root, new: &Root, realm: &Realm, caller: &Caller) -> Result<(), Fault> {
    let stored = store.read(activation_key::all).await?;
    if stored.is_empty() {
        return Ok(());
    }
    let key = Wrapped(stored.into_iter().map(|(_, bytes)| bytes).collect()).open(old, realm)?;
    let bytes = seal(new, realm, &key, caller)?;
    let (id, now): ([u8; 16], _) = (caller.random(), caller.now);
    Ok(store.write(move |tx| activation_key::insert(tx, &id, &bytes, now)).await?)
}

/// Removes the forms that this root does not open: those of a root that was replaced.
///
/// # Errors
/// Of the store.
pub async fn forget_old(store: &Store, root: &Root, realm: &Realm) -> Result<(), Fault> {
    let by = root.activation(&realm.to_string())?;
    let stored = store.read(activation_key::all).await?;
    let own = stored.iter().find(|(_, bytes)| by.open_random(&place(realm), bytes).is_ok()).map(|(id, _)| *id);
    if let Some(id) = own.filter(|_| stored.len() > 1) {
        store.write(move |tx| activation_key::keep_only(tx, &id)).await?;
    }
    Ok(())
}

impl Wrapped {
    /// The key, for the activation process alone.
    ///
    /// # Errors
    /// `Key` when the root is another one.
    pub fn open(&self, root: &Root, realm: &Realm) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let by: Key = root.activation(&realm.to_string())?;
        let opened = self.0.iter().find_map(|bytes| by.open_random(&place(realm), bytes).ok());
        Ok(opened.ok_or(lionrock_crypto::Error::DoesNotOpen)?)
    }
}

fn seal(root: &Root, realm: &Realm, key: &[u8], caller: &Caller) -> Result<Vec<u8>, Fault> {
    Ok(root.activation(&realm.to_string())?.seal_random(&*caller.entropy, &place(realm), key)?)
}

fn place(realm: &Realm) -> Vec<u8> {
    format!("lionrock activation key v1\0{realm}").into_bytes()
}

/// Only one row has it, so that two servers that start at once do not both make a key.
const FIRST: [u8; 16] = [0; 16];

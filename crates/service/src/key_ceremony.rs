//! Root keys in shares, as the ledger sees them: the ceremony that made one, and each unsealing by its holders.

use crate::audit::{self, Event};
use crate::boot::{self, KeyRingError};
use crate::{Caller, Fault, Platform};
use lionrock_crypto::ring::{KeyRing, Root};
use lionrock_model::realm::Realm;
use lionrock_store::{Store, key_ring};
use serde_json::{Value, json};
use std::sync::Arc;
use thiserror::Error;

/// Why a ceremony is not recorded.
#[derive(Debug, Error)]
pub enum CeremonyError {
    /// The store has keys under another root.
    #[error(
        "this store has keys already, under another root: make the ceremony without --config, and give its root to `lionrock key rotate`"
    )]
    HasKeys,
    /// The ring cannot be made.
    #[error(transparent)]
    Ring(#[from] KeyRingError),
    /// The leaf cannot be written.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<lionrock_store::Error> for CeremonyError {
    fn from(error: lionrock_store::Error) -> Self {
        Self::Ring(error.into())
    }
}

/// What the ledger keeps of a ceremony. Names stay in the transcript, which its digest proves.
#[derive(Clone, Debug)]
pub struct Ceremony {
    /// Its random name.
    pub id: [u8; 16],
    /// How many shares give the root back.
    pub threshold: u8,
    /// SHA-256 of each share's file, in the order of their numbers.
    pub commitments: Vec<[u8; 32]>,
    /// SHA-256 of the transcript's file.
    pub transcript: [u8; 32],
    /// How many people are named in the transcript.
    pub people: usize,
}

impl Ceremony {
    fn event(&self) -> Event {
        let commitments: Vec<_> = self.commitments.iter().map(|digest| hex(digest)).collect();
        let body = json!({
            "ceremony": hex(&self.id),
            "commitments": commitments,
            "people": self.people,
            "threshold": self.threshold,
            "transcript": hex(&self.transcript),
        });
        Event::new("key.ceremony", None, body)
    }
}

/// Makes the key ring of an empty store under the root of a ceremony, and the ceremony's leaf in the ledger, in one transaction.
///
/// # Errors
/// [`CeremonyError::HasKeys`]; as [`boot::key_ring`]; of the store. Then nothing is written.
pub async fn record(
    store: &Store,
    root: &Root,
    realm: &Realm,
    caller: &Caller,
    ceremony: &Ceremony,
) -> Result<(), CeremonyError> {
    let (ring, entries) = KeyRing::create(root, &realm.to_string(), &*caller.entropy).map_err(KeyRingError::from)?;
    let ring = Arc::new(ring);
    let (caller, event, id) = (caller.clone(), ceremony.event(), caller.random());
    store
        .write(move |tx| {
            if key_ring::realm(tx)?.is_some() || !key_ring::all(tx)?.is_empty() {
                return Err(CeremonyError::HasKeys);
            }
            key_ring::set_realm(tx, ring.realm())?;
            for entry in &entries {
                key_ring::insert(tx, &boot::entry(entry.clone()), caller.now.0)?;
            }
            Ok(audit::append_with(tx, &ring, &caller, id, &event)?)
        })
        .await
}

/// Writes down that holders of shares unsealed this server.
///
/// # Errors
/// Of the store.
pub async fn unsealed(
    platform: &Arc<Platform>,
    caller: &Caller,
    ceremony: [u8; 16],
    shares: &[u8],
) -> Result<(), Fault> {
    let shares: Vec<Value> = shares.iter().map(|number| json!(number)).collect();
    let event = Event::new("key.unsealed", None, json!({ "ceremony": hex(&ceremony), "shares": shares }));
    let (platform, caller) = (Arc::clone(platform), caller.clone());
    let shared = Arc::clone(&platform);
    platform.store.write(move |tx| audit::append(tx, &shared, &caller, &event).map(drop)).await
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

//! Proving that an event stands in the published log.

use super::{Standing, encode, folder, origin, verifiers};
use crate::{Fault, Platform};
use lionrock_ledger::bundle::Bundle;
use lionrock_ledger::checkpoint::Checkpoint;
use lionrock_ledger::source::{Directory, Source as _};
use lionrock_ledger::tile;
use lionrock_store::leaf;
use std::sync::Arc;
use std::time::Duration;

/// An entry with its proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inclusion {
    /// The entry's published bytes.
    pub entry: Vec<u8>,
    /// Index, path and checkpoint.
    pub proof: Bundle,
}

/// The proof of an event's leaf under the published checkpoint; `None` while the leaf waits for its place, or when
/// there is no such leaf.
///
/// # Errors
/// Of the store; `StoredData` when published files are missing or damaged.
pub async fn inclusion(platform: &Arc<Platform>, event: [u8; 16]) -> Result<Option<Inclusion>, Fault> {
    let found = platform.store.read(move |tx| leaf::by_event(tx, &event)).await?;
    let Some(entry) = found else { return Ok(None) };
    let Some(index) = entry.position else { return Ok(None) };
    let entry = encode(&entry)?;
    let shared = Arc::clone(platform);
    let work = move || prove(&shared, index, entry);
    tokio::task::spawn_blocking(work).await.map_err(|error| Fault::bug(error.to_string()))?
}

/// As [`inclusion`], but asks the sequencer to hurry and waits for it, no longer than `limit`. `None` when it did not come
/// about in time: the leaf is committed all the same and will be included.
///
/// # Errors
/// As [`inclusion`].
pub async fn wait(platform: &Arc<Platform>, event: [u8; 16], limit: Duration) -> Result<Option<Inclusion>, Fault> {
    let mut standing = platform.ledger.watch();
    let waiting = async {
        loop {
            standing.borrow_and_update();
            if let Some(found) = inclusion(platform, event).await? {
                return Ok(Some(found));
            }
            platform.ledger.ring();
            let changed = tokio::time::timeout(PATIENCE, standing.changed()).await;
            if matches!(changed, Ok(Err(_))) {
                return Ok(None);
            }
        }
    };
    tokio::time::timeout(limit, waiting).await.unwrap_or(Ok(None))
}

/// Another process may publish into the same folder, so look again though nothing was announced here.
const PATIENCE: Duration = Duration::from_millis(250);

fn prove(platform: &Platform, index: u64, entry: Vec<u8>) -> Result<Option<Inclusion>, Fault> {
    let files = Directory::new(folder(platform));
    let damaged = |error: &dyn std::fmt::Display| Fault::stored_data(format!("the published log: {error}"));
    let Some(note) = files.read(tile::CHECKPOINT).map_err(|error| damaged(&error))? else { return Ok(None) };
    let checkpoint =
        Checkpoint::open(&note, &origin(platform), &verifiers(platform)?).map_err(|error| damaged(&error))?;
    let note = String::from_utf8(note).map_err(|error| damaged(&error))?;
    let proof = Bundle::make(&files, &note, checkpoint.size, index).map_err(|error| damaged(&error))?;
    Ok(proof.map(|proof| Inclusion { entry, proof }))
}

impl Standing {
    /// Does the log work: the last round went well and is no older than `limit`?
    #[must_use]
    pub fn is_current(&self, now: lionrock_model::time::Millis, limit: Duration) -> bool {
        let limit = i64::try_from(limit.as_millis()).unwrap_or(i64::MAX);
        self.trouble.is_none() && self.last_round.is_some_and(|last| now.0.saturating_sub(last) <= limit)
    }
}

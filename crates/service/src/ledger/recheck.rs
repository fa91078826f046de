//! The stored entries are compared with the published log, again and again, a stretch at a time.
//!
//! What is published cannot be taken back, so an entry that was edited or deleted in the store afterwards is found: that
//! is what makes the marks of [`freshness`](crate::freshness) worth their name. Copies of the log that others keep, and witnesses, guard
//! the files themselves.

use super::{encode, folder};
use crate::vault::Alarm;
use crate::{Fault, Platform};
use lionrock_ledger::source::{self, Directory};
use lionrock_ledger::tile::{self, Level, Resource};
use lionrock_store::leaf;
use std::sync::Arc;

/// Entries of a full bundle (C2SP tlog-tiles).
const BUNDLE: u64 = 256;

/// Where the next stretch begins; a new one begins at the beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recheck {
    next: u64,
}

impl Recheck {
    /// Compares one bundle of a log with so many entries published, and moves on; after the last it begins anew. False when the store says something else than was
    /// published, which raises an alarm.
    ///
    /// # Errors
    /// Of the store; `Outside` when a published file cannot be read.
    pub async fn step(&mut self, platform: &Arc<Platform>, published: u64) -> Result<bool, Fault> {
        let first = if self.next < published { self.next } else { 0 };
        // Files hold bundles: one that grew since is read from its beginning again.
        let first = first - first % BUNDLE;
        let width = (published - first).min(BUNDLE);
        if width == 0 {
            return Ok(true);
        }
        let most = u32::try_from(width).unwrap_or(0);
        let stored = platform.store.read(move |tx| leaf::from_place(tx, first, most)).await?;
        let whole = stored.len() as u64 == width
            && stored.iter().zip(first..).all(|(entry, place)| entry.position == Some(place));
        // An entry that has no published form is none that was published.
        let stored = stored.iter().map(encode).collect::<Result<Vec<_>, _>>().ok();
        let folder = folder(platform);
        let read = tokio::task::spawn_blocking(move || bundle(&folder, first / BUNDLE, published));
        let Some(files) = read.await.map_err(|error| Fault::bug(error.to_string()))?? else {
            // A newer partial bundle replaced the one that was asked for: next time.
            return Ok(true);
        };
        let same = whole && stored.is_some_and(|stored| stored == files);
        self.next = first + width;
        if !same {
            tracing::error!(first, width, "stored entries are not those that were published");
            platform.vault.raise(Alarm { resident: None, what: "ledger-entries" });
        }
        Ok(same)
    }
}

/// The entries of a published bundle.
fn bundle(folder: &std::path::Path, index: u64, size: u64) -> Result<Option<Vec<Vec<u8>>>, Fault> {
    let full = (index + 1).saturating_mul(BUNDLE) <= size;
    let level = if full { Some(Resource::full(0, index)) } else { tile::partial(0, size) };
    let Some(resource) = level.map(|resource| Resource { level: Level::Entries, ..resource }) else { return Ok(None) };
    let bytes = source::read(&Directory::new(folder), resource)
        .map_err(|error| Fault::outside(format!("the published log cannot be read: {error}")))?;
    let Some(bytes) = bytes else { return Ok(None) };
    Ok(tile::entries_of(&bytes, resource.width).map(|all| all.into_iter().map(<[u8]>::to_vec).collect()))
}

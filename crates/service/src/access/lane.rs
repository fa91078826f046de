//! Lanes: entries are numbered as they are written, so that one that is deleted afterwards leaves a hole that shows.
//!
//! A person's lane is named by their id, and its numbers make the tags of the person's entries. Entries about nobody are spread
//! over 4096 lanes by their random ids, so that transactions hardly ever meet in one. The count of a lane carries a keyed
//! code: it cannot be set back to a number it never had.

use crate::audit::{self, Event};
use crate::vault::Alarm;
use crate::{Caller, Fault, Platform};
use lionrock_crypto::ring::{KeyRing, Mac};
use lionrock_crypto::secret::same;
use lionrock_ledger::tag::{self, HistoryKey, Tag};
use lionrock_model::id::ResidentId;
use lionrock_store::{Tx, lane, leaf};
use serde_json::json;
use std::sync::Arc;

/// Type of the entry that stands where another one was deleted.
pub const LOST: &str = lionrock_ledger::access::LOST;
/// Lanes looked at in one go.
const PAGE: u32 = 500;
/// Entries of one lane that are told as lost, at most: more is a table edited by hand, and stops the log.
const MOST_LOST: i64 = 1000;

/// The number of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number {
    /// Its lane.
    pub lane: [u8; 16],
    /// Its number there, from 1.
    pub count: i64,
    /// The tag it carries, when it is about a person.
    pub tag: Option<Tag>,
}

/// Counts the next entry about a person, or about nobody.
///
/// # Errors
/// Of the store; `StoredData` when the count is one the platform never wrote.
pub(crate) fn next(
    tx: &mut Tx<'_>,
    keys: &KeyRing,
    resident: Option<ResidentId>,
    event: &[u8; 16],
) -> Result<Number, Fault> {
    let id = resident.map_or_else(|| of_nobody(event), |who| *who.as_bytes());
    let (count, before) = lane::next(tx, &id)?;
    let fits = if count == 1 { before.is_empty() } else { same(&before, &code(keys, &id, count - 1)?) };
    if !fits {
        return Err(Fault::stored_data("table lane: a count was edited; it is set right within a minute"));
    }
    lane::seal(tx, &id, count, &code(keys, &id, count)?)?;
    Ok(Number { lane: id, count, tag: tag(keys, &id, count)? })
}

/// What makes a person's tags; for that person.
///
/// # Errors
/// `Key` when the ring is incomplete.
pub fn history_key(keys: &KeyRing, resident: &[u8; 16]) -> Result<HistoryKey, Fault> {
    Ok(keys.mac(Mac::Commitment, "access history v1", resident)?)
}

/// The tag of a number in a lane; none in lanes about nobody.
///
/// # Errors
/// As [`history_key`].
pub fn tag(keys: &KeyRing, lane: &[u8; 16], count: i64) -> Result<Option<Tag>, Fault> {
    if is_nobodys(lane) {
        return Ok(None);
    }
    let number = u64::try_from(count).map_err(|_| Fault::stored_data("leaf.number"))?;
    Ok(Some(tag::of(&history_key(keys, lane)?, number)))
}

/// The code over a lane's count.
///
/// # Errors
/// `Key` when the ring is incomplete.
pub fn code(keys: &KeyRing, lane: &[u8; 16], count: i64) -> Result<[u8; 32], Fault> {
    Ok(keys.mac(Mac::Commitment, "ledger lane v1", &[&lane[..], &count.to_be_bytes()].concat())?)
}

/// The lane of an entry about nobody, by its id.
pub(crate) fn of_nobody(event: &[u8; 16]) -> [u8; 16] {
    let [.., high, low] = *event;
    let mut lane = [0; 16];
    let [.., first, second] = &mut lane;
    (*first, *second) = (high & 0x0f, low);
    lane
}

fn is_nobodys(lane: &[u8; 16]) -> bool {
    lane.iter().take(14).all(|byte| *byte == 0)
}

/// Where the walk over all lanes is; a new one begins at the beginning.
#[derive(Clone, Debug, Default)]
pub struct Walk {
    after: Vec<u8>,
}

impl Walk {
    /// Looks at some lanes and mends what was deleted or edited; false after the last one.
    ///
    /// # Errors
    /// Of the store.
    pub async fn step(&mut self, platform: &Arc<Platform>, caller: &Caller) -> Result<bool, Fault> {
        let after = std::mem::take(&mut self.after);
        let page = platform.store.read(move |tx| lane::page(tx, &after, PAGE)).await?;
        let Some(last) = page.last() else { return Ok(false) };
        self.after = last.id.to_vec();
        for one in page {
            let right = same(&one.code, &code(&platform.keys, &one.id, one.count)?);
            if !right {
                set_right(platform, one.id).await?;
            } else if !one.whole {
                mend(platform, caller, vec![(one.id, one.count)]).await?;
            }
        }
        Ok(true)
    }
}

/// A count that the platform never wrote: the entries say what it must be.
async fn set_right(platform: &Arc<Platform>, id: [u8; 16]) -> Result<(), Fault> {
    let owned = Arc::clone(platform);
    let work = move |tx: &mut Tx<'_>| {
        let Some((count, found)) = lane::find(tx, &id)? else { return Ok(false) };
        if same(&found, &code(&owned.keys, &id, count)?) {
            return Ok(false);
        }
        let newest = leaf::newest_number(tx, &id)?;
        lane::set(tx, &id, newest, &code(&owned.keys, &id, newest)?)?;
        Ok::<_, Fault>(true)
    };
    if platform.store.write(work).await? {
        tracing::error!("the count of a lane was edited in the database; it was set to what the entries say");
        raise(platform, &id, "ledger-count-edited");
    }
    Ok(())
}

/// Puts an entry that says so into each place of a lane whose own entry was deleted before it had its place in the log, and
/// raises an alarm: what was lost stays visible for ever.
///
/// # Errors
/// Of the store; `StoredData` when more is missing than a deleted second explains.
pub(crate) async fn mend(platform: &Arc<Platform>, caller: &Caller, holes: Vec<([u8; 16], i64)>) -> Result<(), Fault> {
    for (id, last) in holes {
        let (owned, by) = (Arc::clone(platform), caller.clone());
        let work = move |tx: &mut Tx<'_>| {
            let mut lost = 0;
            let mut count = last;
            // The one named, and those before it that are missing, too.
            while count > 0 && !leaf::has_number(tx, &id, count)? {
                if lost >= MOST_LOST {
                    return Err(Fault::stored_data(
                        "table leaf: more entries were deleted than can be told one by one",
                    ));
                }
                let about = if is_nobodys(&id) { None } else { ResidentId::from_bytes(&id).ok() };
                let event = Event::new(LOST, about, json!({"number": count}));
                let number = Number { lane: id, count, tag: tag(&owned.keys, &id, count)? };
                audit::append_numbered(tx, &owned.keys, &by, by.random(), &event, Some(number))?;
                (lost, count) = (lost + 1, count - 1);
            }
            Ok(lost)
        };
        let lost = platform.store.write(work).await?;
        if lost > 0 {
            tracing::error!(lost, "entries of the ledger were deleted before they had their place");
            raise(platform, &id, "ledger-entry-lost");
        }
    }
    Ok(())
}

fn raise(platform: &Platform, id: &[u8; 16], what: &'static str) {
    let resident = if is_nobodys(id) { None } else { ResidentId::from_bytes(id).ok() };
    platform.vault.raise(Alarm { resident, what });
}

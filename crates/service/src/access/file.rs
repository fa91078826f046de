//! GET /account/access/access-history.json: the history as a file that proves itself (`docs/formats/access-history.md`).

use super::{hold, lane};
use crate::account::require;
use crate::ledger::{encode, folder, verifiers, witnessed};
use crate::{Caller, Error, Fault, Platform, audit};
use lionrock_ledger::access::{AccessHistory, IndexProof, Line, Told};
use lionrock_ledger::hash::Hash;
use lionrock_ledger::index::{Absence, stretches};
use lionrock_ledger::proof;
use lionrock_ledger::source::{Directory, Tiles};
use lionrock_ledger::tag::{self, Tag};
use lionrock_model::account::AccountRefusal;
use lionrock_model::id::ResidentId;
use lionrock_store::{Tx, leaf};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// So many looks a person waits for the newest entries to be proved; older ones are proved already.
const TURNS: u32 = 20;
/// Between two looks.
const STEP: Duration = Duration::from_millis(200);

/// What the store has of the file.
struct Stored {
    lines: Vec<(Line, Option<u64>)>,
    index: Vec<u8>,
    /// The tags of each stretch under the checkpoint.
    tags: Vec<Vec<Tag>>,
}

/// Makes the file. `None` while nothing about the person is published yet: ask again.
///
/// # Errors
/// Of the session; faults.
pub async fn file(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
) -> Result<Option<AccessHistory>, Error<AccountRefusal>> {
    let (owned, by, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let who =
        platform.store.write(move |tx| Ok::<_, Error<AccountRefusal>>(require(tx, &owned, &by, &cookie)?.resident.id));
    let who = who.await?;
    // What was written just now is waited for.
    let mut turn = 0;
    loop {
        turn += 1;
        let newest = newest(platform).await?;
        let id = *who.as_bytes();
        let count = platform.store.read(move |tx| leaf::newest_placed(tx, &id)).await?;
        let proved = newest.as_ref().map_or(0, |found| found.checkpoint.size);
        if count.is_some_and(|last| last < proved) || turn >= TURNS {
            let Some(found) = newest else { return Ok(None) };
            return Ok(make(platform, caller, who, found).await?);
        }
        platform.ledger.ring();
        tokio::time::sleep(STEP).await;
    }
}

async fn newest(platform: &Arc<Platform>) -> Result<Option<witnessed::Witnessed>, Fault> {
    let shared = Arc::clone(platform);
    let found = tokio::task::spawn_blocking(move || witnessed::newest(&shared)).await;
    found.map_err(|error| Fault::bug(error.to_string()))?
}

/// The file of a person under a published checkpoint.
///
/// # Errors
/// Of the store; `StoredData` when published files are missing, or what was made does not verify.
pub async fn make(
    platform: &Arc<Platform>,
    caller: &Caller,
    who: ResidentId,
    found: witnessed::Witnessed,
) -> Result<Option<AccessHistory>, Fault> {
    let size = found.checkpoint.size;
    let (owned, now) = (Arc::clone(platform), caller.now);
    let stored = platform.store.read(move |tx| read(tx, &owned, who, now, size)).await?;
    let Some(stored) = stored else { return Ok(None) };
    let (owned, made) = (Arc::clone(platform), caller.now.0);
    let work = move || prove(&owned, who, found, stored, made);
    tokio::task::spawn_blocking(work).await.map_err(|error| Fault::bug(error.to_string()))?.map(Some)
}

fn read(
    tx: &mut Tx<'_>,
    platform: &Platform,
    who: ResidentId,
    now: lionrock_model::time::Millis,
    size: u64,
) -> Result<Option<Stored>, Fault> {
    let Some(last) = size.checked_sub(1) else { return Ok(None) };
    let holds = hold::standing(tx, platform, who, now)?;
    let mut lines = Vec::new();
    let mut after = 0;
    'all: loop {
        let rows = leaf::of_lane(tx, who.as_bytes(), after, 1000)?;
        let Some((end, ..)) = rows.last() else { break };
        let begin = after;
        after = *end;
        for ((number, entry, at, sealed), expected) in rows.into_iter().zip(begin + 1..) {
            let placed = entry.position.filter(|place| *place < size);
            let (Some(index), true) = (placed, number == expected) else { break 'all };
            let told = match sealed {
                None => Told::Gone,
                Some(sealed) => {
                    let (key, canonical) = audit::open_body(platform, &entry.event, &sealed)?;
                    let event: Value = serde_json::from_slice(&canonical)?;
                    let body = event.get("body").unwrap_or(&Value::Null);
                    let at = lionrock_model::time::Millis(at);
                    if holds.iter().any(|hold| hold.covers(&entry.kind, body, at, now)) {
                        Told::Withheld
                    } else {
                        let text =
                            String::from_utf8(canonical).map_err(|_| Fault::stored_data("an event is no text"))?;
                        Told::Event(text, key)
                    }
                }
            };
            let number = u64::try_from(number).map_err(|_| Fault::stored_data("leaf.number"))?;
            lines.push((Line { entry: encode(&entry)?, index, number, path: Vec::new(), told }, Some(index)));
        }
    }
    let index = leaf::from_place(tx, last, 1)?;
    let Some(index) = index.first().filter(|_| !lines.is_empty()) else { return Ok(None) };
    let mut tags = Vec::new();
    for stretch in stretches(last) {
        tags.push(leaf::tags(tx, stretch.first, stretch.first + stretch.length)?);
    }
    Ok(Some(Stored { lines, index: encode(index)?, tags }))
}

fn prove(
    platform: &Platform,
    who: ResidentId,
    found: witnessed::Witnessed,
    stored: Stored,
    made: i64,
) -> Result<AccessHistory, Fault> {
    let damaged = |error: &dyn std::fmt::Display| Fault::stored_data(format!("the published log: {error}"));
    let size = found.checkpoint.size;
    let mut tiles = Tiles::new(Directory::new(folder(platform)), size);
    let mut path = |index: u64| -> Result<Vec<Hash>, Fault> {
        let path = proof::inclusion(index, size, |node| tiles.hash(node)).map_err(|error| damaged(&error))?;
        path.ok_or_else(|| Fault::stored_data("an entry outside the published log"))
    };
    let mut entries = Vec::with_capacity(stored.lines.len());
    for (line, _) in stored.lines {
        entries.push(Line { path: path(line.index)?, ..line });
    }
    let history_key = lane::history_key(&platform.keys, who.as_bytes())?;
    let next = tag::of(&history_key, entries.len() as u64 + 1);
    let absent = |tags| Absence::prove(tags, &next);
    let runs = stored.tags.into_iter().map(absent).collect::<Option<Vec<_>>>();
    let known = verifiers(platform)?;
    let file = AccessHistory {
        checkpoint: found.note,
        entries,
        history_key,
        index: IndexProof {
            entry: stored.index,
            path: path(size - 1)?,
            runs: runs.ok_or_else(|| Fault::stored_data("an entry of the history is out of order"))?,
        },
        log: known.last().map(ToString::to_string).unwrap_or_default(),
        made,
        resident: who.to_string(),
        witnesses: platform.ledger.witnesses().iter().map(ToString::to_string).collect(),
    };
    // What we hand out, everybody can check: so do we, first.
    let keys: Vec<_> = known.into_iter().rev().collect();
    let checked = file.check(&keys, &platform.ledger.witnesses());
    checked.map_err(|error| Fault::stored_data(format!("an access history does not verify: {error}")))?;
    Ok(file)
}

//! Letters to people whose record staff read: the log itself is looked through for readings, so none is forgotten by the code
//! that reads. A legal hold puts a letter off until it ends.

use super::hold;
use crate::letter::{self, News};
use crate::{Caller, Fault, Platform, audit, outbox};
use lionrock_model::id::ResidentId;
use lionrock_model::language::Language;
use lionrock_model::time::Millis;
use lionrock_store::{Tx, leaf, reading, resident};
use serde_json::Value;
use std::sync::Arc;

/// Entries looked through in one go, at most.
const BATCH: u32 = 256;
/// Places looked through in one go.
const STRETCH: u64 = 8192;

/// Looks through what was published since the last round, and writes the letters that are due; how many.
///
/// # Errors
/// Of the store and of the vault.
pub async fn round(platform: &Arc<Platform>, caller: &Caller) -> Result<usize, Fault> {
    while look(platform, caller).await? {}
    let now = caller.now.0;
    let due = platform.store.read(move |tx| reading::due(tx, now, 64)).await?;
    let mut written = 0;
    for (event, who) in due {
        let (owned, by) = (Arc::clone(platform), caller.clone());
        written += usize::from(platform.store.write(move |tx| tell(tx, &owned, &by, &event, &who)).await?);
    }
    Ok(written)
}

/// Notes the readings among the next entries; false when there are none left.
async fn look(platform: &Arc<Platform>, caller: &Caller) -> Result<bool, Fault> {
    let published = platform.ledger.standing().published;
    let (owned, now) = (Arc::clone(platform), caller.now.0);
    let work = move |tx: &mut Tx<'_>| {
        let from = reading::cursor(tx)?;
        if from >= published {
            return Ok(false);
        }
        let mut to = published.min(from + STRETCH);
        let found = leaf::of_kinds(tx, &["personal.opened"], from, to, BATCH)?;
        if found.len() as u64 == u64::from(BATCH) {
            to = found.last().and_then(|(entry, _)| entry.position).map_or(to, |place| place + 1);
        }
        for (entry, sealed) in &found {
            let Some(sealed) = sealed else { continue };
            let (_, canonical) = audit::open_body(&owned, &entry.event, sealed)?;
            let event: Value = serde_json::from_slice(&canonical)?;
            let by_staff = event.get("body").is_some_and(|body| !hold::by_staff(body).is_null());
            let who = event.get("resident").and_then(Value::as_str).and_then(|id| ResidentId::parse(id).ok());
            if let (true, Some(who)) = (by_staff, who) {
                reading::owe(tx, &entry.event, who.as_bytes(), now)?;
            }
        }
        reading::move_on(tx, from, to)?;
        Ok::<_, Fault>(true)
    };
    platform.store.write(work).await
}

/// Writes one letter, or puts it off; false when no letter leaves.
fn tell(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    event: &[u8; 16],
    who: &[u8; 16],
) -> Result<bool, Fault> {
    let id = ResidentId::from_bytes(who).map_err(|_| Fault::stored_data("table reading: no such id"))?;
    let row = resident::find(tx, id)?.filter(|row| row.active);
    let sealed = leaf::sealed_body(tx, event)?;
    let (Some(row), Some(sealed)) = (row, sealed) else {
        return reading::done(tx, event).map(|_| false).map_err(Fault::from);
    };
    let (_, canonical) = audit::open_body(platform, event, &sealed)?;
    let said: Value = serde_json::from_slice(&canonical)?;
    let body = said.get("body").unwrap_or(&Value::Null);
    let at = Millis(said.get("at").and_then(Value::as_i64).unwrap_or_default());
    let holds = hold::standing(tx, platform, id, caller.now)?;
    let held = holds.iter().filter(|hold| hold.covers("personal.opened", body, at, caller.now));
    if let Some(until) = held.map(|hold| hold.span.until).max() {
        reading::later(tx, event, until.0)?;
        return Ok(false);
    }
    if !reading::done(tx, event)? {
        return Ok(false);
    }
    let language = Language::from_tag(&row.notice_language).unwrap_or(caller.language);
    let caller = Caller { language, ..caller.clone() };
    letter::post(tx, platform, &caller, id, News::RecordRead)?;
    outbox::notify(tx, platform, &caller, id, "record-read")?;
    Ok(true)
}

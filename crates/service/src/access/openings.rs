//! What auditors are given beside the public log: the bodies of entries about nobody, and of those in which staff took part, each
//! with the key that shows that the log committed to it. No personal data is in them, and a person is a random id.

use crate::{Caller, Fault, Platform, audit};
use lionrock_store::leaf;
use serde_json::{Value, json};
use std::sync::Arc;

/// First line of the file says this.
pub const FORMAT: &str = "lionrock openings v1";
/// Entries read in one go.
const BATCH: u32 = 1024;

/// Writes the file, one JSON object a line, through `line`; how many openings. The ledger keeps that it was made.
///
/// # Errors
/// Of the store, and of `line`.
pub async fn openings(
    platform: &Arc<Platform>,
    caller: &Caller,
    mut line: impl FnMut(&Value) -> Result<(), Fault>,
) -> Result<u64, Fault> {
    let (owned, by) = (Arc::clone(platform), caller.clone());
    let event = audit::Event::new("ledger.openings", None, json!({"format": FORMAT}));
    platform.store.write(move |tx| audit::append(tx, &owned, &by, &event)).await?;
    let log = crate::ledger::verifiers(platform)?.last().map(ToString::to_string).unwrap_or_default();
    line(&json!({"format": FORMAT, "log": log, "made": caller.now.0}))?;
    let (mut from, mut count) = (0, 0);
    loop {
        let page = platform.store.read(move |tx| leaf::placed(tx, from, BATCH)).await?;
        let Some(last) = page.last().and_then(|one| one.entry.position) else { return Ok(count) };
        from = last + 1;
        for one in page {
            let (Some(sealed), Some(index)) = (one.sealed_body, one.entry.position) else { continue };
            // Which accounts are decoys is nobody's to know but theirs who placed them.
            if one.entry.kind == crate::monitor::decoy::PLANTED {
                continue;
            }
            let (key, canonical, apart) = audit::open_whole(&platform.keys, &one.entry.event, &sealed)?;
            let text = String::from_utf8(canonical).map_err(|_| Fault::stored_data("an event is no text"))?;
            let event: Value = serde_json::from_str(&text)?;
            if one.resident.is_some() && apart.is_none() && !concerns_staff(&event) {
                continue;
            }
            let apart = apart.map(|apart| String::from_utf8_lossy(&apart).into_owned());
            let encoded = lionrock_wire::jose::encode(&key);
            line(&json!({"apart": apart, "event": text, "event_key": encoded, "index": index}))?;
            count += 1;
        }
    }
}

fn concerns_staff(event: &Value) -> bool {
    let body = event.get("body").unwrap_or(&Value::Null);
    let kind = event.get("kind").and_then(Value::as_str).unwrap_or_default();
    !super::hold::by_staff(body).is_null()
        || body.get("officer").is_some()
        || ["ticket.", "hold.", "counter.", "ledger.", "break-glass."].iter().any(|begin| kind.starts_with(begin))
}

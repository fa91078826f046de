//! The ledger's entries about a person, with what they say: ids, words and counts, never a value of the person.

use crate::access::hold;
use crate::{Fault, Platform, audit};
use lionrock_model::id::ResidentId;
use lionrock_model::time::Millis;
use lionrock_store::{Tx, leaf};
use serde_json::Value;
use std::collections::BTreeSet;

/// Entries read at a time.
const PAGE: u32 = 5_000;

/// One entry.
#[derive(Clone, Debug)]
pub(super) struct Told {
    /// The random id of the event.
    pub event: [u8; 16],
    /// Its type.
    pub kind: String,
    /// When it was made.
    pub at: Millis,
    /// Its place in the log, once it has one.
    pub place: Option<u64>,
    /// What happened; null when it was erased.
    pub body: Value,
}

impl Told {
    /// The service that received data, when it is about that.
    pub fn released_to(&self) -> Option<&str> {
        (self.kind == "personal.opened").then(|| self.body.pointer("/by/service")?.as_str()).flatten()
    }

    /// Whether an officer did it, and the entry says so.
    pub fn by_staff(&self) -> bool {
        !hold::by_staff(&self.body).is_null()
    }

    /// Words of the fields that were opened.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        let fields = self.body.get("fields").and_then(Value::as_array);
        fields.into_iter().flatten().filter_map(Value::as_str)
    }
}

/// All entries about a person, newest first. What a legal hold withholds says so, and nothing else.
pub(super) fn of(tx: &mut Tx<'_>, platform: &Platform, who: ResidentId, now: Millis) -> Result<Vec<Told>, Fault> {
    let holds = hold::standing(tx, platform, who, now)?;
    let (mut told, mut seen): (Vec<Told>, BTreeSet<[u8; 16]>) = (Vec::new(), BTreeSet::new());
    let mut before = i64::MAX;
    loop {
        let leaves = leaf::of_resident(tx, who.as_bytes(), before, PAGE)?;
        let Some((_, last, _)) = leaves.last() else { return Ok(told) };
        // One more, so that entries of one millisecond are not cut apart.
        before = last.saturating_add(1);
        let known = told.len();
        for (entry, at, sealed) in leaves {
            if !seen.insert(entry.event) {
                continue;
            }
            let body = match sealed {
                Some(sealed) => {
                    let (_, canonical) = audit::open_body(platform, &entry.event, &sealed)?;
                    let mut whole: Value = serde_json::from_slice(&canonical)?;
                    let body = whole.get_mut("body").map(Value::take).unwrap_or_default();
                    let held = holds.iter().any(|hold| hold.covers(&entry.kind, &body, Millis(at), now));
                    if held { serde_json::json!({"withheld": true}) } else { body }
                }
                None => Value::Null,
            };
            told.push(Told { event: entry.event, kind: entry.kind, at: Millis(at), place: entry.position, body });
        }
        // More entries of one millisecond than a page holds: on to the millisecond before.
        if told.len() == known {
            before = last_of(&told, before);
        }
    }
}

fn last_of(told: &[Told], before: i64) -> i64 {
    told.last().map_or(before, |one| one.at.0).min(before.saturating_sub(1))
}

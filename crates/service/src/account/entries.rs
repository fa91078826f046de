//! The ledger's entries about a person, with what they say: ids, words and counts, never a value of the person.

use crate::{Fault, Platform, audit};
use lionrock_model::id::ResidentId;
use lionrock_model::time::Millis;
use lionrock_store::{Tx, leaf};
use serde_json::Value;

/// Entries read at a time: more than a lifetime of sign-ins makes.
const MOST: u32 = 20_000;

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

    /// Words of the fields that were opened.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        let fields = self.body.get("fields").and_then(Value::as_array);
        fields.into_iter().flatten().filter_map(Value::as_str)
    }
}

/// All entries about a person, newest first.
pub(super) fn of(tx: &mut Tx<'_>, platform: &Platform, who: ResidentId) -> Result<Vec<Told>, Fault> {
    let leaves = leaf::of_resident(tx, who.as_bytes(), i64::MAX, MOST)?;
    leaves
        .into_iter()
        .map(|(entry, at, sealed)| {
            let body = match sealed {
                Some(sealed) => {
                    let (_, canonical) = audit::open_body(platform, &entry.event, &sealed)?;
                    let mut whole: Value = serde_json::from_slice(&canonical)?;
                    whole.get_mut("body").map(Value::take).unwrap_or_default()
                }
                None => Value::Null,
            };
            Ok(Told { event: entry.event, kind: entry.kind, at: Millis(at), place: entry.position, body })
        })
        .collect()
}

//! GET /account/access: who did what with a person's data, as the ledger has it, newest first.

use super::hold;
use crate::account::require;
use crate::ledger::witnessed;
use crate::{Caller, Error, Fault, Platform, audit};
use lionrock_ledger::cosign::Cosigned;
use lionrock_model::account::AccountRefusal;
use lionrock_model::id::ResidentId;
use lionrock_model::time::Millis;
use lionrock_store::{Tx, lane, leaf};
use serde_json::Value;
use std::sync::Arc;

/// Entries on a page.
pub const PAGE: i64 = 50;

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// The person.
    Oneself,
    /// The platform, by itself.
    Platform,
    /// An online service, by its id.
    Service(String),
    /// An officer: role and unit, and those of the officer who approved it.
    Staff {
        /// The role's word.
        role: String,
        /// The unit's word.
        unit: String,
        /// Role and unit of the second officer.
        second: Option<(String, String)>,
    },
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number in the history.
    pub number: i64,
    /// When; to the hour for one that is withheld.
    pub at: Millis,
    /// Its type.
    pub kind: String,
    /// Its place in the log, once it has one.
    pub place: Option<u64>,
    /// What it says; nothing while it is withheld, or when its body is kept no more.
    pub told: Option<Told>,
    /// Whether a legal hold delays it.
    pub withheld: bool,
}

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Who.
    pub who: Who,
    /// Words of the fields that were opened.
    pub fields: Vec<String>,
    /// Word of the purpose, when data was opened.
    pub purpose: Option<String>,
    /// The service that it is about.
    pub service: Option<String>,
}

/// A page of the history.
#[derive(Clone, Debug)]
pub struct View {
    /// The entries, newest first.
    pub entries: Vec<Entry>,
    /// How many there are altogether.
    pub total: i64,
    /// How many of all are withheld for now.
    pub withheld: u64,
    /// Ask with this for older ones.
    pub older: Option<i64>,
    /// What makes the person's history known again: the same in every file.
    pub mark: String,
    /// The checkpoint that proves it, when one is published: entries under it, and the witnesses who signed it.
    pub proved: Option<(u64, Vec<Cosigned>)>,
}

/// Reads a page, from before the number `before`.
///
/// # Errors
/// Of the session; faults.
pub async fn view(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    before: Option<i64>,
) -> Result<View, Error<AccountRefusal>> {
    let shared = Arc::clone(platform);
    let proved = tokio::task::spawn_blocking(move || witnessed::newest(&shared))
        .await
        .map_err(|error| Fault::bug(error.to_string()))??;
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    platform
        .store
        .write(move |tx| {
            let who = require(tx, &owned, &caller, &cookie)?.resident.id;
            let total = lane::find(tx, who.as_bytes())?.map_or(0, |(count, _)| count);
            let end = before.unwrap_or(i64::MAX).min(total + 1);
            let entries = page(tx, &owned, who, caller.now, end)?;
            let mark = lionrock_ledger::tag::mark(&super::lane::history_key(&owned.keys, who.as_bytes())?);
            let proved = proved.as_ref().map(|found| (found.checkpoint.size, found.cosigned.clone()));
            let withheld = withheld(tx, &owned, who, caller.now)?;
            let older = (end - 1 > PAGE).then_some(end - PAGE);
            Ok(View { entries, total, withheld, older, mark, proved })
        })
        .await
}

fn page(tx: &mut Tx<'_>, platform: &Platform, who: ResidentId, now: Millis, end: i64) -> Result<Vec<Entry>, Fault> {
    let holds = hold::standing(tx, platform, who, now)?;
    let after = (end - 1 - PAGE).max(0);
    let rows = leaf::of_lane(tx, who.as_bytes(), after, u32::try_from(end - 1 - after).unwrap_or(0))?;
    let mut entries = rows.into_iter().map(|row| entry(platform, &holds, now, row)).collect::<Result<Vec<_>, _>>()?;
    entries.reverse();
    Ok(entries)
}

/// How many entries are withheld: nothing is looked through while no hold stands.
fn withheld(tx: &mut Tx<'_>, platform: &Platform, who: ResidentId, now: Millis) -> Result<u64, Fault> {
    let holds = hold::standing(tx, platform, who, now)?;
    let (mut after, mut count) = (0, 0);
    while !holds.is_empty() {
        let rows = leaf::of_lane(tx, who.as_bytes(), after, 1000)?;
        let Some((last, ..)) = rows.last() else { break };
        after = *last;
        for row in rows {
            count += u64::from(entry(platform, &holds, now, row)?.withheld);
        }
    }
    Ok(count)
}

fn entry(platform: &Platform, holds: &[hold::Hold], now: Millis, row: leaf::Numbered) -> Result<Entry, Fault> {
    let (number, leaf, at, sealed) = row;
    let mut entry =
        Entry { number, at: Millis(at), kind: leaf.kind, place: leaf.position, told: None, withheld: false };
    let Some(sealed) = sealed else { return Ok(entry) };
    let (_, canonical) = audit::open_body(platform, &leaf.event, &sealed)?;
    let event: Value = serde_json::from_slice(&canonical)?;
    let body = event.get("body").unwrap_or(&Value::Null);
    if holds.iter().any(|hold| hold.covers(&entry.kind, body, entry.at, now)) {
        entry.withheld = true;
        entry.at = Millis(leaf.coarse_time.saturating_mul(1000));
    } else {
        entry.told = Some(told(&entry.kind, body));
    }
    Ok(entry)
}

fn told(kind: &str, body: &Value) -> Told {
    let text = |at: &str| body.pointer(at).and_then(Value::as_str).map(str::to_owned);
    let fields = body.get("fields").and_then(Value::as_array).into_iter().flatten();
    let side = |at: &str| Some((text(&format!("{at}/role"))?, text(&format!("{at}/unit")).unwrap_or_default()));
    let who = match (side("/by"), text("/by/service")) {
        (Some((role, unit)), _) => Who::Staff { role, unit, second: side("/second") },
        (None, Some(service)) => Who::Service(service),
        (None, None) if !hold::by_staff(body).is_null() => {
            Who::Staff { role: String::new(), unit: String::new(), second: side("/second") }
        }
        (None, None) if kind == "personal.opened" && body.pointer("/by/self").is_none() => Who::Platform,
        (None, None) if kind.starts_with("record.") || kind.starts_with("ledger.") => Who::Platform,
        (None, None) => Who::Oneself,
    };
    Told {
        who,
        fields: fields.filter_map(Value::as_str).map(str::to_owned).collect(),
        purpose: text("/purpose").filter(|_| kind == "personal.opened"),
        service: text("/service"),
    }
}

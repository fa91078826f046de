//! What an account is good for. The ledger says it: each change is an entry under a keyed id, whose sealed body names person, level and
//! version. The row in the store is a copy; one that says something else is refused, and an alarm is raised.

use crate::audit::Event;
use crate::freshness::{self, Mark};
use crate::{Caller, Fault, Platform, audit};
use lionrock_model::account::Level;
use lionrock_model::id::ResidentId;
use lionrock_model::time::Millis;
use lionrock_store::{Tx, leaf, level as kept};
use serde_json::{Value, json};

/// The type of the entry.
pub const CHANGED: &str = "level.changed";

/// A level, as the ledger confirmed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The level.
    pub level: Level,
    /// Since when; none for whoever was never raised.
    pub since: Option<Millis>,
}

const BASIC: Standing = Standing { level: Level::Basic, since: None };

/// The level of an account.
///
/// # Errors
/// `RolledBack`, with an alarm, when the row is not what the ledger says; of the store.
pub fn level(tx: &mut Tx<'_>, platform: &Platform, resident: ResidentId) -> Result<Level, Fault> {
    Ok(standing(tx, platform, resident)?.level)
}

/// The level of an account and since when.
///
/// # Errors
/// As [`level`].
pub fn standing(tx: &mut Tx<'_>, platform: &Platform, resident: ResidentId) -> Result<Standing, Fault> {
    let row = kept::find(tx, resident)?;
    let version = row.map_or(0, |row| row.version);
    let (here, next) = (mark(platform, resident, version)?, mark(platform, resident, version.saturating_add(1))?);
    let found = leaf::marks(tx, [here, next, here, next])?;
    let refuse = |what| Err(freshness::refused(platform, Some(resident), what));
    if let Some(newer) = found.iter().find(|mark| mark.event == next) {
        // After a restore the ledger knows more than the rows, and has no bodies of it: the lower level is safe.
        return if newer.sealed_body.is_none() { Ok(BASIC) } else { refuse("level-behind") };
    }
    let Some(row) = row else { return Ok(BASIC) };
    let Some(said) = found.iter().find(|mark| mark.event == here) else { return refuse("level-unknown") };
    let Some(sealed) = said.sealed_body.as_deref() else { return Ok(BASIC) };
    let (_, canonical) = audit::open_body(platform, &here, sealed)?;
    let event: Value = serde_json::from_slice(&canonical)?;
    let text = |at: &str| event.pointer(at).and_then(Value::as_str);
    let same = text("/resident") == Some(resident.to_string().as_str())
        && text("/body/level") == Some(row.level.word())
        && event.pointer("/body/version").and_then(Value::as_u64) == Some(u64::from(version))
        && event.get("at").and_then(Value::as_i64) == Some(row.since.0);
    if same { Ok(Standing { level: row.level, since: Some(row.since) }) } else { refuse("level-differs") }
}

/// Changes the level of an account, in this transaction, with its entry: the only way. `why` names what it rests on.
///
/// # Errors
/// Of the store; `RolledBack` as [`level`].
pub(crate) fn change(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    resident: ResidentId,
    to: Level,
    why: Value,
) -> Result<[u8; 16], Fault> {
    let mut version = kept::find(tx, resident)?.map_or(0, |row| row.version).saturating_add(1);
    while freshness::known(tx, platform, Mark::Level(resident, version))? {
        version = version.saturating_add(1);
    }
    if !kept::set(tx, resident, kept::Kept { version, level: to, since: caller.now })? {
        return Err(lionrock_store::Error::Busy.into());
    }
    let body = json!({"level": to.word(), "version": version, "why": why});
    let event = Event::new(CHANGED, Some(resident), body);
    freshness::append(tx, platform, caller, Mark::Level(resident, version), &event)
}

fn mark(platform: &Platform, resident: ResidentId, version: u32) -> Result<[u8; 16], Fault> {
    Mark::Level(resident, version).event(platform)
}

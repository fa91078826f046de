//! Sweeping by the table of retention ([`lionrock_model::retention`]): whatever is over goes, in small batches, and the ledger
//! keeps how much of what went.
//!
//! Each batch and its count are one transaction, so a crash or a full disk in the middle loses neither rows that should stay nor
//! the count of those that went: the next round tells of them.

use crate::audit::{self, Event};
use crate::ledger::receipt;
use crate::{Caller, Fault, Platform, register, signed_in};
use lionrock_model::retention::{self, Limit};
use lionrock_model::time::Millis;
use lionrock_store::sweep::{SWEEPS, Sweep};
use lionrock_store::{Tx, failpoint, retention_tally, sweep};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Rows of a batch at most: a transaction of a few milliseconds.
pub const BATCH: u32 = 500;
/// Batches of one table in a round at most: the rest goes in the next.
const BATCHES: u32 = 40;

/// What a round removed, by table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swept(pub BTreeMap<&'static str, u64>);

impl Swept {
    /// All rows together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }
}

/// Sweeps every table once; safe to run in several processes. Call [`Store::tidy`](lionrock_store::Store::tidy) afterwards when
/// something went.
///
/// # Errors
/// Of the store: what went before is told by the next round.
pub async fn sweep(platform: &Arc<Platform>, caller: &Caller) -> Result<Swept, Fault> {
    let mut swept = Swept::default();
    let registrations = register::sweep(platform, caller).await?;
    note(&mut swept, "registration", u64::try_from(registrations).unwrap_or(u64::MAX));
    for one in &SWEEPS {
        let gone = table(platform, caller, one).await?;
        note(&mut swept, one.table, gone);
    }
    let gone = consents(platform, caller).await?;
    note(&mut swept, "consent", gone);
    tell(platform, caller).await?;
    Ok(swept)
}

fn note(swept: &mut Swept, table: &'static str, gone: u64) {
    if gone > 0 {
        *swept.0.entry(table).or_default() += gone;
    }
}

async fn table(platform: &Arc<Platform>, caller: &Caller, one: &'static Sweep) -> Result<u64, Fault> {
    let before = cut(platform, caller, one.table)?;
    let mut all = 0;
    for _ in 0..BATCHES {
        let gone = platform
            .store
            .write(move |tx| {
                let gone = one.batch(tx, before, BATCH)?;
                if gone > 0 {
                    retention_tally::add(tx, one.table, gone, None)?;
                }
                Ok::<_, Fault>(gone)
            })
            .await?;
        failpoint::reach("retention-batch");
        all += gone;
        if gone < u64::from(BATCH) {
            break;
        }
    }
    Ok(all)
}

/// Approvals are looked at in the order of their ids, a stretch a round, because most of them stay.
async fn consents(platform: &Arc<Platform>, caller: &Caller) -> Result<u64, Fault> {
    let before = cut(platform, caller, "consent")?;
    let mut all = 0;
    for _ in 0..BATCHES {
        let (gone, more) = platform
            .store
            .write(move |tx| {
                let mark = retention_tally::mark(tx, "consent")?;
                let (gone, next) = sweep::consents(tx, mark.as_deref(), before, BATCH)?;
                if gone > 0 || next.is_some() || mark.is_some() {
                    retention_tally::add(tx, "consent", gone, next.as_ref().map(<[u8; 16]>::as_slice))?;
                }
                Ok::<_, Fault>((gone, next.is_some()))
            })
            .await?;
        all += gone;
        if !more {
            break;
        }
    }
    Ok(all)
}

/// The moment before which rows of a table go.
fn cut(platform: &Platform, caller: &Caller, table: &str) -> Result<Millis, Fault> {
    // Sessions stand as long as this deployment lets them.
    if table == "session" {
        return Ok(signed_in::horizon(platform, caller.now).0);
    }
    let rule = retention::of(table).ok_or_else(|| Fault::bug(format!("no rule of retention for {table}")))?;
    match rule.limit {
        Limit::After(span, _) => Ok(caller.now.before(span.min(platform.settings.limits.kept_longest))),
        _ => Err(Fault::bug(format!("{table} is swept, and its rule says that it stays"))),
    }
}

/// One entry for everything that no entry tells of yet, with a signed statement.
async fn tell(platform: &Arc<Platform>, caller: &Caller) -> Result<(), Fault> {
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    platform.store.write(move |tx| write_down(tx, &owned, &caller)).await
}

fn write_down(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller) -> Result<(), Fault> {
    let counts = retention_tally::take(tx)?;
    if counts.is_empty() {
        return Ok(());
    }
    // The store gives them by name, so the members stand in alphabetical order.
    let removed: Map<String, Value> = counts.into_iter().map(|(name, rows)| (name, json!(rows))).collect();
    let claims = json!({
        "iat": caller.now.seconds(),
        "iss": platform.settings.issuer,
        "realm": platform.settings.realm.to_string(),
        "removed": removed,
        "what": "retention-sweep",
    });
    let signed = receipt::sign(platform, &claims)?;
    let body = json!({"receipt": receipt::digest(&signed), "removed": removed, "statement": signed});
    audit::append(tx, platform, caller, &Event::new("retention.swept", None, body))?;
    Ok(())
}

//! The vault's round: counts go to the other servers, excesses become locks, refused rollbacks become entries of the ledger;
//! officers are told of both by mail.

use super::desk::{Alarm, Tripped, limit};
use crate::audit::{self, Event};
use crate::port::Letter;
use crate::{Caller, Fault, Platform, erasure, freshness, outbox};
use lionrock_model::budget::Excess;
use lionrock_model::time::Millis;
use lionrock_store::domain_lock::Locked;
use lionrock_store::{Tx, domain_lock, exposure, resident};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// An alarm of one kind about one person is told once within this span, however often it is raised.
const TOLD_AGAIN: Duration = Duration::from_secs(60 * 60);
/// Minutes for which counts are kept.
const KEPT_MINUTES: i64 = 10;

/// One round; returns how many locks and alarms were written down. Safe to run in several processes; once a second, and
/// when the desk rings.
///
/// # Errors
/// Of the store: nothing is lost, the next round tries again.
pub async fn round(platform: &Arc<Platform>, caller: &Caller) -> Result<usize, Fault> {
    share(platform, caller).await?;
    let mut told = 0;
    loop {
        let Some(tripped) = platform.vault.state().tripped.first().cloned() else { break };
        lock(platform, caller, tripped.clone()).await?;
        platform.vault.state().tripped.retain(|one| *one != tripped);
        told += 1;
    }
    let waiting: Vec<Alarm> = platform.vault.state().alarms.iter().copied().collect();
    for alarm in waiting {
        let fresh = {
            let mut state = platform.vault.state();
            state.told.retain(|_, at| caller.now.since(*at) < TOLD_AGAIN);
            !state.told.contains_key(&alarm)
        };
        if fresh {
            tell(platform, caller, alarm).await?;
            told += 1;
        }
        let mut state = platform.vault.state();
        state.alarms.remove(&alarm);
        if fresh {
            state.told.insert(alarm, caller.now);
        }
    }
    adopt(platform).await?;
    Ok(told)
}

/// Writes down what this process opened, reads what others did, and judges the sum.
async fn share(platform: &Arc<Platform>, caller: &Caller) -> Result<(), Fault> {
    let (process, minute, changed) = {
        let mut state = platform.vault.state();
        if state.process == [0; 16] {
            state.process = caller.random();
        }
        state.turn(caller.now);
        let changed: BTreeMap<String, u32> = state
            .counts
            .iter()
            .filter(|(word, opened)| state.written.get(*word) != Some(opened))
            .map(|(word, opened)| (word.clone(), *opened))
            .collect();
        (state.process, state.minute, changed)
    };
    if !changed.is_empty() {
        let wanted = changed.clone();
        platform
            .store
            .write(move |tx| {
                wanted.iter().try_for_each(|(word, opened)| exposure::note(tx, &process, minute, word, *opened))?;
                exposure::sweep(tx, &process, minute - KEPT_MINUTES).map(drop)
            })
            .await?;
    }
    let others = platform.store.read(move |tx| exposure::of_others(tx, &process, minute)).await?;
    let budgets = &platform.settings.limits.budgets;
    let mut state = platform.vault.state();
    if state.minute != minute {
        return Ok(());
    }
    state.written.extend(changed);
    state.others = others.into_iter().collect();
    let words: BTreeSet<String> = state.counts.keys().chain(state.others.keys()).cloned().collect();
    for word in words {
        let opened = state.opened(&word);
        let over = limit(budgets, &word).is_some_and(|(most, excess)| excess == Excess::Lock && opened > most.into());
        if over {
            state.trip(&word, u32::try_from(opened).unwrap_or(u32::MAX));
        }
    }
    Ok(())
}

/// Locks a budget by hand, before anything was exceeded: somebody found out what must stop. False when it is locked already.
///
/// # Errors
/// `Outside` for a word that is no budget; of the store.
pub async fn close(platform: &Arc<Platform>, caller: &Caller, budget: &str) -> Result<bool, Fault> {
    if limit(&platform.settings.limits.budgets, budget).is_none() {
        return Err(Fault::outside(format!("{budget:?} is no budget")));
    }
    let word = budget.to_owned();
    if platform.store.read(move |tx| domain_lock::find(tx, &word)).await?.is_some() {
        return Ok(false);
    }
    lock(platform, caller, Tripped { budget: budget.to_owned(), opened: 0 }).await?;
    Ok(true)
}

async fn lock(platform: &Arc<Platform>, caller: &Caller, tripped: Tripped) -> Result<(), Fault> {
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    platform
        .store
        .write(move |tx| {
            if domain_lock::find(tx, &tripped.budget)?.is_some() {
                return Ok(());
            }
            let body = json!({"budget": tripped.budget, "opened": tripped.opened});
            let event = audit::append(tx, &owned, &caller, &Event::new("budget.tripped", None, body))?;
            let locked =
                Locked { budget: tripped.budget.clone(), opened: tripped.opened.into(), at: caller.now, event };
            if !domain_lock::lock(tx, &locked)? {
                return Err(lionrock_store::Error::Busy.into());
            }
            let text = format!(
                "The budget \"{}\" was exceeded: {} openings within a minute.\n\nNothing is opened under it any more, until two \
                 officers unlock it on the host:\n\n  lionrock budget unlock --config FILE --budget {} --officer KEY --officer KEY\n\n\
                 Find out first who opened what: the ledger has an entry for each opening.\n",
                tripped.budget, tripped.opened, tripped.budget
            );
            alert(tx, &owned, &caller, "Lionrock: a budget is locked", &text)
        })
        .await
}

/// Writes an alarm into the ledger and to the officers. A closed account that was put back is closed again.
async fn tell(platform: &Arc<Platform>, caller: &Caller, alarm: Alarm) -> Result<(), Fault> {
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    platform
        .store
        .write(move |tx| {
            let row = alarm.resident.map(|id| resident::find(tx, id)).transpose()?.flatten();
            let again = match &row {
                Some(row) => erasure::again(tx, &owned, &caller, row)?,
                None => false,
            };
            let known = match &row {
                Some(row) => freshness::ahead(tx, &owned, row)?.map(|(version, _)| version),
                None => None,
            };
            let body = json!({
                "erased_again": again,
                "found": row.as_ref().map(|row| row.version),
                "known": known,
                "what": alarm.what,
            });
            audit::append(tx, &owned, &caller, &Event::new("rollback.refused", alarm.resident, body))?;
            let text = format!(
                "Something in the store is older than the ledger, and was refused: {}.\n\n{}\n\nNothing was opened. Somebody wrote into \
                 the store by hand, or an older backup was put in place: compare the store with the ledger before you go on.\n",
                alarm.what,
                row.map_or_else(String::new, |row| format!("Resident: {}", row.id)),
            );
            alert(tx, &owned, &caller, "Lionrock: an older row was refused", &text)
        })
        .await
}

/// Takes in what is locked, by whichever server, and lets go of what officers unlocked.
async fn adopt(platform: &Arc<Platform>) -> Result<(), Fault> {
    let rows = platform.store.read(domain_lock::all).await?;
    let mut state = platform.vault.state();
    let waiting: Vec<String> = state.tripped.iter().map(|one| one.budget.clone()).collect();
    let before = std::mem::take(&mut state.locked);
    state.locked = rows.into_iter().map(|locked| locked.budget).chain(waiting).collect();
    // What was just unlocked begins at nothing: the minute that tripped it is not counted twice.
    let freed: Vec<String> = before.difference(&state.locked).cloned().collect();
    freed.iter().for_each(|word| state.pardon(word));
    Ok(())
}

fn alert(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, subject: &str, text: &str) -> Result<(), Fault> {
    for to in &platform.settings.alerts {
        let text = format!("{text}\n{} · {}\n", platform.settings.issuer, stamp(caller.now));
        let letter = Letter { to: to.clone(), subject: subject.to_owned(), text };
        outbox::post(tx, platform, caller, None, &letter)?;
    }
    Ok(())
}

fn stamp(now: Millis) -> String {
    now.hong_kong().strftime("%Y-%m-%d %H:%M (UTC+8)").to_string()
}

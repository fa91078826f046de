//! One step of the rotation that is due, in one transaction.

use super::{Seat, What, count, finish, mover, residents};
use crate::audit::{self, Event};
use crate::boot::{entry, wrapped};
use crate::{Caller, Fault, Platform};
use lionrock_crypto::ring::Signer;
use lionrock_model::rotation::State;
use lionrock_store::rotation::Rotation;
use lionrock_store::{Tx, failpoint, key_ring, rotation, server};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// For so long no other server takes over the work.
const CLAIM: Duration = Duration::from_secs(10);

/// What came of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// No rotation is asked for.
    Idle,
    /// Something must happen first: another server works on it, has not taken the ring up yet, or a span is not over.
    Waiting,
    /// Something was done: there may be more.
    Moved,
}

/// Does one step of the oldest unfinished rotation. Safe to run in several servers at a time: each step is a transaction that
/// looks again at what is stored.
///
/// # Errors
/// Of the store: nothing was done, try again. `Key` when the root of this server is not the one that is stored any more.
pub async fn step(platform: &Arc<Platform>, caller: &Caller, seat: &Seat) -> Result<Step, Fault> {
    let (shared, who, boot) = (Arc::clone(platform), caller.clone(), seat.boot);
    // A look first: most rounds find nothing to do, and a write would cost a flush.
    let due = platform
        .store
        .read(move |tx| {
            let Some(row) = current(tx, &shared, &who)? else { return Ok::<_, Fault>(Err(Step::Idle)) };
            let due = is_due(tx, &shared, &who, &boot, &row)?;
            Ok(if due { Ok(what(&row)?) } else { Err(Step::Waiting) })
        })
        .await?;
    let what = match due {
        Ok(what) => what,
        Err(step) => return Ok(step),
    };
    forget_in_module(platform, caller, &seat.boot).await?;
    let (shared, who) = (Arc::clone(platform), caller.clone());
    let work = move |tx: &mut Tx<'_>| carry_out(tx, &shared, &who, &boot);
    // A resident's records are read and written as if nobody else were there. Pages and counts need not be: each record is
    // exchanged only if it is still what was read, and only one server at a time holds the row of the rotation.
    let done = match what.key() {
        Some(_) => platform.store.compare_and_set(work).await?,
        None => platform.store.write(work).await?,
    };
    Ok(match done {
        Some((before, after)) => {
            let point = if before == after { "page" } else { after.word() };
            failpoint::reach(&format!("rotation-{point}-done"));
            Step::Moved
        }
        None => Step::Waiting,
    })
}

fn what(row: &Rotation) -> Result<What, Fault> {
    row.what.parse().map_err(|_| Fault::stored_data("rotation.what"))
}

/// How long a rotation rests between its two counts: longer than a write takes; for a signing key, as long as what it signed is still
/// looked at by others with what they know of us.
fn rest(platform: &Platform, what: What) -> Duration {
    let limits = &platform.settings.limits;
    match what {
        What::Signer(Signer::Checkpoint) => limits.checkpoint_overlap,
        What::Signer(_) => limits.signer_overlap,
        _ => limits.rotation_grace,
    }
}

/// The rotation to be carried on: the oldest, unless it is one of a signing key that rests. Hours of rest hold up nobody else.
fn current(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller) -> Result<Option<Rotation>, Fault> {
    let all = rotation::unfinished(tx)?;
    for row in &all {
        let what = what(row)?;
        let rests = row.state == State::Counted && caller.now < row.moved.after(rest(platform, what));
        if !(rests && matches!(what, What::Signer(_))) {
            return Ok(Some(row.clone()));
        }
    }
    Ok(all.into_iter().next())
}

/// A signing key in a module is destroyed there before the rotation is done: outside of the transaction, and as often as it takes.
async fn forget_in_module(platform: &Arc<Platform>, caller: &Caller, boot: &[u8; 16]) -> Result<(), Fault> {
    let (shared, who, boot) = (Arc::clone(platform), caller.clone(), *boot);
    let row = platform
        .store
        .read(move |tx| {
            let Some(row) = current(tx, &shared, &who)? else { return Ok::<_, Fault>(None) };
            let due = row.state == State::Destroyed && is_due(tx, &shared, &who, &boot, &row)?;
            Ok(due.then_some(row))
        })
        .await?;
    let Some(row) = row.filter(|row| matches!(what(row), Ok(What::Signer(_)))) else { return Ok(()) };
    for entry in finish::labels(&row)? {
        let shared = Arc::clone(platform);
        let gone = tokio::task::spawn_blocking(move || shared.keys.destroy_in_module(&entry)).await;
        gone.map_err(|_| Fault::bug("destroying a key broke off"))??;
    }
    Ok(())
}

/// Whether the next step can be taken now, by this server.
fn is_due(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    boot: &[u8; 16],
    row: &Rotation,
) -> Result<bool, Fault> {
    if row.driver.as_ref().is_some_and(|driver| driver != boot) && row.driven_until > caller.now {
        return Ok(false);
    }
    match row.state {
        State::Asked | State::Moving => Ok(true),
        State::Prepared | State::InUse | State::Destroyed => all_know(tx, platform, caller, row),
        State::Counted => {
            let over = caller.now >= row.moved.after(rest(platform, what(row)?));
            Ok(over && all_know(tx, platform, caller, row)?)
        }
        State::Done => Ok(false),
    }
}

/// Whether every server works with the state of the ring that the rotation waits for. One that was silent for long is taken for
/// dead, as no server is that still answers anybody.
fn all_know(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, row: &Rotation) -> Result<bool, Fault> {
    let limit = platform.settings.limits.server_silence;
    let behind = |server: &server::Server| {
        let last = server.seen.max(row.moved);
        server.generation < row.generation && caller.now < last.after(limit)
    };
    Ok(!server::all(tx)?.iter().any(behind))
}

/// Does the step; the states before and after, or `None` when it is not due any more.
fn carry_out(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    boot: &[u8; 16],
) -> Result<Option<(State, State)>, Fault> {
    let Some(mut row) = current(tx, platform, caller)? else { return Ok(None) };
    if !is_due(tx, platform, caller, boot, &row)? {
        return Ok(None);
    }
    // From here on this transaction has the row to itself; whoever else wanted it finds another version.
    if !rotation::update(tx, &row)? {
        return Ok(None);
    }
    row.version += 1;
    let before = row.clone();
    advance(tx, platform, caller, &mut row)?;
    if row == before {
        return Ok(None);
    }
    if row.state != before.state {
        row.moved = caller.now;
    }
    row.driver = Some(*boot);
    row.driven_until = caller.now.after(CLAIM);
    let point = if row.state == before.state { "page" } else { row.state.word() };
    failpoint::reach(&format!("rotation-{point}"));
    if !rotation::update(tx, &row)? {
        return Err(lionrock_store::Error::Busy.into());
    }
    Ok(Some((before.state, row.state)))
}

fn advance(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, row: &mut Rotation) -> Result<(), Fault> {
    let what = what(row)?;
    match (what.key(), row.state) {
        (Some(key), State::Asked) => prepare(tx, platform, caller, row, &key),
        (Some(key), State::Prepared) => {
            let epoch = row.epoch.ok_or_else(|| Fault::stored_data("rotation.epoch"))?;
            if !key_ring::release(tx, &key, epoch)? {
                return Err(Fault::stored_data("key_ring: the prepared key is not there"));
            }
            row.generation = server::turn(tx)?;
            row.state = State::InUse;
            Ok(())
        }
        (Some(_), State::InUse) => {
            row.expected = count::older(tx, what, row)?;
            row.state = State::Moving;
            Ok(())
        }
        (Some(_), State::Moving) => mover::page(tx, platform, caller, what, row),
        (Some(key), State::Counted) => match count::older(tx, what, row)? {
            0 if matches!(what, What::Signer(_)) => finish::retire(tx, platform, caller, row, &key),
            0 => finish::destroy(tx, platform, caller, row, &key),
            // A write that was under way when the count was taken. It is moved as well, and the count begins anew.
            late => {
                row.expected = row.expected.saturating_add(late);
                mover::again(row);
                Ok(())
            }
        },
        (None, State::Asked) if what != What::Root => {
            row.expected = residents::count(tx, what)?;
            row.state = State::Moving;
            begun(tx, platform, caller, row)
        }
        (None, State::Moving) => residents::next(tx, platform, caller, what, row),
        (_, State::Destroyed) => {
            row.row_at = Vec::new();
            row.state = State::Done;
            row.finished = Some(caller.now);
            Ok(())
        }
        _ => Err(Fault::stored_data("rotation: this state does not fit these keys")),
    }
}

/// Makes the next key and stores it, held.
fn prepare(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, row: &mut Rotation, key: &str) -> Result<(), Fault> {
    let stored = key_ring::all(tx)?;
    let last = stored.iter().filter(|entry| entry.name == key).map(|entry| entry.epoch).max();
    let own_root = stored.iter().filter(|entry| entry.name == lionrock_crypto::ring::REALM);
    for entry in own_root {
        // What this server wraps now must open with the root that opens the rest.
        platform.keys.rewrap(&wrapped(entry.clone()), &*caller.entropy).map_err(|_| Fault {
            kind: crate::fault::FaultKind::Key,
            detail: "this server was started with another root key than the one the store has now: restart it"
                .to_owned(),
        })?;
    }
    let next = platform.keys.next(key, &*caller.entropy)?;
    if last.and_then(|last| last.checked_add(1)) != Some(next.epoch) {
        // This server does not know yet what is stored; it will within the second.
        return Ok(());
    }
    row.epoch = Some(next.epoch);
    key_ring::insert_held(tx, &entry(next), caller.now.0)?;
    row.generation = server::turn(tx)?;
    row.state = State::Prepared;
    begun(tx, platform, caller, row)
}

fn begun(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, row: &Rotation) -> Result<(), Fault> {
    let body = json!({"epoch": row.epoch, "keys": row.what, "rotation": row.id.to_string()});
    audit::append(tx, platform, caller, &Event::new("rotation.begun", None, body)).map(drop)
}

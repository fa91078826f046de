//! Giving leaves their places and signing the log that results, in one transaction.

use super::{encode, origin, verifier};
use crate::{Caller, Fault, Platform};
use lionrock_crypto::ring::Signer;
use lionrock_ledger::checkpoint::Checkpoint;
use lionrock_ledger::hash::Hash;
use lionrock_ledger::tree::Frontier;
use lionrock_model::time::Millis;
use lionrock_store::log_head::Head;
use lionrock_store::{Tx, failpoint, leaf, log_head};
use std::sync::Arc;

/// Gives every waiting leaf its place and signs the new root; returns the number of entries. Costs as much as there are
/// new leaves, whatever the size of the log.
///
/// Safe to run in many processes on one store: whoever loses the race for `log_head.version` takes nothing and
/// looks again. A signature leaves this function only by way of the commit, so two different logs of one
/// size are never signed and shown.
///
/// # Errors
/// Of the store; `StoredData` when head and leaves do not fit together.
pub async fn sequence(platform: &Arc<Platform>, caller: &Caller) -> Result<u64, Fault> {
    let mut lost = 0;
    loop {
        let (size, waiting) = platform.store.read(standing).await?;
        if let (Some(size), false) = (size, waiting) {
            return Ok(size);
        }
        let (shared, now) = (Arc::clone(platform), caller.now);
        match platform.store.write(move |tx| round(tx, &shared, now)).await {
            Ok(()) => failpoint::reach("ledger-sequenced"),
            Err(Stop::Fault(fault)) => return Err(fault),
            Err(Stop::Lost) if lost < MOST_LOST => lost += 1,
            Err(Stop::Lost) => return Err(lionrock_store::Error::Busy.into()),
        }
    }
}

/// Leaves in one transaction: short enough that logins do not feel it.
const ROUND: u32 = 1024;
const MOST_LOST: u32 = 100;

enum Stop {
    /// Another process gave these places first.
    Lost,
    Fault(Fault),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<lionrock_store::Error> for Stop {
    fn from(error: lionrock_store::Error) -> Self {
        match error {
            lionrock_store::Error::Conflict { .. } => Self::Lost,
            other => Self::Fault(other.into()),
        }
    }
}

fn standing(tx: &mut Tx<'_>) -> Result<(Option<u64>, bool), lionrock_store::Error> {
    Ok((log_head::read(tx)?.map(|head| head.size), leaf::any_waiting(tx)?))
}

fn round(tx: &mut Tx<'_>, platform: &Platform, now: Millis) -> Result<(), Stop> {
    let before = log_head::read(tx)?;
    let mut tree = match &before {
        Some(head) => frontier(head)?,
        None => Frontier::new(),
    };
    let first = tree.size();
    let placed = leaf::place_waiting(tx, first, ROUND)?;
    if placed == 0 && before.is_some() {
        return Ok(());
    }
    let entries = leaf::from_place(tx, first, ROUND)?;
    // More would be entries beyond the head, fewer a place given twice: somebody wrote into the table by hand.
    if entries.len() as u64 != placed || entries.iter().zip(first..).any(|(entry, place)| entry.position != Some(place))
    {
        return Err(Fault::stored_data("table leaf: places beyond the signed log are taken").into());
    }
    for entry in &entries {
        tree.push(Hash::of_entry(&encode(entry)?));
    }
    let head = Head {
        version: before.as_ref().map_or(1, |head| head.version + 1),
        size: tree.size(),
        root: tree.root().0,
        frontier: tree.to_bytes(),
        checkpoint: sign(platform, tree.size(), tree.root())?,
        signed_at: now.0,
    };
    match before {
        None => log_head::insert(tx, &head)?,
        Some(_) if log_head::replace(tx, &head)? => {}
        Some(_) => return Err(Stop::Lost),
    }
    Ok(())
}

fn frontier(head: &Head) -> Result<Frontier, Fault> {
    Frontier::from_bytes(head.size, &head.frontier)
        .filter(|tree| tree.root().0 == head.root)
        .ok_or_else(|| Fault::stored_data("table log_head: the frontier does not lead to the root"))
}

fn sign(platform: &Platform, size: u64, root: Hash) -> Result<String, Fault> {
    let (_, key) = platform.keys.signer(Signer::Checkpoint)?;
    let checkpoint = Checkpoint { origin: origin(platform), size, root };
    let note = checkpoint.sign(&verifier(&checkpoint.origin, &key)?, &key);
    note.map_err(|error| Fault::bug(error.to_string()))
}

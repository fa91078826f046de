//! Giving leaves their places and signing the log that results, in one transaction.

use super::{encode, origin, post_quantum, verifier};
use crate::access::lane;
use crate::{Caller, Fault, Platform, audit};
use lionrock_crypto::ring::Signer;
use lionrock_ledger::checkpoint::Checkpoint;
use lionrock_ledger::cosign::{self, Secret};
use lionrock_ledger::hash::Hash;
use lionrock_ledger::index::{self, Index, Stretch};
use lionrock_ledger::leaf::{CoarseTime, Leaf};
use lionrock_ledger::tree::Frontier;
use lionrock_model::id::ResidentId;
use lionrock_store::leaf::{NewLeaf, Placed};
use lionrock_store::log_head::Head;
use lionrock_store::{Tx, failpoint, lane as lanes, leaf, log_head};
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
        let (shared, by) = (Arc::clone(platform), caller.clone());
        match platform.store.write(move |tx| round(tx, &shared, &by)).await {
            Ok(()) => {
                failpoint::reach("ledger-sequenced");
                let from = size.unwrap_or(0);
                let holes = platform.store.read(move |tx| lanes::holes(tx, from, u64::MAX >> 1)).await?;
                lane::mend(platform, caller, holes).await?;
            }
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

fn round(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller) -> Result<(), Stop> {
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
    let entries = leaf::placed(tx, first, ROUND)?;
    // More would be entries beyond the head, fewer a place given twice: somebody wrote into the table by hand.
    let in_place = |(one, place): (&Placed, u64)| one.entry.position == Some(place);
    if entries.len() as u64 != placed || !entries.iter().zip(first..).all(in_place) {
        return Err(Fault::stored_data("table leaf: places beyond the signed log are taken").into());
    }
    for one in &entries {
        untouched(platform, one)?;
        tree.push(Hash::of_entry(&encode(&one.entry)?));
    }
    let tags = before.as_ref().and_then(|head| head.tags.as_deref());
    let tags = if tags.is_some() || entries.iter().any(|one| one.entry.tag.is_some()) {
        let index = cover(tx, caller, tags, tree.size())?;
        tree.push(Hash::of_entry(&index.1));
        Some(index.0.to_bytes())
    } else {
        None
    };
    let head = Head {
        version: before.as_ref().map_or(1, |head| head.version + 1),
        size: tree.size(),
        root: tree.root().0,
        frontier: tree.to_bytes(),
        checkpoint: sign(platform, caller, tree.size(), tree.root())?,
        signed_at: caller.now.0,
        tags,
    };
    match before {
        None => log_head::insert(tx, &head)?,
        Some(_) if log_head::replace(tx, &head)? => {}
        Some(_) => return Err(Stop::Lost),
    }
    Ok(())
}

/// Refuses an entry that is not what its transaction wrote: what waits for its place is protected by nothing but its own
/// sealed body, which says what the row must say.
fn untouched(platform: &Platform, one: &Placed) -> Result<(), Fault> {
    let edited = |what: &str| {
        let event: String = one.entry.event.iter().map(|byte| format!("{byte:02x}")).collect();
        platform.vault.raise(crate::vault::Alarm { resident: None, what: "ledger-entry-edited" });
        Fault::stored_data(format!("table leaf: entry {event} was edited before it had its place ({what})"))
    };
    let sealed = one.sealed_body.as_deref().ok_or_else(|| edited("no body"))?;
    let opened = audit::open_whole(&platform.keys, &one.entry.event, sealed);
    let (key, canonical, _) = match opened {
        Ok(opened) => opened,
        Err(fault) if fault.is_passing() => return Err(fault),
        Err(_) => return Err(edited("another body")),
    };
    let leaf = Leaf::decode(&encode(&one.entry)?).map_err(|_| edited("no entry"))?;
    if !leaf.opens(&key, &canonical) {
        return Err(edited("type or commitment"));
    }
    let event: serde_json::Value = serde_json::from_slice(&canonical)?;
    let about = event.get("resident").and_then(serde_json::Value::as_str).and_then(|id| ResidentId::parse(id).ok());
    let about = about.map(|id| *id.as_bytes());
    let at = event.get("at").and_then(serde_json::Value::as_i64).unwrap_or_default();
    if about != one.resident || CoarseTime::from_millis(at) != leaf.time {
        return Err(edited("person or time"));
    }
    let lane = about.unwrap_or_else(|| lane::of_nobody(&one.entry.event));
    // Lanes of entries about nobody that tell of a loss are those of the lost entry.
    let tag = match one.number {
        // Written by a version that did not count yet; one that was counted and is not any more leaves a hole.
        None => None,
        Some((counted, number)) if counted == lane || (about.is_none() && leaf.kind.as_str() == lane::LOST) => {
            lane::tag(&platform.keys, &counted, number)?
        }
        Some(_) => return Err(edited("lane")),
    };
    if tag == one.entry.tag { Ok(()) } else { Err(edited("number or tag")) }
}

/// The index over everything before `size`, and the entry that commits to it, in the place `size`.
fn cover(tx: &mut Tx<'_>, caller: &Caller, before: Option<&[u8]>, size: u64) -> Result<(Index, Vec<u8>), Stop> {
    let before = before.map_or_else(|| Some(Index::default()), Index::from_bytes);
    let before = before.ok_or_else(|| Fault::stored_data("table log_head: the index of tags"))?;
    let index = before.advance(size, |Stretch { first, length }| leaf::tags(tx, first, first + length))?;
    let row = NewLeaf {
        event: caller.random(),
        kind: index::KIND.to_owned(),
        coarse_time: i64::try_from(CoarseTime::from_millis(caller.now.0).seconds()).unwrap_or(i64::MAX),
        commitment: index.digest(),
        resident: None,
        sealed_body: Vec::new(),
        created_at: caller.now.0,
        number: None,
        tag: None,
    };
    if !leaf::insert_at(tx, &row, size)? {
        return Err(Stop::Lost);
    }
    let entry = leaf::by_event(tx, &row.event)?.ok_or_else(|| Fault::stored_data("table leaf"))?;
    Ok((index, encode(&entry)?))
}

fn frontier(head: &Head) -> Result<Frontier, Fault> {
    Frontier::from_bytes(head.size, &head.frontier)
        .filter(|tree| tree.root().0 == head.root)
        .ok_or_else(|| Fault::stored_data("table log_head: the frontier does not lead to the root"))
}

fn sign(platform: &Platform, caller: &Caller, size: u64, root: Hash) -> Result<String, Fault> {
    let bug = |error: &dyn std::fmt::Display| Fault::bug(error.to_string());
    let checkpoint = Checkpoint { origin: origin(platform), size, root };
    let mut note = String::new();
    // While one key replaces another both sign: whoever knows only the earlier one finds its line.
    for key in platform.keys.signing(Signer::Checkpoint) {
        let signed =
            checkpoint.sign(&verifier(&checkpoint.origin, key.public()?)?, &key).map_err(|error| bug(&error))?;
        match signed.rsplit_once("\n\n").filter(|_| !note.is_empty()) {
            Some((_, line)) => note += line,
            None => note = signed,
        }
    }
    let (cosigner, key) = post_quantum(platform)?;
    let time = u64::try_from(caller.now.seconds()).unwrap_or(0);
    let line = cosign::sign(&checkpoint.to_string(), &cosigner, &Secret::MlDsa44(&key), time);
    Ok(note + &line.map_err(|error| bug(&error))?)
}

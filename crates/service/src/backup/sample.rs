//! Whether restored records really open: some residents' seals are tried, through the vault, for a purpose that reads nothing out.

use super::Trouble;
use crate::{Caller, Fault, Platform, vault};
use lionrock_model::id::ResidentId;
use lionrock_model::policy::{Actor, Purpose, Subject, decide};
use lionrock_store::{Tx, backup};
use std::sync::Arc;

/// What was tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sampled {
    /// Residents looked at.
    pub residents: u64,
    /// Seals that opened.
    pub opened: u64,
    /// Seals that did not.
    pub shut: u64,
}

/// Tries every seal of up to `most` residents, spread over all of them by chance.
///
/// # Errors
/// Of the store.
pub async fn sample(platform: &Arc<Platform>, caller: &Caller, most: u64) -> Result<Sampled, Trouble> {
    let mut sampled = Sampled::default();
    let mut tried = Vec::new();
    while sampled.residents < most {
        let (owned, by, seen) = (Arc::clone(platform), caller.clone(), tried.clone());
        let found = platform.store.write(move |tx| try_one(tx, &owned, &by, &seen)).await?;
        let Some((id, opened, shut)) = found else { break };
        tried.push(id);
        sampled.residents += 1;
        sampled.opened += opened;
        sampled.shut += shut;
    }
    Ok(sampled)
}

fn try_one(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    seen: &[ResidentId],
) -> Result<Option<(ResidentId, u64, u64)>, Fault> {
    let mut place = caller.random::<32>();
    let mut chosen = None;
    // Whoever was tried already is passed over; when all were, there is nobody left.
    for _ in 0..=seen.len() {
        let Some((id, index)) = backup::next_resident(tx, &place)? else { break };
        place = index;
        chosen = Some(id).filter(|id| !seen.contains(id));
        if chosen.is_some() {
            break;
        }
    }
    let Some(id) = chosen else { return Ok(None) };
    let decision = decide(Actor::Platform, Subject::Resident(id), Purpose::RestoreCheck, &[], None)
        .map_err(|_| Fault::bug("the platform may check a restore"))?;
    let grant = vault::grant(tx, platform, caller, &decision)?;
    let (opened, shut) = grant.try_seals(tx)?;
    Ok(Some((id, opened, shut)))
}

//! Recovery codes as steps of a transaction: made with an account or anew, and used up, two at a time, to get back in.

use crate::audit::Event;
use crate::freshness::{self, Mark};
use crate::vault::Alarm;
use crate::{Caller, Fault, Platform};
use lionrock_crypto::ring::Mac;
use lionrock_model::account::{RECOVERY_CODES, RecoveryCode};
use lionrock_model::id::ResidentId;
use lionrock_store::{Tx, recovery_code};
use serde_json::json;

/// Makes ten codes of 60 bits, replaces the old ones by them, and hands them out: the only time they can be seen. The store
/// keeps a digest under a key of the ring, so that a stolen database cannot be searched for them.
///
/// # Errors
/// Of the store.
pub fn make(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    resident: ResidentId,
) -> Result<Vec<RecoveryCode>, Fault> {
    let codes: Vec<_> = (0..RECOVERY_CODES).map(|_| RecoveryCode::from_random(caller.random())).collect();
    let turn = turn(tx, platform, resident)? + 1;
    let digests: Result<Vec<_>, Fault> = codes.iter().map(|code| digest(platform, resident, turn, code)).collect();
    recovery_code::replace(tx, resident, &digests?, caller.now)?;
    let event = Event::new("recovery-codes.made", Some(resident), json!({"codes": codes.len(), "turn": turn}));
    freshness::append(tx, platform, caller, Mark::Codes(resident, turn), &event)?;
    Ok(codes)
}

/// The digest of a code that the resident has and has not used.
///
/// # Errors
/// Of the store.
pub fn unused(
    tx: &mut Tx<'_>,
    platform: &Platform,
    resident: ResidentId,
    code: &RecoveryCode,
) -> Result<Option<[u8; 32]>, Fault> {
    let newest = turn(tx, platform, resident)?;
    for turn in (1..=newest).rev() {
        let digest = digest(platform, resident, turn, code)?;
        if !recovery_code::is_unused(tx, resident, &digest)? {
            continue;
        }
        if turn == newest && !freshness::known(tx, platform, Mark::CodeUsed(&digest))? {
            return Ok(Some(digest));
        }
        // A row of an older list, or of a code the ledger knows as used, was put back.
        platform.vault.raise(Alarm { resident: Some(resident), what: "recovery-code" });
        return Ok(None);
    }
    Ok(None)
}

/// Uses a code up, by its digest; false when the resident has no such unused code.
///
/// # Errors
/// Of the store.
pub fn spend(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    resident: ResidentId,
    digest: &[u8; 32],
) -> Result<bool, Fault> {
    if !recovery_code::spend(tx, resident, digest, caller.now)? {
        return Ok(false);
    }
    if freshness::known(tx, platform, Mark::CodeUsed(digest))? {
        platform.vault.raise(Alarm { resident: Some(resident), what: "recovery-code" });
        return Ok(false);
    }
    let event = Event::new("recovery-code.used", Some(resident), json!({}));
    freshness::append(tx, platform, caller, Mark::CodeUsed(digest), &event)?;
    Ok(true)
}

/// How often the resident's codes were made, by the ledger.
fn turn(tx: &mut Tx<'_>, platform: &Platform, resident: ResidentId) -> Result<u32, Fault> {
    let mut turn = 0;
    while freshness::known(tx, platform, Mark::Codes(resident, turn + 1))? {
        turn += 1;
    }
    Ok(turn)
}

/// Keyed, over the person and the how-manieth list: a code of an older list is no code.
fn digest(platform: &Platform, resident: ResidentId, turn: u32, code: &RecoveryCode) -> Result<[u8; 32], Fault> {
    let message = [resident.as_bytes().as_slice(), &turn.to_be_bytes(), code.reveal().as_bytes()].concat();
    Ok(platform.keys.mac(Mac::Code, "recovery code", &message)?)
}

//! Recovery codes as steps of a transaction: made with an account or anew, and used up, two at a time, to get back in.

use crate::{Caller, Fault, Platform};
use lionrock_crypto::ring::Mac;
use lionrock_model::account::{RECOVERY_CODES, RecoveryCode};
use lionrock_model::id::ResidentId;
use lionrock_store::{Tx, recovery_code};

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
    let digests: Result<Vec<_>, Fault> = codes.iter().map(|code| digest(platform, resident, code)).collect();
    recovery_code::replace(tx, resident, &digests?, caller.now)?;
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
    let digest = digest(platform, resident, code)?;
    Ok(recovery_code::is_unused(tx, resident, &digest)?.then_some(digest))
}

/// Uses a code up, by its digest; false when the resident has no such unused code.
///
/// # Errors
/// Of the store.
pub fn spend(tx: &mut Tx<'_>, caller: &Caller, resident: ResidentId, digest: &[u8; 32]) -> Result<bool, Fault> {
    Ok(recovery_code::spend(tx, resident, digest, caller.now)?)
}

fn digest(platform: &Platform, resident: ResidentId, code: &RecoveryCode) -> Result<[u8; 32], Fault> {
    let message = [resident.as_bytes(), code.reveal().as_bytes()].concat();
    Ok(platform.keys.mac(Mac::Code, "recovery code", &message)?)
}

//! POST /recover: card number and two codes.

use super::{ROW, browser_digest, of_row};
use crate::audit::{self, Event};
use crate::counter::withdraw;
use crate::{Caller, Error, Fault, Platform, ceremony, recovery_codes, vault};
use lionrock_crypto::ring::Mac;
use lionrock_model::account::RecoveryCode;
use lionrock_model::budget::Budget;
use lionrock_model::hkid::Hkid;
use lionrock_model::id::{RecoveryId, ResidentId};
use lionrock_model::recovery::{CHANCE, Ground, RecoveryRefusal};
use lionrock_store::{Tx, ceremony as challenges, recovery};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// Failures one network may have in a window before they are turned away without a leaf.
const MOST_FAILURES: i64 = 20;
/// The window.
const FAILURE_WINDOW: Duration = Duration::from_secs(10 * 60);

/// What the form sent, as typed.
#[derive(Clone)]
pub struct Begin {
    /// Card number.
    pub hkid: String,
    /// Two codes.
    pub codes: [String; 2],
    /// Whether the other passkeys are lost and must go.
    pub lost: bool,
    /// The browser's random id.
    pub browser: String,
}

impl std::fmt::Debug for Begin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Begin(…)")
    }
}

/// Opens a chance for this browser. The codes stay good until the new passkey is made.
///
/// # Errors
/// [`RecoveryRefusal::NotAccepted`], the same for every cause; [`RecoveryRefusal::SameCodeTwice`];
/// [`RecoveryRefusal::TooManyTries`]; faults.
pub async fn begin(platform: &Arc<Platform>, caller: &Caller, command: Begin) -> Result<(), Error<RecoveryRefusal>> {
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    let outcome = platform.store.write(move |tx| carry_out(tx, &owned, &caller, &command)).await;
    ceremony::settle(outcome)
}

fn carry_out(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    command: &Begin,
) -> Result<Result<(), RecoveryRefusal>, Fault> {
    let [first, second] = &command.codes;
    let codes = RecoveryCode::parse(first).zip(RecoveryCode::parse(second));
    if codes.as_ref().is_some_and(|(first, second)| first == second) {
        return Ok(Err(RecoveryRefusal::SameCodeTwice));
    }
    let owner = match Hkid::parse(command.hkid.trim()) {
        Ok(hkid) => {
            let asked = caller.network();
            let index = vault::blind_index(platform, caller, Budget::LookupAtRecovery, &asked, &hkid)?;
            vault::owner(tx, platform, caller, &index)?
        }
        Err(_) => None,
    };
    let good = match (owner, &codes) {
        (Some(owner), Some((first, second))) => {
            let first = recovery_codes::unused(tx, platform, owner, first)?;
            let second = recovery_codes::unused(tx, platform, owner, second)?;
            first.zip(second).map(|(first, second)| (owner, [first, second]))
        }
        _ => None,
    };
    let Some((owner, codes)) = good else { return Ok(Err(failed(tx, platform, caller, owner)?)) };
    // Whoever has two codes of the account may hear it.
    if withdraw::needs_guardian(tx, platform, caller, owner)? {
        let body = json!({"code": "guardian-needed"});
        audit::append(tx, platform, caller, &Event::new("recovery.refused", Some(owner), body))?;
        return Ok(Err(RecoveryRefusal::GuardianNeeded));
    }
    let id = RecoveryId::new(caller.now, caller.random());
    let expires = caller.now.after(CHANCE);
    let mut chance = recovery::Recovery {
        id,
        resident: owner,
        codes,
        lost: command.lost,
        expires,
        proof: None,
        ground: Ground::Codes,
    };
    let browser = browser_digest(platform, &command.browser)?;
    chance.proof = Some(of_row(&chance, &browser).under(platform, ROW)?);
    recovery::open(tx, &chance, &browser, caller.now)?;
    let body = json!({"recovery": id.to_string()});
    audit::append(tx, platform, caller, &Event::new("recovery.begun", Some(owner), body))?;
    Ok(Ok(()))
}

/// Counts a failure; within the limit it leaves a leaf, which the owner of the number sees in their history.
fn failed(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    owner: Option<ResidentId>,
) -> Result<RecoveryRefusal, Fault> {
    let bucket = platform.keys.mac(Mac::Code, "recovery try", &caller.network())?;
    let tries = challenges::count_failure(tx, &bucket, caller.now, caller.now.before(FAILURE_WINDOW))?;
    if tries > MOST_FAILURES {
        return Ok(RecoveryRefusal::TooManyTries);
    }
    let body = json!({"code": "recovery-not-accepted"});
    audit::append(tx, platform, caller, &Event::new("recovery.refused", owner, body))?;
    Ok(RecoveryRefusal::NotAccepted)
}

//! POST /recover/proofing: for whoever has neither passkey nor codes. Card and face are proofed as at the first time, with the same
//! custody and the same receipt, and the registry is asked again; the number must be that of an open account. Until then nothing tells whether
//! there is one, and a refusal never says it was the account that was missing.

use super::{ROW, browser_digest, of_row};
use crate::audit::{self, Event};
use crate::register::{self, Begin, Begun};
use crate::{Caller, Error, Fault, Platform};
use lionrock_model::id::{RecoveryId, ResidentId};
use lionrock_model::recovery::{CHANCE, Ground};
use lionrock_model::register::{Aim, RegisterRefusal};
use lionrock_store::{Tx, recovery};
use serde_json::json;
use std::sync::Arc;

/// What the form sent.
#[derive(Clone, Debug)]
pub struct Proofing {
    /// The notice, as at a registration.
    pub notice: Begin,
    /// Whether the other passkeys are lost and must go.
    pub lost: bool,
    /// The browser's random id: it alone may make the new passkey.
    pub browser: String,
}

/// Begins a proofing that leads to a chance for this browser.
///
/// # Errors
/// `NotAgreed`, `NoticeChanged`; faults.
pub async fn begin_proofing(
    platform: &Arc<Platform>,
    caller: &Caller,
    command: Proofing,
) -> Result<Begun, Error<RegisterRefusal>> {
    let mut subject = browser_digest(platform, &command.browser)?.to_vec();
    subject.push(u8::from(command.lost));
    register::begin_for(platform, caller, None, command.notice, (Aim::Recover, Some(subject))).await
}

/// Opens the chance, in the transaction in which the registry confirmed the card. False when the number has no account, which looks like a
/// number that the registry does not confirm.
///
/// # Errors
/// Of the store.
pub(crate) fn by_proofing(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    owner: Option<ResidentId>,
    subject: Option<&[u8]>,
) -> Result<bool, Fault> {
    let Some((browser, lost)) = subject.and_then(<[u8]>::split_first_chunk::<32>) else {
        return Err(Fault::stored_data("a recovery is some browser's"));
    };
    let Some(owner) = owner else { return Ok(false) };
    let id = RecoveryId::new(caller.now, caller.random());
    let mut chance = recovery::Recovery {
        id,
        resident: owner,
        codes: [[0; 32]; 2],
        lost: lost != [0],
        expires: caller.now.after(CHANCE),
        proof: None,
        ground: Ground::Proofing,
    };
    chance.proof = Some(of_row(&chance, browser).under(platform, ROW)?);
    recovery::open(tx, &chance, browser, caller.now)?;
    let body = json!({"ground": Ground::Proofing.word(), "recovery": id.to_string()});
    audit::append(tx, platform, caller, &Event::new("recovery.begun", Some(owner), body))?;
    Ok(true)
}

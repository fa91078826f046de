//! The person themselves makes their key: with both halves of the code, at an authenticator whose maker vouches for it.

use super::house;
use super::officers::{FIRST, SECOND, half_code};
use super::passkey;
use crate::audit::{self, Event};
use crate::ceremony::{self, Ask};
use crate::session::{FAILURE_WINDOW, MOST_FAILURES};
use crate::{Caller, Error, Fault, Platform};
use lionrock_crypto::ring::Mac;
use lionrock_crypto::secret::same;
use lionrock_model::credential::CeremonyKind;
use lionrock_model::id::OfficerId;
use lionrock_model::refusal::Refusal as _;
use lionrock_model::staff::{DutyRefusal, OfficerState};
use lionrock_store::Tx;
use lionrock_store::officer::{self, Kept};
use lionrock_wire::webauthn::json::{CreationOptions, RegistrationResponse};
use serde_json::json;
use std::sync::Arc;

/// Both halves as they were typed, and where.
#[derive(Clone)]
pub struct Code {
    /// From whoever proposed.
    pub first: String,
    /// From whoever approved.
    pub second: String,
    /// The browser's random id.
    pub browser: String,
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Code(…)")
    }
}

/// The question that makes the key.
///
/// # Errors
/// [`DutyRefusal::InviteUnknown`], the same for every wrong or late code; [`DutyRefusal::TooManyTries`]; faults.
pub async fn begin(
    platform: &Arc<Platform>,
    caller: &Caller,
    code: Code,
) -> Result<CreationOptions, Error<DutyRefusal>> {
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    let outcome = platform
        .store
        .write(move |tx| {
            let kept = match invited(tx, &owned, &caller, &code)? {
                Ok(kept) => kept,
                Err(refusal) => return Ok(Err(refusal)),
            };
            passkey::begin_creation(tx, &owned, &caller, &ask(&code.browser), &kept.user_handle)
        })
        .await;
    ceremony::settle(outcome)
}

/// Keeps the key: the officer works from now on, and the code is used up. The question knows whom it was made for, and was made only
/// for a good code, in this browser.
///
/// # Errors
/// [`DutyRefusal::KeyNotAttested`], [`DutyRefusal::KeySynced`], [`DutyRefusal::KeyTaken`], [`DutyRefusal::InviteUnknown`] when the
/// code's time is over; faults.
pub async fn finish(
    platform: &Arc<Platform>,
    caller: &Caller,
    browser: &str,
    answer: RegistrationResponse,
) -> Result<OfficerId, Error<DutyRefusal>> {
    let (owned, caller, browser) = (Arc::clone(platform), caller.clone(), browser.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let (made, handle) = match passkey::creation(tx, &owned, &caller, &ask(&browser), &answer)? {
                Ok(made) => made,
                Err(refusal) => return failed(tx, &owned, &caller, refusal).map(Err),
            };
            let kept = match officer::by_handle(tx, &handle)? {
                Some(kept) => house::find(tx, &owned, kept.officer.id)?.map(|seat| seat.kept),
                None => None,
            };
            let Some(kept) = kept.filter(|kept| open(kept, &caller)) else {
                return failed(tx, &owned, &caller, DutyRefusal::InviteUnknown).map(Err);
            };
            keep(tx, &owned, &caller, kept, &made)
        })
        .await;
    ceremony::settle(outcome)
}

fn open(kept: &Kept, caller: &Caller) -> bool {
    // Somebody who is at work already gets a further key.
    let waits = kept.officer.state == OfficerState::Invited || kept.officer.stands(caller.now);
    waits && kept.invite_until.is_some_and(|until| caller.now < until)
}

/// The officer becomes active with this key.
pub(crate) fn keep(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    mut kept: Kept,
    made: &lionrock_wire::webauthn::NewCredential,
) -> Result<Result<OfficerId, DutyRefusal>, Fault> {
    let id = kept.officer.id;
    let Some(key) = passkey::keep(tx, caller, id, made)? else {
        return failed(tx, platform, caller, DutyRefusal::KeyTaken).map(Err);
    };
    kept.officer.state = OfficerState::Active;
    (kept.invite_first, kept.invite, kept.invite_until) = (None, None, None);
    if !officer::change(tx, &kept)? {
        return Err(lionrock_store::Error::Busy.into());
    }
    officer::used(tx, id, caller.now)?;
    let model: String = key.aaguid.iter().map(|byte| format!("{byte:02x}")).collect();
    house::record(tx, platform, caller, id, "staff.enrolled", json!({"key": key.id.to_string(), "model": model}))?;
    Ok(Ok(id))
}

fn ask(browser: &str) -> Ask<'_> {
    Ask { kind: CeremonyKind::StaffEnrol, binding: browser.as_bytes(), resident: None, shown: b"" }
}

/// Who the two halves invite.
fn invited(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    code: &Code,
) -> Result<Result<Kept, DutyRefusal>, Fault> {
    if let Err(refusal) = passkey::house(platform) {
        return Ok(Err(refusal));
    }
    let first = half_code(platform, FIRST, &code.first)?;
    let second = half_code(platform, SECOND, &code.second)?;
    let found = officer::by_invite(tx, &second)?
        .filter(|kept| kept.invite_first.is_some_and(|kept| same(&kept, &first)) && open(kept, caller));
    let Some(kept) = found else { return failed(tx, platform, caller, DutyRefusal::InviteUnknown).map(Err) };
    // The ledger must confirm that two others invited exactly this one.
    let Some(seat) = house::find(tx, platform, kept.officer.id)? else { return Ok(Err(DutyRefusal::InviteUnknown)) };
    Ok(Ok(seat.kept))
}

fn failed(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, refusal: DutyRefusal) -> Result<DutyRefusal, Fault> {
    let bucket = platform.keys.mac(Mac::Code, "failed staff try", &caller.network())?;
    let window = caller.now.before(FAILURE_WINDOW);
    if lionrock_store::ceremony::count_failure(tx, &bucket, caller.now, window)? > MOST_FAILURES {
        return Ok(DutyRefusal::TooManyTries);
    }
    let body = json!({"code": refusal.code()});
    audit::append(tx, platform, caller, &Event::new("staff.enrolment-refused", None, body))?;
    Ok(refusal)
}

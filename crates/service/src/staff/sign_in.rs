//! Officers sign in by their key, and by nothing else.

use super::session::{self, Secret};
use super::{house, passkey};
use crate::audit::{self, Event};
use crate::ceremony::{self, Ask};
use crate::session::{FAILURE_WINDOW, MOST_FAILURES};
use crate::{Caller, Error, Fault, Platform};
use lionrock_crypto::ring::Mac;
use lionrock_model::credential::CeremonyKind;
use lionrock_model::refusal::Refusal as _;
use lionrock_model::staff::{DutyRefusal, Officer};
use lionrock_store::Tx;
use lionrock_wire::webauthn::json::{AuthenticationResponse, RequestOptions};
use serde_json::json;
use std::sync::Arc;

/// An answer as it arrived.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// The key's answer.
    pub answer: AuthenticationResponse,
    /// The browser's random id, for which the question was made.
    pub browser: String,
    /// The session cookie the browser had before: its session ends.
    pub earlier: Option<String>,
    /// What the browser calls itself.
    pub agent: Option<String>,
}

fn ask(browser: &str) -> Ask<'_> {
    Ask { kind: CeremonyKind::StaffSignIn, binding: browser.as_bytes(), resident: None, shown: b"" }
}

/// A question that any officer's key can answer.
///
/// # Errors
/// [`DutyRefusal::NoHouse`]; faults.
pub async fn begin(
    platform: &Arc<Platform>,
    caller: &Caller,
    browser: &str,
) -> Result<RequestOptions, Error<DutyRefusal>> {
    let (owned, caller, browser) = (Arc::clone(platform), caller.clone(), browser.to_owned());
    let outcome = platform.store.write(move |tx| passkey::begin(tx, &owned, &caller, &ask(&browser), &[])).await;
    ceremony::settle(outcome)
}

/// Checks the answer and opens a session.
///
/// # Errors
/// [`DutyRefusal::KeyNotAccepted`], the same for every unknown, removed or ended thing; [`DutyRefusal::RightsOver`];
/// [`DutyRefusal::TooManyTries`]; faults.
pub async fn finish(
    platform: &Arc<Platform>,
    caller: &Caller,
    command: SignIn,
) -> Result<(Officer, Secret), Error<DutyRefusal>> {
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    let outcome = platform.store.write(move |tx| carry_out(tx, &owned, &caller, &command)).await;
    ceremony::settle(outcome)
}

fn carry_out(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    command: &SignIn,
) -> Result<Result<(Officer, Secret), DutyRefusal>, Fault> {
    let answered = match passkey::answer(tx, platform, caller, &ask(&command.browser), &command.answer)? {
        Ok(answered) => answered,
        Err(refusal) => return Ok(Err(failed(tx, platform, caller, refusal, None)?)),
    };
    let officer = answered.seat.kept.officer.clone();
    if officer.state == lionrock_model::staff::OfficerState::Ended {
        return Ok(Err(failed(tx, platform, caller, DutyRefusal::KeyNotAccepted, Some(&officer))?));
    }
    if !officer.stands(caller.now) {
        return Ok(Err(failed(tx, platform, caller, DutyRefusal::RightsOver, Some(&officer))?));
    }
    if let Some(earlier) = &command.earlier
        && let Ok(earlier) = session::on_duty(tx, platform, caller, earlier)
    {
        lionrock_store::officer_session::end(tx, earlier.officer.id, earlier.session, "replaced", caller.now)?;
    }
    let _ = house::open_name(platform, &answered.seat.kept)?;
    let secret = session::open(tx, platform, caller, &answered, command.agent.as_deref())?;
    Ok(Ok((officer, secret)))
}

/// Counts a failed answer of a network; within the limit it leaves a leaf.
fn failed(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    refusal: DutyRefusal,
    officer: Option<&Officer>,
) -> Result<DutyRefusal, Fault> {
    let bucket = platform.keys.mac(Mac::Code, "failed staff try", &caller.network())?;
    let window = caller.now.before(FAILURE_WINDOW);
    let tries = lionrock_store::ceremony::count_failure(tx, &bucket, caller.now, window)?;
    if tries > MOST_FAILURES {
        return Ok(DutyRefusal::TooManyTries);
    }
    if refusal.audited() {
        let body = json!({"code": refusal.code(), "officer": officer.map(|officer| officer.id.to_string())});
        audit::append(tx, platform, caller, &Event::new("staff.sign-in-refused", None, body))?;
    }
    Ok(refusal)
}

//! Signing in, staying signed in, proving presence again, signing out.
//!
//! | verb | route | writes |
//! | --- | --- | --- |
//! | [`begin`] | POST /signin/options | a challenge |
//! | [`sign_in`] | POST /signin | session, history, leaf; the challenge is gone |
//! | [`current`] | every page of the account | the time of use, once a minute |
//! | [`step_up::begin`], [`step_up::finish`] | POST /account/step-up | a new secret for the session, history |
//! | [`sign_out`] | POST /signout | the end of the session |
//!
//! Failed answers are counted for each network address; past a limit they are turned away before they reach history or
//! ledger. A right answer is never turned away, so a stranger who shares an address, or knows a credential id, locks nobody out.

pub mod begin;
pub mod current;
pub mod sign_in;
pub mod sign_out;
pub mod step_up;

pub use begin::begin;
pub use current::current;
pub use sign_in::{SignIn, SignedIn, sign_in};
pub use sign_out::sign_out;

use crate::audit::{self, Event};
use crate::fault::FaultKind;
use crate::signed_in::{self, Place};
use crate::{Caller, Fault, Platform, vault};
use lionrock_crypto::ring::Mac;
use lionrock_model::credential::PasskeyRefusal;
use lionrock_model::session::{SessionRefusal, SignInEvent};
use lionrock_store::{Tx, ceremony, credential, resident};
use lionrock_wire::webauthn::json::AuthenticationResponse;
use serde_json::json;
use std::time::Duration;

/// Failures one network may have in a window before they are turned away unread.
pub const MOST_FAILURES: i64 = 20;
/// The window.
pub const FAILURE_WINDOW: Duration = Duration::from_secs(10 * 60);

/// Counts a failed answer. Within the limit it leaves a leaf, and a line in the history of the person whose passkey was named.
fn failed(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    answer: &AuthenticationResponse,
    place: &Place,
    refusal: PasskeyRefusal,
) -> Result<SessionRefusal, Fault> {
    let bucket = platform.keys.mac(Mac::Code, "failed try", &caller.network())?;
    let tries = ceremony::count_failure(tx, &bucket, caller.now, caller.now.before(FAILURE_WINDOW))?;
    if tries > MOST_FAILURES {
        return Ok(SessionRefusal::TooManyTries);
    }
    if refusal == PasskeyRefusal::PasskeyNotAccepted {
        let known = credential::by_external_id(tx, &answer.id)?.filter(|known| known.is_standing());
        let owner = match &known {
            Some(known) => resident::find(tx, known.resident)?.filter(|row| row.active).map(|row| row.id),
            None => None,
        };
        let event = Event::new("session.refused", owner, json!({"code": "passkey-not-accepted"}));
        audit::append(tx, platform, caller, &event)?;
        if let Some(owner) = owner {
            let which = known.map(|known| known.id);
            match vault::sealing_key(tx, platform, owner) {
                Ok(key) => signed_in::note(tx, platform, caller, (owner, &key), SignInEvent::Refused, which, place)?,
                // A row that was put back gets no history; its alarm is on the way.
                Err(fault) if fault.kind == FaultKind::RolledBack => {}
                Err(fault) => return Err(fault),
            }
        }
    }
    Ok(SessionRefusal::Passkey(refusal))
}

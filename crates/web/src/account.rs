//! The account: each file one page with its forms. Every handler begins with the session cookie; without a standing session the
//! visitor is led to signing in and back.

pub mod access;
pub mod authenticators;
pub mod certificates;
pub mod close;
pub mod codes;
pub mod consents;
pub mod contact;
pub mod corrections;
pub mod data;
pub mod guardian;
pub mod history;
pub mod home;
pub mod level;
pub mod lost;
pub mod sessions;
pub mod signatures;
pub mod step_up;

use lionrock_model::account::AccountRefusal;
use lionrock_model::id::ServiceId;
use lionrock_model::session::{Device, SessionRefusal};
use lionrock_service::Error;

use crate::language::Say;
use crate::{AppState, Failure, Visit};

/// A refusal of the account; a session that is missing or over leads to signing in and back to `back`.
fn failure(error: Error<AccountRefusal>, back: &str) -> Failure {
    match error {
        Error::Refuse(AccountRefusal::Session(SessionRefusal::SessionOver | SessionRefusal::SignInFirst)) => {
            Failure::sign_in_first(back)
        }
        other => other.into(),
    }
}

/// As [`failure`], for verbs of sessions.
fn session_failure(error: Error<SessionRefusal>, back: &str) -> Failure {
    match error {
        Error::Refuse(SessionRefusal::SessionOver | SessionRefusal::SignInFirst) => Failure::sign_in_first(back),
        other => other.into(),
    }
}

/// The session cookie, or the way to signing in and back to `back`.
fn cookie<'v>(visit: &'v Visit, back: &str) -> Result<&'v str, Failure> {
    visit.session.as_deref().ok_or_else(|| Failure::sign_in_first(back))
}

/// A device in words: `Chrome, Android`.
pub(crate) fn device(say: Say, device: Device) -> String {
    let known = |name: &'static str| match name {
        "android" => Some("Android"),
        "chrome" => Some("Chrome"),
        "edge" => Some("Edge"),
        "firefox" => Some("Firefox"),
        "ios" => Some("iOS"),
        "linux" => Some("Linux"),
        "macos" => Some("macOS"),
        "safari" => Some("Safari"),
        "windows" => Some("Windows"),
        _ => None,
    };
    match (known(device.browser), known(device.system)) {
        (Some(browser), Some(system)) => format!("{browser}, {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => say.t("device-unknown"),
    }
}

/// A service's name in the visitor's language; its id when it is not registered any more.
fn service_name(state: &AppState, visit: &Visit, id: &str) -> String {
    let known = ServiceId::parse(id).ok();
    let known = known.as_ref().and_then(|id| state.platform.service(id));
    known.map_or_else(|| id.to_owned(), |service| service.name().to(visit.caller.language).to_owned())
}

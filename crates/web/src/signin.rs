//! Signing in and out.

use axum::Json;
use axum::extract::{Query, State};
use axum::response::IntoResponse;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use lionrock_model::credential::PasskeyRefusal;
use lionrock_service::oidc::consent::asking;
use lionrock_service::session;
use lionrock_service::signed_in::Secret;
use lionrock_wire::webauthn::json::AuthenticationResponse;
use serde::Deserialize;

use crate::page::signin::SignIn;
use crate::page::{self, own_path, see_other, with_cookie};
use crate::{Answer, AppState, Failure, Visit, cookie};

/// Where to go afterwards.
#[derive(Default, Deserialize)]
pub struct Onward {
    #[serde(default)]
    next: String,
}

impl Onward {
    /// A path of our own; the account when none, or another origin's, was asked for.
    fn path(&self) -> &str {
        match own_path(&self.next) {
            "/" => "/account",
            path => path,
        }
    }

    /// The handle of the service's request that waits, when it is one of those that are led back to.
    pub(crate) fn waiting(&self) -> Option<&str> {
        let rest = self.path().strip_prefix(CONSENT)?;
        rest.split('&').next().filter(|handle| !handle.is_empty() && handle.len() <= 64)
    }
}

/// The page a service's request waits on, without its handle.
pub(crate) const CONSENT: &str = "/oauth/consent?request=";

/// `GET /signin`
pub async fn get(State(state): State<AppState>, visit: Visit, Query(onward): Query<Onward>) -> Answer {
    let service = match onward.waiting() {
        Some(handle) => asking(&state.platform, &visit.caller, handle).await.map_err(Failure::fault)?,
        None => None,
    };
    // Who has no account yet registers first, and comes back to the service then.
    let register = match (&service, onward.waiting()) {
        (Some(_), Some(handle)) => format!("/register?next=/oauth/consent%3Frequest%3D{handle}"),
        _ => "/register".to_owned(),
    };
    page::show(&SignIn { frame: visit.frame("signin-title"), service, next: onward.path().to_owned(), register })
}

/// `POST /signin/options` → `PublicKeyCredentialRequestOptionsJSON`, the same for everybody.
pub async fn options(State(state): State<AppState>, visit: Visit) -> Answer {
    let options = session::begin(&state.platform, &visit.caller, &visit.browser.id).await?;
    Ok(Json(options).into_response())
}

/// `POST /signin?next=…`, body `AuthenticationResponseJSON` → `{next}` and the session's cookie.
pub async fn post(
    State(state): State<AppState>,
    visit: Visit,
    Query(onward): Query<Onward>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let command = session::SignIn {
        answer: assertion(&body)?,
        browser: visit.browser.id.clone(),
        earlier: visit.session.clone(),
        agent: agent(&headers),
    };
    let signed_in = session::sign_in(&state.platform, &visit.caller, command).await?;
    Ok(with_cookie(page::next(onward.path()), session_cookie(&state, &signed_in.secret)))
}

/// `POST /signout`
pub async fn out(State(state): State<AppState>, visit: Visit) -> Answer {
    if let Some(cookie) = &visit.session {
        session::sign_out(&state.platform, &visit.caller, cookie).await?;
    }
    Ok(with_cookie(see_other("/"), cookie::clear(cookie::SESSION)))
}

/// The cookie of a session: it lives no longer than the session can.
pub(crate) fn session_cookie(state: &AppState, secret: &Secret) -> HeaderValue {
    let lives = u32::try_from(state.platform.settings.limits.session_total.as_secs()).unwrap_or(u32::MAX);
    cookie::set(cookie::SESSION, secret.cookie(), Some(lives))
}

/// An `AuthenticationResponseJSON`, or the refusal.
pub(crate) fn assertion(body: &[u8]) -> Result<AuthenticationResponse, Failure> {
    AuthenticationResponse::from_json(body).map_err(|_| Failure::refuse(&PasskeyRefusal::PasskeyMalformed))
}

/// What the browser calls itself.
pub(crate) fn agent(headers: &HeaderMap) -> Option<String> {
    headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::Onward;

    #[test]
    fn signing_in_leads_to_paths_of_our_own() {
        let path = |next: &str| Onward { next: next.to_owned() }.path().to_owned();
        assert_eq!(path("/oauth/consent?request=1"), "/oauth/consent?request=1");
        for other in ["", "/", "//evil.example", "https://evil.example/", "/\\evil.example"] {
            assert_eq!(path(other), "/account", "{other:?}");
        }
        let waiting = |next: &str| Onward { next: next.to_owned() }.waiting().map(str::to_owned);
        assert_eq!(waiting("/oauth/consent?request=abc&lang=en").as_deref(), Some("abc"));
        for other in ["", "/account", "/oauth/consent?request=", "https://evil.example/oauth/consent?request=abc"] {
            assert_eq!(waiting(other), None, "{other:?}");
        }
    }
}

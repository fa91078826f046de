//! Officers sign in and out, by their key alone.

use axum::Json;
use axum::extract::{Query, State};
use axum::response::IntoResponse;
use bytes::Bytes;
use http::HeaderMap;
use lionrock_service::staff::{session, sign_in};
use serde::Deserialize;

use super::badge_cookie;
use crate::page::staff::SignIn;
use crate::page::{self, own_path, see_other, with_cookie};
use crate::signin::{agent, assertion};
use crate::{Answer, AppState, Visit, cookie};

/// Where to go afterwards.
#[derive(Default, Deserialize)]
pub struct Onward {
    #[serde(default)]
    next: String,
}

/// `GET /signin`
pub async fn get(visit: Visit, Query(onward): Query<Onward>) -> Answer {
    page::show(&SignIn { frame: visit.frame("staff-signin-title"), next: own_path(&onward.next).to_owned() })
}

/// `POST /signin/options` → `PublicKeyCredentialRequestOptionsJSON`, the same for everybody.
pub async fn options(State(state): State<AppState>, visit: Visit) -> Answer {
    let options = sign_in::begin(&state.platform, &visit.caller, &visit.browser.id).await?;
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
    let command = sign_in::SignIn {
        answer: assertion(&body)?,
        browser: visit.browser.id.clone(),
        earlier: visit.badge.clone(),
        agent: agent(&headers),
    };
    let (_, secret) = sign_in::finish(&state.platform, &visit.caller, command).await?;
    Ok(with_cookie(page::next(own_path(&onward.next)), badge_cookie(&secret)))
}

/// `POST /signout`
pub async fn out(State(state): State<AppState>, visit: Visit) -> Answer {
    if let Some(badge) = &visit.badge {
        session::sign_out(&state.platform, &visit.caller, badge).await?;
    }
    Ok(with_cookie(see_other("/signin"), cookie::clear(cookie::BADGE)))
}

//! Presence proved again within a session, before a sensitive change.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use bytes::Bytes;
use http::HeaderMap;
use lionrock_service::session::step_up;

use super::{cookie, session_failure};
use crate::page::{self, with_cookie};
use crate::signin::{agent, assertion, session_cookie};
use crate::{Answer, AppState, Visit};

const BACK: &str = "/account";

/// `POST /account/step-up/options` → `PublicKeyCredentialRequestOptionsJSON` for the person's own passkeys.
pub async fn options(State(state): State<AppState>, visit: Visit) -> Answer {
    let options = step_up::begin(&state.platform, &visit.caller, cookie(&visit, BACK)?).await;
    Ok(Json(options.map_err(|error| session_failure(error, BACK))?).into_response())
}

/// `POST /account/step-up`, body `AuthenticationResponseJSON` → `{next}` and the session's new cookie.
pub async fn post(State(state): State<AppState>, visit: Visit, headers: HeaderMap, body: Bytes) -> Answer {
    let command =
        step_up::StepUp { cookie: cookie(&visit, BACK)?.to_owned(), answer: assertion(&body)?, agent: agent(&headers) };
    let secret = step_up::finish(&state.platform, &visit.caller, command).await;
    let secret = secret.map_err(|error| session_failure(error, BACK))?;
    Ok(with_cookie(page::next(BACK), session_cookie(&state, &secret)))
}

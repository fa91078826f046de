//! Discovery and keys.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use lionrock_service::oidc::publish;
use serde_json::Value;

use crate::{Answer, AppState, Failure};

/// `/.well-known/openid-configuration` and its OAuth sibling.
pub async fn configuration(State(state): State<AppState>) -> Response {
    cacheable(publish::configuration(&state.platform))
}

/// `/oauth/jwks`.
pub async fn jwks(State(state): State<AppState>) -> Answer {
    publish::jwks(&state.platform).map(cacheable).map_err(Failure::fault)
}

/// `OPTIONS` on what scripts of other origins may call: the layer around these routes answers it; without a route it would not be asked.
pub async fn preflight() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// Public and the same for everybody; five minutes, so that a new key is seen soon.
fn cacheable(document: Value) -> Response {
    ([(header::CACHE_CONTROL, "public, max-age=300")], axum::Json(document)).into_response()
}

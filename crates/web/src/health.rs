//! For probes: is the process alive, can it serve.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;

use crate::state::Edge;
use crate::{AppState, Visit};

/// `GET /healthz`: the process answers.
pub async fn alive() -> Response {
    Json(json!({ "status": "alive" })).into_response()
}

/// `GET /readyz`: the store answers, the ledger is fresh, and what the start gate asked for still holds; 503 with the failing part otherwise.
pub async fn ready(State(state): State<AppState>, visit: Visit) -> Response {
    let parts = Edge::readiness(&state.platform, visit.caller.now).await;
    let all = parts.iter().all(|(_, ok)| *ok);
    let status = if all { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let checks: serde_json::Map<_, _> = parts.iter().map(|(name, ok)| ((*name).to_owned(), json!(ok))).collect();
    (status, Json(json!({ "status": if all { "ready" } else { "not ready" }, "checks": checks }))).into_response()
}

//! The published ledger: static files for auditors, witnesses and whoever keeps a receipt.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use lionrock_service::ledger;

use crate::AppState;

/// `GET /ledger/{*path}`: `checkpoint`, `vkey`, `tile/…` (C2SP tlog-tiles). Everything else is not found.
pub async fn get(State(state): State<AppState>, Path(path): Path<String>) -> Response {
    match ledger::published(&state.platform, path).await {
        Ok(Some(file)) => {
            let kind = if file.text { "text/plain; charset=utf-8" } else { "application/octet-stream" };
            let keep = if file.immutable { "public, max-age=31536000, immutable" } else { "public, max-age=1" };
            ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, keep)], file.bytes).into_response()
        }
        // A partial tile may be replaced by the full one, a tile of tomorrow may be asked for today: do not keep the answer.
        Ok(None) => (StatusCode::NOT_FOUND, [(header::CACHE_CONTROL, "no-store")]).into_response(),
        Err(fault) => {
            tracing::error!(error = %fault, "a published file cannot be read");
            (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1"), (header::CACHE_CONTROL, "no-store")])
                .into_response()
        }
    }
}

//! The HTTP side of a witness (C2SP tlog-witness): one endpoint, no cookies, no pages. Judging and signing are the caller's.

use std::future::Future;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{StatusCode, header};
use tokio::net::TcpListener;

/// What answers a request.
pub trait Desk: Send + Sync + 'static {
    /// The answer to the body of `add-checkpoint`: status, content type, body. Blocking work.
    fn add_checkpoint(&self, body: &[u8]) -> (u16, &'static str, String);

    /// The witness's verifier keys, one a line.
    fn keys(&self) -> String;
}

/// Largest request in bytes.
const LARGEST: usize = 1024 * 1024;

/// Serves a witness until `stop` is done. It speaks plain HTTP: what it takes and gives is public and signed.
///
/// # Errors
/// Of the socket.
pub async fn serve(
    listener: TcpListener,
    desk: Arc<dyn Desk>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let router = Router::new()
        .route("/add-checkpoint", post(add_checkpoint))
        .route("/", get(keys))
        .layer(DefaultBodyLimit::max(LARGEST))
        .with_state(desk);
    axum::serve(listener, router).with_graceful_shutdown(stop).await
}

async fn add_checkpoint(State(desk): State<Arc<dyn Desk>>, body: Bytes) -> Response {
    let answer = tokio::task::spawn_blocking(move || desk.add_checkpoint(&body)).await;
    let Ok((status, kind, text)) = answer else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-store")], text).into_response()
}

async fn keys(State(desk): State<Arc<dyn Desk>>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], desk.keys()).into_response()
}

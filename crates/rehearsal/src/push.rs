//! A stand-in for a push service: takes notices over HTTP on loopback and keeps them, or refuses, or is down.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::Value;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A running stand-in; it ends when dropped.
#[derive(Debug)]
pub struct PushStandIn {
    url: String,
    desk: Arc<Desk>,
    server: JoinHandle<()>,
}

#[derive(Debug)]
struct Desk {
    taken: Mutex<Vec<Value>>,
    status: AtomicU16,
}

impl PushStandIn {
    /// Starts on a free loopback port.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let url = format!("http://{}/notices", listener.local_addr()?);
        let desk = Arc::new(Desk { taken: Mutex::default(), status: AtomicU16::new(200) });
        let router = Router::new().route("/notices", post(take)).with_state(Arc::clone(&desk));
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the stand-in push service ended");
            }
        });
        Ok(Self { url, desk, server })
    }

    /// Where notices go.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Answers with this status from now on; 200 takes notices.
    pub fn answer(&self, status: u16) {
        self.desk.status.store(status, Ordering::Relaxed);
    }

    /// What was taken, oldest first.
    #[must_use]
    pub fn taken(&self) -> Vec<Value> {
        self.desk.taken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for PushStandIn {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn take(State(desk): State<Arc<Desk>>, Json(notice): Json<Value>) -> StatusCode {
    let status = desk.status.load(Ordering::Relaxed);
    if status == 200 {
        desk.taken.lock().unwrap_or_else(PoisonError::into_inner).push(notice);
    }
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

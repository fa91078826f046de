//! A stand-in for the authority that issued the cards: knows the synthetic people, answers match or no match over HTTP on
//! loopback. It can be told to be slow or down, for drills.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use lionrock_model::person::{CardFacts, ChineseName};
use serde::{Deserialize, Serialize};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A running stand-in; it ends when dropped.
#[derive(Debug)]
pub struct StandIn {
    url: String,
    desk: Arc<Desk>,
    server: JoinHandle<()>,
}

/// How the stand-in behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    /// Does not answer: 503.
    Down,
    /// Answers at once.
    #[default]
    Quick,
    /// Answers after so long.
    Slow(Duration),
}

#[derive(Debug)]
struct Desk {
    records: Vec<Record>,
    mood: Mutex<Mood>,
}

/// One record, in the form of the question.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    hkid: String,
    english_name: String,
    chinese_name: Option<String>,
    birth: String,
    sex: char,
    issued: String,
}

#[derive(Serialize)]
struct Reply {
    #[serde(rename = "match")]
    matches: bool,
}

impl StandIn {
    /// Starts on a free loopback port.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start(records: Vec<CardFacts>) -> std::io::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let url = format!("http://{}/confirm", listener.local_addr()?);
        let records = records.iter().map(Record::from).collect();
        let desk = Arc::new(Desk { records, mood: Mutex::default() });
        let router = Router::new().route("/confirm", post(confirm)).with_state(Arc::clone(&desk));
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the stand-in registry ended");
            }
        });
        Ok(Self { url, desk, server })
    }

    /// Where it is asked.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Makes it slow, or down, or well again.
    pub fn set_mood(&self, mood: Mood) {
        *self.desk.mood.lock().unwrap_or_else(PoisonError::into_inner) = mood;
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn confirm(State(desk): State<Arc<Desk>>, Json(question): Json<Record>) -> Result<Json<Reply>, StatusCode> {
    let mood = *desk.mood.lock().unwrap_or_else(PoisonError::into_inner);
    match mood {
        Mood::Down => return Err(StatusCode::SERVICE_UNAVAILABLE),
        Mood::Slow(delay) => tokio::time::sleep(delay).await,
        Mood::Quick => {}
    }
    Ok(Json(Reply { matches: desk.records.contains(&question) }))
}

impl From<&CardFacts> for Record {
    fn from(facts: &CardFacts) -> Self {
        Self {
            hkid: facts.hkid.reveal(),
            english_name: facts.english_name.reveal().to_owned(),
            chinese_name: facts.chinese_name.as_ref().map(|name| ChineseName::reveal(name).to_owned()),
            birth: facts.birth.to_string(),
            sex: facts.sex.letter(),
            issued: facts.issued.to_string(),
        }
    }
}

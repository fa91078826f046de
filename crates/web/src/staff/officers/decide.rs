//! The second person decides.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::IntoResponse;
use bytes::Bytes;
use lionrock_model::staff::DutyRefusal;
use lionrock_service::staff::officers::{self, Decision, decide};
use serde::Deserialize;

use super::super::approve::{self, Where};
use super::super::{badge, no};
use super::shown_once;
use crate::signin::assertion;
use crate::{Answer, AppState, Failure, Visit};

/// Which way.
#[derive(Deserialize)]
pub struct Way {
    #[serde(default)]
    decision: String,
}

impl Way {
    fn read(&self) -> Result<Decision, Failure> {
        Decision::from_word(&self.decision).ok_or_else(|| Failure::refuse(&DutyRefusal::Malformed))
    }
}

fn proposal(text: &str) -> Result<[u8; 16], Failure> {
    officers::read_reference(text).ok_or_else(|| Failure::refuse(&DutyRefusal::ProposalOver))
}

/// `GET /officers/proposals/{id}?decision=approve|refuse`: what will be signed.
pub async fn get(
    State(state): State<AppState>,
    visit: Visit,
    Path(id): Path<String>,
    Query(way): Query<Way>,
) -> Answer {
    let decision = way.read()?;
    let asked = decide::begin(&state.platform, &visit.caller, badge(&visit)?, proposal(&id)?, decision).await;
    let (text, _) = asked.map_err(|error| no(&visit, error))?;
    let approves = decision == Decision::Approve;
    let to = Where {
        title: if approves { "staff-approve-title" } else { "staff-refuse-title" },
        options: format!("/officers/proposals/{id}/options?decision={}", decision.word()),
        result: format!("/officers/proposals/{id}/key?decision={}", decision.word()),
        wanted: String::new(),
        back: "/officers".to_owned(),
    };
    approve::show(&visit, &text, to)
}

/// `POST /officers/proposals/{id}/options?decision=…` → `PublicKeyCredentialRequestOptionsJSON`.
pub async fn options(
    State(state): State<AppState>,
    visit: Visit,
    Path(id): Path<String>,
    Query(way): Query<Way>,
) -> Answer {
    let asked = decide::begin(&state.platform, &visit.caller, badge(&visit)?, proposal(&id)?, way.read()?).await;
    let (_, options) = asked.map_err(|error| no(&visit, error))?;
    Ok(Json(options).into_response())
}

/// `POST /officers/proposals/{id}/key?decision=…`, body `AuthenticationResponseJSON` → `{next}`, and `half` for somebody new.
pub async fn post(
    State(state): State<AppState>,
    visit: Visit,
    Path(id): Path<String>,
    Query(way): Query<Way>,
    body: Bytes,
) -> Answer {
    let (decision, answer) = (way.read()?, assertion(&body)?);
    let done = decide::finish(&state.platform, &visit.caller, badge(&visit)?, proposal(&id)?, decision, answer).await;
    let done = done.map_err(|error| no(&visit, error))?;
    Ok(shown_once(done.half.as_ref().map(officers::Half::reveal), "second"))
}

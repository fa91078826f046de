//! One officer: what can be done about them.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use bytes::Bytes;
use lionrock_model::id::OfficerId;
use lionrock_model::staff::DutyRefusal;
use lionrock_service::staff::officers::{end, list};

use super::super::approve::{self, Where};
use super::super::{badge, no};
use crate::page::staff::One;
use crate::page::{self, time};
use crate::signin::assertion;
use crate::{Answer, AppState, Failure, Visit};

fn officer(text: &str) -> Result<OfficerId, Failure> {
    OfficerId::parse(text).map_err(|_| Failure::refuse(&DutyRefusal::OfficerUnknown))
}

/// `GET /officers/{id}`
pub async fn get(State(state): State<AppState>, visit: Visit, Path(id): Path<String>) -> Answer {
    let id = officer(&id)?;
    let people = list::read(&state.platform, &visit.caller, badge(&visit)?).await;
    let people = people.map_err(|error| no(&visit, error))?;
    let line = people.officers.iter().find(|line| line.officer.id == id);
    let line = line.ok_or_else(|| Failure::refuse(&DutyRefusal::OfficerUnknown))?;
    page::show(&One {
        frame: visit.frame("staff-one-title"),
        id: id.to_string(),
        name: line.named.name.reveal().to_owned(),
        number: line.named.number.reveal().to_owned(),
        role: line.officer.role.word(),
        unit: line.officer.unit.to_string(),
        state: if line.sound { line.officer.state.word() } else { "edited" },
        rights_until: time::day(visit.say, line.officer.rights_until),
        used: line.used.map(|at| time::day(visit.say, at)),
        own: id == people.duty.officer.id,
    })
}

/// `GET /officers/{id}/end`: what will be signed.
pub async fn end(State(state): State<AppState>, visit: Visit, Path(id): Path<String>) -> Answer {
    let asked = end::begin(&state.platform, &visit.caller, badge(&visit)?, officer(&id)?).await;
    let (text, _) = asked.map_err(|error| no(&visit, error))?;
    let to = Where {
        title: "staff-end-title",
        options: format!("/officers/{id}/end/options"),
        result: format!("/officers/{id}/end/key"),
        wanted: String::new(),
        back: format!("/officers/{id}"),
    };
    approve::show(&visit, &text, to)
}

/// `POST /officers/{id}/end/options` → `PublicKeyCredentialRequestOptionsJSON`.
pub async fn options(State(state): State<AppState>, visit: Visit, Path(id): Path<String>) -> Answer {
    let asked = end::begin(&state.platform, &visit.caller, badge(&visit)?, officer(&id)?).await;
    let (_, options) = asked.map_err(|error| no(&visit, error))?;
    Ok(Json(options).into_response())
}

/// `POST /officers/{id}/end/key`, body `AuthenticationResponseJSON` → `{next}`.
pub async fn post(State(state): State<AppState>, visit: Visit, Path(id): Path<String>, body: Bytes) -> Answer {
    let answer = assertion(&body)?;
    let done = end::finish(&state.platform, &visit.caller, badge(&visit)?, officer(&id)?, answer).await;
    done.map_err(|error| no(&visit, error))?;
    Ok(page::next("/officers"))
}

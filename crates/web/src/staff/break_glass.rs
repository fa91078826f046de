//! Broken glass: asking for it, joining, reviewing.

use axum::Json;
use axum::extract::{Form, Path, State};
use axum::response::IntoResponse;
use bytes::Bytes;
use lionrock_model::break_glass::{BreakGlassRefusal, Reason, State as Standing};
use lionrock_model::id::BreakGlassId;
use lionrock_service::Error;
use lionrock_service::break_glass as glass;
use lionrock_service::break_glass::BreakGlass;
use serde::Deserialize;

use super::{approve, badge, duty};
use crate::page::ticket::{Glass, GlassLine, GlassOne};
use crate::page::{self, see_other, time};
use crate::signin::assertion;
use crate::{Answer, AppState, Failure, Visit};

/// `GET /break-glass`
pub async fn get(State(state): State<AppState>, visit: Visit) -> Answer {
    let frame = visit.frame("glass-title");
    list(&state, &visit, frame, String::new()).await
}

async fn list(state: &AppState, visit: &Visit, frame: page::Frame, incident: String) -> Answer {
    duty(state, visit).await?;
    let rows = glass::list(&state.platform, &visit.caller, badge(visit)?).await?;
    page::show(&Glass {
        frame,
        lines: rows.iter().map(|one| line(visit, one)).collect(),
        reasons: Reason::ALL.map(Reason::word).to_vec(),
        incident,
    })
}

pub(super) fn line(visit: &Visit, one: &BreakGlass) -> GlassLine {
    GlassLine {
        path: format!("/break-glass/{}", one.terms.id),
        incident: one.terms.incident.to_string(),
        reason: one.terms.reason.word(),
        state: one.state.word(),
        due: one.review_due.map(|due| time::moment(visit.say, due)),
    }
}

/// What the form holds.
#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    reason: String,
    #[serde(default)]
    incident: String,
}

/// `POST /break-glass`
pub async fn post(State(state): State<AppState>, visit: Visit, Form(asked): Form<Asked>) -> Answer {
    let what = (asked.reason.as_str(), asked.incident.as_str());
    match glass::draft(&state.platform, &visit.caller, badge(&visit)?, what).await {
        Ok(row) => Ok(see_other(&format!("/break-glass/{}/sign", row.terms.id))),
        Err(Error::Refuse(refusal @ (BreakGlassRefusal::BreakGlassIncident | BreakGlassRefusal::BreakGlassReason))) => {
            let at = if refusal == BreakGlassRefusal::BreakGlassIncident { "incident" } else { "reason" };
            let frame = visit.frame("glass-title").with_error(at, Failure::refuse(&refusal).text(visit.say));
            list(&state, &visit, frame, asked.incident).await
        }
        Err(error) => Err(error.into()),
    }
}

/// `GET /break-glass/{id}`
pub async fn one(State(state): State<AppState>, visit: Visit, Path(id): Path<String>) -> Answer {
    let officer = duty(&state, &visit).await?.officer;
    let row = glass::look(&state.platform, &visit.caller, badge(&visit)?, id_of(&id)?).await?;
    let own = row.terms.first == officer.id;
    let second = row.second.as_ref().is_some_and(|(who, _)| *who == officer.id);
    page::show(&GlassOne {
        frame: visit.frame("glass-title"),
        path: format!("/break-glass/{}", row.terms.id),
        text: row.terms.text(),
        state: row.state.word(),
        signs: (own && row.state == Standing::Drafted) || (!own && row.state == Standing::Asked),
        reviews: !own && !second && matches!(row.state, Standing::Open | Standing::Overdue),
        due: row.review_due.map(|due| time::moment(visit.say, due)),
    })
}

/// `GET /break-glass/{id}/sign`
pub async fn sign(State(state): State<AppState>, visit: Visit, Path(id): Path<String>) -> Answer {
    duty(&state, &visit).await?;
    let id = id_of(&id)?;
    let row = glass::look(&state.platform, &visit.caller, badge(&visit)?, id).await?;
    let to = approve::Where {
        title: "glass-sign-title",
        options: format!("/break-glass/{id}/options"),
        result: format!("/break-glass/{id}/key"),
        wanted: String::new(),
        back: "/break-glass".to_owned(),
    };
    approve::show(&visit, &row.terms.text(), to)
}

/// `POST /break-glass/{id}/options`
pub async fn options(State(state): State<AppState>, visit: Visit, Path(id): Path<String>) -> Answer {
    let options = glass::sign_options(&state.platform, &visit.caller, badge(&visit)?, id_of(&id)?).await?;
    Ok(Json(options).into_response())
}

/// `POST /break-glass/{id}/key`, body `AuthenticationResponseJSON` → `{next}`.
pub async fn key(State(state): State<AppState>, visit: Visit, Path(id): Path<String>, body: Bytes) -> Answer {
    let id = id_of(&id)?;
    glass::sign(&state.platform, &visit.caller, badge(&visit)?, id, assertion(&body)?).await?;
    Ok(page::next(&format!("/break-glass/{id}")))
}

/// What the review found.
#[derive(Deserialize)]
pub struct Noted {
    #[serde(default)]
    note: String,
}

/// `POST /break-glass/{id}/review`
pub async fn review(
    State(state): State<AppState>,
    visit: Visit,
    Path(id): Path<String>,
    Form(noted): Form<Noted>,
) -> Answer {
    let id = id_of(&id)?;
    glass::review(&state.platform, &visit.caller, badge(&visit)?, id, &noted.note).await?;
    Ok(see_other(&format!("/break-glass/{id}")))
}

fn id_of(text: &str) -> Result<BreakGlassId, Failure> {
    BreakGlassId::parse(text).map_err(|_| Failure::refuse(&BreakGlassRefusal::BreakGlassGone))
}

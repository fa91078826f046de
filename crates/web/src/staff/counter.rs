//! The counter: errands taken up by the person's code, the card compared, what was seen signed for.

use axum::Json;
use axum::extract::{Form, Path, State};
use axum::response::IntoResponse;
use bytes::Bytes;
use lionrock_model::counter::{CaseKind, CaseState, CounterRefusal};
use lionrock_model::id::CaseId;
use lionrock_model::staff::DutyRefusal;
use lionrock_service::Error;
use lionrock_service::counter::desk;
use serde::Deserialize;

use super::{approve, badge, duty};
use crate::page::counter::{Desk, DeskErrand, DeskLine};
use crate::page::{self, see_other, time};
use crate::signin::assertion;
use crate::{Answer, AppState, Failure, Visit};

/// `GET /counter`
pub async fn get(State(state): State<AppState>, visit: Visit) -> Answer {
    duty(&state, &visit).await?;
    list(&state, &visit, visit.frame("desk-title")).await
}

async fn list(state: &AppState, visit: &Visit, frame: page::Frame) -> Answer {
    let open = desk::list(&state.platform, &visit.caller, badge(visit)?).await.map_err(|error| no(visit, error))?;
    let errands = open.iter().map(|one| DeskLine {
        path: format!("/counter/{}", one.case),
        kind: one.kind.word(),
        state: one.state.word(),
        until: time::moment(visit.say, one.until),
    });
    page::show(&Desk { frame, errands: errands.collect() })
}

/// A code as typed.
#[derive(Deserialize)]
pub struct Code {
    #[serde(default)]
    code: String,
}

/// `POST /counter`: takes an errand up.
pub async fn take_up(State(state): State<AppState>, visit: Visit, Form(form): Form<Code>) -> Answer {
    match desk::take_up(&state.platform, &visit.caller, badge(&visit)?, &form.code).await {
        Ok(id) => Ok(see_other(&format!("/counter/{id}"))),
        Err(Error::Refuse(refusal @ (CounterRefusal::CodeNotGood | CounterRefusal::TooManyTries))) => {
            let frame = visit.frame("desk-title").with_error("code", Failure::refuse(&refusal).text(visit.say));
            list(&state, &visit, frame).await
        }
        Err(error) => Err(no(&visit, error)),
    }
}

/// `GET /counter/{id}`
pub async fn one(State(state): State<AppState>, visit: Visit, Path(id): Path<String>) -> Answer {
    duty(&state, &visit).await?;
    show(&state, &visit, id_of(&id)?, None).await
}

async fn show(state: &AppState, visit: &Visit, id: CaseId, mistake: Option<String>) -> Answer {
    let seen = desk::look(&state.platform, &visit.caller, badge(visit)?, id).await.map_err(|error| no(visit, error))?;
    let mut frame = visit.frame(&format!("desk-errand-{}", seen.kind.word()));
    if let Some(text) = mistake {
        frame = frame.with_error("hkid", text);
    }
    page::show(&DeskErrand {
        frame,
        id: id.to_string(),
        kind: seen.kind.word(),
        state: seen.state.word(),
        until: time::moment(visit.say, seen.until),
        compare: seen.kind == CaseKind::Upgrade && seen.state == CaseState::Opened && !seen.compared,
        ready: seen.text.is_some(),
        step: seen.step.map(lionrock_model::register::Step::word),
    })
}

/// The number on the card.
#[derive(Deserialize)]
pub struct Number {
    #[serde(default)]
    pub(crate) hkid: String,
}

/// `POST /counter/{id}/card`
pub async fn card(
    State(state): State<AppState>,
    visit: Visit,
    Path(id): Path<String>,
    Form(form): Form<Number>,
) -> Answer {
    let id = id_of(&id)?;
    match desk::compare(&state.platform, &visit.caller, badge(&visit)?, id, &form.hkid).await {
        Ok(()) => Ok(see_other(&format!("/counter/{id}"))),
        Err(Error::Refuse(CounterRefusal::CardDiffers)) => {
            let text = Failure::refuse(&CounterRefusal::CardDiffers).text(visit.say);
            show(&state, &visit, id, Some(text)).await
        }
        Err(error) => Err(no(&visit, error)),
    }
}

/// `GET /counter/{id}/sign`: the text, and one button.
pub async fn sign(State(state): State<AppState>, visit: Visit, Path(id): Path<String>) -> Answer {
    let id = id_of(&id)?;
    let seen =
        desk::look(&state.platform, &visit.caller, badge(&visit)?, id).await.map_err(|error| no(&visit, error))?;
    let text = seen.text.ok_or_else(|| Failure::refuse(&CounterRefusal::PersonNotReady))?;
    let to = approve::Where {
        title: "desk-sign",
        options: format!("/counter/{id}/options"),
        result: format!("/counter/{id}/key"),
        wanted: String::new(),
        back: format!("/counter/{id}"),
    };
    approve::show(&visit, &text, to)
}

/// `POST /counter/{id}/options`
pub async fn options(State(state): State<AppState>, visit: Visit, Path(id): Path<String>) -> Answer {
    let options = desk::begin(&state.platform, &visit.caller, badge(&visit)?, id_of(&id)?).await;
    Ok(Json(options.map_err(|error| no(&visit, error))?).into_response())
}

/// `POST /counter/{id}/key`, body `AuthenticationResponseJSON` → `{next}`.
pub async fn key(State(state): State<AppState>, visit: Visit, Path(id): Path<String>, body: Bytes) -> Answer {
    let id = id_of(&id)?;
    let done = desk::sign(&state.platform, &visit.caller, badge(&visit)?, id, assertion(&body)?).await;
    done.map_err(|error| no(&visit, error))?;
    Ok(page::next(&format!("/counter/{id}")))
}

pub(super) fn id_of(text: &str) -> Result<CaseId, Failure> {
    CaseId::parse(text).map_err(|_| Failure::refuse(&CounterRefusal::CaseOver))
}

pub(super) fn no(visit: &Visit, error: Error<CounterRefusal>) -> Failure {
    match error {
        Error::Refuse(CounterRefusal::Duty(DutyRefusal::SignInFirst | DutyRefusal::SessionOver)) => {
            Failure::sign_in_first(&visit.here)
        }
        other => other.into(),
    }
}

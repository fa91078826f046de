//! The help desk's way to suspend an account: nothing is shown of it, not even whether there is one.

use axum::Json;
use axum::extract::{Form, Path, State};
use axum::response::IntoResponse;
use bytes::Bytes;
use lionrock_model::counter::CounterRefusal;
use lionrock_service::Error;
use lionrock_service::counter::switch;
use serde::Deserialize;

use super::counter::{Number, id_of, no};
use super::{approve, badge, duty};
use crate::page::counter::{Switch, SwitchLine};
use crate::page::{self, see_other, time};
use crate::signin::assertion;
use crate::{Answer, AppState, Failure, Visit};

const HERE: &str = "/kill-switch";

/// `GET /kill-switch`
pub async fn get(State(state): State<AppState>, visit: Visit) -> Answer {
    duty(&state, &visit).await?;
    list(&state, &visit, visit.frame("switch-title")).await
}

async fn list(state: &AppState, visit: &Visit, frame: page::Frame) -> Answer {
    let open = switch::list(&state.platform, &visit.caller, badge(visit)?).await.map_err(|error| no(visit, error))?;
    let requests = open.into_iter().map(|one| SwitchLine {
        id: one.case.to_string(),
        own: one.own,
        called_back: one.called_back,
        signed: one.signed,
        until: time::moment(visit.say, one.until),
    });
    page::show(&Switch { frame, requests: requests.collect() })
}

/// `POST /kill-switch`: a request for the account of a card number; the answer is the same for every number.
pub async fn open(State(state): State<AppState>, visit: Visit, Form(form): Form<Number>) -> Answer {
    let opened = switch::open(&state.platform, &visit.caller, badge(&visit)?, &form.hkid).await;
    opened.map_err(|error| no(&visit, error))?;
    Ok(see_other(HERE))
}

/// The digits, read out by the person.
#[derive(Deserialize)]
pub struct Digits {
    #[serde(default)]
    digits: String,
}

/// `POST /kill-switch/{id}/call-back`
pub async fn call_back(
    State(state): State<AppState>,
    visit: Visit,
    Path(id): Path<String>,
    Form(form): Form<Digits>,
) -> Answer {
    match switch::answer(&state.platform, &visit.caller, badge(&visit)?, id_of(&id)?, &form.digits).await {
        Ok(()) => Ok(see_other(HERE)),
        Err(Error::Refuse(CounterRefusal::CallBackWrong)) => {
            let text = Failure::refuse(&CounterRefusal::CallBackWrong).text(visit.say);
            list(&state, &visit, visit.frame("switch-title").with_error("digits", text)).await
        }
        Err(error) => Err(no(&visit, error)),
    }
}

/// `GET /kill-switch/{id}/sign`
pub async fn sign(State(state): State<AppState>, visit: Visit, Path(id): Path<String>) -> Answer {
    let id = id_of(&id)?;
    let open = switch::list(&state.platform, &visit.caller, badge(&visit)?).await.map_err(|error| no(&visit, error))?;
    let one = open.into_iter().find(|one| one.case == id).ok_or_else(|| Failure::refuse(&CounterRefusal::CaseOver))?;
    let to = approve::Where {
        title: "switch-sign",
        options: format!("{HERE}/{id}/options"),
        result: format!("{HERE}/{id}/key"),
        wanted: String::new(),
        back: HERE.to_owned(),
    };
    approve::show(&visit, &one.text, to)
}

/// `POST /kill-switch/{id}/options`
pub async fn options(State(state): State<AppState>, visit: Visit, Path(id): Path<String>) -> Answer {
    let options = switch::begin(&state.platform, &visit.caller, badge(&visit)?, id_of(&id)?).await;
    Ok(Json(options.map_err(|error| no(&visit, error))?).into_response())
}

/// `POST /kill-switch/{id}/key`, body `AuthenticationResponseJSON` → `{next}`.
pub async fn key(State(state): State<AppState>, visit: Visit, Path(id): Path<String>, body: Bytes) -> Answer {
    let done = switch::sign(&state.platform, &visit.caller, badge(&visit)?, id_of(&id)?, assertion(&body)?).await;
    done.map_err(|error| no(&visit, error))?;
    Ok(page::next(HERE))
}

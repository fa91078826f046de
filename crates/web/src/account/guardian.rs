//! Guardians: who stands beside whom, and a guardian's consent to a young person's account.

use axum::extract::{Form, Json, State};
use axum::response::IntoResponse;
use bytes::Bytes;
use http::StatusCode;
use lionrock_model::counter::CounterRefusal;
use lionrock_model::session::SessionRefusal;
use lionrock_service::Error;
use lionrock_service::counter::{guardian, withdraw};
use serde::Deserialize;

use super::cookie;
use super::level::{Agreement, Asked};
use crate::page::counter::{GuardianPage, NoticeAgain};
use crate::page::register::NOTICE_VERSION;
use crate::page::{self, see_other, time, with_cookie};
use crate::signin::assertion;
use crate::{Answer, AppState, Failure, Visit, cookie as cookies};

const HERE: &str = "/account/guardian";

/// `GET /account/guardian`
pub async fn get(State(state): State<AppState>, visit: Visit) -> Answer {
    let seen = guardian::look(&state.platform, &visit.caller, cookie(&visit, HERE)?).await.map_err(failure)?;
    let day = |at| time::day(visit.say, at);
    page::show(&GuardianPage {
        frame: visit.frame("guardian-title"),
        guarded: seen.guarded.map(day),
        guards: seen.guards.into_iter().map(|(at, consent)| (day(at), consent)).collect(),
        shown: seen.shown,
    })
}

/// `GET /account/guardian/begin`
pub async fn notice(visit: Visit) -> Answer {
    cookie(&visit, HERE)?;
    page::show(&again(visit.frame("again-guardian-title")))
}

/// `POST /account/guardian/begin`: the young person's code, and the guardian's own notice; to the pictures.
pub async fn begin(State(state): State<AppState>, visit: Visit, Form(form): Form<Agreement>) -> Answer {
    let own = cookie(&visit, HERE)?;
    let begun = guardian::take_up(&state.platform, &visit.caller, own, &form.code, form.begin(&visit)).await;
    let (field, text) = match begun {
        Ok(Ok(begun)) => {
            let line = cookies::set(cookies::REGISTRATION, &begun.cookie, Some(begun.seconds));
            return Ok(with_cookie(see_other(begun.step.path()), line));
        }
        Ok(Err(refusal)) => ("agree", Failure::refuse(&refusal).text(visit.say)),
        Err(Error::Refuse(
            refusal @ (CounterRefusal::CodeNotGood | CounterRefusal::TooManyTries | CounterRefusal::TooYoung),
        )) => ("code", Failure::refuse(&refusal).text(visit.say)),
        Err(error) => return Err(failure(error)),
    };
    let frame = visit.frame("again-guardian-title").with_error(field, text);
    page::show_with(StatusCode::UNPROCESSABLE_ENTITY, &again(frame))
}

/// `POST /account/guardian/options` → `PublicKeyCredentialRequestOptionsJSON`.
pub async fn options(State(state): State<AppState>, visit: Visit, Json(asked): Json<Asked>) -> Answer {
    let options = guardian::begin(&state.platform, &visit.caller, cookie(&visit, HERE)?, asked.shown()).await;
    Ok(Json(options.map_err(failure)?).into_response())
}

/// `POST /account/guardian/consent`, body `AuthenticationResponseJSON` → `{next}`.
pub async fn consent(State(state): State<AppState>, visit: Visit, body: Bytes) -> Answer {
    let command = guardian::Consent { cookie: cookie(&visit, HERE)?.to_owned(), answer: assertion(&body)? };
    guardian::consent(&state.platform, &visit.caller, command).await.map_err(failure)?;
    Ok(page::next(HERE))
}

/// Which consent is taken back.
#[derive(Deserialize)]
pub struct Back {
    #[serde(default)]
    consent: String,
}

/// `POST /account/guardian/withdraw`, after a fresh proof of presence.
pub async fn withdraw(State(state): State<AppState>, visit: Visit, Form(form): Form<Back>) -> Answer {
    let own = cookie(&visit, HERE)?;
    let done = withdraw::withdraw(&state.platform, &visit.caller, own, &form.consent).await;
    done.map_err(|error| super::failure(error, HERE))?;
    Ok(see_other(HERE))
}

fn again(frame: page::Frame) -> NoticeAgain {
    NoticeAgain {
        frame,
        aim: "guardian",
        action: "/account/guardian/begin",
        version: NOTICE_VERSION,
        asks_lost: false,
        asks_code: true,
    }
}

fn failure(error: Error<CounterRefusal>) -> Failure {
    match error {
        Error::Refuse(CounterRefusal::Session(SessionRefusal::SessionOver | SessionRefusal::SignInFirst)) => {
            Failure::sign_in_first(HERE)
        }
        other => other.into(),
    }
}

//! Notice and consent.

use axum::Form;
use axum::extract::{Query, State};
use http::StatusCode;
use lionrock_model::register::Step;
use lionrock_service::Error;
use lionrock_service::register::{self, Begin};
use serde::Deserialize;

use super::standing;
use crate::page::register::{NOTICE_VERSION, Notice, notice_text};
use crate::page::{self, see_other, with_cookie};
use crate::signin::Onward;
use crate::{Answer, AppState, Failure, Visit, cookie};

/// `GET /register`: the notice, or the page where this browser's registration goes on. `?next=` names the request of a service to
/// come back to; a cookie remembers it for as long as such a request can wait.
pub async fn get(State(state): State<AppState>, visit: Visit, Query(onward): Query<Onward>) -> Answer {
    let answer = shown(&state, &visit).await?;
    let Some(handle) = onward.waiting() else { return Ok(answer) };
    let lives = u32::try_from(state.platform.settings.limits.pushed_request.as_secs()).unwrap_or(u32::MAX);
    Ok(with_cookie(answer, cookie::set(cookie::WAITING, handle, Some(lives))))
}

async fn shown(state: &AppState, visit: &Visit) -> Answer {
    if visit.registration.is_some()
        && let Ok(standing) = standing(state, visit).await
        && !matches!(standing.step, Step::Pictures | Step::Done | Step::Counter)
    {
        return Ok(see_other(standing.step.path()));
    }
    page::show(&Notice { frame: visit.frame("notice-title"), version: NOTICE_VERSION })
}

/// `GET /register/next`: to the page of the step.
pub async fn next(State(state): State<AppState>, visit: Visit) -> Answer {
    Ok(see_other(standing(&state, &visit).await?.step.path()))
}

/// What the form posts.
#[derive(Deserialize)]
pub struct Agreement {
    #[serde(default)]
    agree: String,
    #[serde(default)]
    notice: String,
}

/// `POST /register`
pub async fn post(State(state): State<AppState>, visit: Visit, Form(form): Form<Agreement>) -> Answer {
    let command = Begin {
        agreed: form.agree == "yes",
        named_version: form.notice,
        version: NOTICE_VERSION,
        notice: notice_text(visit.caller.language),
    };
    match register::begin(&state.platform, &visit.caller, visit.registration.as_deref(), command).await {
        Ok(begun) => {
            let line = cookie::set(cookie::REGISTRATION, &begun.cookie, Some(begun.seconds));
            Ok(with_cookie(see_other(begun.step.path()), line))
        }
        Err(Error::Refuse(refusal)) => {
            let key = match refusal {
                lionrock_model::register::RegisterRefusal::NotAgreed => "notice-agree-missing",
                _ => "refusal-notice-changed",
            };
            let frame = visit.frame("notice-title").with_error("agree", visit.say.t(key));
            page::show_with(StatusCode::UNPROCESSABLE_ENTITY, &Notice { frame, version: NOTICE_VERSION })
        }
        Err(fault) => Err(Failure::from(fault)),
    }
}

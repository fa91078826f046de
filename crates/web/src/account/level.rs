//! The level of the account: what it is good for, the evidence that waits, and the passkey that raises it.

use axum::extract::{Form, Json, State};
use axum::response::IntoResponse;
use bytes::Bytes;
use http::StatusCode;
use lionrock_model::account::Level;
use lionrock_model::counter::CaseKind;
use lionrock_model::level::LevelRefusal;
use lionrock_model::session::SessionRefusal;
use lionrock_service::counter::code;
use lionrock_service::register::Begin;
use lionrock_service::{Error, upgrade};
use serde::Deserialize;

use super::cookie;
use crate::page::counter::{CodePage, LevelPage, NoticeAgain};
use crate::page::register::{NOTICE_VERSION, notice_text};
use crate::page::{self, see_other, time, with_cookie};
use crate::signin::assertion;
use crate::{Answer, AppState, Failure, Visit, cookie as cookies};

const HERE: &str = "/account/level";

/// `GET /account/level`
pub async fn get(State(state): State<AppState>, visit: Visit) -> Answer {
    let seen = upgrade::look(&state.platform, &visit.caller, cookie(&visit, HERE)?).await.map_err(failure)?;
    let moment = |at| time::moment(visit.say, at);
    page::show(&LevelPage {
        frame: visit.frame("level-title"),
        level: seen.level.level.word(),
        since: seen.level.since.filter(|_| seen.level.level == Level::Plus).map(moment),
        of_age: seen.of_age,
        cooling: seen.cooling.map(moment),
        device_bound: seen.device_bound,
        evidence: seen.evidence.map(|(ground, until)| (ground.word(), moment(until))),
        shown: seen.shown.unwrap_or_default(),
    })
}

/// What the script sends: what the page showed.
#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    shown: String,
}

impl Asked {
    /// What the page showed.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }
}

/// `POST /account/level/options` → `PublicKeyCredentialRequestOptionsJSON` whose challenge ends in the digest of what was shown.
pub async fn options(State(state): State<AppState>, visit: Visit, Json(asked): Json<Asked>) -> Answer {
    let options = upgrade::begin(&state.platform, &visit.caller, cookie(&visit, HERE)?, asked.shown()).await;
    Ok(Json(options.map_err(failure)?).into_response())
}

/// `POST /account/level`, body `AuthenticationResponseJSON` → `{next}`; the account is *Plus*.
pub async fn post(State(state): State<AppState>, visit: Visit, body: Bytes) -> Answer {
    let command = upgrade::Finish { cookie: cookie(&visit, HERE)?.to_owned(), answer: assertion(&body)? };
    upgrade::finish(&state.platform, &visit.caller, command).await.map_err(failure)?;
    Ok(page::next(HERE))
}

/// `POST /account/level/counter`: a code for the officer.
pub async fn counter(State(state): State<AppState>, visit: Visit) -> Answer {
    let shown = code::of_session(&state.platform, &visit.caller, cookie(&visit, HERE)?).await.map_err(failure)?;
    page::show(&CodePage {
        frame: visit.frame("handover-upgrade-title"),
        kind: CaseKind::Upgrade.word(),
        code: shown.code.shown(),
        until: time::moment(visit.say, shown.until),
        address: format!("{}/hand-over", state.edge.origin),
        back: HERE,
    })
}

/// `GET /account/level/proofing`
pub async fn notice(visit: Visit) -> Answer {
    cookie(&visit, HERE)?;
    page::show(&again(&visit, visit.frame("again-upgrade-title")))
}

/// What the form of a notice posts.
#[derive(Deserialize)]
pub struct Agreement {
    #[serde(default)]
    pub(crate) agree: String,
    #[serde(default)]
    pub(crate) notice: String,
    #[serde(default)]
    pub(crate) lost: String,
    #[serde(default)]
    pub(crate) code: String,
}

impl Agreement {
    /// As the journeys take it.
    pub(crate) fn begin(&self, visit: &Visit) -> Begin {
        Begin {
            agreed: self.agree == "yes",
            named_version: self.notice.clone(),
            version: NOTICE_VERSION,
            notice: notice_text(visit.caller.language),
        }
    }
}

/// `POST /account/level/proofing`: to the pictures.
pub async fn proofing(State(state): State<AppState>, visit: Visit, Form(form): Form<Agreement>) -> Answer {
    let begun = code::proof_again(&state.platform, &visit.caller, cookie(&visit, HERE)?, form.begin(&visit)).await;
    match begun.map_err(failure)? {
        Ok(begun) => {
            let line = cookies::set(cookies::REGISTRATION, &begun.cookie, Some(begun.seconds));
            Ok(with_cookie(see_other(begun.step.path()), line))
        }
        Err(refusal) => {
            let text = Failure::refuse(&refusal).text(visit.say);
            let frame = visit.frame("again-upgrade-title").with_error("agree", text);
            page::show_with(StatusCode::UNPROCESSABLE_ENTITY, &again(&visit, frame))
        }
    }
}

fn again(_: &Visit, frame: page::Frame) -> NoticeAgain {
    NoticeAgain {
        frame,
        aim: "upgrade",
        action: "/account/level/proofing",
        version: NOTICE_VERSION,
        asks_lost: false,
        asks_code: false,
    }
}

fn failure(error: Error<LevelRefusal>) -> Failure {
    match error {
        Error::Refuse(LevelRefusal::Session(SessionRefusal::SessionOver | SessionRefusal::SignInFirst)) => {
            Failure::sign_in_first(HERE)
        }
        other => other.into(),
    }
}

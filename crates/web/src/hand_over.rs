//! Codes that one screen shows and another takes; and the kill switch for people without a device.

use axum::extract::{Form, State};
use http::StatusCode;
use lionrock_model::counter::{CaseKind, CounterRefusal};
use lionrock_model::recovery::RecoveryRefusal;
use lionrock_model::register::{Aim, Step};
use lionrock_service::counter::code;
use lionrock_service::suspension::{self, Lost as Typed};
use lionrock_service::{Error, recovery, register};
use serde::Deserialize;

use crate::account::level::Agreement;
use crate::page::counter::{CodePage, Lost, NoticeAgain, ShownPage, TypeCode, Waits};
use crate::page::register::NOTICE_VERSION;
use crate::page::{self, see_other, time, with_cookie};
use crate::register::{cookie, standing_at};
use crate::{Answer, AppState, Failure, Visit, cookie as cookies};

/// `GET /hand-over`
pub async fn get(visit: Visit) -> Answer {
    page::show(&TypeCode { frame: visit.frame("handover-title") })
}

/// A code as typed.
#[derive(Deserialize)]
pub struct Code {
    #[serde(default)]
    code: String,
}

/// `POST /hand-over`: this browser carries a registration on.
pub async fn post(State(state): State<AppState>, visit: Visit, Form(form): Form<Code>) -> Answer {
    match code::carry_on(&state.platform, &visit.caller, &form.code).await {
        Ok(begun) => {
            let line = cookies::set(cookies::REGISTRATION, &begun.cookie, Some(begun.seconds));
            Ok(with_cookie(see_other(begun.step.path()), line))
        }
        Err(Error::Refuse(refusal @ (CounterRefusal::CodeNotGood | CounterRefusal::TooManyTries))) => {
            let failure = Failure::refuse(&refusal);
            let frame = visit.frame("handover-title").with_error("code", failure.text(visit.say));
            page::show_with(failure.status(), &TypeCode { frame })
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /register/counter`: a code for an officer.
pub async fn counter(State(state): State<AppState>, visit: Visit) -> Answer {
    show(&state, &visit, CaseKind::Registration, "handover-registration-title").await
}

/// `POST /register/phone`: a code for the person's own phone.
pub async fn phone(State(state): State<AppState>, visit: Visit) -> Answer {
    show(&state, &visit, CaseKind::Phone, "handover-phone-title").await
}

/// `POST /register/guardian/code`: a code for the guardian.
pub async fn guardian(State(state): State<AppState>, visit: Visit) -> Answer {
    show(&state, &visit, CaseKind::Guardian, "handover-guardian-title").await
}

async fn show(state: &AppState, visit: &Visit, kind: CaseKind, title: &str) -> Answer {
    let shown = code::of_registration(&state.platform, &visit.caller, cookie(visit)?, kind).await?;
    page::show(&CodePage {
        frame: visit.frame(title),
        kind: kind.word(),
        code: shown.code.shown(),
        until: time::moment(visit.say, shown.until),
        address: format!("{}/hand-over", state.edge.origin),
        back: "/register/next",
    })
}

/// `GET /register/presence`
pub async fn presence(State(state): State<AppState>, visit: Visit) -> Answer {
    standing_at(&state, &visit, &[Step::Presence]).await?;
    page::show(&Waits { frame: visit.frame("waits-presence-title"), whom: "presence" })
}

/// `GET /register/guardian`
pub async fn waits_for_guardian(State(state): State<AppState>, visit: Visit) -> Answer {
    standing_at(&state, &visit, &[Step::Guardian]).await?;
    page::show(&Waits { frame: visit.frame("waits-guardian-title"), whom: "guardian" })
}

/// `GET /register/shown`: who is there was shown; what for goes on elsewhere.
pub async fn shown(State(state): State<AppState>, visit: Visit) -> Answer {
    standing_at(&state, &visit, &[Step::Shown]).await?;
    let aim = register::aim(&state.platform, &visit.caller, cookie(&visit)?).await?;
    let next = match aim {
        Aim::Account => "/register/next",
        Aim::Guardian => "/account/guardian",
        Aim::Recover => "/recover/passkey",
        Aim::Upgrade => "/account/level",
    };
    page::show(&ShownPage { frame: visit.frame("shown-title"), aim: aim.word(), next })
}

/// `GET /recover/proofing`
pub async fn notice(visit: Visit) -> Answer {
    page::show(&again(visit.frame("again-recover-title")))
}

/// `POST /recover/proofing`: to the pictures.
pub async fn proofing(State(state): State<AppState>, visit: Visit, Form(form): Form<Agreement>) -> Answer {
    let command =
        recovery::Proofing { notice: form.begin(&visit), lost: form.lost == "yes", browser: visit.browser.id.clone() };
    match recovery::begin_proofing(&state.platform, &visit.caller, command).await {
        Ok(begun) => {
            let line = cookies::set(cookies::REGISTRATION, &begun.cookie, Some(begun.seconds));
            Ok(with_cookie(see_other(begun.step.path()), line))
        }
        Err(Error::Refuse(refusal)) => {
            let frame =
                visit.frame("again-recover-title").with_error("agree", Failure::refuse(&refusal).text(visit.say));
            page::show_with(StatusCode::UNPROCESSABLE_ENTITY, &again(frame))
        }
        Err(error) => Err(error.into()),
    }
}

fn again(frame: page::Frame) -> NoticeAgain {
    NoticeAgain {
        frame,
        aim: "recover",
        action: "/recover/proofing",
        version: NOTICE_VERSION,
        asks_lost: true,
        asks_code: false,
    }
}

/// `GET /lost`
pub async fn lost(visit: Visit) -> Answer {
    page::show(&Lost { frame: visit.frame("lost-title"), hkid: String::new(), done: false })
}

/// What the form posts.
#[derive(Deserialize)]
pub struct Gone {
    #[serde(default)]
    hkid: String,
    #[serde(default)]
    code: String,
}

/// `POST /lost`: card number and one code. A refusal tells nobody whether the number has an account.
pub async fn switch_off(State(state): State<AppState>, visit: Visit, Form(form): Form<Gone>) -> Answer {
    let command = Typed { hkid: form.hkid.clone(), code: form.code };
    match suspension::by_code(&state.platform, &visit.caller, command).await {
        Ok(()) => page::show(&Lost { frame: visit.frame("lost-title"), hkid: String::new(), done: true }),
        Err(Error::Refuse(refusal @ (RecoveryRefusal::NotAccepted | RecoveryRefusal::TooManyTries))) => {
            let failure = Failure::refuse(&refusal);
            let frame = visit.frame("lost-title").with_error("code", failure.text(visit.say));
            page::show_with(failure.status(), &Lost { frame, hkid: form.hkid, done: false })
        }
        Err(error) => Err(error.into()),
    }
}

//! The last pages: recovery codes, e-mail, receipt; and the mailbox of test realms.

use axum::Form;
use axum::extract::{Query, State};
use http::StatusCode;
use lionrock_model::register::{RegisterRefusal, Step};
use lionrock_service::oidc::consent::asking;
use lionrock_service::{Error, register};
use serde::Deserialize;

use super::{cookie, led, standing_at};
use crate::page::register::{AskEmail, Codes, ConfirmEmail, Done};
use crate::page::signin::{Letter, Mailbox};
use crate::page::{self, see_other, time};
use crate::signin::CONSENT;
use crate::{Answer, AppState, Failure, Visit};

/// `GET /register/codes`
pub async fn codes(State(state): State<AppState>, visit: Visit) -> Answer {
    standing_at(&state, &visit, &[Step::Codes]).await?;
    let codes = register::recovery_codes(&state.platform, &visit.caller, cookie(&visit)?).await;
    let codes = codes.map_err(|error| led(error.into()))?;
    page::show(&Codes { frame: visit.frame("codes-title"), codes })
}

/// What the form of the codes posts.
#[derive(Deserialize)]
pub struct Kept {
    #[serde(default)]
    saved: String,
}

/// `POST /register/codes`
pub async fn kept(State(state): State<AppState>, visit: Visit, Form(form): Form<Kept>) -> Answer {
    let own = cookie(&visit)?;
    match register::kept(&state.platform, &visit.caller, own, form.saved == "yes").await {
        Ok(()) => Ok(see_other(Step::Email.path())),
        Err(Error::Refuse(RegisterRefusal::CodesNotKept)) => {
            let codes = register::recovery_codes(&state.platform, &visit.caller, own).await;
            let codes = codes.map_err(|error| led(error.into()))?;
            let frame = visit.frame("codes-title").with_error("saved", visit.say.t("codes-saved-missing"));
            page::show_with(StatusCode::UNPROCESSABLE_ENTITY, &Codes { frame, codes })
        }
        Err(error) => Err(led(error.into())),
    }
}

/// `?change=1` asks for another address.
#[derive(Deserialize)]
pub struct Change {
    #[serde(default)]
    change: Option<String>,
}

/// `GET /register/email`: asks for the address, or for the code that was sent to it.
pub async fn email(State(state): State<AppState>, visit: Visit, Query(query): Query<Change>) -> Answer {
    let now = standing_at(&state, &visit, &[Step::Email, Step::Confirm]).await?;
    if now.step == Step::Email || query.change.is_some() {
        return page::show(&AskEmail { frame: visit.frame("email-title"), email: String::new() });
    }
    page::show(&confirm_page(&state, &visit).await?)
}

async fn confirm_page(state: &AppState, visit: &Visit) -> Result<ConfirmEmail, Failure> {
    let sent = register::shown_email(&state.platform, &visit.caller, cookie(visit)?).await;
    let email = sent.map_err(|error| led(error.into()))?.reveal().to_owned();
    let mailbox = state.platform.ports.mail.mailbox().is_some() && visit.test_realm.is_some();
    Ok(ConfirmEmail { frame: visit.frame("confirm-title"), email, mailbox })
}

/// What the form of the address posts.
#[derive(Deserialize)]
pub struct Address {
    #[serde(default)]
    email: String,
}

/// `POST /register/email`
pub async fn give(State(state): State<AppState>, visit: Visit, Form(form): Form<Address>) -> Answer {
    match register::give_email(&state.platform, &visit.caller, cookie(&visit)?, &form.email).await {
        Ok(()) => Ok(see_other(Step::Confirm.path())),
        Err(Error::Refuse(refusal @ (RegisterRefusal::EmailNotUsable | RegisterRefusal::EmailTooOften))) => {
            let failure = Failure::refuse(&refusal);
            let frame = visit.frame("email-title").with_error("email", failure.text(visit.say));
            page::show_with(failure.status(), &AskEmail { frame, email: form.email })
        }
        Err(error) => Err(led(error.into())),
    }
}

/// What the form of the code posts.
#[derive(Deserialize)]
pub struct Typed {
    #[serde(default)]
    code: String,
}

/// `POST /register/email/confirm`
pub async fn confirm(State(state): State<AppState>, visit: Visit, Form(form): Form<Typed>) -> Answer {
    match register::confirm_email(&state.platform, &visit.caller, cookie(&visit)?, &form.code).await {
        Ok(()) => Ok(see_other(Step::Done.path())),
        Err(Error::Refuse(refusal @ (RegisterRefusal::EmailCodeWrong | RegisterRefusal::EmailCodeOver))) => {
            let failure = Failure::refuse(&refusal);
            let mut view = confirm_page(&state, &visit).await?;
            view.frame = view.frame.with_error("code", failure.text(visit.say));
            page::show_with(failure.status(), &view)
        }
        Err(error) => Err(led(error.into())),
    }
}

/// `GET /register/done`
pub async fn done(State(state): State<AppState>, visit: Visit) -> Answer {
    standing_at(&state, &visit, &[Step::Done]).await?;
    let custody = register::shown_receipt(&state.platform, &visit.caller, cookie(&visit)?).await;
    let custody = custody.map_err(|error| led(error.into()))?;
    let receipt = super::judging::receipt(&custody).ok_or_else(|| Failure::of("not-found"))?;
    let (next, service) = waiting(&state, &visit).await?.unzip();
    page::show(&Done { frame: visit.frame("done-title"), receipt, next, service })
}

/// The service this registration was begun for, if its request still waits: the way back, and its name.
async fn waiting(state: &AppState, visit: &Visit) -> Result<Option<(String, String)>, Failure> {
    let Some(handle) = &visit.waiting else { return Ok(None) };
    let service = asking(&state.platform, &visit.caller, handle).await.map_err(Failure::fault)?;
    Ok(service.map(|name| (format!("{CONSENT}{handle}"), name)))
}

/// `GET /mailbox`: in test realms only; elsewhere there is no such page.
pub async fn mailbox(State(state): State<AppState>, visit: Visit) -> Answer {
    let letters = state.platform.ports.mail.mailbox().filter(|_| visit.test_realm.is_some());
    let letters = letters.ok_or_else(|| Failure::of("not-found"))?;
    let letters = letters.into_iter().map(|kept| Letter {
        to: kept.to,
        subject: kept.subject,
        text: kept.text,
        at: time::moment(visit.say, kept.at),
    });
    page::show(&Mailbox { frame: visit.frame("mailbox-title"), letters: letters.collect() })
}

//! Another e-mail address: asked for after a fresh proof of presence, confirmed by six digits.

use axum::Form;
use axum::extract::{Query, State};
use lionrock_model::account::AccountRefusal;
use lionrock_service::Error;
use lionrock_service::account::contact::{self, Standing};
use serde::Deserialize;

use super::{cookie, failure};
use crate::page::my_data::{AskEmail, ConfirmEmail};
use crate::page::{self, see_other};
use crate::{Answer, AppState, Failure, Visit};

const HERE: &str = "/account/email";

/// `?change=1` asks for another address than the one a code was sent to.
#[derive(Deserialize)]
pub struct Change {
    #[serde(default)]
    change: Option<String>,
}

/// `GET /account/email`: asks for the address, or for the code that was sent to it.
pub async fn get(State(state): State<AppState>, visit: Visit, Query(query): Query<Change>) -> Answer {
    let now = standing(&state, &visit).await?;
    match now.waiting.as_ref().filter(|_| query.change.is_none()) {
        Some(waiting) => page::show(&confirm_page(&state, &visit, &now, waiting.reveal())),
        None => page::show(&ask_page(&visit, &now, String::new())),
    }
}

/// What the form of the address posts.
#[derive(Deserialize)]
pub struct Address {
    #[serde(default)]
    email: String,
}

/// `POST /account/email`, after a step-up.
pub async fn give(State(state): State<AppState>, visit: Visit, Form(form): Form<Address>) -> Answer {
    let given = contact::give(&state.platform, &visit.caller, cookie(&visit, HERE)?, &form.email).await;
    match given {
        Ok(()) => Ok(see_other(HERE)),
        Err(Error::Refuse(
            refusal @ (AccountRefusal::CoolingOff
            | AccountRefusal::EmailNotUsable
            | AccountRefusal::EmailSame
            | AccountRefusal::EmailTooOften),
        )) => {
            let refused = Failure::refuse(&refusal);
            let now = standing(&state, &visit).await?;
            let mut view = ask_page(&visit, &now, form.email);
            view.frame = view.frame.with_error("email", refused.text(visit.say));
            page::show_with(refused.status(), &view)
        }
        Err(error) => Err(failure(error, HERE)),
    }
}

/// What the form of the code posts.
#[derive(Deserialize)]
pub struct Digits {
    #[serde(default)]
    code: String,
}

/// `POST /account/email/confirm`
pub async fn confirm(State(state): State<AppState>, visit: Visit, Form(form): Form<Digits>) -> Answer {
    let done = contact::confirm(&state.platform, &visit.caller, cookie(&visit, HERE)?, &form.code).await;
    match done {
        Ok(()) => Ok(see_other("/account/data#hold-contact")),
        Err(Error::Refuse(refusal @ (AccountRefusal::EmailCodeWrong | AccountRefusal::EmailCodeOver))) => {
            let refused = Failure::refuse(&refusal);
            let now = standing(&state, &visit).await?;
            match &now.waiting {
                Some(waiting) => {
                    let mut view = confirm_page(&state, &visit, &now, waiting.reveal());
                    view.frame = view.frame.with_error("code", refused.text(visit.say));
                    page::show_with(refused.status(), &view)
                }
                // The code is over: a new one is one step away.
                None => {
                    let mut view = ask_page(&visit, &now, String::new());
                    view.frame = view.frame.with_error("email", refused.text(visit.say));
                    page::show_with(refused.status(), &view)
                }
            }
        }
        Err(error) => Err(failure(error, HERE)),
    }
}

async fn standing(state: &AppState, visit: &Visit) -> Result<Standing, Failure> {
    let now = contact::standing(&state.platform, &visit.caller, cookie(visit, HERE)?).await;
    now.map_err(|error| failure(error, HERE))
}

fn ask_page(visit: &Visit, now: &Standing, typed: String) -> AskEmail {
    let current = now.email.as_ref().map(|email| email.reveal().to_owned());
    AskEmail { frame: visit.frame("contact-title"), current, typed }
}

fn confirm_page(state: &AppState, visit: &Visit, now: &Standing, email: &str) -> ConfirmEmail {
    ConfirmEmail {
        frame: visit.frame("contact-confirm-title"),
        email: email.to_owned(),
        current: now.email.as_ref().map(|email| email.reveal().to_owned()),
        mailbox: state.platform.ports.mail.mailbox().is_some() && visit.test_realm.is_some(),
    }
}

//! What monitoring should know of an officer: their own card number, name and address, kept as keyed codes and sealed.

use axum::extract::{Form, State};
use lionrock_model::hkid::Hkid;
use lionrock_model::person::{Email, EnglishName};
use lionrock_model::staff::DutyRefusal;
use lionrock_service::monitor::known;
use serde::Deserialize;

use super::{badge, duty, no};
use crate::page::ticket::Mark;
use crate::page::{self, see_other};
use crate::{Answer, AppState, Failure, Visit};

/// `GET /mark`
pub async fn get(State(state): State<AppState>, visit: Visit) -> Answer {
    duty(&state, &visit).await?;
    let known = known::is_known(&state.platform, &visit.caller, badge(&visit)?).await;
    page::show(&Mark { frame: visit.frame("mark-title"), known: known.map_err(|error| no(&visit, error))? })
}

/// What the form holds.
#[derive(Deserialize)]
pub struct Typed {
    #[serde(default)]
    hkid: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    email: String,
}

/// `POST /mark`
pub async fn post(State(state): State<AppState>, visit: Visit, Form(typed): Form<Typed>) -> Answer {
    duty(&state, &visit).await?;
    let read = (Hkid::parse(typed.hkid.trim()), EnglishName::parse(&typed.name), Email::parse(&typed.email));
    let (Ok(card), Ok(name), Ok(mail)) = read else {
        let at = match (&read.0, &read.1) {
            (Err(_), _) => "hkid",
            (_, Err(_)) => "name",
            _ => "email",
        };
        let frame = visit.frame("mark-title").with_error(at, visit.say.t("mark-unreadable"));
        let status = Failure::refuse(&DutyRefusal::NameUnreadable).status();
        return page::show_with(status, &Mark { frame, known: false });
    };
    let done = known::declare(&state.platform, &visit.caller, badge(&visit)?, (card, name, mail)).await;
    done.map_err(|error| no(&visit, error))?;
    Ok(see_other("/tickets"))
}

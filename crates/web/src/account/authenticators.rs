//! The passkeys: list, add, rename, remove.

use axum::Json;
use axum::extract::{Form, Path, State};
use axum::response::IntoResponse;
use bytes::Bytes;
use http::HeaderMap;
use lionrock_model::account::AccountRefusal;
use lionrock_model::credential::{CredentialName, Custody, PasskeyRefusal};
use lionrock_model::id::CredentialId;
use lionrock_model::session::Device;
use lionrock_service::account::{add, authenticators, remove, rename};
use lionrock_wire::webauthn::json::RegistrationResponse;
use serde::Deserialize;

use super::{cookie, device, failure};
use crate::page::account::{Authenticators, Passkey};
use crate::page::{self, see_other, time};
use crate::signin::agent;
use crate::{Answer, AppState, Failure, Visit};

const HERE: &str = "/account/authenticators";

/// `GET /account/authenticators`
pub async fn get(State(state): State<AppState>, visit: Visit) -> Answer {
    let shown = authenticators::authenticators(&state.platform, &visit.caller, cookie(&visit, HERE)?).await;
    let shown = shown.map_err(|error| failure(error, HERE))?;
    let passkeys = shown.into_iter().map(|one| Passkey {
        id: one.id.to_string(),
        name: one.name,
        synced: one.custody == Custody::Synced,
        made: time::day(visit.say, one.created),
        used: one.used.map(|at| time::moment(visit.say, at)),
        alarm: one.counter_alarm.map(|at| time::moment(visit.say, at)),
        current: one.current,
    });
    page::show(&Authenticators { frame: visit.frame("authenticators-title"), passkeys: passkeys.collect() })
}

/// `POST /account/authenticators/options` → `PublicKeyCredentialCreationOptionsJSON`; refuses with `step-up-needed` first.
pub async fn options(State(state): State<AppState>, visit: Visit) -> Answer {
    let options = add::begin(&state.platform, &visit.caller, cookie(&visit, HERE)?).await;
    Ok(Json(options.map_err(|error| failure(error, HERE))?).into_response())
}

/// `POST /account/authenticators`, body `RegistrationResponseJSON` → `{next}`. The new passkey is named after the device; the person can
/// rename it on the page that follows.
pub async fn post(State(state): State<AppState>, visit: Visit, headers: HeaderMap, body: Bytes) -> Answer {
    let answer =
        RegistrationResponse::from_json(&body).map_err(|_| Failure::refuse(&PasskeyRefusal::PasskeyMalformed))?;
    let agent = agent(&headers);
    let made_with = agent.as_deref().map_or(Device::UNKNOWN, Device::from_agent);
    let name = CredentialName::parse(&device(visit.say, made_with)).map_err(|_| unusable())?;
    let command = add::Add { cookie: cookie(&visit, HERE)?.to_owned(), answer, name, agent };
    add::add(&state.platform, &visit.caller, command).await.map_err(|error| failure(error, HERE))?;
    Ok(page::next(HERE))
}

/// A new name.
#[derive(Deserialize)]
pub struct Named {
    name: String,
}

/// `POST /account/authenticators/{id}/rename`
pub async fn rename(
    State(state): State<AppState>,
    visit: Visit,
    Path(id): Path<String>,
    Form(named): Form<Named>,
) -> Answer {
    let name = CredentialName::parse(&named.name).map_err(|_| unusable())?;
    let done = rename::rename(&state.platform, &visit.caller, cookie(&visit, HERE)?, which(&id)?, name).await;
    done.map_err(|error| failure(error, HERE))?;
    Ok(see_other(HERE))
}

/// `POST /account/authenticators/{id}/remove`, after a step-up.
pub async fn remove(State(state): State<AppState>, visit: Visit, Path(id): Path<String>, headers: HeaderMap) -> Answer {
    let agent = agent(&headers);
    let cookie = cookie(&visit, HERE)?;
    let done = remove::remove(&state.platform, &visit.caller, cookie, which(&id)?, agent.as_deref()).await;
    done.map_err(|error| failure(error, HERE))?;
    Ok(see_other(HERE))
}

/// An id out of the path; what is no id is not found either.
fn which(id: &str) -> Result<CredentialId, Failure> {
    CredentialId::parse(id).map_err(|_| Failure::refuse(&AccountRefusal::NotFound))
}

fn unusable() -> Failure {
    Failure::refuse(&AccountRefusal::NameNotUsable)
}

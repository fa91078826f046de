//! Making one's key, with both halves of a code.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use bytes::Bytes;
use lionrock_model::staff::DutyRefusal;
use lionrock_service::staff::enrol::{self, Code};
use lionrock_wire::webauthn::json::RegistrationResponse;
use serde::Deserialize;

use crate::page;
use crate::page::staff::Enrol;
use crate::{Answer, AppState, Failure, Visit};

/// Both halves as typed.
#[derive(Deserialize)]
pub struct Halves {
    first: String,
    second: String,
}

impl Halves {
    fn code(self, visit: &Visit) -> Code {
        Code { first: self.first, second: self.second, browser: visit.browser.id.clone() }
    }
}

/// `GET /enrol`
pub async fn get(visit: Visit) -> Answer {
    page::show(&Enrol { frame: visit.frame("staff-enrol-title") })
}

/// `POST /enrol/options` → `PublicKeyCredentialCreationOptionsJSON`.
pub async fn options(State(state): State<AppState>, visit: Visit, Json(halves): Json<Halves>) -> Answer {
    let options = enrol::begin(&state.platform, &visit.caller, halves.code(&visit)).await?;
    Ok(Json(options).into_response())
}

/// `POST /enrol/key`, body `RegistrationResponseJSON` → `{next}`.
pub async fn post(State(state): State<AppState>, visit: Visit, body: Bytes) -> Answer {
    let answer = RegistrationResponse::from_json(&body).map_err(|_| Failure::refuse(&DutyRefusal::Malformed))?;
    enrol::finish(&state.platform, &visit.caller, &visit.browser.id, answer).await?;
    Ok(page::next("/signin"))
}

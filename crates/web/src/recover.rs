//! Getting back in when every passkey is gone.

use axum::Json;
use axum::extract::{Form, State};
use axum::response::IntoResponse;
use bytes::Bytes;
use http::HeaderMap;
use lionrock_model::credential::{CredentialName, PasskeyRefusal};
use lionrock_model::recovery::RecoveryRefusal;
use lionrock_model::session::Device;
use lionrock_service::{Error, recovery};
use lionrock_wire::webauthn::json::RegistrationResponse;
use serde::Deserialize;

use crate::page::recover::{NewPasskey, Recover};
use crate::page::{self, see_other, with_cookie};
use crate::signin::{agent, session_cookie};
use crate::{Answer, AppState, Failure, Visit, account};

/// `GET /recover`
pub async fn get(visit: Visit) -> Answer {
    page::show(&Recover { frame: visit.frame("recover-title"), hkid: String::new(), lost: true })
}

/// What the form posts.
#[derive(Deserialize)]
pub struct Typed {
    #[serde(default)]
    hkid: String,
    #[serde(default)]
    first: String,
    #[serde(default)]
    second: String,
    #[serde(default)]
    lost: String,
}

/// `POST /recover`: card number and two codes. The answer tells nobody whether the number has an account.
pub async fn post(State(state): State<AppState>, visit: Visit, Form(typed): Form<Typed>) -> Answer {
    let lost = typed.lost == "yes";
    let command = recovery::Begin {
        hkid: typed.hkid.clone(),
        codes: [typed.first, typed.second],
        lost,
        browser: visit.browser.id.clone(),
    };
    match recovery::begin(&state.platform, &visit.caller, command).await {
        Ok(()) => Ok(see_other("/recover/passkey")),
        Err(Error::Refuse(
            refusal @ (RecoveryRefusal::NotAccepted | RecoveryRefusal::SameCodeTwice | RecoveryRefusal::TooManyTries),
        )) => {
            let failure = Failure::refuse(&refusal);
            let frame = visit.frame("recover-title").with_error("first", failure.text(visit.say));
            page::show_with(failure.status(), &Recover { frame, hkid: typed.hkid, lost })
        }
        Err(error) => Err(error.into()),
    }
}

/// `GET /recover/passkey`
pub async fn passkey(visit: Visit) -> Answer {
    page::show(&NewPasskey { frame: visit.frame("recover-passkey-title") })
}

/// `POST /recover/passkey/options` → `PublicKeyCredentialCreationOptionsJSON`.
pub async fn options(State(state): State<AppState>, visit: Visit) -> Answer {
    let options = recovery::options(&state.platform, &visit.caller, &visit.browser.id).await?;
    Ok(Json(options).into_response())
}

/// `POST /recover/passkey`, body `RegistrationResponseJSON` → `{next}` and the session's cookie.
pub async fn finish(State(state): State<AppState>, visit: Visit, headers: HeaderMap, body: Bytes) -> Answer {
    let answer =
        RegistrationResponse::from_json(&body).map_err(|_| Failure::refuse(&PasskeyRefusal::PasskeyMalformed))?;
    let agent = agent(&headers);
    let made_with = agent.as_deref().map_or(Device::UNKNOWN, Device::from_agent);
    let name = CredentialName::parse(&account::device(visit.say, made_with)).map_err(|_| Failure::of("fault"))?;
    let command = recovery::Finish { browser: visit.browser.id.clone(), answer, name, agent };
    let secret = recovery::finish(&state.platform, &visit.caller, command).await?;
    Ok(with_cookie(page::next("/account/authenticators"), session_cookie(&state, &secret)))
}

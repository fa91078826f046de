//! The first passkey: what will be kept is shown, the ceremony is done, the account exists.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use bytes::Bytes;
use http::{HeaderMap, header};
use lionrock_model::credential::PasskeyRefusal;
use lionrock_model::register::Step;
use lionrock_service::register::{self, Made};
use lionrock_service::vault::Profile;
use lionrock_wire::webauthn::json::RegistrationResponse;

use super::{cookie, led, standing_at};
use crate::page::register::MakePasskey;
use crate::page::{self, time, with_cookie};
use crate::{Answer, AppState, Failure, Visit, cookie as cookies};

/// `GET /register/passkey`
pub async fn get(State(state): State<AppState>, visit: Visit) -> Answer {
    standing_at(&state, &visit, &[Step::Passkey]).await?;
    if visit.kiosk.is_some() {
        return crate::kiosk::on_phone(&state, &visit).await;
    }
    let kept = register::preview(&state.platform, &visit.caller, cookie(&visit)?).await;
    let kept = facts(&visit, kept.map_err(|error| led(error.into()))?);
    page::show(&MakePasskey { frame: visit.frame("passkey-title"), kept })
}

/// `POST /register/passkey/options` → `PublicKeyCredentialCreationOptionsJSON`.
pub async fn options(State(state): State<AppState>, visit: Visit) -> Answer {
    let options = register::passkey_options(&state.platform, &visit.caller, cookie(&visit)?).await;
    Ok(Json(options.map_err(|error| led(error.into()))?).into_response())
}

/// `POST /register/passkey`, body `RegistrationResponseJSON` → `{next}`.
pub async fn post(State(state): State<AppState>, visit: Visit, headers: HeaderMap, body: Bytes) -> Answer {
    let answer =
        RegistrationResponse::from_json(&body).map_err(|_| Failure::refuse(&PasskeyRefusal::PasskeyMalformed))?;
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    let made = register::make_passkey(&state.platform, &visit.caller, cookie(&visit)?, answer, agent).await;
    match made.map_err(|error| led(error.into()))? {
        Made::Account(secret) => {
            let lives = u32::try_from(state.platform.settings.limits.session_total.as_secs()).unwrap_or(u32::MAX);
            let line = cookies::set(cookies::SESSION, secret.cookie(), Some(lives));
            Ok(with_cookie(page::next(Step::Codes.path()), line))
        }
        Made::Already(step) => Ok(page::next(step.path())),
    }
}

/// What will be kept, each under its name in the language of the page.
fn facts(visit: &Visit, profile: Profile) -> Vec<(String, String)> {
    let say = visit.say;
    let sex = profile.sex.map(|letter| say.t(if letter == 'F' { "value-female" } else { "value-male" }));
    let date = |kept: Option<String>| kept.map(|kept| time::date(say, &kept));
    let none = || Some(say.t("value-none"));
    [
        ("field-english-name", profile.english_name),
        ("field-chinese-name", profile.chinese_name.or_else(none)),
        ("field-hkid", profile.hkid),
        ("field-birth", date(profile.birth)),
        ("field-sex", sex),
        ("field-card-issued", date(profile.card_issued)),
    ]
    .into_iter()
    .filter_map(|(key, value)| Some((say.t(key), value?)))
    .collect()
}

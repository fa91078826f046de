//! The consent page and what its script and forms call.

use axum::extract::{Query, State};
use axum::response::IntoResponse;
use bytes::Bytes;
use http::HeaderMap;
use lionrock_model::oidc::PageRefusal;
use lionrock_model::policy::Field;
use lionrock_model::service::Profile;
use lionrock_service::oidc::approve::{self, Approve};
use lionrock_service::oidc::consent::{self, Choice, Offered};
use lionrock_service::oidc::decline;
use lionrock_service::signed_in::Place;
use serde::Deserialize;

use crate::page::consent::{Asked, Consent};
use crate::page::time;
use crate::signin::{agent, assertion, session_cookie};
use crate::{Answer, AppState, Failure, Visit, page};

/// Names the request in a query or form.
#[derive(Deserialize)]
pub struct Named {
    request: String,
}

/// Who asks, why, and for which values.
pub async fn get(State(state): State<AppState>, visit: Visit, Query(named): Query<Named>) -> Answer {
    let view = consent::look(&state.platform, &visit.caller, &named.request, visit.session.as_deref()).await?;
    if view.sign_in_first {
        return Err(Failure::sign_in_first(&visit.here));
    }
    let language = visit.caller.language;
    let service = view.service.name().to(language).to_owned();
    let shown = Consent {
        frame: visit.frame("consent-title"),
        host: host(&view.redirect_uri).to_owned(),
        purpose: view.service.purpose().to(language).to_owned(),
        fields: view.offered.into_iter().map(|offered| asked(&visit, offered)).collect(),
        request: named.request,
        signing: view.signing,
        plain: view.service.profile() == Profile::Plain,
        version: view.version,
        service,
    };
    Ok(page::leading_to(page::show(&shown)?, origin(&view.redirect_uri)))
}

/// What the script sends when the person has chosen.
#[derive(Deserialize)]
pub struct Chosen {
    request: String,
    #[serde(default)]
    fields: Vec<String>,
    /// As the page's hidden field held it.
    #[serde(default)]
    version: String,
}

/// `POST /oauth/consent/options`: a choice becomes `PublicKeyCredentialRequestOptionsJSON`.
pub async fn options(State(state): State<AppState>, visit: Visit, axum::Json(chosen): axum::Json<Chosen>) -> Answer {
    let again = || Failure::refuse(&PageRefusal::ShownAgain);
    let fields = chosen.fields.iter().map(|word| Field::from_word(word)).collect::<Option<Vec<_>>>();
    let choice = Choice {
        fields: fields.ok_or_else(again)?,
        handle: chosen.request,
        language: visit.caller.language,
        version: Some(chosen.version.as_str())
            .filter(|text| !text.is_empty())
            .map_or(Ok(0), str::parse)
            .map_err(|_| again())?,
    };
    let options = consent::options(&state.platform, &visit.caller, &choice, visit.session.as_deref()).await?;
    Ok(axum::Json(options).into_response())
}

/// `POST /oauth/consent?request=…`: an `AuthenticationResponseJSON` over what was chosen; answers where to go.
pub async fn approve(
    State(state): State<AppState>,
    visit: Visit,
    Query(named): Query<Named>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let place = Place::of(&visit.caller, agent(&headers).as_deref());
    let command = Approve { answer: assertion(&body)?, cookie: visit.session.clone(), handle: named.request, place };
    let approved = approve::approve(&state.platform, &visit.caller, command).await?;
    Ok(page::with_cookie(page::next(&approved.location), session_cookie(&state, &approved.session)))
}

/// `POST /oauth/consent/decline`: a form, so that saying no works without script.
pub async fn decline(State(state): State<AppState>, visit: Visit, axum::Form(named): axum::Form<Named>) -> Answer {
    let location = decline::decline(&state.platform, &visit.caller, &named.request, visit.session.as_deref()).await?;
    Ok(page::see_other(&location))
}

fn asked(visit: &Visit, offered: Offered) -> Asked {
    let value = match (offered.field, offered.value) {
        (_, None) => visit.say.t("value-none"),
        (Field::Birth, Some(value)) => time::date(visit.say, &value),
        (Field::Sex, Some(value)) => visit.say.t(if value == "female" { "value-female" } else { "value-male" }),
        (_, Some(value)) => value,
    };
    Asked { word: offered.field.word(), value, required: offered.essential }
}

/// Scheme, host and port of a registered redirect URI.
/// Scheme, host and port of an address.
pub(crate) fn origin(uri: &str) -> &str {
    let start = uri.find("://").map_or(0, |at| at + 3);
    let end = uri.get(start..).and_then(|rest| rest.find(['/', '?'])).map_or(uri.len(), |at| start + at);
    uri.get(..end).unwrap_or_default()
}

fn host(uri: &str) -> &str {
    origin(uri).split_once("://").map_or("", |(_, host)| host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_end_where_paths_begin() {
        for (uri, wanted) in [
            ("https://library.example/cb?x=https://evil", "https://library.example"),
            ("https://library.example:8444?x", "https://library.example:8444"),
            ("http://[::1]:5000/cb", "http://[::1]:5000"),
            ("https://library.example", "https://library.example"),
        ] {
            assert_eq!(origin(uri), wanted);
        }
        assert_eq!(host("http://127.0.0.1:5000/cb"), "127.0.0.1:5000");
    }
}

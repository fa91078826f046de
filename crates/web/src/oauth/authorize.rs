//! `GET /oauth/authorize`: a service sends a browser.

use axum::extract::{RawQuery, State};
use lionrock_model::oidc::PageRefusal;
use lionrock_service::oidc::authorize::{Authorize, Outcome, authorize};
use lionrock_wire::oauth::Parameters;

use crate::{Answer, AppState, Failure, Visit, page};

/// `POST /oauth/authorize`: the same in a form (OpenID Connect Core 3.1.2.1). It comes from the service's page, so no session
/// cookie is with it; the consent page behind it finds the session again.
pub async fn post(State(state): State<AppState>, visit: Visit, body: String) -> Answer {
    get(State(state), visit, RawQuery(Some(body))).await
}

/// Leads to the consent page, or straight back. Never answers with 307: a form that led here must not be sent on (RFC 9700 section 4.12).
pub async fn get(State(state): State<AppState>, visit: Visit, RawQuery(query): RawQuery) -> Answer {
    let parameters = Parameters::parse(query.as_deref().unwrap_or_default())
        .map_err(|_| Failure::refuse(&PageRefusal::RequestMalformed))?;
    let command = Authorize { parameters, cookie: visit.session.clone() };
    Ok(match authorize(&state.platform, &visit.caller, command).await? {
        Outcome::Answer { location } => page::see_other(&location),
        Outcome::Sign { handle } => page::see_other(&format!("/sign/{handle}")),
        Outcome::Ask { handle } => page::see_other(&format!("/oauth/consent?request={handle}")),
    })
}

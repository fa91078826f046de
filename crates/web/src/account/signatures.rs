//! Signatures: the signing certificate, making one, and what was signed with its evidence.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use bytes::Bytes;
use http::header;
use lionrock_model::id::SignatureId;
use lionrock_service::signing::{enrol, history};
use serde::Deserialize;

use crate::page::sign::{Line, Own, Signatures};
use crate::page::{self, time};
use crate::sign::failure;
use crate::signin::assertion;
use crate::{Answer, AppState, Failure, Visit};

const HERE: &str = "/account/signatures";

/// `GET /account/signatures`
pub async fn get(State(state): State<AppState>, visit: Visit) -> Answer {
    let cookie = super::cookie(&visit, HERE)?;
    let look = enrol::look(&state.platform, &visit.caller, cookie).await.map_err(|error| failure(error, HERE))?;
    let lines = history::list(&state.platform, &visit.caller, cookie).await.map_err(|error| failure(error, HERE))?;
    let lines = lines.into_iter().map(|line| Line {
        id: line.id.to_string(),
        at: time::moment(visit.say, line.at),
        service: line.service,
        title: line.title,
        seen: line.seen,
        documents: line.documents,
    });
    page::show(&Signatures {
        frame: visit.frame("signatures-title"),
        plus: look.plus,
        cooling: look.cooling.map(|until| time::moment(visit.say, until)),
        device_bound: look.device_bound,
        authority: look.authority,
        own: look.certificate.map(|one| Own {
            name: one.name,
            number: one.serial,
            algorithm: one.algorithm,
            until: time::day(visit.say, one.until),
            good: one.good,
        }),
        lines: lines.collect(),
    })
}

/// What the script sends.
#[derive(Deserialize)]
pub struct Wished {
    #[serde(default)]
    algorithm: String,
}

/// `POST /account/signatures/key/options` → `PublicKeyCredentialRequestOptionsJSON`.
pub async fn options(State(state): State<AppState>, visit: Visit, Json(wished): Json<Wished>) -> Answer {
    let cookie = super::cookie(&visit, HERE)?;
    let algorithm = if wished.algorithm.is_empty() { "ES256" } else { &wished.algorithm };
    let options = enrol::options(&state.platform, &visit.caller, cookie, algorithm).await;
    Ok(Json(options.map_err(|error| failure(error, HERE))?).into_response())
}

/// `POST /account/signatures/key`, body `AuthenticationResponseJSON` → `{next}`; there is a key and a certificate.
pub async fn post(State(state): State<AppState>, visit: Visit, body: Bytes) -> Answer {
    let cookie = super::cookie(&visit, HERE)?;
    let made = enrol::finish(&state.platform, &visit.caller, cookie, assertion(&body)?).await;
    made.map_err(|error| failure(error, HERE))?;
    Ok(page::next(HERE))
}

/// `GET /account/signatures/{id}/evidence.json`
pub async fn evidence(State(state): State<AppState>, visit: Visit, Path(id): Path<String>) -> Answer {
    let cookie = super::cookie(&visit, HERE)?;
    let id = SignatureId::parse(&id).map_err(|_| Failure::of("not-found"))?;
    let file = history::evidence(&state.platform, &visit.caller, cookie, id).await;
    let file = file.map_err(|error| failure(error, HERE))?;
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"evidence.json\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, file).into_response())
}

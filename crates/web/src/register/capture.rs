//! The capture page and what its script calls: movements, custody, sealed pictures, judgement.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use lionrock_model::custody::{Label, PICTURE_BYTES, Part};
use lionrock_model::proofing::Action;
use lionrock_model::register::{RegisterRefusal, Step};
use lionrock_service::{custody, register};
use serde::Deserialize;
use serde_json::json;

use super::{cookie, led, standing_at};
use crate::page::register::Capture;
use crate::page::{self, next, with_camera};
use crate::{Answer, AppState, Failure, Visit};

/// `GET /register/card`
pub async fn card(State(state): State<AppState>, visit: Visit) -> Answer {
    show(&state, &visit, false).await
}

/// `GET /register/face`: the same document; without a card picture in its memory the script goes back to the card.
pub async fn face(State(state): State<AppState>, visit: Visit) -> Answer {
    show(&state, &visit, true).await
}

async fn show(state: &AppState, visit: &Visit, face_first: bool) -> Answer {
    standing_at(state, visit, &[Step::Pictures]).await?;
    let frame = visit.frame("card-title");
    Ok(with_camera(page::show(&Capture { frame, face_first, largest: PICTURE_BYTES })?))
}

/// `POST /register/challenge` → `{challenge_id, actions, expires}` (Unix milliseconds).
pub async fn challenge(State(state): State<AppState>, visit: Visit) -> Answer {
    let asked = register::challenge(&state.platform, &visit.caller, cookie(&visit)?).await.map_err(refused)?;
    let actions: Vec<_> = asked.challenge.actions.iter().map(|action| action.word()).collect();
    let body = json!({
        "challenge_id": URL_SAFE_NO_PAD.encode(asked.id),
        "actions": actions,
        "expires": asked.until.0,
    });
    Ok(Json(body).into_response())
}

/// Names the movements a capture was made for.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Made {
    #[serde(default)]
    challenge_id: Option<String>,
}

/// `POST /register/custody`, body `{challenge_id}` or nothing → `{custody, seal_key, info, deadline}`.
pub async fn open(State(state): State<AppState>, visit: Visit, body: Bytes) -> Answer {
    let made: Made = if body.is_empty() {
        Made::default()
    } else {
        serde_json::from_slice(&body).map_err(|_| Failure::of("malformed"))?
    };
    let challenge = match made.challenge_id {
        Some(text) => {
            let bytes = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| <[u8; 16]>::try_from(bytes).ok());
            Some(bytes.ok_or_else(|| Failure::refuse(&RegisterRefusal::ChallengeOver))?)
        }
        None => None,
    };
    let opened = custody::open(&state.platform, &visit.caller, cookie(&visit)?, challenge).await;
    let opened = match opened {
        Ok(opened) => opened,
        Err(lionrock_service::Error::Refuse(RegisterRefusal::ProofingBusy)) => return Ok(busy()),
        Err(error) => return Err(refused(error)),
    };
    let body = json!({
        "custody": opened.custody.to_string(),
        "seal_key": URL_SAFE_NO_PAD.encode(opened.seal_key),
        "info": URL_SAFE_NO_PAD.encode(opened.info),
        "deadline": opened.deadline.0,
    });
    Ok(Json(body).into_response())
}

/// All places are taken: when to come again stands in the header, the reason in the body the edge writes.
fn busy() -> Response {
    let mut response = Failure::refuse(&RegisterRefusal::ProofingBusy).into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    response
}

/// What is said about a picture beside its bytes.
#[derive(Deserialize)]
pub struct Said {
    at: u32,
    #[serde(default)]
    action: Option<String>,
}

/// `PUT /register/pictures/{part}?at=MS&action=WORD`, body: encapsulated key (32 bytes) and ciphertext.
pub async fn picture(
    State(state): State<AppState>,
    visit: Visit,
    Path(part): Path<String>,
    Query(said): Query<Said>,
    body: Bytes,
) -> Answer {
    let unknown = || Failure::refuse(&RegisterRefusal::PictureUnknown);
    let action = match said.action.as_deref() {
        None | Some("none") => None,
        Some(word) => Some(Action::from_word(word).ok_or_else(unknown)?),
    };
    let label = Label { part: Part::parse(&part).ok_or_else(unknown)?, at_ms: said.at, action };
    let sealed = body.to_vec();
    let taken =
        custody::receive(&state.platform, &visit.caller, cookie(&visit)?, label, sealed).await.map_err(refused)?;
    Ok(Json(json!({ "bytes": taken.bytes })).into_response())
}

/// `POST /register/judge` → 202 `{next}`.
pub async fn judge(State(state): State<AppState>, visit: Visit) -> Answer {
    custody::judge(&state.platform, &visit.caller, cookie(&visit)?).await.map_err(refused)?;
    Ok((StatusCode::ACCEPTED, next("/register/judging")).into_response())
}

fn refused(error: lionrock_service::Error<RegisterRefusal>) -> Failure {
    led(error.into())
}

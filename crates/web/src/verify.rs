//! What a signed document is worth, for everybody: no account, no cookie, nothing kept.

pub(crate) mod upload;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use lionrock_model::document::DocumentRefusal;
use lionrock_model::time::Millis;
use lionrock_service::port::document::{Judgement, LARGEST, LARGEST_SIGNATURE, Signature};
use lionrock_service::{Error, document};

use crate::language::Say;
use crate::page::verify::{Line, Shown, Signed, Verify};
use crate::page::{self, time};
use crate::{Answer, AppState, Failure, Visit, form_data};

/// Most letters of a file's name that are shown.
const LONGEST_NAME: usize = 120;

/// Most bytes of a request: a document, a signature, and what lies around them.
pub const MOST: usize = LARGEST + LARGEST_SIGNATURE + 16 * 1024;

/// `GET /verify`
pub async fn get(visit: Visit) -> Answer {
    page::show(&Verify { frame: visit.frame("verify-title"), shown: None })
}

/// `POST /verify`: a PDF as `document`, or any file with its signature as `signature`. Programs that accept JSON get the judgement itself.
/// Nothing is read before there is a place for it, and the place is kept until the answer.
pub async fn post(State(state): State<AppState>, visit: Visit, headers: HeaderMap, body: Body) -> Answer {
    let judged = judge(&state, &visit, &headers, body).await;
    let wants_json = headers.get(header::ACCEPT).is_some_and(|kinds| kinds.as_bytes().starts_with(b"application/json"));
    match judged {
        Ok((_, judgement)) if wants_json => Ok(json(&judgement)),
        Ok((name, judgement)) => {
            let shown = Some(shown(visit.say, name, &judgement));
            page::show(&Verify { frame: visit.frame("verify-result-title"), shown })
        }
        Err(Error::Refuse(refusal)) if !wants_json => {
            let failure = Failure::refuse(&refusal);
            let frame = visit.frame("verify-title").with_error("document", failure.text(visit.say));
            page::show_with(failure.status(), &Verify { frame, shown: None })
        }
        Err(error) => Err(error.into()),
    }
}

async fn judge(
    state: &AppState,
    visit: &Visit,
    headers: &HeaderMap,
    body: Body,
) -> Result<(String, Judgement), Error<DocumentRefusal>> {
    let _place = state.edge.uploads.enter(visit.caller.address).map_err(Error::Refuse)?;
    let bytes = upload::read(headers, body, MOST, upload::PACE).await.map_err(Error::Refuse)?;
    let (file, signature) = read(headers, &bytes).map_err(Error::Refuse)?;
    drop(bytes);
    let judgement = document::verify(&state.platform, &visit.caller, Arc::new(file.bytes), signature).await?;
    Ok((file.name, judgement))
}

fn json(judgement: &Judgement) -> Response {
    (StatusCode::OK, axum::Json(judgement)).into_response()
}

struct Sent {
    name: String,
    bytes: Vec<u8>,
}

/// Takes the two files out of the form.
fn read(headers: &HeaderMap, body: &[u8]) -> Result<(Sent, Option<Vec<u8>>), DocumentRefusal> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let parts = form_data::parts(kind, body).ok_or(DocumentRefusal::Missing)?;
    let file = |field: &str| parts.iter().find(|part| part.field == field && !part.bytes.is_empty());
    let document = file("document").ok_or(DocumentRefusal::Missing)?;
    let name = document.file.chars().filter(|one| !one.is_control()).take(LONGEST_NAME).collect();
    Ok((Sent { name, bytes: document.bytes.to_vec() }, file("signature").map(|part| part.bytes.to_vec())))
}

fn shown(say: Say, name: String, judged: &Judgement) -> Shown {
    let people = judged.signatures.iter().filter(|one| one.form == "signature").count();
    Shown {
        name,
        outcome: outcome(&judged.indication),
        headline: say.t(&format!("verify-headline-{}", outcome(&judged.indication))),
        why: judged.sub_indication.as_ref().map(|sub| why(say, sub)),
        indication: judged.indication.clone(),
        sub_indication: judged.sub_indication.clone().unwrap_or_default(),
        count: people,
        pages: judged.pages,
        signatures: judged.signatures.iter().map(|one| signed(say, one)).collect(),
    }
}

const fn outcome(indication: &str) -> &'static str {
    match indication.as_bytes() {
        b"TOTAL-PASSED" => "passed",
        b"INDETERMINATE" => "open",
        _ => "failed",
    }
}

fn why(say: Say, sub: &str) -> String {
    say.t(&format!("verify-why-{}", sub.to_lowercase().replace('_', "-")))
}

fn signed(say: Say, one: &Signature) -> Signed {
    let moment = |seconds: u64| {
        i64::try_from(seconds).ok().map(|seconds| time::moment(say, Millis(seconds.saturating_mul(1000))))
    };
    let mut since: Vec<Line> = one
        .changes
        .iter()
        .map(|change| Line { word: change.clone(), text: say.t(&format!("verify-change-{change}")) })
        .collect();
    if since.is_empty() {
        since.push(Line { word: "nothing".to_owned(), text: say.t("verify-change-nothing") });
    }
    Signed {
        stamp: one.form != "signature",
        outcome: outcome(&one.indication),
        word: say.t(&format!("verify-word-{}", outcome(&one.indication))),
        why: one.sub_indication.as_ref().map(|sub| why(say, sub)),
        signer: one.signer.clone().unwrap_or_else(|| say.t("verify-nobody")),
        issuer: one.issuer.clone().unwrap_or_default(),
        proved: one.proved_at.and_then(moment),
        claimed: one.claimed_at.and_then(moment),
        reason: one.reason.clone(),
        level: one.level.clone(),
        since,
        fields: one.fields.join(", "),
        certificate: one.certificate.clone().unwrap_or_default(),
        indication: one.indication.clone(),
        sub_indication: one.sub_indication.clone().unwrap_or_default(),
    }
}

//! What services call to have something signed: a request with its document, where it stands, and what was signed. The first call proves
//! the service as at the token endpoint; the others carry the token it gave (`docs/operate/signing.md`).

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, StatusCode, header};
use lionrock_model::id::SigningRequestId;
use lionrock_model::signing::{Category, Form, PIECE_BYTES, Receipt, SigningRefusal};
use lionrock_service::port::document::Readable;
use lionrock_service::signing::file::File;
use lionrock_service::signing::receipt::{self, Receipts};
use lionrock_service::signing::request::{self, Ask, Kind, Named, Seal, Signer};
use lionrock_wire::oauth::{Parameters, credential};
use serde::Deserialize;
use serde_json::json;

use crate::oauth::machine;
use crate::{Answer, AppState, Failure, Visit};

/// Longest part of a document in one call, in bytes.
pub const LONGEST_PART: usize = 16 * PIECE_BYTES;

const fn malformed() -> SigningRefusal {
    SigningRefusal::RequestMalformed
}

/// `POST /signing/requests`: a form; the answer is JSON.
pub async fn begin(State(state): State<AppState>, visit: Visit, headers: HeaderMap, body: Bytes) -> Answer {
    let asked = match machine::read(&state, &visit, &headers, &body) {
        Ok(asked) => asked,
        Err(answer) => return Ok(*answer),
    };
    let ask = ask(&asked.parameters).ok_or_else(|| Failure::refuse(&malformed()))?;
    let begun = request::begin(&state.platform, &visit.caller, &asked.credential, ask).await?;
    let issuer = &state.platform.settings.issuer;
    let answer = json!({
        "check_code": begun.check_code,
        "expires_at": begun.expires.seconds(),
        "identification_code": begun.legacy_code,
        "request": begun.id.to_string(),
        "sign_at": format!("{issuer}/sign/{}", begun.handle),
        "token": begun.token,
    });
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response())
}

/// A document of a form that names documents by digests.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    digest: String,
    id: String,
    name: String,
}

fn ask(form: &Parameters) -> Option<Ask> {
    let text = |name: &str| form.get(name).map(str::to_owned);
    let number = |name: &str| form.get(name).map(|text| text.parse::<u64>().ok());
    let document = match (number("bytes"), form.get("sha256")) {
        (None, None) => None,
        (Some(bytes), Some(digest)) => Some((bytes?, request::digest(digest)?.0.try_into().ok()?)),
        _ => return None,
    };
    let entries: Vec<Entry> = form.get("documents").map_or(Some(Vec::new()), |text| serde_json::from_str(text).ok())?;
    let documents = entries
        .into_iter()
        .map(|entry| Some(Named { digest: request::digest(&entry.digest)?, id: entry.id, name: entry.name }));
    let field = text("seal_field");
    let seal = match (form.get("seal_page"), form.get("seal_place"), &field) {
        (None, None, None) => None,
        // Page and place of a field are its own.
        (None, None, Some(_)) => Some(Seal { field, page: 1, place: [0; 4] }),
        (Some(page), Some(place), None) => {
            let sides: Vec<u16> = place.split(',').map(|side| side.trim().parse().ok()).collect::<Option<_>>()?;
            Some(Seal { field, page: page.parse().ok()?, place: sides.try_into().ok()? })
        }
        _ => return None,
    };
    let signer = match (text("sub"), form.get("hkic_hash")) {
        (None, None) => Signer::Anyone,
        (Some(sub), None) => Signer::Known(sub),
        (None, Some(digest)) => Signer::Card(request::digest(digest)?.0.try_into().ok()?),
        _ => return None,
    };
    Some(Ask {
        form: Form::from_word(form.get("form").unwrap_or("pdf"))?,
        category: Category::from_word(form.get("category")?)?,
        title: text("title")?,
        file_name: text("file_name").unwrap_or_default(),
        department: text("department"),
        redirect_uri: text("redirect_uri"),
        state: text("state"),
        document,
        documents: documents.collect::<Option<_>>()?,
        seal,
        signer,
    })
}

/// Id and token of a call.
fn named<'h>(id: &str, headers: &'h HeaderMap) -> Result<(SigningRequestId, &'h str), Failure> {
    let unknown = || Failure::refuse(&SigningRefusal::ServiceUnknown);
    let id = SigningRequestId::parse(id).map_err(|_| unknown())?;
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return Err(unknown()) };
    let token = credential::bearer(value.to_str().ok()).ok().flatten().ok_or_else(unknown)?;
    Ok((id, token))
}

/// Where a part begins.
#[derive(Deserialize)]
pub struct Part {
    #[serde(default)]
    at: u64,
}

/// `PUT /signing/requests/{id}/document?at=…`: a part of the document.
pub async fn upload(
    State(state): State<AppState>,
    visit: Visit,
    Path(id): Path<String>,
    Query(part): Query<Part>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let (id, token) = named(&id, &headers)?;
    let received = request::upload(&state.platform, &visit.caller, id, token, part.at, body.to_vec()).await?;
    Ok(Json(json!({"received": received})).into_response())
}

/// `GET /signing/requests/{id}`
pub async fn standing(State(state): State<AppState>, Path(id): Path<String>, headers: HeaderMap) -> Answer {
    let (id, token) = named(&id, &headers)?;
    let standing = request::standing(&state.platform, id, token).await?;
    let answer = json!({
        "expires_at": standing.expires.seconds(),
        "form": standing.form.word(),
        "received": standing.received,
        "state": standing.state.word(),
    });
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response())
}

/// `GET /signing/requests/{id}/document`: what was signed.
pub async fn result(State(state): State<AppState>, Path(id): Path<String>, headers: HeaderMap) -> Answer {
    let (id, token) = named(&id, &headers)?;
    let (form, file) = request::result(&state.platform, id, token).await?;
    let kind = match form {
        Form::Pdf => "application/pdf",
        Form::Cms => "application/pkcs7-signature",
        Form::Json => "application/jose+json",
        Form::Digest | Form::PdfDigest => "application/json",
    };
    let headers =
        [(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_LENGTH, file.length().to_string()), no_store()];
    Ok((headers, flow(file)).into_response())
}

fn no_store() -> (header::HeaderName, String) {
    (header::CACHE_CONTROL, "no-store".to_owned())
}

/// A stored file as the body of an answer, a few pieces of it in memory. What cannot be read on the way breaks the answer off.
pub(crate) fn flow(file: File) -> Body {
    Body::from_stream(stream::try_unfold((file, 0), |(file, at)| async move {
        let piece = file.next(at).await.map_err(|error| {
            tracing::error!(%error, "an answer broke off");
            std::io::Error::other("the rest cannot be read")
        })?;
        let next = at + piece.len() as u64;
        Ok::<_, std::io::Error>((!piece.is_empty()).then(|| (Bytes::from(piece), (file, next))))
    }))
}

/// `GET /signing/requests/{id}/evidence`
pub async fn evidence(State(state): State<AppState>, Path(id): Path<String>, headers: HeaderMap) -> Answer {
    let (id, token) = named(&id, &headers)?;
    Ok(file("application/json", request::fetch(&state.platform, id, token, Kind::Evidence).await?))
}

fn file(kind: &'static str, bytes: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-store")], bytes).into_response()
}

/// What a service says of one signature of many.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OneReceipt {
    id: String,
    #[serde(rename = "signingResult")]
    receipt: String,
}

/// `POST /signing/requests/{id}/acknowledge`: the service says what it has; documents are destroyed. An empty body accepts everything; a form
/// has `signingResult` (`SR001` accepted, `SR002` rejected, `SR003` nothing came), or `signatures`, JSON of `{id, signingResult}`.
pub async fn acknowledge(
    State(state): State<AppState>,
    visit: Visit,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let (id, token) = named(&id, &headers)?;
    let receipts = receipts(&body).ok_or_else(|| Failure::refuse(&malformed()))?;
    receipt::acknowledge(&state.platform, &visit.caller, id, token, receipts).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn receipts(body: &Bytes) -> Option<Receipts> {
    let form = Parameters::parse(std::str::from_utf8(body).ok()?).ok()?;
    match (form.get("signingResult"), form.get("signatures")) {
        (None, None) => Some(Receipts::All(Receipt::Accepted)),
        (Some(word), None) => Receipt::from_word(word).map(Receipts::All),
        (None, Some(list)) => {
            let list: Vec<OneReceipt> = serde_json::from_str(list).ok()?;
            let each = list.into_iter().map(|one| Some((one.id, Receipt::from_word(&one.receipt)?)));
            each.collect::<Option<_>>().map(Receipts::Each)
        }
        (Some(_), Some(_)) => None,
    }
}

/// `DELETE /signing/requests/{id}`: the service takes it back.
pub async fn withdraw(
    State(state): State<AppState>,
    visit: Visit,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer {
    let (id, token) = named(&id, &headers)?;
    request::withdraw(&state.platform, &visit.caller, id, token).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

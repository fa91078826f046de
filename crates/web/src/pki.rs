//! What programs ask a certificate authority for: status answers, lists, certificates, time-stamps. Also served without TLS, by a
//! listener that knows nothing else: whoever checks a certificate cannot need a certificate for it first.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use lionrock_model::time::Millis;
use lionrock_service::Fault;
use lionrock_service::status::{self, Kind, Published};
use lionrock_service::timestamp::{self, Key};
use serde::Deserialize;
use std::time::Duration;

use crate::{AppState, Visit};

/// Longest body that is read at all; what may be in it is shorter.
pub const LONGEST_BODY: usize = 64 * 1024;
const OCSP_REQUEST: &str = "application/ocsp-request";
const OCSP_RESPONSE: &str = "application/ocsp-response";
const STAMP_QUERY: &str = "application/timestamp-query";
const STAMP_REPLY: &str = "application/timestamp-reply";
const CERTIFICATE: &str = "application/pkix-cert";
const LIST: &str = "application/pkix-crl";
const PEM: &str = "application/x-pem-file";

/// `POST /pki/ocsp` (RFC 6960 appendix A.1).
pub async fn ask(State(state): State<AppState>, visit: Visit, headers: HeaderMap, body: Bytes) -> Response {
    if !is_of(&headers, OCSP_REQUEST) {
        return wrong_type(OCSP_REQUEST);
    }
    match status::answer(&state.platform, &visit.caller, &body).await {
        // An answer to a POST is nobody's but the asker's.
        Ok(answered) => plain(OCSP_RESPONSE, answered.der),
        Err(fault) => broken(&fault),
    }
}

/// `GET /pki/ocsp/{question}`, the question in base64 (RFC 6960 appendix A.1, RFC 5019 section 5).
pub async fn ask_by_address(
    State(state): State<AppState>,
    visit: Visit,
    headers: HeaderMap,
    Path(question): Path<String>,
) -> Response {
    // What is not base64 is a malformed question, and answered as one.
    let question = STANDARD.decode(question.trim_start_matches('/')).unwrap_or_default();
    match status::answer(&state.platform, &visit.caller, &question).await {
        Ok(answered) => match answered.keep {
            Some((made, span)) => cached(&headers, OCSP_RESPONSE, answered.der, made, span),
            None => plain(OCSP_RESPONSE, answered.der),
        },
        Err(fault) => broken(&fault),
    }
}

/// `POST /pki/tsa`, with `?key=rsa` by the RSA key (RFC 3161 section 3.4).
pub async fn stamp(
    State(state): State<AppState>,
    visit: Visit,
    Query(which): Query<Which>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if !is_of(&headers, STAMP_QUERY) {
        return wrong_type(STAMP_QUERY);
    }
    let key = match which.key.as_deref() {
        None | Some("ecdsa") => Key::Ecdsa,
        Some("rsa") => Key::Rsa,
        Some(_) => return (StatusCode::NOT_FOUND, [(header::CACHE_CONTROL, "no-store")]).into_response(),
    };
    match timestamp::answer(&state.platform, &visit.caller, key, &body).await {
        Ok(der) => plain(STAMP_REPLY, der),
        Err(fault) => broken(&fault),
    }
}

/// Which key stamps.
#[derive(Deserialize)]
pub struct Which {
    #[serde(default)]
    key: Option<String>,
}

/// `GET /pki/{file}`: `root.cer`, `issuing.cer`, `root.pem`, `chain.pem`, `root.crl`, `issuing.crl`.
pub async fn get(
    State(state): State<AppState>,
    visit: Visit,
    headers: HeaderMap,
    Path(file): Path<String>,
) -> Response {
    match status::published(&state.platform, &visit.caller, &file).await {
        Ok(Some(Published { bytes, kind, made, keep })) => {
            let kind = match kind {
                Kind::Certificate => CERTIFICATE,
                Kind::List => LIST,
                Kind::Pem => PEM,
            };
            cached(&headers, kind, bytes, made, keep)
        }
        Ok(None) => (StatusCode::NOT_FOUND, [(header::CACHE_CONTROL, "no-store")]).into_response(),
        Err(fault) => broken(&fault),
    }
}

fn is_of(headers: &HeaderMap, kind: &str) -> bool {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    given.is_some_and(|given| given.split(';').next().is_some_and(|given| given.trim().eq_ignore_ascii_case(kind)))
}

fn wrong_type(wanted: &'static str) -> Response {
    (StatusCode::UNSUPPORTED_MEDIA_TYPE, [(header::ACCEPT, wanted), (header::CACHE_CONTROL, "no-store")])
        .into_response()
}

fn plain(kind: &'static str, der: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-store")], der).into_response()
}

/// With the times and the mark by which caches keep it no longer than they may (RFC 5019 section 6); whoever has it already is told
/// that it is the same.
fn cached(asked: &HeaderMap, kind: &'static str, bytes: Vec<u8>, made: Millis, span: Duration) -> Response {
    let mark = status::mark(&bytes);
    let known = asked.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let known = known.is_some_and(|known| known.split(',').any(|one| one.trim().trim_matches('"') == mark));
    let control = format!("max-age={}, public, no-transform, must-revalidate", span.as_secs());
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, kind)], bytes).into_response()
    };
    let written = [
        (header::CACHE_CONTROL, Some(control)),
        (header::ETAG, Some(format!("\"{mark}\""))),
        (header::LAST_MODIFIED, http_date(made)),
        (header::EXPIRES, http_date(made.after(span))),
    ];
    for (name, value) in written {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// As RFC 9110 section 5.6.7 wants it.
fn http_date(at: Millis) -> Option<String> {
    // Hong Kong is eight hours ahead all year.
    let at = at.before(Duration::from_secs(8 * 60 * 60)).hong_kong();
    Some(at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
}

fn broken(fault: &Fault) -> Response {
    tracing::error!(error = %fault, "the authority could not answer");
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1"), (header::CACHE_CONTROL, "no-store")]).into_response()
}

//! The one translator of "no": refusals and faults become an error page or problem JSON (RFC 9457), in the visitor's language.
//!
//! A handler's `Failure` travels in the extensions of an empty response; `render`, at the edge, knows who asked and writes the body. Rejections of extractors and
//! of the router itself are caught by their status, so nobody ever sees a bare line of plain text.

use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderValue, StatusCode, header};
use lionrock_model::refusal::Refusal;
use lionrock_service::fault::FaultKind;
use lionrock_service::{Error, Fault};
use serde_json::json;

use crate::Visit;
use crate::page::{self, problem::Problem};

/// What handlers return.
pub type Answer = Result<Response, Failure>;

/// A "no" on its way to the visitor.
#[derive(Clone, Debug)]
pub struct Failure {
    status: StatusCode,
    code: String,
    title_key: String,
    text_key: String,
    fault: Option<Arc<Fault>>,
    /// Where to go instead, for browsers.
    instead: Option<String>,
}

impl Failure {
    /// A refusal out of a journey's closed list.
    pub fn refuse(refusal: &impl Refusal) -> Self {
        let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::BAD_REQUEST);
        Self {
            status,
            code: refusal.code().to_owned(),
            title_key: "problem-refused-title".to_owned(),
            text_key: refusal.text_key(),
            fault: None,
            instead: None,
        }
    }

    /// Something of ours broke; logged once, told without detail.
    pub fn fault(fault: Fault) -> Self {
        let kind = match fault.kind {
            FaultKind::RolledBack => "put-back",
            _ if fault.is_passing() => "unavailable",
            _ => "fault",
        };
        Self { fault: Some(Arc::new(fault)), ..Self::of(kind) }
    }

    /// A problem of the edge itself, by its word: one of `problem-WORD-title` and `problem-WORD` in `problem.ftl`.
    pub fn of(word: &'static str) -> Self {
        let status = match word {
            "malformed" => StatusCode::BAD_REQUEST,
            "foreign-origin" | "stale-form" | "kiosk-only" | "loopback-only" => StatusCode::FORBIDDEN,
            "not-found" => StatusCode::NOT_FOUND,
            "wrong-method" => StatusCode::METHOD_NOT_ALLOWED,
            "too-slow" => StatusCode::REQUEST_TIMEOUT,
            "too-large" => StatusCode::PAYLOAD_TOO_LARGE,
            "wrong-content-type" => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "wrong-host" => StatusCode::MISDIRECTED_REQUEST,
            "too-many" => StatusCode::TOO_MANY_REQUESTS,
            "unavailable" => StatusCode::SERVICE_UNAVAILABLE,
            // RFC 4918 section 11.3: nothing about this record can be done until somebody cleared it up.
            "put-back" => StatusCode::LOCKED,
            "sign-in-first" => StatusCode::UNAUTHORIZED,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self {
            status,
            code: word.to_owned(),
            title_key: format!("problem-{word}-title"),
            text_key: format!("problem-{word}"),
            fault: None,
            instead: None,
        }
    }

    /// Nobody is signed in: browsers go to the sign-in page, which leads back to `here`; scripts get 401.
    pub fn sign_in_first(here: &str) -> Self {
        let back: String = here.bytes().map(escape).collect();
        Self { instead: Some(format!("/signin?next={back}")), ..Self::of("sign-in-first") }
    }

    /// Sends browsers to `path` of our own instead of showing the error page.
    #[must_use]
    pub fn instead(self, path: &str) -> Self {
        Self { instead: Some(path.to_owned()), ..self }
    }

    pub(crate) fn outside_the_edge() -> Self {
        Self::of("fault")
    }

    /// The status it will have.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The stable code.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The sentence shown to the visitor.
    pub fn text(&self, say: crate::language::Say) -> String {
        if say.knows(&self.text_key) { say.t(&self.text_key) } else { say.t1("problem-unnamed", "code", &self.code) }
    }
}

impl<R: Refusal> From<Error<R>> for Failure {
    fn from(error: Error<R>) -> Self {
        match error {
            Error::Refuse(refusal) => Self::refuse(&refusal),
            Error::Fault(fault) => Self::fault(fault),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Writes the body of an answer that says no and has none of its own yet.
pub(crate) fn render(visit: &Visit, response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let failure = match parts.extensions.remove::<Failure>() {
        Some(failure) => failure,
        None => match bare(parts.status, parts.headers.get(header::CONTENT_TYPE)) {
            Some(word) => Failure { status: parts.status, ..Failure::of(word) },
            None => return Response::from_parts(parts, body),
        },
    };
    if let Some(fault) = &failure.fault {
        tracing::error!(trace = %visit.caller.trace, kind = ?fault.kind, fault = %fault, "a request failed");
    }
    let mut answer = match &failure.instead {
        Some(path) if visit.wants_page => Redirect::to(path).into_response(),
        _ if visit.wants_page => error_page(visit, &failure),
        _ => problem_json(visit, &failure),
    };
    // Headers the first answer set (Allow, Retry-After, Set-Cookie) stay; those that described its body go.
    parts.headers.remove(header::CONTENT_TYPE);
    parts.headers.remove(header::CONTENT_LENGTH);
    for (name, value) in &parts.headers {
        answer.headers_mut().append(name, value.clone());
    }
    answer
}

/// The word for an answer without a shape: a status from an extractor, the router or a layer.
fn bare(status: StatusCode, content_type: Option<&HeaderValue>) -> Option<&'static str> {
    let shaped = content_type.is_some_and(|kind| !kind.as_bytes().starts_with(b"text/plain"));
    if shaped || !(status.is_client_error() || status.is_server_error()) {
        return None;
    }
    Some(match status {
        StatusCode::NOT_FOUND => "not-found",
        StatusCode::METHOD_NOT_ALLOWED => "wrong-method",
        StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT => "too-slow",
        StatusCode::PAYLOAD_TOO_LARGE => "too-large",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "wrong-content-type",
        StatusCode::TOO_MANY_REQUESTS => "too-many",
        StatusCode::SERVICE_UNAVAILABLE => "unavailable",
        status if status.is_client_error() => "malformed",
        _ => "fault",
    })
}

fn error_page(visit: &Visit, failure: &Failure) -> Response {
    let view = Problem {
        frame: page::Frame::new(visit, visit.say.t(&failure.title_key)),
        text: failure.text(visit.say),
        ours: failure.status.is_server_error(),
        code: failure.code.clone(),
        trace: visit.caller.trace.to_string(),
    };
    match page::show_with(failure.status, &view) {
        Ok(response) => response,
        Err(_) => problem_json(visit, failure),
    }
}

/// `application/problem+json` with the members `code` (stable) and `trace` (for the log) added.
fn problem_json(visit: &Visit, failure: &Failure) -> Response {
    let body = json!({
        "type": "about:blank",
        "title": visit.say.t(&failure.title_key),
        "status": failure.status.as_u16(),
        "detail": failure.text(visit.say),
        "code": failure.code,
        "trace": visit.caller.trace.to_string(),
    });
    let kind = HeaderValue::from_static("application/problem+json");
    let language = HeaderValue::from_static(visit.say.tag());
    let headers = [(header::CONTENT_TYPE, kind), (header::CONTENT_LANGUAGE, language)];
    (failure.status, headers, Body::from(body.to_string())).into_response()
}

/// Percent-encodes whatever is not plainly safe in a query value.
fn escape(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}

//! PAR, token and userinfo: form in, JSON out, errors in the shapes of RFC 6749 section 5.2 and RFC 6750 section 3.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use lionrock_model::refusal::Refusal;
use lionrock_service::oidc::exchange::{Exchange, exchange};
use lionrock_service::oidc::push::{self, Push};
use lionrock_service::oidc::{Rejected, userinfo};
use lionrock_service::{Error, Fault};
use lionrock_wire::oauth::{Code, Credential, Parameters, Problem, credential};
use serde::Serialize;

use crate::{AppState, Visit};

/// `POST /oauth/par`.
pub async fn push(State(state): State<AppState>, visit: Visit, headers: HeaderMap, body: Bytes) -> Response {
    let asked = match read(&state, &visit, &headers, &body) {
        Ok(asked) => asked,
        Err(answer) => return *answer,
    };
    let client = asked.client();
    let command = Push { credential: asked.credential, parameters: asked.parameters };
    match push::push(&state.platform, &visit.caller, command).await {
        Ok(pushed) => json(StatusCode::CREATED, &pushed),
        Err(error) => refused(&state, &visit, &headers, &client, error),
    }
}

/// `POST /oauth/token`.
pub async fn token(State(state): State<AppState>, visit: Visit, headers: HeaderMap, body: Bytes) -> Response {
    let asked = match read(&state, &visit, &headers, &body) {
        Ok(asked) => asked,
        Err(answer) => return *answer,
    };
    let client = asked.client();
    let command = Exchange { credential: asked.credential, parameters: asked.parameters };
    match exchange(&state.platform, &visit.caller, command).await {
        Ok(tokens) => json(StatusCode::OK, &tokens),
        Err(error) => refused(&state, &visit, &headers, &client, error),
    }
}

/// `GET` and `POST /oauth/userinfo`. The token comes in the header, never in a query or body (FAPI 2.0, 5.3.4).
pub async fn userinfo(State(state): State<AppState>, visit: Visit, headers: HeaderMap) -> Response {
    let token = match one(&headers, &header::AUTHORIZATION).and_then(credential::bearer) {
        Ok(Some(token)) => token,
        // Without a token no error code is given (RFC 6750 section 3.1).
        Ok(None) => return challenged(StatusCode::UNAUTHORIZED.into_response(), format!("Bearer realm=\"{REALM}\"")),
        Err(problem) => return challenged(shaped(&problem), problem.challenge(REALM)),
    };
    match userinfo::userinfo(&state.platform, &visit.caller, token).await {
        Ok(claims) => json(StatusCode::OK, &claims),
        Err(error) => resource_refused(&visit, error),
    }
}

/// A refusal of a resource that a token opens: with a challenge where the token is what is wrong (RFC 6750 section 3).
pub(crate) fn resource_refused(visit: &Visit, error: Error<Rejected>) -> Response {
    match error {
        Error::Refuse(Rejected(problem)) if matches!(problem.code.status(), 401 | 403) => {
            challenged(shaped(&problem), problem.challenge(REALM))
        }
        Error::Refuse(Rejected(problem)) => shaped(&problem),
        Error::Fault(fault) => failed(visit, &fault),
    }
}

/// A form that a service sent, and how it proves itself.
pub(crate) struct Asked {
    pub credential: Credential,
    pub parameters: Parameters,
}

impl Asked {
    /// The name the request gives its sender, for counting failures.
    fn client(&self) -> String {
        match &self.credential {
            Credential::Secret { client_id, .. } | Credential::None { client_id } => client_id.clone(),
            Credential::Assertion { client_id, .. } => client_id.clone().unwrap_or_default(),
        }
    }
}

/// Form, parameters, credential; and nobody who guessed too often.
pub(crate) fn read(state: &AppState, visit: &Visit, headers: &HeaderMap, body: &Bytes) -> Result<Asked, Box<Response>> {
    let shape = |problem: Problem| Box::new(shaped(&problem));
    let kind = headers.get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let kind = kind.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    if !kind.eq_ignore_ascii_case(b"application/x-www-form-urlencoded") {
        let problem = Problem::new(Code::InvalidRequest, "send the body as application/x-www-form-urlencoded");
        return Err(Box::new(with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE, shaped(&problem))));
    }
    let text = std::str::from_utf8(body)
        .map_err(|_| shape(Problem::new(Code::InvalidRequest, "the body is not UTF-8 text")))?;
    let parameters = Parameters::parse(text).map_err(shape)?;
    let header = one(headers, &header::AUTHORIZATION).map_err(shape)?;
    let credential =
        Credential::find(header, &parameters).map_err(|problem| Box::new(with_challenge(headers, shaped(&problem))))?;
    let asked = Asked { credential, parameters };
    if !state.edge.guesses.admit(&asked.client(), visit.caller.address, visit.caller.now) {
        let problem =
            Problem::new(Code::InvalidClient, "too many failed authentications from this network: wait a minute");
        return Err(Box::new(with_status(StatusCode::TOO_MANY_REQUESTS, shaped(&problem))));
    }
    Ok(asked)
}

fn refused(state: &AppState, visit: &Visit, headers: &HeaderMap, client: &str, error: Error<Rejected>) -> Response {
    match error {
        Error::Refuse(Rejected(problem)) => {
            tracing::info!(trace = %visit.caller.trace, error = Rejected(problem).code(), reason = problem.description, "a service's request was refused");
            if problem.code == Code::InvalidClient {
                state.edge.guesses.note(client, visit.caller.address, visit.caller.now);
                return with_challenge(headers, shaped(&problem));
            }
            shaped(&problem)
        }
        Error::Fault(fault) => failed(visit, &fault),
    }
}

/// Something of ours broke: logged here, told without detail.
pub(crate) fn failed(visit: &Visit, fault: &Fault) -> Response {
    tracing::error!(trace = %visit.caller.trace, kind = ?fault.kind, fault = %fault, "a service's request failed");
    shaped(&if fault.is_passing() {
        Problem::new(Code::TemporarilyUnavailable, "try again in a moment")
    } else {
        Problem::new(Code::ServerError, "something failed here; the x-trace-id header names it")
    })
}

/// The one value of a header that may come once.
fn one<'h>(headers: &'h HeaderMap, name: &header::HeaderName) -> Result<Option<&'h str>, Problem> {
    let mut values = headers.get_all(name).iter();
    let first = values.next().map(HeaderValue::to_str).transpose();
    match (first, values.next()) {
        (Ok(value), None) => Ok(value),
        _ => Err(Problem::new(Code::InvalidRequest, "the Authorization header is unreadable, or there are two")),
    }
}

fn shaped(problem: &Problem) -> Response {
    let status = StatusCode::from_u16(problem.code.status()).unwrap_or(StatusCode::BAD_REQUEST);
    json(status, &problem.to_json())
}

fn json(status: StatusCode, body: &impl Serialize) -> Response {
    // RFC 6749 section 5.1.
    let headers = [(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")];
    (status, headers, axum::Json(body)).into_response()
}

fn with_status(status: StatusCode, mut response: Response) -> Response {
    *response.status_mut() = status;
    response
}

/// A client that tried the Authorization header is told which scheme we take (RFC 6749 section 5.2).
fn with_challenge(headers: &HeaderMap, response: Response) -> Response {
    if headers.contains_key(header::AUTHORIZATION) && response.status() == StatusCode::UNAUTHORIZED {
        return challenged(response, format!("Basic realm=\"{REALM}\", charset=\"UTF-8\""));
    }
    response
}

fn challenged(mut response: Response, challenge: String) -> Response {
    if let Ok(value) = HeaderValue::from_str(&challenge) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
    response
}

const REALM: &str = "lionrock";

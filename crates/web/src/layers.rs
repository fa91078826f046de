//! What every request passes before and after its handler. `edge` surrounds all routes; `same_origin` those that people change things by;
//! `open_to_scripts` those that other origins' scripts may call.

mod headers;
mod open;
pub(crate) mod rate;
mod same_origin;

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use http::{HeaderMap, HeaderValue, Method, Uri, header};
use lionrock_model::id::TraceId;
use lionrock_service::caller::Caller;

pub(crate) use headers::{content_policy_leading_to as leading_to_policy, permissions_with_camera};
pub use open::open_to_scripts;
pub use same_origin::same_origin;

use crate::listen::Peer;
use crate::{AppState, Failure, Visit, cookie, error, kiosk, visit};

/// Routes that answer whatever host they are called by: probes come by address.
const ANY_HOST: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// What programs ask the certificate authority by whatever name they know it, as its certificates say.
const AUTHORITY: &str = "/pki/";

/// Changes by services, not by people: one address sends them for many. The rate of all requests holds for them too, and failed
/// credentials are counted on their own.
const OF_SERVICES: [&str; 3] = ["/oauth/par", "/oauth/token", "/oauth/userinfo"];

/// Makes the visitor, guards, runs the handler within its time, writes refusals, headers and the log line.
#[allow(clippy::disallowed_methods, reason = "the edge measures how long an answer took")]
pub async fn edge(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let mut visit = meet(&state, &request);
    let stands = kiosk::recognise(&state, &mut visit, request.headers()).await;
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", |m| m.as_str()).to_owned();
    let method = request.method().clone();
    let _running = state.edge.metrics.running();

    request.extensions_mut().insert(visit.clone());
    let no = turn_away(&state, &visit, &request).or(stands.err()).or_else(|| kiosk::turn_away(&visit, &request));
    let response = match no {
        Some(failure) => failure.into_response(),
        None => run(&state, &visit, request, next).await,
    };
    let mut response = error::render(&visit, response);
    headers::complete(&visit, response.headers_mut());
    remember(&visit, &method, &mut response);

    let took = started.elapsed();
    state.edge.metrics.count(&method, &route, response.status(), took);
    tracing::info!(
        trace = %visit.caller.trace,
        method = %method,
        route,
        status = response.status().as_u16(),
        ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        "request"
    );
    response
}

fn meet(state: &AppState, request: &Request) -> Visit {
    let mut trace = [0_u8; 8];
    state.edge.entropy.fill(&mut trace);
    let caller = Caller {
        now: (state.edge.clock)(),
        entropy: Arc::clone(&state.edge.entropy),
        language: visit::language_of(request.headers(), request.uri()),
        trace: TraceId(trace),
        address: address_of(request),
    };
    Visit::new(caller, state, request.headers(), request.uri())
}

fn address_of(request: &Request) -> Option<IpAddr> {
    request.extensions().get::<Peer>().map(|peer| peer.0.ip())
}

/// What is turned away before any handler sees it.
fn turn_away(state: &AppState, visit: &Visit, request: &Request) -> Option<Failure> {
    let path = request.uri().path();
    if !ANY_HOST.contains(&path)
        && !path.starts_with(AUTHORITY)
        && !host_of(request.headers(), request.uri()).is_some_and(|host| host.eq_ignore_ascii_case(&state.edge.host))
    {
        return Some(Failure::of("wrong-host"));
    }
    if let Some(address) = visit.caller.address
        && !path.starts_with("/static/")
        && !state.edge.rates.admits(address, is_change(request.method(), path))
    {
        return Some(Failure::of("too-many"));
    }
    None
}

/// Whether a request is a change by a person, which has a rate of its own.
fn is_change(method: &Method, path: &str) -> bool {
    !is_safe(method) && !OF_SERVICES.contains(&path) && !path.starts_with(AUTHORITY)
}

/// As [`edge`], for the listener without TLS: a rate and a time, and neither pages nor cookies.
pub async fn plain(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let visit = meet(&state, &request);
    let _running = state.edge.metrics.running();
    if visit.caller.address.is_some_and(|address| !state.edge.rates.admits(address, false)) {
        return (http::StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "1")]).into_response();
    }
    request.extensions_mut().insert(visit.clone());
    let mut response = run(&state, &visit, request, next).await;
    // What says no has no words here: whoever asks is a program.
    response.extensions_mut().remove::<Failure>();
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// HTTP/2 carries the host in the URI, HTTP/1.1 in `Host`; two different ones are nobody's.
fn host_of<'a>(headers: &'a HeaderMap, uri: &'a Uri) -> Option<&'a str> {
    let mut named = headers.get_all(header::HOST).iter();
    let written = named.next().map(|value| value.to_str().ok());
    if named.next().is_some() {
        return None;
    }
    match (uri.authority().map(http::uri::Authority::as_str), written) {
        (Some(uri), None) => Some(uri),
        (Some(uri), Some(Some(written))) if uri.eq_ignore_ascii_case(written) => Some(uri),
        (None, Some(written)) => written,
        _ => None,
    }
}

async fn run(state: &AppState, visit: &Visit, request: Request, next: Next) -> Response {
    let handler = AssertUnwindSafe(next.run(request)).catch_unwind();
    match tokio::time::timeout(state.edge.settings.time, handler).await {
        Ok(Ok(response)) => response,
        Ok(Err(_panic)) => {
            // The panic hook has written where; what it was about may hold personal data and is not repeated here.
            tracing::error!(trace = %visit.caller.trace, "a handler panicked");
            Failure::of("fault").into_response()
        }
        Err(_) => Failure::of("too-slow").into_response(),
    }
}

/// Sets the browser cookie on the first page and the language cookie on `?lang`; clears what an ended session leaves.
fn remember(visit: &Visit, method: &Method, response: &mut Response) {
    let is_page =
        response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if visit.browser.fresh && is_page && is_safe(method) {
        let line = cookie::set(cookie::BROWSER, &visit.browser.cookie(), Some(YEAR));
        response.headers_mut().append(header::SET_COOKIE, line);
    }
    if is_page && visit.here.contains("lang=") {
        let line = cookie::set(cookie::LANGUAGE, visit.say.tag(), Some(YEAR));
        response.headers_mut().append(header::SET_COOKIE, line);
    }
    kiosk::shorten(visit, response.headers_mut());
    // Whoever ends a session leaves nothing of it in the browser (OWASP ASVS 5.0, 14.3.1).
    let gone = cookie::clear(cookie::SESSION);
    if response.headers().get_all(header::SET_COOKIE).iter().any(|line| *line == gone) {
        let all = HeaderValue::from_static("\"cache\", \"storage\"");
        response.headers_mut().insert(http::HeaderName::from_static("clear-site-data"), all);
    }
    if response.status() == http::StatusCode::TOO_MANY_REQUESTS {
        response.headers_mut().entry(header::RETRY_AFTER).or_insert(HeaderValue::from_static("60"));
    }
}

/// Whether a method may not change anything (RFC 9110 section 9.2.1).
pub(crate) fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

const YEAR: u32 = 365 * 24 * 3600;

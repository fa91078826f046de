//! A change must come from one of our own pages: the browser says so (`Sec-Fetch-Site`, `Origin`) and the page's token proves it.

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, header};

use crate::{AppState, Failure, Visit};

/// The header scripts send the token in.
pub const TOKEN_HEADER: &str = "x-csrf-token";

/// Lets reading pass; lets a change pass only from our own origin with the browser's own token. Forms are read here and handed on unchanged.
pub async fn same_origin(State(state): State<AppState>, request: Request, next: Next) -> Response {
    if super::is_safe(request.method()) {
        return next.run(request).await;
    }
    if !says_same_origin(request.headers(), &state.edge.origin) {
        return Failure::of("foreign-origin").into_response();
    }
    let Some(visit) = request.extensions().get::<Visit>().cloned() else {
        return Failure::outside_the_edge().into_response();
    };
    if let Some(token) = request.headers().get(TOKEN_HEADER) {
        let fits = !visit.browser.fresh && same(token.as_bytes(), visit.browser.form_token.as_bytes());
        return if fits { next.run(request).await } else { Failure::of("stale-form").into_response() };
    }
    if !is_form(request.headers()) {
        return Failure::of("stale-form").into_response();
    }
    let (parts, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, state.edge.settings.body).await else {
        return Failure::of("too-large").into_response();
    };
    if visit.browser.fresh || !form_token(&bytes).is_some_and(|token| same(token, visit.browser.form_token.as_bytes()))
    {
        return Failure::of("stale-form").into_response();
    }
    next.run(Request::from_parts(parts, Body::from(bytes))).await
}

/// What the browser says. Programs that are no browser send neither header; for them the token alone decides.
fn says_same_origin(headers: &HeaderMap, own: &str) -> bool {
    let site = headers.get("sec-fetch-site").is_none_or(|site| site == "same-origin");
    let origin = headers.get(header::ORIGIN).is_none_or(|origin| origin == own);
    site && origin
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).map_or(&b""[..], |kind| kind.as_bytes());
    kind.split(|b| *b == b';')
        .next()
        .is_some_and(|kind| kind.trim_ascii().eq_ignore_ascii_case(b"application/x-www-form-urlencoded"))
}

/// The token has no character that a form would escape, so it is found without decoding. Two of them are none.
fn form_token(body: &[u8]) -> Option<&[u8]> {
    let mut found = body.split(|b| *b == b'&').filter_map(|pair| pair.strip_prefix(b"csrf="));
    let first = found.next();
    if found.next().is_some() { None } else { first }
}

/// Compares without telling by its time where the first difference lies.
fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}

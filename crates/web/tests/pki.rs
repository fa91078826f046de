//! The certificate authority's public side over HTTP: content types, caches, refusals, and the listener that knows nothing else.

use crate::stage::Stage;
use axum::Router;
use axum::body::Body;
use axum::response::Response;
use http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use lionrock_crypto::random::System;
use lionrock_service::{Caller, authority};
use lionrock_web::routes;
use std::sync::Arc;
use tower::ServiceExt;

/// A site whose realm has its authority.
async fn site() -> (Stage, Router, Router) {
    let stage = Stage::new().await;
    let caller = Caller::platform(stage.clock.now(), Arc::new(System));
    authority::establish(&stage.state.platform, &caller).await.unwrap().unwrap();
    let (whole, plain) = (stage.site(), routes::plain(&stage.state));
    (stage, whole, plain)
}

async fn ask(router: &Router, method: &str, path: &str, kind: Option<&str>, body: Vec<u8>) -> (Response, Vec<u8>) {
    let mut request = Request::builder().method(method).uri(path).header(header::HOST, "pki.example.com");
    if let Some(kind) = kind {
        request = request.header(header::CONTENT_TYPE, kind);
    }
    let response = router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes().to_vec();
    (Response::from_parts(parts, Body::empty()), bytes)
}

fn head(response: &Response, name: header::HeaderName) -> &str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

/// `malformedRequest`, unsigned (RFC 6960 section 4.2.1).
const MALFORMED: &[u8] = &[0x30, 0x03, 0x0a, 0x01, 0x01];

#[tokio::test]
async fn odd_questions_are_answered_and_odd_requests_refused() {
    let (_stage, whole, plain) = site().await;
    for router in [&whole, &plain] {
        let kind = Some("application/ocsp-request");
        let (response, body) = ask(router, "POST", "/pki/ocsp", kind, b"garbage".to_vec()).await;
        assert_eq!((response.status(), body.as_slice()), (StatusCode::OK, MALFORMED));
        assert_eq!(head(&response, header::CONTENT_TYPE), "application/ocsp-response");
        assert_eq!(head(&response, header::CACHE_CONTROL), "no-store");
        let (response, body) = ask(router, "POST", "/pki/ocsp", kind, vec![0x30; 60_000]).await;
        assert_eq!((response.status(), body.as_slice()), (StatusCode::OK, MALFORMED));
        for question in ["AAAA", "not*base64", "%2f%2f", &"A".repeat(4000)] {
            let (response, body) = ask(router, "GET", &format!("/pki/ocsp/{question}"), None, vec![]).await;
            assert_eq!((response.status(), body.as_slice()), (StatusCode::OK, MALFORMED), "{question}");
        }
        let (response, _) = ask(router, "POST", "/pki/ocsp", Some("text/plain"), b"x".to_vec()).await;
        assert_eq!(response.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
        let (response, _) = ask(router, "POST", "/pki/ocsp", None, b"x".to_vec()).await;
        assert_eq!(response.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
        let (response, _) = ask(router, "POST", "/pki/ocsp", kind, vec![0; 70_000]).await;
        assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
        let (response, _) = ask(router, "DELETE", "/pki/ocsp", None, vec![]).await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        let (response, body) =
            ask(router, "POST", "/pki/tsa", Some("application/timestamp-query"), b"x".to_vec()).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert!(head(&response, header::CONTENT_TYPE) == "application/timestamp-reply" && body.len() > 10);
        let (response, _) = ask(router, "POST", "/pki/tsa?key=dsa", Some("application/timestamp-query"), vec![]).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn files_say_how_long_they_may_be_kept() {
    let (_stage, whole, plain) = site().await;
    for (file, kind) in [
        ("root.cer", "application/pkix-cert"),
        ("issuing.cer", "application/pkix-cert"),
        ("root.pem", "application/x-pem-file"),
        ("chain.pem", "application/x-pem-file"),
        ("root.crl", "application/pkix-crl"),
        ("issuing.crl", "application/pkix-crl"),
    ] {
        let (response, body) = ask(&plain, "GET", &format!("/pki/{file}"), None, vec![]).await;
        assert_eq!((response.status(), head(&response, header::CONTENT_TYPE)), (StatusCode::OK, kind), "{file}");
        let control = head(&response, header::CACHE_CONTROL).to_owned();
        assert!(control.starts_with("max-age=") && control.contains("public"), "{file}: {control}");
        assert!(head(&response, header::LAST_MODIFIED).ends_with(" GMT") && head(&response, header::ETAG).len() == 34);
        assert_eq!(ask(&whole, "GET", &format!("/pki/{file}"), None, vec![]).await.1, body, "the same over TLS");
    }
    for missing in ["/pki/root.key", "/pki/../keys", "/pki/", "/pki"] {
        assert_eq!(ask(&plain, "GET", missing, None, vec![]).await.0.status(), StatusCode::NOT_FOUND, "{missing}");
    }
}

#[tokio::test]
async fn the_listener_without_tls_knows_no_page_and_sets_no_cookie() {
    let (_stage, whole, plain) = site().await;
    for path in [
        "/",
        "/signin",
        "/account",
        "/account/certificates",
        "/healthz",
        "/static/app.css",
        "/oauth/jwks",
        "/ledger/checkpoint",
        "/staff",
    ] {
        let (response, body) = ask(&plain, "GET", path, None, vec![]).await;
        assert_eq!((response.status(), body.len()), (StatusCode::NOT_FOUND, 0), "{path}");
        assert!(response.headers().get(header::SET_COOKIE).is_none());
        assert!(response.headers().get(header::STRICT_TRANSPORT_SECURITY).is_none(), "of no use without TLS");
    }
    // Pages keep to their own name, the authority's side answers under any.
    assert_eq!(ask(&whole, "GET", "/signin", None, vec![]).await.0.status(), StatusCode::MISDIRECTED_REQUEST);
    assert_eq!(ask(&whole, "GET", "/pki/root.cer", None, vec![]).await.0.status(), StatusCode::OK);
}

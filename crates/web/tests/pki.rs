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

/// A question about one of the authority's own certificates, as OpenSSL asks it.
fn question(folder: &std::path::Path, issuer: &[u8], serial: &str, more: &[&str]) -> Vec<u8> {
    let (issuing, out) = (folder.join("issuing.pem"), folder.join("question.der"));
    std::fs::write(&issuing, issuer).unwrap();
    let asked = std::process::Command::new("openssl")
        .args(["ocsp", "-sha256", "-issuer", issuing.to_str().unwrap(), "-serial", serial])
        .args(more)
        .args(["-reqout", out.to_str().unwrap()])
        .output()
        .unwrap();
    assert!(out.exists(), "{}", String::from_utf8_lossy(&asked.stderr));
    std::fs::read(out).unwrap()
}

#[tokio::test]
async fn answers_by_address_are_kept_by_caches_for_a_minute_and_those_with_a_nonce_by_nobody() {
    use base64::Engine as _;
    let (stage, whole, plain) = site().await;
    let chain = authority::chain(&stage.state.platform).await.unwrap().unwrap();
    let serial: String = chain.tsa.as_ref().unwrap().certificate.serial().iter().map(|b| format!("{b:02x}")).collect();
    let folder = tempfile::tempdir().unwrap();
    let (_, pem) = ask(&plain, "GET", "/pki/chain.pem", None, vec![]).await;
    let der = question(folder.path(), &pem, &format!("0x{serial}"), &["-no_nonce"]);
    let base64 = base64::engine::general_purpose::STANDARD.encode(&der);
    let (posted, answer) = ask(&plain, "POST", "/pki/ocsp", Some("application/ocsp-request"), der).await;
    assert_eq!((posted.status(), head(&posted, header::CACHE_CONTROL)), (StatusCode::OK, "no-store"));
    assert!(answer.len() > 300, "an answer with a signature");
    // As it is, and as RFC 6960 appendix A.1 wants it written into an address.
    for written in [base64.clone(), base64.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")] {
        for router in [&whole, &plain] {
            let (got, body) = ask(router, "GET", &format!("/pki/ocsp/{written}"), None, vec![]).await;
            assert_eq!((got.status(), &body), (StatusCode::OK, &answer), "pre-signed: the same bytes by either way");
            assert_eq!(head(&got, header::CONTENT_TYPE), "application/ocsp-response");
            assert_eq!(head(&got, header::CACHE_CONTROL), "max-age=60, public, no-transform, must-revalidate");
            let (made, over) = (head(&got, header::LAST_MODIFIED), head(&got, header::EXPIRES));
            assert!(made.ends_with(" GMT") && over.ends_with(" GMT") && made != over, "{made} {over}");
            let mark = head(&got, header::ETAG).to_owned();
            let again = Request::builder().uri(format!("/pki/ocsp/{written}")).header(header::HOST, "pki.example.com");
            let again = again.header(header::IF_NONE_MATCH, &mark).body(Body::empty()).unwrap();
            let again = router.clone().oneshot(again).await.unwrap();
            assert_eq!((again.status(), head(&again, header::ETAG)), (StatusCode::NOT_MODIFIED, mark.as_str()));
        }
    }
    let fresh = question(folder.path(), &pem, &format!("0x{serial}"), &["-nonce"]);
    let written = base64::engine::general_purpose::STANDARD.encode(&fresh).replace('/', "%2F").replace('+', "%2B");
    let (got, body) = ask(&plain, "GET", &format!("/pki/ocsp/{written}"), None, vec![]).await;
    assert_eq!((got.status(), head(&got, header::CACHE_CONTROL)), (StatusCode::OK, "no-store"));
    assert!(body.len() > 300 && body != answer, "signed for this question alone");
    // A certificate that never was is unknown, and kept by nobody: it may come to be.
    let never = question(folder.path(), &pem, "0x7fffffffffffffffffffffffffffffff", &["-no_nonce"]);
    let written = base64::engine::general_purpose::STANDARD.encode(&never).replace('/', "%2F").replace('+', "%2B");
    let (got, _) = ask(&plain, "GET", &format!("/pki/ocsp/{written}"), None, vec![]).await;
    assert_eq!((got.status(), head(&got, header::CACHE_CONTROL)), (StatusCode::OK, "no-store"));
}

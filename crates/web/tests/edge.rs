//! What every request passes: host, origin, token, limits, headers, refusals.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::routing::{get, post};
use axum::{Router, middleware::from_fn_with_state};
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use lionrock_service::Caller;
use lionrock_service::caller::System;
use lionrock_service::ledger;
use lionrock_web::listen::Peer;
use lionrock_web::{EdgeSettings, layers};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::stage::Stage;

const HOST: &str = "localhost:8443";
const ORIGIN: &str = "https://localhost:8443";

fn request(method: Method, path: &str) -> http::request::Builder {
    Request::builder().method(method).uri(path).header(header::HOST, HOST).header(header::ACCEPT, "text/html")
}

async fn send(site: &Router, request: Request<Body>) -> (StatusCode, HeaderMap, String) {
    let response: Response<Body> = site.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, 1 << 20).await.unwrap();
    (parts.status, parts.headers, String::from_utf8_lossy(&bytes).into_owned())
}

async fn get_page(site: &Router, path: &str) -> (StatusCode, HeaderMap, String) {
    send(site, request(Method::GET, path).body(Body::empty()).unwrap()).await
}

/// The browser cookie of a first visit, as `name=value`, and the form token on the page.
async fn first_visit(site: &Router) -> (String, String) {
    let (_, headers, page) = get_page(site, "/").await;
    let line = headers[header::SET_COOKIE].to_str().unwrap();
    let cookie = line.split(';').next().unwrap().to_owned();
    let token = page.split("<meta name=\"csrf\" content=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    (cookie, token)
}

fn choose(cookie: &str) -> http::request::Builder {
    request(Method::POST, "/language")
        .header(header::COOKIE, cookie)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
}

#[tokio::test]
async fn pages_carry_every_security_header() {
    let site = Stage::new().await;
    let (status, headers, _) = get_page(&site.site(), "/").await;
    assert_eq!(status, StatusCode::OK);
    let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    for part in [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    ] {
        assert!(policy.contains(part), "{part}");
    }
    assert!(!policy.contains("unsafe"));
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cache-control", "no-store"),
        ("content-language", "en"),
    ] {
        assert_eq!(headers[name], value, "{name}");
    }
    assert!(headers["strict-transport-security"].to_str().unwrap().starts_with("max-age=63072000"));
    assert!(headers["permissions-policy"].to_str().unwrap().contains("camera=()"));
    let cookie = headers[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("__Host-browser=") && cookie.contains("; Secure; HttpOnly; SameSite=Lax"), "{cookie}");
    assert!(!headers.contains_key(header::SERVER));
}

#[tokio::test]
async fn the_form_token_is_not_the_browsers_secret() {
    let stage = Stage::new().await;
    let (cookie, token) = first_visit(&stage.site()).await;
    let (id, second) = cookie.strip_prefix("__Host-browser=").unwrap().split_once('.').unwrap();
    assert_eq!(second, token);
    assert_ne!(id, token);
    let (_, headers, page) =
        send(&stage.site(), request(Method::GET, "/").header(header::COOKIE, &cookie).body(Body::empty()).unwrap())
            .await;
    assert!(page.contains(&token) && !page.contains(id));
    assert!(!headers.contains_key(header::SET_COOKIE), "a known browser keeps its cookie");
}

#[tokio::test]
async fn a_change_needs_our_origin_and_the_browsers_token() {
    let stage = Stage::new().await;
    let site = stage.site();
    let (cookie, token) = first_visit(&site).await;
    let (_, other) = first_visit(&site).await;
    let form = |token: &str| format!("language=zh-Hant&back=%2Faccount&csrf={token}");

    let (status, headers, _) =
        send(&site, choose(&cookie).header(header::ORIGIN, ORIGIN).body(Body::from(form(&token))).unwrap()).await;
    assert_eq!((status, headers[header::LOCATION].to_str().unwrap()), (StatusCode::SEE_OTHER, "/account"));
    assert!(headers[header::SET_COOKIE].to_str().unwrap().starts_with("__Host-language=zh-Hant;"));

    // Another browser's token, none, two, an empty one.
    for body in [form(&other), "language=en".to_owned(), format!("{}&csrf={token}", form(&token)), form("")] {
        let (status, ..) = send(&site, choose(&cookie).body(Body::from(body.clone())).unwrap()).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{body}");
    }
    // The right token without the cookie it belongs to.
    let (status, ..) = send(&site, choose("a=b").body(Body::from(form(&token))).unwrap()).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    // The right token from somewhere else.
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let (status, _, page) =
            send(&site, choose(&cookie).header(name, value).body(Body::from(form(&token))).unwrap()).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{name}: {value}");
        assert!(page.contains("foreign-origin"));
    }
    // Not a form and no header: a script of another origin can send that without asking first.
    let plain =
        request(Method::POST, "/language").header(header::COOKIE, &cookie).header(header::CONTENT_TYPE, "text/plain");
    assert_eq!(send(&site, plain.body(Body::from(form(&token))).unwrap()).await.0, StatusCode::FORBIDDEN);
    // With the header the body is the handler's to judge.
    let json = request(Method::POST, "/language").header(header::COOKIE, &cookie).header("x-csrf-token", &token);
    let (status, ..) =
        send(&site, json.header(header::CONTENT_TYPE, "application/json").body(Body::from("{}")).unwrap()).await;
    assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    // Nobody is led away by the way back.
    let away = form(&token).replace("%2Faccount", "https%3A%2F%2Fevil.example");
    let (_, headers, _) = send(&site, choose(&cookie).body(Body::from(away)).unwrap()).await;
    assert_eq!(headers[header::LOCATION], "/");
}

#[tokio::test]
async fn another_host_is_not_served() {
    let stage = Stage::new().await;
    let site = stage.site();
    for host in ["evil.example", "localhost", "localhost:8443.evil.example", ""] {
        let asked = Request::builder().uri("/").header(header::HOST, host).body(Body::empty()).unwrap();
        assert_eq!(send(&site, asked).await.0, StatusCode::MISDIRECTED_REQUEST, "{host:?}");
    }
    let twice = request(Method::GET, "/").header(header::HOST, "evil.example").body(Body::empty()).unwrap();
    assert_eq!(send(&site, twice).await.0, StatusCode::MISDIRECTED_REQUEST);
    let over_h2 = Request::builder().uri("https://localhost:8443/").body(Body::empty()).unwrap();
    assert_eq!(send(&site, over_h2).await.0, StatusCode::OK);
    let probe = Request::builder().uri("/healthz").header(header::HOST, "10.0.0.7").body(Body::empty()).unwrap();
    assert_eq!(send(&site, probe).await.0, StatusCode::OK);
}

#[tokio::test]
async fn people_get_a_page_and_programs_get_problem_json() {
    let stage = Stage::new().await;
    let site = stage.site();
    let (status, headers, page) = get_page(&site, "/no/such/page?lang=zh-Hant").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(page.contains("lang=\"zh-Hant\"") && page.contains("沒有這個頁面"));
    assert!(page.contains(headers["x-trace-id"].to_str().unwrap()));

    let program =
        Request::builder().uri("/no/such/page").header(header::HOST, HOST).header(header::ACCEPT, "application/json");
    let (status, headers, body) = send(&site, program.body(Body::empty()).unwrap()).await;
    assert_eq!(
        (status, headers[header::CONTENT_TYPE].to_str().unwrap()),
        (StatusCode::NOT_FOUND, "application/problem+json")
    );
    let problem: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!((problem["status"].as_u64(), problem["code"].as_str()), (Some(404), Some("not-found")));
    assert_eq!(problem["trace"].as_str(), headers["x-trace-id"].to_str().ok());

    let (status, headers, page) = send(&site, request(Method::PUT, "/healthz").body(Body::empty()).unwrap()).await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(headers[header::ALLOW].to_str().unwrap().contains("GET"));
    assert!(page.contains("<html"));
}

/// The edge around routes of the test's own.
fn around(stage: &Stage, router: Router) -> Router {
    router
        .layer(axum::extract::DefaultBodyLimit::max(stage.state.edge.settings.body))
        .layer(from_fn_with_state(stage.state.clone(), layers::edge))
}

#[tokio::test]
async fn panics_slowness_and_long_bodies_end_in_an_answer() {
    let stage =
        Stage::with(EdgeSettings { time: Duration::from_millis(50), body: 100, ..EdgeSettings::default() }).await;
    async fn fall() -> &'static str {
        panic!("secret of a person")
    }
    let router = Router::new()
        .route("/fall", get(fall))
        .route("/sleep", get(|| async { tokio::time::sleep(Duration::from_secs(60)).await }))
        .route("/read", post(|body: String| async move { body }));
    let site = around(&stage, router);
    let (status, _, page) = get_page(&site, "/fall").await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(!page.contains("secret") && page.contains("<html"));
    let (status, _, page) = get_page(&site, "/sleep").await;
    assert_eq!(status, StatusCode::REQUEST_TIMEOUT);
    assert!(page.contains("too-slow"));
    let (status, _, page) =
        send(&site, request(Method::POST, "/read").body(Body::from(vec![b'a'; 101])).unwrap()).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(page.contains("too-large"));
}

#[tokio::test]
async fn an_address_that_asks_too_often_waits_and_others_do_not() {
    let stage = Stage::with(EdgeSettings { requests_per_second: 1, request_burst: 3, ..EdgeSettings::default() }).await;
    let site = stage.site();
    let from = |address: &str| {
        let peer: SocketAddr = address.parse().unwrap();
        request(Method::GET, "/").extension(Peer(peer)).body(Body::empty()).unwrap()
    };
    for _ in 0..3 {
        assert_eq!(send(&site, from("192.0.2.9:1")).await.0, StatusCode::OK);
    }
    let (status, headers, _) = send(&site, from("192.0.2.9:2")).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert!(headers.contains_key(header::RETRY_AFTER));
    assert_eq!(send(&site, from("192.0.2.10:1")).await.0, StatusCode::OK);
    assert_eq!(
        send(&site, from("[::ffff:192.0.2.9]:3")).await.0,
        StatusCode::TOO_MANY_REQUESTS,
        "the same address in another dress"
    );
}

#[tokio::test]
async fn metrics_are_for_this_machine_and_name_templates_only() {
    let stage = Stage::new().await;
    let site = stage.site();
    get_page(&site, "/static/0/lionrock.css?name=CHAN").await;
    let ask = |address: &str| {
        let peer: SocketAddr = address.parse().unwrap();
        Request::builder().uri("/metrics").extension(Peer(peer)).body(Body::empty()).unwrap()
    };
    assert_eq!(send(&site, ask("192.0.2.9:1")).await.0, StatusCode::FORBIDDEN);
    let (status, _, text) = send(&site, ask("[::1]:1")).await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        text.contains(
            "lionrock_http_requests_total{route=\"/static/{version}/{file}\",method=\"GET\",status=\"200\"} 1"
        ),
        "{text}"
    );
    assert!(!text.contains("CHAN"));
}

/// Runs the ledger's job once.
async fn publish(stage: &Stage) {
    let clock = stage.clock.clone();
    let caller = move || Caller::platform(clock.now(), Arc::new(System));
    ledger::run(Arc::clone(&stage.state.platform), caller, async {}).await;
}

#[tokio::test]
async fn readiness_tells_which_part_fails() {
    let stage = Stage::new().await;
    let site = stage.site();
    let (status, _, body) = get_page(&site, "/readyz").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    let nothing_yet = json!({ "checks": { "gate": true, "ledger": false, "store": true }, "status": "not ready" });
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), nothing_yet, "nothing is published yet");

    publish(&stage).await;
    let (status, _, body) = get_page(&site, "/readyz").await;
    let ready = json!({ "checks": { "gate": true, "ledger": true, "store": true }, "status": "ready" });
    assert_eq!((status, serde_json::from_str::<Value>(&body).unwrap()), (StatusCode::OK, ready));

    stage.clock.advance(Duration::from_secs(11));
    assert_eq!(get_page(&site, "/readyz").await.0, StatusCode::SERVICE_UNAVAILABLE, "the log has stopped");
    publish(&stage).await;
    stage.state.platform.store.close().await;
    let (status, _, body) = get_page(&site, "/readyz").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(body.contains(r#""store":false"#), "{body}");
}

#[tokio::test]
async fn a_condition_of_the_gate_that_lapsed_makes_it_unready_until_it_holds_again() {
    let stage = Stage::new().await;
    let site = stage.site();
    publish(&stage).await;
    let look = |failed| {
        let caller = Caller::platform(stage.clock.now(), Arc::new(System));
        let platform = Arc::clone(&stage.state.platform);
        async move { lionrock_service::gate::looked_again(&platform, &caller, failed).await.unwrap() }
    };
    look(vec!["trusted-clock"]).await;
    let (status, _, body) = get_page(&site, "/readyz").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["checks"]["gate"], false, "{body}");
    look(Vec::new()).await;
    assert_eq!(get_page(&site, "/readyz").await.0, StatusCode::OK);
}

#[tokio::test]
async fn everybody_may_read_which_exceptions_stand_and_nobody_why() {
    let stage = Stage::new().await;
    let site = stage.site();
    let (status, _, body) = get_page(&site, "/deviations").await;
    assert_eq!(status, StatusCode::OK);
    let from = stage.clock.now().seconds();
    let shown = json!({ "deviations": [{
        "check": "root-key-in-a-module", "from": from, "until": from + 3600,
        "what": "The root of all keys is held in software, not in a hardware module.",
    }], "realm": "test-demo" });
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), shown, "no id, no reason");
    stage.clock.advance(Duration::from_secs(3600));
    let (_, _, body) = get_page(&site, "/deviations").await;
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["deviations"], json!([]), "it ends by itself");
}

#[tokio::test]
async fn files_may_be_kept_only_under_their_version() {
    let stage = Stage::new().await;
    let site = stage.site();
    let (_, _, page) = get_page(&site, "/").await;
    let path = page.split("href=\"").find(|part| part.starts_with("/static/")).unwrap().split('"').next().unwrap();
    let (status, headers, css) = get_page(&site, path).await;
    assert_eq!((status, headers[header::CONTENT_TYPE].to_str().unwrap()), (StatusCode::OK, "text/css; charset=utf-8"));
    assert!(css.contains("--paper") && headers[header::CACHE_CONTROL].to_str().unwrap().contains("immutable"));
    let (_, headers, _) = get_page(&site, "/static/0000000000000000/lionrock.css").await;
    assert_eq!(headers[header::CACHE_CONTROL], "no-cache");
    let known =
        request(Method::GET, "/static/lionrock.css").header(header::IF_NONE_MATCH, headers[header::ETAG].clone());
    assert_eq!(send(&site, known.body(Body::empty()).unwrap()).await.0, StatusCode::NOT_MODIFIED);
    for path in ["/static/..%2fCargo.toml", "/static/x.js", "/static/a/b/c"] {
        assert_eq!(get_page(&site, path).await.0, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn an_ended_session_leaves_nothing_in_the_browser() {
    let stage = Stage::new().await;
    let site = stage.site();
    let (cookie, token) = first_visit(&site).await;
    let out = request(Method::POST, "/signout").header(header::COOKIE, &cookie).header("x-csrf-token", &token);
    let (status, headers, _) = send(&site, out.body(Body::empty()).unwrap()).await;
    assert_eq!(
        (status, headers["clear-site-data"].to_str().unwrap()),
        (StatusCode::SEE_OTHER, "\"cache\", \"storage\"")
    );
    assert!(
        headers.get_all(header::SET_COOKIE).iter().any(|line| line.to_str().unwrap().starts_with("__Host-session=;"))
    );
    let (_, headers, _) = get_page(&site, "/").await;
    assert!(!headers.contains_key("clear-site-data"));
}

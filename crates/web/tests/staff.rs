//! The two houses know nothing of each other: routes, cookies, forms.

use crate::stage::Stage;
use axum::Router;
use axum::body::Body;
use http::{Method, Request, Response, StatusCode, header};
use lionrock_crypto::random::System;
use lionrock_service::staff::House;
use lionrock_web::{AppState, EdgeSettings, routes, staff};
use std::sync::Arc;
use tower::ServiceExt as _;

const STAFF: &str = "staff.example.hk";

/// Both sites over one platform.
async fn houses() -> (Stage, Router, Router) {
    let mut stage = Stage::new().await;
    let platform = Arc::get_mut(&mut stage.state.platform).unwrap();
    platform.settings.staff = Some(House {
        origin: format!("https://{STAFF}"),
        rp_id: STAFF.to_owned(),
        units: Vec::new(),
        roots: Vec::new(),
        models: Vec::new(),
    });
    let clock = stage.clock.clone();
    let ticking: lionrock_web::state::Clock = Arc::new(move || clock.now());
    let house =
        AppState::staff(Arc::clone(&stage.state.platform), EdgeSettings::default(), ticking, Arc::new(System)).unwrap();
    let (own, theirs) = (staff::table(&house), routes::table(&stage.state));
    (stage, own, theirs)
}

async fn ask(site: &Router, method: Method, host: &str, path: &str, headers: &[(&str, &str)]) -> Response<Body> {
    let mut request = Request::builder().method(method).uri(path).header(header::HOST, host);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    site.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

#[test]
fn neither_house_has_the_others_pages_and_neither_answers_under_the_others_name() {
    lionrock_testkit::engines::run(async {
        let (_stage, own, theirs) = houses().await;
        for path in ["/register", "/account", "/oauth/authorize", "/mailbox", "/oauth/token", "/recover", "/metrics"] {
            assert_eq!(ask(&own, Method::GET, STAFF, path, &[]).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
        for path in ["/officers", "/enrol", "/keys", "/report", "/officers/propose", "/sessions"] {
            let answer = ask(&theirs, Method::GET, "localhost:8443", path, &[]).await;
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
        }
        let other = ask(&own, Method::GET, "localhost:8443", "/signin", &[]).await;
        assert_eq!(other.status(), StatusCode::MISDIRECTED_REQUEST);
        let other = ask(&theirs, Method::GET, STAFF, "/signin", &[]).await;
        assert_eq!(other.status(), StatusCode::MISDIRECTED_REQUEST);
        assert_eq!(ask(&own, Method::GET, STAFF, "/signin", &[]).await.status(), StatusCode::OK);
    });
}

#[test]
fn pages_ask_for_signing_in_and_another_cookie_or_none_is_nobody() {
    lionrock_testkit::engines::run(async {
        let (_stage, own, theirs) = houses().await;
        let page = ("accept", "text/html");
        let value = "A".repeat(64);
        let (session, badge) = (format!("__Host-session={value}"), format!("__Host-staff={value}"));
        for cookie in ["", session.as_str(), badge.as_str()] {
            for path in ["/", "/officers", "/keys", "/sessions", "/report", "/officers/propose"] {
                let answer = ask(&own, Method::GET, STAFF, path, &[page, ("cookie", cookie)]).await;
                assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{path} with {cookie:?}");
                assert!(answer.headers()[header::LOCATION].to_str().unwrap().starts_with("/signin?next="));
            }
            let answer = ask(&theirs, Method::GET, "localhost:8443", "/account", &[page, ("cookie", cookie)]).await;
            assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        }
    });
}

#[test]
fn changes_need_the_houses_own_origin_and_token() {
    lionrock_testkit::engines::run(async {
        let (_stage, own, _) = houses().await;
        let browser = format!("__Host-browser={0}.{0}", "A".repeat(43));
        let cookie = ("cookie", browser.as_str());
        let token = "A".repeat(43);
        let good = [cookie, ("x-csrf-token", token.as_str()), ("origin", "https://staff.example.hk")];
        let options = ask(&own, Method::POST, STAFF, "/signin/options", &good).await;
        assert_eq!(options.status(), StatusCode::OK, "the honest request is answered");
        for (what, headers) in [
            ("no token", vec![cookie]),
            ("another's token", vec![cookie, ("x-csrf-token", "B")]),
            ("from residents", vec![cookie, ("x-csrf-token", token.as_str()), ("origin", "https://localhost:8443")]),
            ("cross-site", vec![cookie, ("x-csrf-token", token.as_str()), ("sec-fetch-site", "cross-site")]),
            ("same site only", vec![cookie, ("x-csrf-token", token.as_str()), ("sec-fetch-site", "same-site")]),
        ] {
            let answer = ask(&own, Method::POST, STAFF, "/signin/options", &headers).await;
            assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{what}");
        }
        let policy = options.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    });
}

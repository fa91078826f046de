//! Registration over HTTP where nothing goes well: every bad input gets a clear answer, and the right page is one step away.

use axum::Router;
use axum::body::{Body, to_bytes};
use http::{HeaderMap, Method, Request, StatusCode, header};
use serde_json::Value;
use tower::ServiceExt;

use crate::stage::Stage;

/// A browser: its cookies and the token of its pages.
struct Browser {
    site: Router,
    cookies: Vec<(String, String)>,
    token: String,
}

struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Reply {
    fn code(&self) -> String {
        let body: Value = serde_json::from_str(&self.text).unwrap_or_default();
        body["code"].as_str().unwrap_or_default().to_owned()
    }

    fn location(&self) -> &str {
        self.headers.get(header::LOCATION).map_or("", |path| path.to_str().unwrap())
    }
}

impl Browser {
    async fn new(stage: &Stage) -> Self {
        let mut browser = Self { site: stage.site(), cookies: Vec::new(), token: String::new() };
        let page = browser.page("/register").await;
        let token = page.text.split("<meta name=\"csrf\" content=\"").nth(1).unwrap().split('"').next().unwrap();
        browser.token = token.to_owned();
        browser
    }

    async fn send(&mut self, request: http::request::Builder, body: Body) -> Reply {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request.header(header::HOST, "localhost:8443").header(header::COOKIE, cookies.join("; "));
        let response = self.site.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        for line in parts.headers.get_all(header::SET_COOKIE) {
            let (name, value) = line.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            self.cookies.push((name.to_owned(), value.to_owned()));
        }
        let text = String::from_utf8_lossy(&to_bytes(body, 1 << 22).await.unwrap()).into_owned();
        Reply { status: parts.status, headers: parts.headers, text }
    }

    async fn page(&mut self, path: &str) -> Reply {
        let request = Request::builder().method(Method::GET).uri(path).header(header::ACCEPT, "text/html");
        self.send(request, Body::empty()).await
    }

    async fn form(&mut self, path: &str, fields: &str) -> Reply {
        let request = Request::builder().method(Method::POST).uri(path).header(header::ACCEPT, "text/html");
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let body = format!("csrf={}&{fields}", self.token);
        self.send(request, Body::from(body)).await
    }

    async fn script(&mut self, method: Method, path: &str, body: Vec<u8>) -> Reply {
        let request = Request::builder().method(method).uri(path).header(header::ACCEPT, "application/json");
        let request = request.header("x-csrf-token", self.token.clone());
        self.send(request, Body::from(body)).await
    }

    async fn agree(&mut self) {
        let version = lionrock_web::page::register::NOTICE_VERSION;
        let reply = self.form("/register", &format!("agree=yes&notice={version}")).await;
        assert_eq!((reply.status, reply.location()), (StatusCode::SEE_OTHER, "/register/card"));
    }
}

#[tokio::test]
async fn every_page_without_a_registration_leads_to_its_beginning() {
    let stage = Stage::new().await;
    let mut browser = Browser::new(&stage).await;
    for path in ["card", "face", "judging", "passkey", "codes", "email", "done", "next", "receipt.json"] {
        let reply = browser.page(&format!("/register/{path}")).await;
        assert_eq!((reply.status, reply.location()), (StatusCode::SEE_OTHER, "/register"), "{path}");
    }
    for path in ["challenge", "custody", "judge", "passkey/options"] {
        let reply = browser.script(Method::POST, &format!("/register/{path}"), Vec::new()).await;
        assert_eq!((reply.status, reply.code().as_str()), (StatusCode::GONE, "registration-over"), "{path}");
    }
}

#[tokio::test]
async fn pages_of_other_steps_lead_to_the_one_that_is_next() {
    let stage = Stage::new().await;
    let mut browser = Browser::new(&stage).await;
    browser.agree().await;
    for path in ["passkey", "codes", "email", "done"] {
        let reply = browser.page(&format!("/register/{path}")).await;
        assert_eq!((reply.status, reply.location()), (StatusCode::SEE_OTHER, "/register/card"), "{path}");
    }
    let reply = browser.page("/register/judging").await;
    assert_eq!((reply.status, reply.location()), (StatusCode::SEE_OTHER, "/register/card"));
    let reply = browser.page("/register/card").await;
    assert_eq!(reply.status, StatusCode::OK);
    assert!(reply.headers["permissions-policy"].to_str().unwrap().contains("camera=(self)"));
    // A second agreement, from another tab, begins nothing new.
    let before = browser.cookies.clone();
    browser.agree().await;
    assert_eq!(browser.cookies, before);
}

#[tokio::test]
async fn without_agreement_nothing_begins() {
    let stage = Stage::new().await;
    let mut browser = Browser::new(&stage).await;
    let version = lionrock_web::page::register::NOTICE_VERSION;
    for fields in [format!("notice={version}"), "agree=yes&notice=2000-01-01".to_owned(), String::new()] {
        let reply = browser.form("/register", &fields).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{fields}");
        assert!(reply.text.contains("id=\"errors\"") && reply.text.contains("aria-invalid=\"true\""));
        assert!(!browser.cookies.iter().any(|(name, _)| name == "__Host-registration"));
    }
}

#[tokio::test]
async fn bad_uploads_get_a_clear_answer_and_lose_nothing() {
    let stage = Stage::new().await;
    let mut browser = Browser::new(&stage).await;
    browser.agree().await;
    let challenge = browser.script(Method::POST, "/register/challenge", b"{}".to_vec()).await;
    assert_eq!(challenge.status, StatusCode::OK);
    let asked: Value = serde_json::from_str(&challenge.text).unwrap();
    assert!((2..=3).contains(&asked["actions"].as_array().unwrap().len()));

    let picture = "/register/pictures/card?at=0&action=none";
    let reply = browser.script(Method::PUT, picture, vec![0; 30 * 1024 * 1024]).await;
    assert_eq!((reply.status, reply.code().as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "too-large"));
    let reply = browser.script(Method::PUT, picture, vec![0; 100]).await;
    assert_eq!((reply.status, reply.code().as_str()), (StatusCode::GONE, "custody-over"), "no custody, no upload");
    for path in ["face-99?at=0", "Card?at=0", "..%2Fcard?at=0", "face-0?at=0&action=wink"] {
        let reply = browser.script(Method::PUT, &format!("/register/pictures/{path}"), vec![0; 100]).await;
        assert_eq!((reply.status, reply.code().as_str()), (StatusCode::BAD_REQUEST, "picture-unknown"), "{path}");
    }
    let reply = browser.script(Method::PUT, "/register/pictures/card?at=soon", vec![0; 100]).await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
    let reply = browser.script(Method::POST, "/register/custody", b"{\"challenge_id\":".to_vec()).await;
    assert_eq!((reply.status, reply.code().as_str()), (StatusCode::BAD_REQUEST, "malformed"));
    let reply = browser.script(Method::POST, "/register/custody", b"{\"challenge_id\":\"AAAA\"}".to_vec()).await;
    assert_eq!((reply.status, reply.code().as_str()), (StatusCode::GONE, "presence-challenge-over"));
    // The stage's provider does not work: said plainly, and the movements are not used up.
    let reply = browser.script(Method::POST, "/register/custody", b"{}".to_vec()).await;
    assert_eq!((reply.status, reply.code().as_str()), (StatusCode::SERVICE_UNAVAILABLE, "proofing-unavailable"));
    let reply = browser.script(Method::POST, "/register/judge", b"{}".to_vec()).await;
    assert_eq!(reply.code(), "custody-over");
    let reply = browser.script(Method::GET, "/register/card", Vec::new()).await;
    assert_eq!(reply.status, StatusCode::OK, "the registration goes on");
}

#[tokio::test]
async fn uploads_need_the_pages_token() {
    let stage = Stage::new().await;
    let mut browser = Browser::new(&stage).await;
    browser.agree().await;
    browser.token = "A".repeat(43);
    for (method, path) in [
        (Method::PUT, "/register/pictures/card?at=0"),
        (Method::POST, "/register/challenge"),
        (Method::POST, "/register/judge"),
        (Method::POST, "/register/passkey"),
    ] {
        let reply = browser.script(method, path, vec![0; 10]).await;
        assert_eq!((reply.status, reply.code().as_str()), (StatusCode::FORBIDDEN, "stale-form"), "{path}");
    }
}

#[tokio::test]
async fn an_expired_registration_says_that_nothing_was_kept() {
    let stage = Stage::new().await;
    let mut browser = Browser::new(&stage).await;
    browser.agree().await;
    stage.clock.advance(std::time::Duration::from_secs(3600));
    let reply = browser.script(Method::POST, "/register/challenge", Vec::new()).await;
    assert_eq!((reply.status, reply.code().as_str()), (StatusCode::GONE, "registration-over"));
    let reply = browser.page("/register/card").await;
    assert_eq!(reply.location(), "/register");
}

#[test]
fn every_refusal_of_registration_has_its_words() {
    use lionrock_model::refusal::Refusal;
    use lionrock_model::register::RegisterRefusal;
    for language in lionrock_web::language::OFFERED {
        let say = lionrock_web::language::Say::in_language(language);
        for refusal in RegisterRefusal::OWN {
            assert!(say.knows(&refusal.text_key()), "{}: {}", language.tag(), refusal.code());
        }
    }
}

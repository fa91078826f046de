//! Signing in and the account over HTTP: pages, scripts' calls, and everything that must be refused.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use http::{Method, Request, StatusCode, header};
use lionrock_crypto::random::System;
use lionrock_model::hkid::Hkid;
use lionrock_model::person::{CardFacts, ChineseName, Email, EnglishName, Sex};
use lionrock_rehearsal::authenticator::{Authenticator, Manner};
use lionrock_service::Caller;
use lionrock_service::ledger::{self, Publisher};
use lionrock_service::rehearse::{self, Enrol};
use lionrock_wire::webauthn::json::RegistrationResponse;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::stage::Stage;

const ORIGIN: &str = "https://localhost:8443";

/// One browser.
struct Guest {
    site: Router,
    cookies: BTreeMap<String, String>,
    token: String,
    phone: Authenticator,
}

struct Reply {
    status: StatusCode,
    location: String,
    cookies: Vec<String>,
    text: String,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    fn code(&self) -> (u16, String) {
        (self.status.as_u16(), self.json()["code"].as_str().unwrap_or_default().to_owned())
    }
}

impl Guest {
    async fn new(stage: &Stage) -> Self {
        let mut guest = Self {
            site: stage.site(),
            cookies: BTreeMap::new(),
            token: String::new(),
            phone: Authenticator::default(),
        };
        guest.get("/").await;
        guest
    }

    async fn send(
        &mut self,
        method: Method,
        path: &str,
        kind: &str,
        accept: &str,
        origin: &str,
        body: String,
    ) -> Reply {
        let line = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "localhost:8443")
            .header(header::ACCEPT, accept)
            .header(header::COOKIE, line)
            .header(header::CONTENT_TYPE, kind)
            .header(header::ORIGIN, origin)
            .header(header::USER_AGENT, "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0")
            .header("x-csrf-token", &self.token);
        let response = self.site.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let text = String::from_utf8(to_bytes(body, 1 << 20).await.unwrap().to_vec()).unwrap();
        let lines: Vec<String> =
            parts.headers.get_all(header::SET_COOKIE).iter().map(|line| line.to_str().unwrap().to_owned()).collect();
        for line in &lines {
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            if line.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        if let Some((_, rest)) = text.split_once("<meta name=\"csrf\" content=\"") {
            self.token = rest.split('"').next().unwrap().to_owned();
        }
        let location = parts.headers.get(header::LOCATION).map(|l| l.to_str().unwrap().to_owned()).unwrap_or_default();
        Reply { status: parts.status, location, cookies: lines, text }
    }

    async fn get(&mut self, path: &str) -> Reply {
        self.send(Method::GET, path, "text/plain", "text/html", ORIGIN, String::new()).await
    }

    async fn post(&mut self, path: &str, body: &Value) -> Reply {
        self.send(Method::POST, path, "application/json", "application/json", ORIGIN, body.to_string()).await
    }

    async fn form(&mut self, path: &str, fields: &str) -> Reply {
        let body = format!("{fields}&csrf={}", self.token);
        self.send(Method::POST, path, "application/x-www-form-urlencoded", "text/html", ORIGIN, body).await
    }

    /// What the page's script does: options, passkey, result.
    async fn ceremony(&mut self, options: &str, result: &str, wanted: &Value) -> Reply {
        let asked = self.post(options, wanted).await;
        if asked.status != StatusCode::OK {
            return asked;
        }
        let answer = self.phone.get(&asked.json(), ORIGIN, &Manner::default()).unwrap();
        self.post(result, &answer).await
    }

    async fn sign_in(&mut self) -> Reply {
        self.ceremony("/signin/options", "/signin?next=/account/sessions", &json!({})).await
    }

    async fn step_up(&mut self) -> Reply {
        self.ceremony("/account/step-up/options", "/account/step-up", &json!({})).await
    }

    /// A second passkey on another device, whose authenticator comes back.
    async fn add(&mut self) -> (Reply, Authenticator) {
        let mut other = Authenticator::default();
        let asked = self.post("/account/authenticators/options", &json!({})).await;
        if asked.status != StatusCode::OK {
            return (asked, other);
        }
        let made = other.create(&asked.json(), ORIGIN, &Manner::default(), &System).unwrap();
        (self.post("/account/authenticators", &made).await, other)
    }

    fn session(&self) -> String {
        self.cookies["__Host-session"].clone()
    }
}

/// A guest whose phone holds the passkey of a synthetic person.
async fn person(stage: &Stage, serial: u32) -> Guest {
    let platform = &stage.state.platform;
    let caller = Caller::platform(stage.clock.now(), Arc::new(System));
    let mut guest = Guest::new(stage).await;
    let options = serde_json::to_value(rehearse::begin(platform, &caller).await.unwrap()).unwrap();
    let made = guest.phone.create(&options, ORIGIN, &Manner::default(), &System).unwrap();
    let facts = CardFacts {
        hkid: Hkid::with_check_digit(&format!("U{serial:06}")).unwrap(),
        english_name: EnglishName::parse("LOK, Wing Ching").unwrap(),
        chinese_name: Some(ChineseName::parse("樂永晴").unwrap()),
        birth: "1990-02-03".parse().unwrap(),
        sex: Sex::Female,
        issued: "2019-02-03".parse().unwrap(),
    };
    let command = Enrol {
        facts,
        email: Email::parse("wing@example.test").unwrap(),
        passkey: RegistrationResponse::from_json(made.to_string().as_bytes()).unwrap(),
    };
    rehearse::enrol(platform, &caller, command).await.unwrap();
    guest
}

/// The id in the first `/account/WHAT/ID/…` of a page.
fn id_in(page: &str, what: &str) -> String {
    let rest =
        page.split(&format!("action=\"/account/{what}/")).nth(1).unwrap_or_else(|| panic!("no {what} in {page}"));
    rest.split('/').next().unwrap().to_owned()
}

const PAGES: [&str; 9] = [
    "/account",
    "/account/authenticators",
    "/account/sessions",
    "/account/history",
    "/account/data",
    "/account/close",
    "/account/consents",
    "/account/corrections",
    "/account/email",
];

#[tokio::test]
async fn a_person_signs_in_and_reads_every_page_in_three_languages() {
    let stage = Stage::new().await;
    let mut guest = person(&stage, 1).await;
    let page = guest.get("/signin?next=/account/sessions").await;
    assert!(
        page.text.contains("data-result=\"/signin?next=%2Faccount%2Fsessions\"")
            && page.text.contains("id=\"continue\"")
    );
    let signed_in = guest.sign_in().await;
    assert_eq!((signed_in.status, signed_in.json()), (StatusCode::OK, json!({"next": "/account/sessions"})));
    let cookie = signed_in.cookies.iter().find(|line| line.starts_with("__Host-session=")).unwrap();
    assert!(cookie.ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=86400"), "{cookie}");
    for (tag, name) in [("en", "LOK, Wing Ching"), ("zh-Hant", "樂永晴"), ("zh-Hans", "樂永晴")] {
        for path in PAGES {
            let page = guest.get(&format!("{path}?lang={tag}")).await;
            assert_eq!(page.status, StatusCode::OK, "{path} in {tag}");
            assert!(page.text.contains(&format!("lang=\"{tag}\"")), "{path} in {tag}");
            assert!(
                !page.text.contains("history-") && !page.text.contains("data-since"),
                "a key without words: {path} in {tag}"
            );
        }
        assert!(guest.get("/account").await.text.contains(name));
    }
    guest.get("/account?lang=en").await;
    let data = guest.get("/account/data").await.text;
    let number = Hkid::with_check_digit("U000001").unwrap().reveal();
    for kept in ["wing@example.test", "3 February 1990", "樂永晴"] {
        assert!(data.contains(kept), "{kept}");
    }
    assert!(!data.contains(&number), "the card number stays shut");
    assert!(
        guest.get("/account/data?show=all").await.text.contains(&number),
        "just signed in, it is shown when asked for"
    );
    let history = guest.get("/account/history").await.text;
    for told in ["Signed in on Firefox, Linux", "You looked at: ", "This synthetic person was registered beforehand"] {
        assert!(history.contains(told), "{told}: {history}");
    }
    let out = guest.form("/signout", "").await;
    assert_eq!((out.status, out.location.as_str()), (StatusCode::SEE_OTHER, "/"));
    assert!(!guest.cookies.contains_key("__Host-session"));
}

#[tokio::test]
async fn without_a_session_every_page_leads_to_signing_in_and_back() {
    let stage = Stage::new().await;
    let mut guest = person(&stage, 1).await;
    for path in PAGES {
        let reply = guest.get(path).await;
        assert_eq!((reply.status, reply.location), (StatusCode::SEE_OTHER, format!("/signin?next={path}")));
    }
    for path in ["/account/authenticators/options", "/account/step-up/options", "/account/step-up", "/account/close"] {
        let answer = json!({"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": {"clientDataJSON": "", "authenticatorData": "", "signature": ""}});
        assert_eq!(guest.post(path, &answer).await.code(), (401, "sign-in-first".to_owned()), "{path}");
    }
    // A session that is over, or a cookie that never was one, leads there, too.
    guest.sign_in().await;
    let over = guest.session();
    guest.form("/signout", "").await;
    for value in [over, "A".repeat(43), "x".to_owned()] {
        guest.cookies.insert("__Host-session".to_owned(), value);
        assert_eq!(guest.get("/account").await.location, "/signin?next=/account");
    }
}

#[tokio::test]
async fn an_answer_counts_once_in_its_own_browser() {
    let stage = Stage::new().await;
    let mut guest = person(&stage, 1).await;
    let mut other = Guest::new(&stage).await;
    let unknown = (409, "challenge-unknown".to_owned());
    let options = guest.post("/signin/options", &json!({})).await.json();
    assert_eq!((&options["userVerification"], &options["allowCredentials"]), (&json!("required"), &json!([])));
    let answer = guest.phone.get(&options, ORIGIN, &Manner::default()).unwrap();
    assert_eq!(other.post("/signin", &answer).await.code(), unknown, "from another browser");
    assert!(!other.cookies.contains_key("__Host-session"));
    assert_eq!(guest.post("/signin", &answer).await.status, StatusCode::OK);
    assert_eq!(guest.post("/signin", &answer).await.code(), unknown, "replayed");
    let options = guest.post("/signin/options", &json!({})).await.json();
    let answer = guest.phone.get(&options, "https://localhost:8444", &Manner::default()).unwrap();
    assert_eq!(
        guest.post("/signin", &answer).await.code(),
        (403, "passkey-not-accepted".to_owned()),
        "made at another origin"
    );
}

#[tokio::test]
async fn malformed_and_biometric_answers_are_refused_and_repeated_nowhere() {
    let stage = Stage::new().await;
    let mut guest = person(&stage, 1).await;
    let options = guest.post("/signin/options", &json!({})).await.json();
    let sound = guest.phone.get(&options, ORIGIN, &Manner::default()).unwrap();
    let mut biometric = sound.clone();
    biometric["response"]["fingerprint"] = "c2VjcmV0IGZpbmdlcg".into();
    for bad in [json!({}), json!([]), json!(null), biometric] {
        let reply = guest.post("/signin", &bad).await;
        assert_eq!(reply.code(), (400, "passkey-malformed".to_owned()));
        assert!(!reply.text.contains("c2VjcmV0"));
    }
    let reply =
        guest.send(Method::POST, "/signin", "application/json", "application/json", ORIGIN, "{".repeat(70_000)).await;
    assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(guest.post("/signin", &sound).await.status, StatusCode::OK, "nothing was lost");
}

#[tokio::test]
async fn changes_come_from_our_own_pages_only() {
    let stage = Stage::new().await;
    let mut guest = person(&stage, 1).await;
    guest.sign_in().await;
    let mut forged = Vec::new();
    for path in
        ["/signin/options", "/signin", "/signout", "/account/sessions/end-all", "/account/close", "/account/step-up"]
    {
        let reply = guest
            .send(Method::POST, path, "application/json", "application/json", "https://evil.example", "{}".into())
            .await;
        forged.push((reply.status, path));
    }
    guest.token = "A".repeat(43);
    let reply = guest.post("/account/step-up/options", &json!({})).await;
    forged.push((reply.status, "wrong token"));
    assert!(forged.iter().all(|(status, _)| *status == StatusCode::FORBIDDEN), "{forged:?}");
    assert_eq!(guest.get("/account").await.status, StatusCode::OK, "still signed in");
}

#[tokio::test]
async fn nobody_changes_another_account_by_its_ids() {
    let stage = Stage::new().await;
    let (mut victim, mut attacker) = (person(&stage, 1).await, person(&stage, 2).await);
    victim.sign_in().await;
    attacker.sign_in().await;
    attacker.add().await;
    let passkey = id_in(&victim.get("/account/authenticators").await.text, "authenticators");
    let session = id_in(&victim.get("/account/sessions").await.text, "sessions");
    let mut tries = Vec::new();
    for path in [
        format!("/account/authenticators/{passkey}/remove"),
        format!("/account/authenticators/{passkey}/rename"),
        format!("/account/sessions/{session}/end"),
        "/account/sessions/00000000-0000-7000-8000-000000000000/end".to_owned(),
        "/account/sessions/nothing/end".to_owned(),
    ] {
        let reply = attacker.form(&path, "name=owned").await;
        tries.push((
            reply.status.as_u16(),
            reply.text.contains("not-in-account") || reply.text.contains("There is no such thing in your account"),
        ));
    }
    assert_eq!(tries, vec![(404, true); 5], "all look the same");
    assert_eq!(victim.get("/account").await.status, StatusCode::OK);
    assert!(!victim.get("/account/authenticators").await.text.contains("owned"));
}

#[tokio::test]
async fn nothing_is_called_signed_that_the_person_did_not_sign() {
    let stage = Stage::new().await;
    let mut guest = person(&stage, 1).await;
    guest.sign_in().await;
    for made_up in ["anything", "01a20a71-0499-79a3-9471-da23f58e62bc", "%3Cb%3E"] {
        let reply = guest.get(&format!("/sign/done/{made_up}")).await;
        assert!(reply.status.is_client_error(), "{made_up}: {}", reply.status);
        assert!(!reply.text.contains("id=\"signed\""));
    }
}

#[tokio::test]
async fn passkeys_need_a_fresh_proof_to_change() {
    let stage = Stage::new().await;
    let mut guest = person(&stage, 1).await;
    guest.sign_in().await;
    stage.clock.advance(Duration::from_secs(301));
    let (refused, _) = guest.add().await;
    assert_eq!(refused.code(), (403, "step-up-needed".to_owned()));
    let before = guest.session();
    assert_eq!(guest.step_up().await.status, StatusCode::OK);
    assert_ne!(guest.session(), before, "a proof of presence changes the cookie");
    let (added, mut second) = guest.add().await;
    assert_eq!(added.json(), json!({"next": "/account/authenticators"}));
    let page = guest.get("/account/authenticators").await.text;
    assert!(page.contains("Firefox, Linux"), "named after the device until the person renames it");
    let first = id_in(&page, "authenticators");
    guest.form(&format!("/account/authenticators/{first}/rename"), "name=%E6%88%91%E7%9A%84%E9%9B%BB%E8%A9%B1").await;
    assert!(guest.get("/account/authenticators").await.text.contains("我的電話"));
    let bad = guest.form(&format!("/account/authenticators/{first}/rename"), "name=%20").await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    // From a session of the second passkey the first one is removed, and its session ends.
    let old = guest.session();
    std::mem::swap(&mut guest.phone, &mut second);
    guest.sign_in().await;
    let gone = guest.form(&format!("/account/authenticators/{first}/remove"), "").await;
    assert_eq!((gone.status, gone.location.as_str()), (StatusCode::SEE_OTHER, "/account/authenticators"));
    let last = id_in(&guest.get("/account/authenticators").await.text, "authenticators");
    assert_eq!(guest.form(&format!("/account/authenticators/{last}/remove"), "").await.status, StatusCode::CONFLICT);
    let mut thief = Guest::new(&stage).await;
    thief.cookies.insert("__Host-session".to_owned(), old);
    assert_eq!(thief.get("/account").await.status, StatusCode::SEE_OTHER);
    thief.phone = second;
    assert_eq!(thief.sign_in().await.code(), (403, "passkey-not-accepted".to_owned()), "a removed passkey");
}

#[tokio::test]
async fn sessions_are_ended_one_by_one_and_together() {
    let stage = Stage::new().await;
    let mut guest = person(&stage, 1).await;
    let mut other = Guest::new(&stage).await;
    other.phone = guest.phone.clone();
    guest.sign_in().await;
    other.sign_in().await;
    let page = guest.get("/account/sessions").await.text;
    assert_eq!(page.matches("/end\"").count(), 2);
    guest.form("/account/sessions/end-all", "").await;
    assert_eq!(other.get("/account").await.status, StatusCode::SEE_OTHER);
    let own = id_in(&guest.get("/account/sessions").await.text, "sessions");
    let out = guest.form(&format!("/account/sessions/{own}/end"), "").await;
    assert_eq!(out.location, "/");
    assert!(!guest.cookies.contains_key("__Host-session"));
}

#[tokio::test]
async fn closing_is_confirmed_by_passkey_and_leaves_a_receipt() {
    let stage = Stage::new().await;
    let mut guest = person(&stage, 1).await;
    guest.sign_in().await;
    let page = guest.get("/account/close").await.text;
    let shown = page.split("name=\"shown\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let shown = shown.replace("&#34;", "\"").replace("&quot;", "\"");
    let unticked = guest.post("/account/close/options", &json!({"confirm": [], "shown": shown})).await;
    assert_eq!(unticked.code(), (422, "confirm-missing".to_owned()));
    let other = guest.post("/account/close/options", &json!({"confirm": ["yes"], "shown": "{}"})).await;
    assert_eq!(other.code(), (409, "shown-changed".to_owned()));
    let wanted = json!({"confirm": ["yes"], "shown": shown});
    let closed = guest.ceremony("/account/close/options", "/account/close", &wanted).await;
    assert_eq!(closed.status, StatusCode::OK, "{}", closed.text);
    assert!(!guest.cookies.contains_key("__Host-session"));
    let platform = &stage.state.platform;
    let mut publisher = Publisher::new(platform).unwrap();
    ledger::sequence(platform, &Caller::platform(stage.clock.now(), Arc::new(System))).await.unwrap();
    publisher.publish(platform).await.unwrap();
    let next = closed.json()["next"].as_str().unwrap().to_owned();
    let page = guest.get(&next).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("lionrock receipt v1"));
    let nothing = guest.get(&format!("/account/closed?receipt={}", "0".repeat(32))).await;
    assert_eq!(nothing.status, StatusCode::NOT_FOUND);
    assert_eq!(guest.sign_in().await.code(), (403, "passkey-not-accepted".to_owned()), "no account any more");
}

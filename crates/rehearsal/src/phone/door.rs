//! The phone's door for HTTP drivers. `GET /phone` lists the synthetic people; under `/phone/{person}/`, by `POST`: `create` and `assert`
//! answer WebAuthn options in the Level 3 JSON form, `sign-in` goes through an authorization request or opens the account pages, `approve`
//! opens a page and does what its passkey form asks for, `register` and `raise` show card and face to the camera.
//!
//! It signs for synthetic people only, on loopback only, in a demo only. How it may misbehave on purpose stands in [`Wish`].

use super::{Camera, Phone, PhoneError};
use crate::authenticator::{Authenticator, Manner};
use crate::http::Browser;
use crate::people::Person;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use lionrock_crypto::random::System;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Software phones by a person's slug.
pub type PhoneBook = Arc<Mutex<BTreeMap<String, Authenticator>>>;

#[derive(Clone)]
struct Door {
    phones: PhoneBook,
    people: Arc<Vec<Person>>,
    issuer: String,
    browser: Browser,
    signed_in: Arc<Mutex<BTreeMap<String, Browser>>>,
}

/// How `create` and `assert` behave, as members of the query; without any they behave well.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Wish {
    /// The origin the client claims.
    origin: Option<String>,
    /// `false`: nobody touched the device.
    present: Option<bool>,
    /// `false`: the device did not verify the person.
    verified: Option<bool>,
    /// `true`: the passkey is shared between devices.
    synced: bool,
    /// The counter to claim.
    counter: Option<u32>,
    /// `true`: the page claims to be framed.
    cross_origin: bool,
    /// `true`: another key signs.
    wrong_key: bool,
}

impl Wish {
    fn manner(self) -> Manner {
        Manner {
            origin: self.origin,
            present: self.present.unwrap_or(true),
            verified: self.verified.unwrap_or(true),
            synced: self.synced,
            counter: self.counter,
            cross_origin: self.cross_origin,
            wrong_key: self.wrong_key,
            maker: None,
        }
    }
}

type Said = Result<Json<Value>, (StatusCode, Json<Value>)>;

/// The routes. `people` are those whose card and face can be shown; `browser` trusts the platform's authority.
pub fn door(phones: PhoneBook, people: Vec<Person>, issuer: &str, browser: Browser) -> Router {
    let signed_in = Arc::default();
    let door = Door { phones, people: Arc::new(people), issuer: issuer.to_owned(), browser, signed_in };
    Router::new()
        .route("/phone", get(list))
        .route("/phone/{person}/create", post(create))
        .route("/phone/{person}/assert", post(assert))
        .route("/phone/{person}/sign-in", post(sign_in))
        .route("/phone/{person}/approve", post(approve))
        .route("/phone/{person}/register", post(register))
        .route("/phone/{person}/raise", post(raise))
        .with_state(door)
}

impl Door {
    fn phone(&self, person: &str) -> Option<Authenticator> {
        self.phones.lock().unwrap_or_else(PoisonError::into_inner).get(person).cloned()
    }

    fn keep(&self, person: &str, device: Authenticator) {
        self.phones.lock().unwrap_or_else(PoisonError::into_inner).insert(person.to_owned(), device);
    }

    /// The phone of somebody whose account pages are open here.
    fn inside(&self, person: &str) -> Result<Phone, (StatusCode, Json<Value>)> {
        let device = self.phone(person).ok_or_else(|| unknown(person))?;
        let browser = self.signed_in.lock().unwrap_or_else(PoisonError::into_inner).get(person).cloned();
        let browser = browser.ok_or_else(|| wrong(&"sign this person in first: POST sign-in with {}"))?;
        Ok(Phone::new(browser, &self.issuer, device))
    }

    /// Keeps browser and device; answers what a driver sends along: the cookies, and the token as header `x-csrf-token` or form field `csrf`.
    fn let_in(&self, person: &str, phone: Phone) -> Value {
        let cookies: Vec<_> = [SESSION, BROWSER]
            .into_iter()
            .filter_map(|name| Some(format!("{name}={}", phone.browser.cookie(&self.issuer, name)?)))
            .collect();
        let token = phone.browser.cookie(&self.issuer, BROWSER);
        let csrf = token.and_then(|value| Some(value.split_once('.')?.1.to_owned()));
        self.keep(person, phone.device);
        self.signed_in.lock().unwrap_or_else(PoisonError::into_inner).insert(person.to_owned(), phone.browser);
        json!({"cookie": cookies.join("; "), "csrf": csrf, "platform": self.issuer})
    }

    fn camera(&self, person: &str) -> Result<Camera, (StatusCode, Json<Value>)> {
        let found = self.people.iter().find(|one| one.slug == person && one.face.is_some());
        found
            .cloned()
            .map(Camera)
            .ok_or_else(|| wrong(&"nobody of that name has a face to show: GET /phone lists who has"))
    }
}

async fn list(State(door): State<Door>) -> Json<Value> {
    let phones = door.phones.lock().unwrap_or_else(PoisonError::into_inner);
    let faces: Vec<_> = door.people.iter().filter(|one| one.face.is_some()).map(|one| &one.slug).collect();
    Json(json!({"faces": faces, "people": phones.keys().collect::<Vec<_>>(), "platform": door.issuer}))
}

async fn create(
    State(door): State<Door>,
    Path(person): Path<String>,
    Query(wish): Query<Wish>,
    Json(options): Json<Value>,
) -> Said {
    let mut phones = door.phones.lock().unwrap_or_else(PoisonError::into_inner);
    let device = phones.entry(person).or_default();
    device.create(&options, &door.issuer, &wish.manner(), &System).map(Json).map_err(|error| wrong(&error))
}

async fn assert(
    State(door): State<Door>,
    Path(person): Path<String>,
    Query(wish): Query<Wish>,
    Json(options): Json<Value>,
) -> Said {
    let mut phones = door.phones.lock().unwrap_or_else(PoisonError::into_inner);
    let device = phones.get_mut(&person).ok_or_else(|| unknown(&person))?;
    device.get(&options, &door.issuer, &wish.manner()).map(Json).map_err(|error| wrong(&error))
}

/// `{"url": "https://…/oauth/authorize?…"}` to `{"redirect": "https://service/…?code=…"}`; `{}` opens the account pages and answers
/// `{cookie, csrf, platform}`.
async fn sign_in(State(door): State<Door>, Path(person): Path<String>, Json(wish): Json<Value>) -> Said {
    let device = door.phone(&person).ok_or_else(|| unknown(&person))?;
    let mut phone = Phone::new(door.browser.fresh(), &door.issuer, device);
    let Some(url) = wish.get("url") else {
        phone.sign_in().await.map_err(|error| refused(&error))?;
        return Ok(Json(door.let_in(&person, phone)));
    };
    let ours = format!("{}/", door.issuer);
    let url = url.as_str().filter(|url| url.starts_with(&ours));
    let url = url.ok_or_else(|| wrong(&"this phone talks to its own platform only"))?;
    let redirect = phone.authorize(url).await.map_err(|error| refused(&error))?;
    door.keep(&person, phone.device);
    Ok(Json(json!({"redirect": redirect.as_str()})))
}

/// `{"page": "/account/…", "tick": ["confirm"]}`: opens the page as the person signed in here, ticks the boxes of these names, and does what its
/// passkey form asks for, a step-up first when that is wanted. Answers what the platform said, mostly `{"next": "/…"}`.
async fn approve(State(door): State<Door>, Path(person): Path<String>, Json(wish): Json<Value>) -> Said {
    let page = wish.get("page").and_then(Value::as_str).filter(|page| page.starts_with('/'));
    let page = page.ok_or_else(|| wrong(&"give a path of the platform as page"))?;
    let ticks: Vec<_> =
        wish.get("tick").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let mut phone = door.inside(&person)?;
    let said = phone.approve(page, &ticks).await.map_err(|error| refused(&error));
    door.keep(&person, phone.device);
    said.map(Json)
}

/// Registers somebody with a face, from the notice to the receipt: `{actions, codes, cookie, csrf, platform, receipt}`.
async fn register(State(door): State<Door>, Path(person): Path<String>) -> Said {
    let camera = door.camera(&person)?;
    let email = camera.0.email.reveal().to_owned();
    let mut phone = Phone::new(door.browser.fresh(), &door.issuer, door.phone(&person).unwrap_or_default());
    let made = phone.register(&camera, &email, &mut |_| ()).await.map_err(|error| refused(&error))?;
    let actions: Vec<_> = made.actions.iter().map(|action| action.word()).collect();
    let mut answer = door.let_in(&person, phone);
    if let Some(members) = answer.as_object_mut() {
        members.insert("actions".to_owned(), json!(actions));
        members.insert("codes".to_owned(), json!(made.codes));
        members.insert("receipt".to_owned(), made.receipt);
    }
    Ok(Json(answer))
}

/// Raises the account of somebody with a face, who is signed in here, to Plus: card and face again, then the passkey. `{"level": "plus"}`.
async fn raise(State(door): State<Door>, Path(person): Path<String>) -> Said {
    let camera = door.camera(&person)?;
    let mut phone = door.inside(&person)?;
    let raised = phone.raise(&camera).await;
    let level = phone.level().await;
    door.keep(&person, phone.device);
    raised.and(level).map(|level| Json(json!({"level": level}))).map_err(|error| refused(&error))
}

fn unknown(person: &str) -> (StatusCode, Json<Value>) {
    let known: String = person.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(40).collect();
    (StatusCode::NOT_FOUND, Json(json!({"error": format!("{known} has no phone here; GET /phone lists who has")})))
}

fn wrong(error: &dyn std::fmt::Display) -> (StatusCode, Json<Value>) {
    (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({"error": error.to_string()})))
}

/// What the platform refused is told with its stable code and status.
fn refused(error: &PhoneError) -> (StatusCode, Json<Value>) {
    let mut said = json!({"error": error.to_string()});
    if let (PhoneError::Refused { code, status, .. }, Some(members)) = (error, said.as_object_mut()) {
        members.insert("code".to_owned(), json!(code));
        members.insert("status".to_owned(), json!(status));
    }
    (StatusCode::UNPROCESSABLE_ENTITY, Json(said))
}

const BROWSER: &str = "__Host-browser";
const SESSION: &str = "__Host-session";

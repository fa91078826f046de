//! The officers' door for HTTP drivers: `GET /officer` lists the synthetic officers, `POST /officer/{name}/create|assert` answers WebAuthn
//! options, `POST /officer/{name}/sign-in` signs one in and hands out the cookies, `POST /officer/{name}/approve` opens a page
//! of the staff house and signs what it asks for.
//!
//! It signs for synthetic officers only, on loopback only, in a demo only.

use crate::authenticator::{Authenticator, Manner};
use crate::http::Browser;
use crate::maker::Maker;
use crate::phone::Phone;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use lionrock_crypto::random::System;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Software keys by an officer's name, and their maker.
#[derive(Clone, Debug)]
pub struct OfficerBook {
    /// Keys.
    pub keys: Arc<Mutex<BTreeMap<String, Authenticator>>>,
    /// Who vouches for new ones.
    pub maker: Arc<Maker>,
}

impl OfficerBook {
    /// How officers' keys behave: vouched for by the maker, without a counter, because several programs may hold a copy of one.
    #[must_use]
    pub fn manner(&self) -> Manner {
        Manner { counter: Some(0), maker: Some(Arc::clone(&self.maker)), ..Manner::default() }
    }

    fn key(&self, name: &str) -> Result<Authenticator, (StatusCode, Json<Value>)> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned().ok_or_else(|| unknown(name))
    }

    fn keep(&self, name: &str, key: Authenticator) {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), key);
    }
}

#[derive(Clone)]
struct Door {
    book: OfficerBook,
    origin: String,
    browser: Browser,
    signed_in: Arc<Mutex<BTreeMap<String, Browser>>>,
}

type Said = Result<Json<Value>, (StatusCode, Json<Value>)>;

/// The routes. `browser` trusts the platform's authority.
pub fn door(book: OfficerBook, origin: &str, browser: Browser) -> Router {
    let door = Door { book, origin: origin.to_owned(), browser, signed_in: Arc::default() };
    Router::new()
        .route("/officer", get(officers))
        .route("/officer/{name}/create", post(create))
        .route("/officer/{name}/assert", post(assert))
        .route("/officer/{name}/sign-in", post(sign_in))
        .route("/officer/{name}/approve", post(approve))
        .with_state(door)
}

async fn officers(State(door): State<Door>) -> Json<Value> {
    let names: Vec<_> = {
        let keys = door.book.keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.keys().cloned().collect()
    };
    Json(json!({"officers": names, "staff": door.origin}))
}

async fn create(State(door): State<Door>, Path(name): Path<String>, Json(options): Json<Value>) -> Said {
    let mut key = door.book.key(&name).unwrap_or_default();
    let made = key.create(&options, &door.origin, &door.book.manner(), &System).map_err(|error| wrong(&error))?;
    door.book.keep(&name, key);
    Ok(Json(made))
}

async fn assert(State(door): State<Door>, Path(name): Path<String>, Json(options): Json<Value>) -> Said {
    let mut key = door.book.key(&name)?;
    key.get(&options, &door.origin, &door.book.manner()).map(Json).map_err(|error| wrong(&error))
}

/// `{}` to `{"cookie": "name=value; name=value", "csrf": "…", "staff": "https://…"}`: what a driver sends along from then on, the token as
/// header `x-csrf-token` or form field `csrf`.
async fn sign_in(State(door): State<Door>, Path(name): Path<String>) -> Said {
    let browser = door.browser.fresh();
    let mut phone = Phone::new(browser.clone(), &door.origin, door.book.key(&name)?);
    phone.manner = door.book.manner();
    phone.sign_in().await.map_err(|error| wrong(&error))?;
    let cookies: Vec<_> = [BADGE, BROWSER]
        .into_iter()
        .filter_map(|cookie| Some(format!("{cookie}={}", browser.cookie(&door.origin, cookie)?)))
        .collect();
    let csrf = browser.cookie(&door.origin, BROWSER).and_then(|value| Some(value.split_once('.')?.1.to_owned()));
    door.signed_in.lock().unwrap_or_else(PoisonError::into_inner).insert(name, browser);
    Ok(Json(json!({"cookie": cookies.join("; "), "csrf": csrf, "staff": door.origin})))
}

/// `{"page": "/officers/…"}`: opens the page as the officer signed in here, and does what its key form asks for.
async fn approve(State(door): State<Door>, Path(name): Path<String>, Json(wish): Json<Value>) -> Said {
    let page = wish.get("page").and_then(Value::as_str).filter(|page| page.starts_with('/'));
    let page = page.ok_or_else(|| wrong(&"give a path of the staff house as page"))?;
    let browser = door.signed_in.lock().unwrap_or_else(PoisonError::into_inner).get(&name).cloned();
    let browser = browser.ok_or_else(|| wrong(&"sign this officer in first"))?;
    let mut phone = Phone::new(browser, &door.origin, door.book.key(&name)?);
    phone.manner = door.book.manner();
    let shown = phone.open(page).await.map_err(|error| wrong(&error))?;
    phone.passkey(&shown).await.map(Json).map_err(|error| wrong(&error))
}

const BADGE: &str = "__Host-staff";
const BROWSER: &str = "__Host-browser";

fn unknown(name: &str) -> (StatusCode, Json<Value>) {
    let known: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(40).collect();
    (StatusCode::NOT_FOUND, Json(json!({"error": format!("{known} has no key here; GET /officer lists who has")})))
}

fn wrong(error: &dyn std::fmt::Display) -> (StatusCode, Json<Value>) {
    (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({"error": error.to_string()})))
}

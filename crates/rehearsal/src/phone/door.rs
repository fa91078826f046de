//! The phone's door for HTTP drivers: `GET /phone` lists the synthetic people, `POST /phone/{person}/create|assert` answers
//! WebAuthn options in the Level 3 JSON form, `POST /phone/{person}/sign-in` goes through an authorization request.
//!
//! It signs for synthetic people only, on loopback only, in a demo only.

use super::Phone;
use crate::authenticator::{Authenticator, Manner};
use crate::http::Browser;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use lionrock_crypto::random::System;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Software phones by a person's slug.
pub type PhoneBook = Arc<Mutex<BTreeMap<String, Authenticator>>>;

#[derive(Clone)]
struct Door {
    phones: PhoneBook,
    issuer: String,
    browser: Browser,
}

type Said = Result<Json<Value>, (StatusCode, Json<Value>)>;

/// The routes. `browser` trusts the platform's authority.
pub fn door(phones: PhoneBook, issuer: &str, browser: Browser) -> Router {
    let door = Door { phones, issuer: issuer.to_owned(), browser };
    Router::new()
        .route("/phone", get(people))
        .route("/phone/{person}/create", post(create))
        .route("/phone/{person}/assert", post(assert))
        .route("/phone/{person}/sign-in", post(sign_in))
        .with_state(door)
}

async fn people(State(door): State<Door>) -> Json<Value> {
    let phones = door.phones.lock().unwrap_or_else(PoisonError::into_inner);
    Json(json!({"people": phones.keys().collect::<Vec<_>>()}))
}

async fn create(State(door): State<Door>, Path(person): Path<String>, Json(options): Json<Value>) -> Said {
    let mut phones = door.phones.lock().unwrap_or_else(PoisonError::into_inner);
    let device = phones.entry(person).or_default();
    let made = device.create(&options, &door.issuer, &Manner::default(), &System);
    made.map(Json).map_err(|error| wrong(&error))
}

async fn assert(State(door): State<Door>, Path(person): Path<String>, Json(options): Json<Value>) -> Said {
    let mut phones = door.phones.lock().unwrap_or_else(PoisonError::into_inner);
    let device = phones.get_mut(&person).ok_or_else(|| unknown(&person))?;
    device.get(&options, &door.issuer, &Manner::default()).map(Json).map_err(|error| wrong(&error))
}

/// `{"url": "https://…/oauth/authorize?…"}` to `{"redirect": "https://service/…?code=…"}`.
async fn sign_in(State(door): State<Door>, Path(person): Path<String>, Json(wish): Json<Value>) -> Said {
    let device = {
        let phones = door.phones.lock().unwrap_or_else(PoisonError::into_inner);
        phones.get(&person).cloned().ok_or_else(|| unknown(&person))?
    };
    let url = wish.get("url").and_then(Value::as_str).ok_or_else(|| wrong(&"give the authorization address as url"))?;
    if !url.starts_with(&format!("{}/", door.issuer)) {
        return Err(wrong(&"this phone talks to its own platform only"));
    }
    let mut phone = Phone::new(door.browser.fresh(), &door.issuer, device);
    let redirect = phone.authorize(url).await.map_err(|error| wrong(&error))?;
    door.phones.lock().unwrap_or_else(PoisonError::into_inner).insert(person, phone.device);
    Ok(Json(json!({"redirect": redirect.as_str()})))
}

fn unknown(person: &str) -> (StatusCode, Json<Value>) {
    let known: String = person.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(40).collect();
    (StatusCode::NOT_FOUND, Json(json!({"error": format!("{known} has no phone here; GET /phone lists who has")})))
}

fn wrong(error: &dyn std::fmt::Display) -> (StatusCode, Json<Value>) {
    (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({"error": error.to_string()})))
}

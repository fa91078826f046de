//! Closing the account: what will end is shown, the passkey signs exactly that, the receipt follows.

use std::time::Duration;

use axum::Json;
use axum::extract::{Query, State};
use axum::response::IntoResponse;
use bytes::Bytes;
use lionrock_model::account::AccountRefusal;
use lionrock_service::account::close;
use serde::Deserialize;

use super::{cookie, failure};
use crate::page::account::{Close, Closed};
use crate::page::{self, time, with_cookie};
use crate::signin::assertion;
use crate::{Answer, AppState, Failure, Visit, cookie as cookies};

const HERE: &str = "/account/close";
/// The log takes a leaf within a second; waited for a little longer.
const PATIENCE: Duration = Duration::from_secs(5);

/// `GET /account/close`
pub async fn get(State(state): State<AppState>, visit: Visit) -> Answer {
    let shown = close::look(&state.platform, &visit.caller, cookie(&visit, HERE)?).await;
    let shown = shown.map_err(|error| failure(error, HERE))?;
    page::show(&Close {
        frame: visit.frame("close-title"),
        since: time::day(visit.say, shown.since),
        authenticators: shown.authenticators,
        services: shown.services,
        shown: shown.canonical(),
    })
}

/// What the script sends: the box, and what the page showed.
#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    confirm: Vec<String>,
    #[serde(default)]
    shown: String,
}

/// `POST /account/close/options` → `PublicKeyCredentialRequestOptionsJSON` whose challenge ends in the digest of what was shown.
pub async fn options(State(state): State<AppState>, visit: Visit, Json(asked): Json<Asked>) -> Answer {
    if !asked.confirm.iter().any(|ticked| ticked == "yes") {
        return Err(Failure::refuse(&AccountRefusal::ConfirmMissing));
    }
    let options = close::begin(&state.platform, &visit.caller, cookie(&visit, HERE)?, &asked.shown).await;
    Ok(Json(options.map_err(|error| failure(error, HERE))?).into_response())
}

/// `POST /account/close`, body `AuthenticationResponseJSON` → `{next}`; the account is gone.
pub async fn post(State(state): State<AppState>, visit: Visit, body: Bytes) -> Answer {
    let command = close::Close { cookie: cookie(&visit, HERE)?.to_owned(), answer: assertion(&body)? };
    let closed = close::close(&state.platform, &visit.caller, command).await;
    let closed = closed.map_err(|error| failure(error, HERE))?;
    let event: String = closed.event.iter().map(|byte| format!("{byte:02x}")).collect();
    let onward = page::next(&format!("/account/closed?receipt={event}"));
    Ok(with_cookie(onward, cookies::clear(cookies::SESSION)))
}

/// Names the closing's event.
#[derive(Deserialize)]
pub struct Named {
    receipt: String,
}

/// `GET /account/closed?receipt=…`: the receipt, which anybody may check. The random name is known to whoever closed the account only.
pub async fn closed(State(state): State<AppState>, visit: Visit, Query(named): Query<Named>) -> Answer {
    let event = event(&named.receipt).ok_or_else(|| Failure::of("not-found"))?;
    let found = close::file(&state.platform, event, PATIENCE).await.map_err(Failure::fault)?;
    let (file, at) = found.ok_or_else(|| Failure::of("not-found"))?;
    let receipt = serde_json::to_string_pretty(&file.to_json()).map_err(|_| Failure::of("fault"))?;
    let paper = file.on_paper().map_err(|_| Failure::of("fault"))?;
    let paper = serde_json::to_string(&paper.to_json()).map_err(|_| Failure::of("fault"))?;
    page::show(&Closed { frame: visit.frame("closed-title"), receipt, paper, at: time::exact(at) })
}

fn event(hex: &str) -> Option<[u8; 16]> {
    if hex.len() != 32 || !hex.is_ascii() {
        return None;
    }
    u128::from_str_radix(hex, 16).ok().map(u128::to_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::event;

    #[test]
    fn events_are_named_by_thirty_two_digits() {
        assert_eq!(
            event("000102030405060708090a0b0c0d0e0f"),
            Some(std::array::from_fn(|at| u8::try_from(at).unwrap_or(0)))
        );
        for bad in ["", "00", "zz0102030405060708090a0b0c0d0e0f", "00010203-0405-0607-0809-0a0b0c0d"] {
            assert_eq!(event(bad), None, "{bad:?}");
        }
    }
}

//! The recovery codes: how many are left, and new ones.

use axum::extract::State;
use lionrock_service::account::codes;

use super::{cookie, failure};
use crate::page;
use crate::page::recover::RecoveryCodes;
use crate::{Answer, AppState, Visit};

const HERE: &str = "/account/codes";

/// `GET /account/codes`
pub async fn get(State(state): State<AppState>, visit: Visit) -> Answer {
    let left = codes::left(&state.platform, &visit.caller, cookie(&visit, HERE)?).await;
    let left = left.map_err(|error| failure(error, HERE))?;
    page::show(&RecoveryCodes { frame: visit.frame("recovery-codes-title"), left, fresh: Vec::new() })
}

/// `POST /account/codes`, after a step-up: the answer shows ten new codes, this once.
pub async fn post(State(state): State<AppState>, visit: Visit) -> Answer {
    let fresh = codes::renew(&state.platform, &visit.caller, cookie(&visit, HERE)?).await;
    let fresh = fresh.map_err(|error| failure(error, HERE))?;
    let left = u64::try_from(fresh.len()).unwrap_or_default();
    page::show(&RecoveryCodes { frame: visit.frame("recovery-codes-title"), left, fresh })
}

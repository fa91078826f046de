//! "I lost a device", from another device: everything else sleeps.

use axum::extract::State;
use lionrock_service::suspension;

use super::{cookie, failure};
use crate::page::counter::AccountLost;
use crate::page::{self, see_other, time};
use crate::{Answer, AppState, Visit};

const HERE: &str = "/account/lost";

/// `GET /account/lost`
pub async fn get(State(state): State<AppState>, visit: Visit) -> Answer {
    let now = suspension::of_session(&state.platform, &visit.caller, cookie(&visit, HERE)?).await;
    let now = now.map_err(|error| failure(error, HERE))?;
    page::show(&AccountLost {
        frame: visit.frame("lost-title"),
        suspended: now.is_some(),
        since: now.and_then(|now| now.since).map(|at| time::moment(visit.say, at)),
    })
}

/// `POST /account/lost`, after a fresh proof of presence.
pub async fn post(State(state): State<AppState>, visit: Visit) -> Answer {
    let done = suspension::by_session(&state.platform, &visit.caller, cookie(&visit, HERE)?).await;
    done.map_err(|error| failure(error, HERE))?;
    Ok(see_other(HERE))
}

/// `POST /account/lost/undo`, after a fresh proof of presence.
pub async fn undo(State(state): State<AppState>, visit: Visit) -> Answer {
    let done = suspension::lift_by_session(&state.platform, &visit.caller, cookie(&visit, HERE)?).await;
    done.map_err(|error| failure(error, HERE))?;
    Ok(see_other(HERE))
}

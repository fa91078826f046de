//! Where the person is signed in: list, end one, end all others.

use axum::extract::{Path, State};
use lionrock_model::account::AccountRefusal;
use lionrock_model::id::SessionId;
use lionrock_service::account::sessions;

use super::{cookie, device, failure};
use crate::page::account::{Session, Sessions};
use crate::page::{self, see_other, time, with_cookie};
use crate::{Answer, AppState, Failure, Visit, cookie as cookies};

const HERE: &str = "/account/sessions";

/// `GET /account/sessions`
pub async fn get(State(state): State<AppState>, visit: Visit) -> Answer {
    let open = sessions::list(&state.platform, &visit.caller, cookie(&visit, HERE)?).await;
    let mut open = open.map_err(|error| failure(error, HERE))?;
    let current = open.current;
    open.sessions.sort_by_key(|one| one.id != current);
    let sessions = open.sessions.into_iter().map(|one| Session {
        id: one.id.to_string(),
        device: device(visit.say, one.device),
        began: time::moment(visit.say, one.created),
        used: time::moment(visit.say, one.seen),
        current: one.id == current,
    });
    page::show(&Sessions { frame: visit.frame("sessions-title"), sessions: sessions.collect() })
}

/// `POST /account/sessions/{id}/end`; ending this one signs out.
pub async fn end(State(state): State<AppState>, visit: Visit, Path(id): Path<String>) -> Answer {
    let id = SessionId::parse(&id).map_err(|_| Failure::refuse(&AccountRefusal::NotFound))?;
    let own = sessions::end(&state.platform, &visit.caller, cookie(&visit, HERE)?, id).await;
    Ok(if own.map_err(|error| failure(error, HERE))? {
        with_cookie(see_other("/"), cookies::clear(cookies::SESSION))
    } else {
        see_other(HERE)
    })
}

/// `POST /account/sessions/end-all`: all but this one.
pub async fn end_all(State(state): State<AppState>, visit: Visit) -> Answer {
    let ended = sessions::end_others(&state.platform, &visit.caller, cookie(&visit, HERE)?).await;
    ended.map_err(|error| failure(error, HERE))?;
    Ok(see_other(HERE))
}

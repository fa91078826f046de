//! Where an officer is signed in.

use axum::extract::{Path, State};
use lionrock_model::id::OfficerSessionId;
use lionrock_model::staff::DutyRefusal;
use lionrock_service::staff::session;

use super::{badge, no};
use crate::page::staff::{Session, Sessions};
use crate::page::{self, see_other, time};
use crate::{Answer, AppState, Failure, Visit};

/// `GET /sessions`
pub async fn get(State(state): State<AppState>, visit: Visit) -> Answer {
    let own = session::own(&state.platform, &visit.caller, badge(&visit)?).await;
    let (duty, open) = own.map_err(|error| no(&visit, error))?;
    let sessions = open.into_iter().map(|one| Session {
        id: one.id.to_string(),
        device: one.device,
        began: time::moment(visit.say, one.created),
        used: time::moment(visit.say, one.seen),
        current: one.id == duty.session,
    });
    page::show(&Sessions { frame: visit.frame("staff-sessions-title"), sessions: sessions.collect() })
}

/// `POST /sessions/{id}/end`
pub async fn end(State(state): State<AppState>, visit: Visit, Path(id): Path<String>) -> Answer {
    let id = OfficerSessionId::parse(&id).map_err(|_| Failure::refuse(&DutyRefusal::SessionOver))?;
    let ended = session::end_own(&state.platform, &visit.caller, badge(&visit)?, id).await;
    if !ended.map_err(|error| no(&visit, error))? {
        return Err(Failure::of("not-found"));
    }
    Ok(see_other("/sessions"))
}

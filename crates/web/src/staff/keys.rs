//! An officer's own keys.

use axum::extract::State;
use lionrock_service::Fault;
use lionrock_service::staff::house;
use std::sync::Arc;

use super::duty;
use crate::page::staff::{Key, Keys};
use crate::page::{self, time};
use crate::{Answer, AppState, Failure, Visit};

/// `GET /keys`
pub async fn get(State(state): State<AppState>, visit: Visit) -> Answer {
    let duty = duty(&state, &visit).await?;
    let (platform, id) = (Arc::clone(&state.platform), duty.officer.id);
    let seat = state.platform.store.read(move |tx| house::find(tx, &platform, id)).await;
    let seat = seat.map_err(|fault: Fault| Failure::fault(fault))?;
    let keys = seat.into_iter().flat_map(|seat| seat.keys).map(|key| Key {
        model: key.aaguid.iter().map(|byte| format!("{byte:02x}")).collect(),
        made: time::day(visit.say, key.created),
        used: key.used.map(|at| time::moment(visit.say, at)),
        removed: key.removed.map(|at| time::day(visit.say, at)),
        current: key.id == duty.key,
    });
    page::show(&Keys { frame: visit.frame("staff-keys-title"), keys: keys.collect() })
}

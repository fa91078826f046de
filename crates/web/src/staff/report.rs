//! How privileges were used in the last six months.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use lionrock_model::time::Millis;
use lionrock_service::staff::report;

use super::{badge, no};
use crate::page::staff::{Change, Report, Used};
use crate::page::{self, time};
use crate::{Answer, AppState, Visit};

/// `GET /report`
pub async fn get(State(state): State<AppState>, visit: Visit) -> Answer {
    let made = report::for_officer(&state.platform, &visit.caller, badge(&visit)?).await;
    let (_, made) = made.map_err(|error| no(&visit, error))?;
    let total = |counts: &std::collections::BTreeMap<String, u64>| counts.values().sum();
    let used = made.officers.iter().map(|(id, used)| Used {
        id: id.clone(),
        role: used.role.clone(),
        unit: used.unit.clone(),
        state: used.state.clone(),
        sign_ins: used.sign_ins,
        acts: total(&used.acts),
        openings: total(&used.openings),
        refused: used.refused,
        last: (used.last > 0).then(|| time::day(visit.say, Millis(used.last))),
    });
    let changes = made.changes.iter().rev().take(100).map(|change| Change {
        at: time::moment(visit.say, Millis(change.at)),
        kind: change.kind.clone(),
        officer: change.officer.clone(),
        by: change.by.clone(),
    });
    page::show(&Report {
        frame: visit.frame("staff-report-title"),
        from: time::day(visit.say, Millis(made.from)),
        until: time::day(visit.say, Millis(made.until)),
        policy: made.policy.clone(),
        used: used.collect(),
        changes: changes.collect(),
    })
}

/// `GET /report.json`
pub async fn file(State(state): State<AppState>, visit: Visit) -> Answer {
    let made = report::for_officer(&state.platform, &visit.caller, badge(&visit)?).await;
    let (_, made) = made.map_err(|error| no(&visit, error))?;
    Ok(Json(made).into_response())
}

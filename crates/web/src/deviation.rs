//! `/deviations`: the exceptions this deployment runs with, for everybody, in general terms.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use lionrock_model::deviation::Deviation;
use serde_json::{Value, json};

use crate::{AppState, Visit};

/// `GET /deviations`: what is excused now, since when and until when. Reasons, names and places are for auditors.
pub async fn get(State(state): State<AppState>, visit: Visit) -> Response {
    let platform = &state.platform;
    let standing: Vec<_> = platform.gate.standing(visit.caller.now).iter().map(shown).collect();
    let body = json!({ "deviations": standing, "realm": platform.settings.realm.to_string() });
    ([(header::CACHE_CONTROL, "public, max-age=60")], Json(body)).into_response()
}

fn shown(deviation: &Deviation) -> Value {
    json!({
        "check": deviation.check.word(),
        "from": deviation.span.from.seconds(),
        "until": deviation.span.until.seconds(),
        "what": deviation.check.general(),
    })
}

//! The timeline: who signed in, what changed, who read the person's data.

use axum::extract::{Query, State};
use lionrock_model::session::SignIn;
use lionrock_model::time::Millis;
use lionrock_service::account::history::{self, Line, Reader, What};
use serde::Deserialize;

use super::{cookie, device, failure, service_name};
use crate::language::Say;
use crate::page::account::{Event, History, Proof};
use crate::page::{self, time};
use crate::{Answer, AppState, Visit};

const HERE: &str = "/account/history";

/// Where the page begins.
#[derive(Deserialize)]
pub struct From {
    before: Option<i64>,
}

/// `GET /account/history`
pub async fn get(State(state): State<AppState>, visit: Visit, Query(from): Query<From>) -> Answer {
    let before = from.before.map(Millis);
    let told = history::history(&state.platform, &visit.caller, cookie(&visit, HERE)?, before).await;
    let told = told.map_err(|error| failure(error, HERE))?;
    let events = told.lines.iter().map(|line| Event {
        text: sentence(&state, &visit, line),
        at: time::moment(visit.say, line.at),
        proof: line.proof.map(|(index, hash)| Proof { index, hash: hash.to_base64() }),
    });
    page::show(&History {
        frame: visit.frame("history-title"),
        events: events.collect(),
        older: told.older.map(|at| format!("{HERE}?before={}", at.0)),
    })
}

/// A line of the sign-in history without its sealed place.
pub(super) fn brief(say: Say, line: &SignIn) -> Event {
    let text = say.t1(&format!("history-event-{}", line.event.word()), "device", device(say, line.device));
    Event { text, at: time::moment(say, line.at), proof: None }
}

fn sentence(state: &AppState, visit: &Visit, line: &Line) -> String {
    let say = visit.say;
    match &line.what {
        What::SignIn { event, device: used, address, passkey } => {
            let mut parts = vec![say.t1(&format!("history-event-{}", event.word()), "device", device(say, *used))];
            parts.extend(passkey.as_ref().map(|name| say.t1("history-passkey", "name", name)));
            parts.extend(address.as_ref().map(|address| say.t1("history-address", "address", address)));
            parts.join(" · ")
        }
        What::Opened { by, fields, purpose } => {
            let fields: Vec<_> = fields.iter().map(|word| say.t(&format!("field-{word}"))).collect();
            let fields = fields.join(&say.t("history-comma"));
            match by {
                Reader::Platform => say.t1("history-opened-platform", "fields", fields),
                Reader::Service(id) => {
                    say.t2("history-opened-service", "service", service_name(state, visit, id), "fields", fields)
                }
                Reader::Oneself if purpose == "consent-preview" => say.t1("history-opened-preview", "fields", fields),
                Reader::Oneself => say.t1("history-opened-self", "fields", fields),
            }
        }
        What::Changed { kind, service: about } => {
            let key = format!("history-kind-{}", kind.replace('.', "-"));
            let about = about.as_deref().map(|id| service_name(state, visit, id)).unwrap_or_default();
            if say.knows(&key) { say.t1(&key, "service", about) } else { say.t1("history-kind-other", "kind", kind) }
        }
    }
}

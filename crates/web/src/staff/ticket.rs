//! One ticket: masked until a value is asked for, watermarked, blank again after a minute; requests for correction; counts of a job; the
//! closing note.

use axum::extract::{Form, Path, State};
use lionrock_model::correction::Outcome;
use lionrock_model::id::{CorrectionId, TicketId};
use lionrock_model::policy::{Field, Purpose};
use lionrock_model::ticket::{Object, State as Standing, TicketRefusal};
use lionrock_service::Error;
use lionrock_service::ticket::{self, correct, job};
use serde::Deserialize;

use super::tickets::{id_of, what};
use super::{badge, duty};
use crate::page::ticket::{One, Request};
use crate::page::{self, see_other, time};
use crate::{Answer, AppState, Failure, Visit};

/// How long an opened value stays on the page, in seconds.
const SHOWN: i64 = 60;

/// `GET /tickets/{id}`
pub async fn get(State(state): State<AppState>, visit: Visit, Path(id): Path<String>) -> Answer {
    page::show(&view(&state, &visit, id_of(&id)?).await?)
}

async fn view(state: &AppState, visit: &Visit, id: TicketId) -> Result<One, Failure> {
    duty(state, visit).await?;
    let seen = ticket::look(&state.platform, &visit.caller, badge(visit)?, id).await?;
    let terms = &seen.ticket.terms;
    let ms = seen.until.map_or(0, |end| (end.0 - visit.caller.now.0).max(0));
    let officer = seen.officer.id.to_string();
    Ok(One {
        frame: visit.frame("ticket-title"),
        path: format!("/tickets/{id}"),
        text: terms.text(),
        state: seen.ticket.state.word(),
        what: what(visit, &seen),
        case: terms.case.to_string(),
        own: seen.own,
        opens: seen.opens && seen.own,
        to_close: seen.own && seen.ticket.state == Standing::Approved,
        left: (ms + 59_999) / 60_000,
        until: seen.until.map(|end| time::moment(visit.say, end)).unwrap_or_default(),
        seconds: ms / 1000,
        watermark: format!("{} · {} · {id}", officer, seen.officer.unit),
        fields: terms.fields.iter().map(|field| named(visit, *field, None)).collect(),
        job: matches!(terms.object, Object::Job(_)),
        correction: terms.purpose == Some(Purpose::Correction),
        counts: Vec::new(),
        statement: String::new(),
        requests: Vec::new(),
        no_requests: false,
    })
}

fn named(visit: &Visit, field: Field, value: Option<String>) -> (String, String, Option<String>) {
    (field.word().to_owned(), visit.say.t(&format!("ticket-field-{}", field.word())), value)
}

/// Which field.
#[derive(Deserialize)]
pub struct Wanted {
    #[serde(default)]
    field: String,
}

/// `POST /tickets/{id}/reveal`: one field, opened and written down, on this one page.
pub async fn reveal(
    State(state): State<AppState>,
    visit: Visit,
    Path(id): Path<String>,
    Form(wanted): Form<Wanted>,
) -> Answer {
    let id = id_of(&id)?;
    let field = Field::from_word(&wanted.field).ok_or_else(|| Failure::refuse(&TicketRefusal::Fields))?;
    let seen = ticket::open(&state.platform, &visit.caller, badge(&visit)?, id, vec![field]).await?;
    let mut shown = view(&state, &visit, id).await?;
    shown.seconds = shown.seconds.min(SHOWN);
    let none = visit.say.t("ticket-no-value");
    for (field, value) in seen.values {
        for line in shown.fields.iter_mut().filter(|line| line.0 == field.word()) {
            line.2 = Some(value.clone().unwrap_or_else(|| none.clone()));
        }
    }
    page::show(&shown)
}

/// What the officer did.
#[derive(Deserialize)]
pub struct Noted {
    #[serde(default)]
    note: String,
}

/// `POST /tickets/{id}/close`
pub async fn close(
    State(state): State<AppState>,
    visit: Visit,
    Path(id): Path<String>,
    Form(noted): Form<Noted>,
) -> Answer {
    let id = id_of(&id)?;
    match ticket::close(&state.platform, &visit.caller, badge(&visit)?, id, &noted.note).await {
        Ok(()) => Ok(see_other("/tickets")),
        Err(Error::Refuse(refusal @ TicketRefusal::Note)) => {
            let refused = Failure::refuse(&refusal);
            let mut shown = view(&state, &visit, id).await?;
            shown.frame = shown.frame.with_error("note", refused.text(visit.say));
            page::show_with(refused.status(), &shown)
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /tickets/{id}/run`: the job of a ticket, once.
pub async fn run(State(state): State<AppState>, visit: Visit, Path(id): Path<String>) -> Answer {
    let id = id_of(&id)?;
    let counted = job::run(&state.platform, &visit.caller, badge(&visit)?, id).await?;
    let mut shown = view(&state, &visit, id).await?;
    shown.counts = counted.rows.into_iter().map(|(name, told)| (name, told.to_string())).collect();
    shown.statement = counted.statement;
    page::show(&shown)
}

/// `POST /tickets/{id}/requests`: what the person asks to have set right, opened and written down.
pub async fn requests(State(state): State<AppState>, visit: Visit, Path(id): Path<String>) -> Answer {
    let id = id_of(&id)?;
    let asked = correct::read(&state.platform, &visit.caller, badge(&visit)?, id).await?;
    let mut shown = view(&state, &visit, id).await?;
    shown.seconds = shown.seconds.min(SHOWN * 5);
    shown.no_requests = asked.is_empty();
    shown.requests = asked
        .into_iter()
        .map(|one| Request {
            id: one.id.to_string(),
            field: visit.say.t(&format!("ticket-field-{}", one.field.word())),
            settable: one.field != Field::Hkid,
            should: one.should,
            why: one.why,
        })
        .collect();
    page::show(&shown)
}

/// How a request is decided.
#[derive(Deserialize)]
pub struct Decided {
    #[serde(default)]
    outcome: String,
}

/// `POST /tickets/{id}/requests/{request}`
pub async fn decide(
    State(state): State<AppState>,
    visit: Visit,
    Path((id, request)): Path<(String, String)>,
    Form(decided): Form<Decided>,
) -> Answer {
    let id = id_of(&id)?;
    let request = CorrectionId::parse(&request).map_err(|_| Failure::refuse(&TicketRefusal::NotFound))?;
    let outcome = Outcome::from_word(&decided.outcome).ok_or_else(|| Failure::refuse(&TicketRefusal::Fields))?;
    correct::decide(&state.platform, &visit.caller, badge(&visit)?, id, (request, outcome)).await?;
    Ok(see_other(&format!("/tickets/{id}")))
}

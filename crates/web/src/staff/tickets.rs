//! Asking for a ticket, the officer's own ones, and those that wait for a second officer.

use axum::Json;
use axum::extract::{Form, Path, State};
use axum::response::IntoResponse;
use bytes::Bytes;
use lionrock_model::bulk::Job;
use lionrock_model::id::TicketId;
use lionrock_model::policy::{Field, Purpose};
use lionrock_model::ticket::{Object, State as Standing, TicketRefusal};
use lionrock_service::Error;
use lionrock_service::monitor::known;
use lionrock_service::ticket::{self, Draft, Mine, Person};

use super::{approve, badge, duty, no};
use crate::page::ticket::{Line, New, Tickets};
use crate::page::{self, see_other, time};
use crate::signin::assertion;
use crate::{Answer, AppState, Failure, Visit};

/// `GET /tickets`
pub async fn get(State(state): State<AppState>, visit: Visit) -> Answer {
    duty(&state, &visit).await?;
    let (platform, by, cookie) = (&state.platform, &visit.caller, badge(&visit)?);
    let known = known::is_known(platform, by, cookie).await.map_err(|error| no(&visit, error))?;
    let own = ticket::mine(platform, by, cookie).await?;
    let waiting = ticket::waiting(platform, by, cookie).await?;
    page::show(&Tickets {
        frame: visit.frame("tickets-title"),
        own: own.iter().map(|one| line(&visit, one)).collect(),
        waiting: waiting.iter().map(|one| line(&visit, one)).collect(),
        known,
    })
}

fn line(visit: &Visit, one: &Mine) -> Line {
    let terms = &one.ticket.terms;
    let left = one.until.map(|end| (end.0 - visit.caller.now.0 + 59_999) / 60_000);
    Line {
        path: format!("/tickets/{}", terms.ticket),
        case: terms.case.to_string(),
        what: what(visit, one),
        state: one.ticket.state.word(),
        asked: time::moment(visit.say, terms.asked),
        left: left.filter(|_| one.opens),
        unclosed: one.ticket.state == Standing::Approved && !one.opens,
    }
}

/// Purpose, or job, in words.
pub(super) fn what(visit: &Visit, one: &Mine) -> String {
    match (one.ticket.terms.object, one.ticket.terms.purpose) {
        (Object::Job(job), _) => visit.say.t(&format!("ticket-job-{}", job.word())),
        (_, Some(purpose)) => visit.say.t(&format!("ticket-purpose-{}", purpose.word())),
        (_, None) => String::new(),
    }
}

/// What the form holds. Ticked boxes come as one pair each, so it is read as pairs.
#[derive(Default)]
struct Typed {
    purpose: String,
    case: String,
    person: String,
    job: String,
    minutes: String,
    fields: Vec<String>,
}

impl Typed {
    fn read(pairs: Vec<(String, String)>) -> Self {
        let mut typed = Self::default();
        for (name, value) in pairs {
            match name.as_str() {
                "purpose" => typed.purpose = value,
                "case" => typed.case = value,
                "person" => typed.person = value,
                "job" => typed.job = value,
                "minutes" => typed.minutes = value,
                "field" => typed.fields.push(value),
                _ => {}
            }
        }
        typed
    }

    fn draft(&self) -> Result<Draft, TicketRefusal> {
        let job = Job::from_word(&self.job);
        let person = match job {
            Some(job) => Person::Job(job),
            None => Person::parse(&self.person)?,
        };
        let purpose = match job {
            Some(_) => None,
            None => Some(Purpose::from_word(&self.purpose).ok_or(TicketRefusal::Fields)?),
        };
        let fields = self.fields.iter().filter(|_| job.is_none());
        let fields = fields.map(|word| Field::from_word(word).ok_or(TicketRefusal::Fields));
        let minutes = self.minutes.trim().parse().map_err(|_| TicketRefusal::Minutes)?;
        Ok(Draft { purpose, case: self.case.clone(), person, fields: fields.collect::<Result<_, _>>()?, minutes })
    }
}

/// `GET /tickets/new`
pub async fn form(State(state): State<AppState>, visit: Visit) -> Answer {
    duty(&state, &visit).await?;
    let typed = Typed { minutes: "10".to_owned(), ..Typed::default() };
    page::show(&view(visit.frame("ticket-new-title"), &visit, &typed))
}

/// `POST /tickets`
pub async fn post(State(state): State<AppState>, visit: Visit, Form(pairs): Form<Vec<(String, String)>>) -> Answer {
    duty(&state, &visit).await?;
    let typed = Typed::read(pairs);
    let outcome = match typed.draft() {
        Ok(draft) => ticket::draft(&state.platform, &visit.caller, badge(&visit)?, draft).await,
        Err(refusal) => Err(Error::Refuse(refusal)),
    };
    let refusal = match outcome {
        Ok(row) => return Ok(see_other(&format!("/tickets/{}/sign", row.terms.ticket))),
        Err(Error::Refuse(TicketRefusal::MarkMissing)) => return Ok(see_other("/mark")),
        Err(Error::Refuse(refusal)) => refusal,
        Err(error) => return Err(error.into()),
    };
    let at = match refusal {
        TicketRefusal::CaseNumber => "case",
        TicketRefusal::Fields => "purpose",
        TicketRefusal::Minutes => "minutes",
        _ => "person",
    };
    let refused = Failure::refuse(&refusal);
    let frame = visit.frame("ticket-new-title").with_error(at, refused.text(visit.say));
    page::show_with(refused.status(), &view(frame, &visit, &typed))
}

fn view(frame: page::Frame, visit: &Visit, typed: &Typed) -> New {
    let say = visit.say;
    let named = |key: &str, word: &str| say.t(&format!("{key}{word}"));
    New {
        frame,
        purposes: Purpose::STAFF
            .map(|it| (it.word().to_owned(), named("ticket-purpose-", it.word()), typed.purpose == it.word()))
            .to_vec(),
        fields: Field::ALL
            .map(|it| {
                let ticked = typed.fields.iter().any(|field| field == it.word());
                (it.word().to_owned(), named("ticket-field-", it.word()), ticked)
            })
            .to_vec(),
        jobs: Job::ALL
            .map(|it| (it.word().to_owned(), named("ticket-job-", it.word()), typed.job == it.word()))
            .to_vec(),
        case: typed.case.clone(),
        person: typed.person.clone(),
        minutes: typed.minutes.clone(),
    }
}

/// `GET /tickets/{id}/sign`: exactly the text that both officers sign.
pub async fn sign(State(state): State<AppState>, visit: Visit, Path(id): Path<String>) -> Answer {
    duty(&state, &visit).await?;
    let id = id_of(&id)?;
    let seen = ticket::look(&state.platform, &visit.caller, badge(&visit)?, id).await?;
    let to = approve::Where {
        title: "ticket-sign-title",
        options: format!("/tickets/{id}/sign/options"),
        result: format!("/tickets/{id}/sign/key"),
        wanted: String::new(),
        back: "/tickets".to_owned(),
    };
    approve::show(&visit, &seen.ticket.terms.text(), to)
}

/// `POST /tickets/{id}/sign/options`
pub async fn sign_options(State(state): State<AppState>, visit: Visit, Path(id): Path<String>) -> Answer {
    let options = ticket::sign_options(&state.platform, &visit.caller, badge(&visit)?, id_of(&id)?).await?;
    Ok(Json(options).into_response())
}

/// `POST /tickets/{id}/sign/key`, body `AuthenticationResponseJSON` → `{next}`.
pub async fn sign_key(State(state): State<AppState>, visit: Visit, Path(id): Path<String>, body: Bytes) -> Answer {
    let id = id_of(&id)?;
    ticket::sign(&state.platform, &visit.caller, badge(&visit)?, id, assertion(&body)?).await?;
    Ok(page::next(&format!("/tickets/{id}")))
}

/// `GET /tickets/{id}/approve`: the same text, for the second officer.
pub async fn second(State(state): State<AppState>, visit: Visit, Path(id): Path<String>) -> Answer {
    duty(&state, &visit).await?;
    let id = id_of(&id)?;
    let seen = ticket::look(&state.platform, &visit.caller, badge(&visit)?, id).await?;
    let to = approve::Where {
        title: "ticket-approve-title",
        options: format!("/tickets/{id}/approve/options"),
        result: format!("/tickets/{id}/approve/key"),
        wanted: String::new(),
        back: format!("/tickets/{id}"),
    };
    approve::show(&visit, &seen.ticket.terms.text(), to)
}

/// `POST /tickets/{id}/approve/options`
pub async fn approve_options(State(state): State<AppState>, visit: Visit, Path(id): Path<String>) -> Answer {
    let options = ticket::approve_options(&state.platform, &visit.caller, badge(&visit)?, id_of(&id)?).await?;
    Ok(Json(options).into_response())
}

/// `POST /tickets/{id}/approve/key`, body `AuthenticationResponseJSON` → `{next}`.
pub async fn approve_key(State(state): State<AppState>, visit: Visit, Path(id): Path<String>, body: Bytes) -> Answer {
    let id = id_of(&id)?;
    ticket::approve(&state.platform, &visit.caller, badge(&visit)?, id, assertion(&body)?).await?;
    Ok(page::next("/tickets"))
}

/// `POST /tickets/{id}/refuse`
pub async fn refuse(State(state): State<AppState>, visit: Visit, Path(id): Path<String>) -> Answer {
    ticket::refuse(&state.platform, &visit.caller, badge(&visit)?, id_of(&id)?).await?;
    Ok(see_other("/tickets"))
}

pub(super) fn id_of(text: &str) -> Result<TicketId, Failure> {
    TicketId::parse(text).map_err(|_| Failure::refuse(&TicketRefusal::NotFound))
}

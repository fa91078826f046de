//! A person says which fact about them is wrong and what it should be, and sees what came of it.

use axum::Form;
use axum::extract::{Path, Query, State};
use lionrock_model::account::AccountRefusal;
use lionrock_model::correction::{FACTS, State as Standing, Statement, Unusable};
use lionrock_model::id::CorrectionId;
use lionrock_service::Error;
use lionrock_service::account::corrections::{self, Shown};
use serde::Deserialize;

use super::data::{field, standing};
use super::{cookie, failure};
use crate::page::my_data::{Corrections, Request, Typed};
use crate::page::{self, see_other, time};
use crate::{Answer, AppState, Failure, Visit};

const HERE: &str = "/account/corrections";

/// What the form holds; `?field=` chooses a fact beforehand.
#[derive(Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    field: String,
    #[serde(default)]
    should: String,
    #[serde(default)]
    why: String,
}

/// `GET /account/corrections`
pub async fn get(State(state): State<AppState>, visit: Visit, Query(asked): Query<Asked>) -> Answer {
    let typed = Typed { field: asked.field, ..Typed::default() };
    page::show(&view(&state, &visit, typed).await?)
}

/// `POST /account/corrections`
pub async fn post(State(state): State<AppState>, visit: Visit, Form(asked): Form<Asked>) -> Answer {
    let statement = Statement::parse(&asked.field, &asked.should, &asked.why);
    let outcome = match statement {
        Ok(statement) => {
            corrections::ask(&state.platform, &visit.caller, cookie(&visit, HERE)?, statement).await.map(drop)
        }
        Err(unusable) => Err(Error::Refuse(AccountRefusal::Correction(unusable))),
    };
    let (at, refusal) = match outcome {
        Ok(()) => return Ok(see_other(HERE)),
        Err(Error::Refuse(refusal @ AccountRefusal::Correction(Unusable::Should))) => ("should", refusal),
        Err(Error::Refuse(refusal @ AccountRefusal::Correction(Unusable::Why))) => ("why", refusal),
        Err(Error::Refuse(refusal @ (AccountRefusal::Correction(_) | AccountRefusal::CorrectionWaiting))) => {
            ("field", refusal)
        }
        Err(error) => return Err(failure(error, HERE)),
    };
    let refused = Failure::refuse(&refusal);
    let typed = Typed { field: asked.field, should: asked.should, why: asked.why };
    let mut shown = view(&state, &visit, typed).await?;
    shown.frame = shown.frame.with_error(at, refused.text(visit.say));
    page::show_with(refused.status(), &shown)
}

/// `POST /account/corrections/{id}/withdraw`
pub async fn withdraw(State(state): State<AppState>, visit: Visit, Path(id): Path<String>) -> Answer {
    let id = CorrectionId::parse(&id).map_err(|_| Failure::refuse(&AccountRefusal::NotFound))?;
    let done = corrections::withdraw(&state.platform, &visit.caller, cookie(&visit, HERE)?, id).await;
    done.map_err(|error| failure(error, HERE))?;
    Ok(see_other(HERE))
}

async fn view(state: &AppState, visit: &Visit, typed: Typed) -> Result<Corrections, Failure> {
    let all = corrections::list(&state.platform, &visit.caller, cookie(visit, HERE)?).await;
    let all = all.map_err(|error| failure(error, HERE))?;
    let facts = FACTS.map(|fact| (fact.word(), field(visit.say, fact.word())));
    Ok(Corrections {
        frame: visit.frame("corrections-title"),
        requests: all.into_iter().map(|one| request(visit, one)).collect(),
        facts: facts.to_vec(),
        typed,
    })
}

fn request(visit: &Visit, one: Shown) -> Request {
    let say = visit.say;
    Request {
        id: one.id.to_string(),
        field: field(say, one.field.word()),
        state: one.state.word(),
        standing: standing(say, one.state, one.outcome, one.due),
        received: time::moment(say, one.received),
        late: one.state == Standing::Received && visit.caller.now >= one.due,
        open: one.state == Standing::Received,
        should: one.should,
        why: one.why,
    }
}

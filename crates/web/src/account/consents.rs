//! The services a person approved, and taking that back.

use axum::extract::{Path, State};
use lionrock_model::id::ServiceId;
use lionrock_service::account::consents::{self, Approved};

use super::data::{field, list};
use super::{cookie, failure, service_name};
use crate::page::my_data::{Consent, Consents};
use crate::page::{self, see_other, time};
use crate::{Answer, AppState, Visit};

const HERE: &str = "/account/consents";

/// `GET /account/consents`
pub async fn get(State(state): State<AppState>, visit: Visit) -> Answer {
    let all = consents::list(&state.platform, &visit.caller, cookie(&visit, HERE)?).await;
    let all = all.map_err(|error| failure(error, HERE))?;
    let (ended, standing) = all.iter().partition::<Vec<_>, _>(|one| one.ended.is_some());
    let shown = |all: Vec<&Approved>| all.into_iter().map(|one| consent(&state, &visit, one)).collect();
    page::show(&Consents { frame: visit.frame("consents-title"), standing: shown(standing), ended: shown(ended) })
}

/// `POST /account/consents/{service}/end`
pub async fn end(State(state): State<AppState>, visit: Visit, Path(service): Path<String>) -> Answer {
    let done = consents::end(&state.platform, &visit.caller, cookie(&visit, HERE)?, &service).await;
    done.map_err(|error| failure(error, HERE))?;
    Ok(see_other(HERE))
}

fn consent(state: &AppState, visit: &Visit, one: &Approved) -> Consent {
    let say = visit.say;
    let known = ServiceId::parse(&one.service).ok();
    let known = known.as_ref().and_then(|id| state.platform.service(id));
    let fields: Vec<_> = one.fields.iter().map(|wanted| field(say, wanted.word())).collect();
    Consent {
        id: one.service.clone(),
        service: service_name(state, visit, &one.service),
        purpose: known.map(|service| service.purpose().to(visit.caller.language).to_owned()).unwrap_or_default(),
        fields: if fields.is_empty() { String::new() } else { list(say, &fields) },
        last: time::moment(say, one.last),
        times: one.times,
        ended: one.ended.map(|at| time::moment(say, at)),
    }
}

//! The certificates in a person's name: list, suspend, put in force again, revoke, take along.

use axum::extract::{Form, Path, State};
use axum::response::IntoResponse;
use http::header;
use lionrock_model::certificate::Standing;
use lionrock_service::account::certificates::{self, Shown, Wish};
use serde::Deserialize;

use super::{cookie, failure};
use crate::page::certificates::{Certificate, Certificates};
use crate::page::{self, see_other, time};
use crate::{Answer, AppState, Visit};

const HERE: &str = "/account/certificates";

/// `GET /account/certificates`
pub async fn get(State(state): State<AppState>, visit: Visit) -> Answer {
    let all = certificates::list(&state.platform, &visit.caller, cookie(&visit, HERE)?).await;
    let all = all.map_err(|error| failure(error, HERE))?;
    let certificates = all.into_iter().map(|one| view(&visit, one)).collect();
    page::show(&Certificates { frame: visit.frame("certificates-title"), certificates })
}

fn view(visit: &Visit, one: Shown) -> Certificate {
    let since = match one.standing {
        Standing::Good => None,
        Standing::Held(at) | Standing::Revoked(at, _) => Some(time::moment(visit.say, at)),
    };
    let state = match one.standing {
        Standing::Revoked(..) => "revoked",
        _ if one.over => "over",
        Standing::Held(_) => "held",
        Standing::Good => "good",
    };
    Certificate {
        number: one
            .serial
            .as_bytes()
            .chunks(4)
            .map(|c| String::from_utf8_lossy(c).into_owned())
            .collect::<Vec<_>>()
            .join(" "),
        serial: one.serial,
        kind: visit.say.t(&format!("certificate-{}", one.profile)),
        standing: visit.say.t(&format!("certificates-state-{state}")),
        ground: one
            .standing
            .ground()
            .map(|ground| visit.say.t(&format!("certificates-ground-{}", ground.word().to_ascii_lowercase()))),
        since,
        from: time::day(visit.say, one.from),
        until: time::day(visit.say, one.until),
        can_end: state == "good" || state == "held",
        is_good: state == "good",
        can_resume: state == "held" && one.may_resume,
        held_by_us: state == "held" && !one.may_resume,
    }
}

/// What to do.
#[derive(Deserialize)]
pub struct Wished {
    #[serde(default)]
    lost: Option<String>,
}

/// `POST /account/certificates/{serial}/hold`
pub async fn hold(State(state): State<AppState>, visit: Visit, Path(serial): Path<String>) -> Answer {
    carry_out(&state, &visit, &serial, Wish::Hold).await
}

/// `POST /account/certificates/{serial}/resume`, after a step-up.
pub async fn resume(State(state): State<AppState>, visit: Visit, Path(serial): Path<String>) -> Answer {
    carry_out(&state, &visit, &serial, Wish::Resume).await
}

/// `POST /account/certificates/{serial}/revoke`, after a step-up.
pub async fn revoke(
    State(state): State<AppState>,
    visit: Visit,
    Path(serial): Path<String>,
    Form(wished): Form<Wished>,
) -> Answer {
    carry_out(&state, &visit, &serial, Wish::Revoke { lost: wished.lost.is_some() }).await
}

async fn carry_out(state: &AppState, visit: &Visit, serial: &str, wish: Wish) -> Answer {
    let done = certificates::wish(&state.platform, &visit.caller, cookie(visit, HERE)?, serial, wish).await;
    done.map_err(|error| failure(error, HERE))?;
    Ok(see_other(HERE))
}

/// `GET /account/certificates/{serial}/file`
pub async fn file(State(state): State<AppState>, visit: Visit, Path(serial): Path<String>) -> Answer {
    let der = certificates::file(&state.platform, &visit.caller, cookie(&visit, HERE)?, &serial).await;
    let der = der.map_err(|error| failure(error, HERE))?;
    let headers = [
        (header::CONTENT_TYPE, "application/pkix-cert"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"certificate.cer\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, der).into_response())
}

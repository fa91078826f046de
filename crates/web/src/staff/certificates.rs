//! Certificates, for certification officers: how one stands, asking for a change or for a new one, and deciding what somebody of another
//! unit asked for. Nobody's name is shown here.

use axum::extract::{Path, Query, State};
use axum::response::IntoResponse;
use axum::{Form, Json};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::header;
use lionrock_model::certificate::{CertificateRefusal, Ground, OfficeRefusal};
use lionrock_model::refusal::Refusal as _;
use lionrock_model::staff::DutyRefusal;
use lionrock_service::Error;
use lionrock_service::authority::Act;
use lionrock_service::authority::office::{self, Decision, Profile, Wanted};
use lionrock_service::staff::officers;
use serde::{Deserialize, Serialize};

use super::approve::{self, Where};
use super::badge;
use crate::page::certificates::{Desk, Found, Open};
use crate::page::{self, time};
use crate::signin::assertion;
use crate::{Answer, AppState, Failure, Visit};

const HERE: &str = "/certificates";

/// Which certificate is looked at.
#[derive(Default, Deserialize)]
pub struct Sought {
    #[serde(default)]
    serial: String,
}

/// `GET /certificates?serial=…`
pub async fn get(State(state): State<AppState>, visit: Visit, Query(sought): Query<Sought>) -> Answer {
    let serial: String = sought.serial.chars().filter(char::is_ascii_hexdigit).collect::<String>().to_ascii_lowercase();
    let open =
        office::waiting(&state.platform, &visit.caller, badge(&visit)?).await.map_err(|error| no(&visit, error))?;
    let mut frame = visit.frame("authority-title");
    let found = if serial.is_empty() {
        None
    } else {
        match office::look(&state.platform, &visit.caller, badge(&visit)?, &serial).await {
            Ok(view) => Some(found(&visit, view)),
            Err(Error::Refuse(refusal @ OfficeRefusal::Certificate(_))) => {
                frame = frame.with_error("serial", visit.say.t(&refusal.text_key()));
                None
            }
            Err(error) => return Err(no(&visit, error)),
        }
    };
    let open = open.into_iter().map(|one| Open {
        reference: officers::reference(&one.act),
        at: time::moment(visit.say, one.at),
        lines: lines(&one.text),
        may_decide: one.may_decide,
    });
    page::show(&Desk { frame, serial, found, open: open.collect(), grounds: Ground::FINAL.map(Ground::word).to_vec() })
}

/// What a text says, without its head and without the request, which is long.
fn lines(text: &str) -> Vec<(String, String)> {
    let lines = text.lines().skip(3).filter(|line| !line.starts_with("request: "));
    lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn found(visit: &Visit, view: office::View) -> Found {
    use lionrock_model::certificate::Standing;
    let since = match view.standing {
        Standing::Good => None,
        Standing::Held(at) | Standing::Revoked(at, _) => Some(time::moment(visit.say, at)),
    };
    let over = visit.caller.now > view.until;
    let state = match view.standing {
        Standing::Revoked(..) => "revoked",
        _ if over => "over",
        Standing::Held(_) => "held",
        Standing::Good => "good",
    };
    Found {
        kind: visit.say.t(&format!("certificate-{}", view.profile)),
        standing: visit.say.t(&format!("certificates-state-{state}")),
        ground: view
            .standing
            .ground()
            .map(|ground| visit.say.t(&format!("certificates-ground-{}", ground.word().to_ascii_lowercase()))),
        since,
        from: time::day(visit.say, view.from),
        until: time::day(visit.say, view.until),
        is_good: state == "good",
        is_held: state == "held",
        public: view.public,
        serial: view.serial,
    }
}

/// `GET /certificates/{serial}/file`: a service's, a server's or an officer's.
pub async fn file(State(state): State<AppState>, visit: Visit, Path(serial): Path<String>) -> Answer {
    let der = office::file(&state.platform, &visit.caller, badge(&visit)?, &serial).await;
    let der = der.map_err(|error| no(&visit, error))?;
    let headers = [
        (header::CONTENT_TYPE, "application/pkix-cert"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"certificate.cer\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, der).into_response())
}

/// What a form is filled in with; also what is carried through the ceremony.
#[derive(Clone, Default, Deserialize, Serialize)]
pub struct Filled {
    #[serde(default)]
    act: String,
    #[serde(default)]
    serial: String,
    #[serde(default)]
    ground: String,
    #[serde(default)]
    profile: String,
    #[serde(default)]
    holder: String,
    #[serde(default)]
    days: String,
    #[serde(default)]
    request: String,
}

impl Filled {
    fn wanted(&self) -> Result<Wanted, CertificateRefusal> {
        let act = match self.act.as_str() {
            "issue" => {
                let profile = Profile::from_word(&self.profile).ok_or(CertificateRefusal::NotIssued)?;
                let days = self.days.trim().parse().map_err(|_| CertificateRefusal::NotIssued)?;
                let request = der_of(&self.request).ok_or(CertificateRefusal::BadRequest)?;
                return Ok(Wanted::Issue { profile, holder: self.holder.trim().to_owned(), request, days });
            }
            "revoke" => Act::Revoke(Ground::from_word(&self.ground).ok_or(CertificateRefusal::NoChange)?),
            "hold" => Act::Hold,
            "resume" => Act::Resume,
            _ => return Err(CertificateRefusal::NoChange),
        };
        Ok(Wanted::Change { serial: self.serial.clone(), act })
    }

    fn packed(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    fn unpacked(text: &str) -> Result<Wanted, Failure> {
        let read = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| serde_json::from_slice::<Self>(&bytes).ok());
        let read = read.ok_or_else(|| Failure::refuse(&DutyRefusal::Malformed))?;
        read.wanted().map_err(|refusal| Failure::refuse(&refusal))
    }
}

/// A request as people paste it: PEM, or the base64 inside.
fn der_of(text: &str) -> Option<Vec<u8>> {
    let inside: String =
        text.lines().map(str::trim).filter(|line| !line.starts_with("-----")).collect::<Vec<_>>().concat();
    STANDARD.decode(inside).ok().filter(|der| !der.is_empty())
}

/// `POST /certificates/propose`: shows what will be signed.
pub async fn check(State(state): State<AppState>, visit: Visit, Form(filled): Form<Filled>) -> Answer {
    let wanted = filled.wanted().map_err(|refusal| Failure::refuse(&refusal))?;
    let asked = office::propose_begin(&state.platform, &visit.caller, badge(&visit)?, wanted).await;
    let (text, _) = asked.map_err(|error| no(&visit, error))?;
    let packed = filled.packed();
    let to = Where {
        title: "authority-propose-title",
        options: format!("{HERE}/propose/options"),
        result: format!("{HERE}/propose/key?wanted={packed}"),
        wanted: packed,
        back: HERE.to_owned(),
    };
    approve::show(&visit, &text, to)
}

/// `POST /certificates/propose/options`, body `{wanted}` → `PublicKeyCredentialRequestOptionsJSON`.
pub async fn options(State(state): State<AppState>, visit: Visit, Json(carried): Json<approve::Wanted>) -> Answer {
    let wanted = Filled::unpacked(&carried.wanted)?;
    let asked = office::propose_begin(&state.platform, &visit.caller, badge(&visit)?, wanted).await;
    Ok(Json(asked.map_err(|error| no(&visit, error))?.1).into_response())
}

/// `POST /certificates/propose/key?wanted=…`, body `AuthenticationResponseJSON` → `{next}`.
pub async fn post(
    State(state): State<AppState>,
    visit: Visit,
    Query(carried): Query<approve::Wanted>,
    body: Bytes,
) -> Answer {
    let wanted = Filled::unpacked(&carried.wanted)?;
    let done = office::propose(&state.platform, &visit.caller, badge(&visit)?, wanted, assertion(&body)?).await;
    done.map_err(|error| no(&visit, error))?;
    Ok(page::next(HERE))
}

fn proposal(id: &str, way: &str) -> Result<([u8; 16], Decision), Failure> {
    let act = officers::read_reference(id).ok_or_else(|| Failure::refuse(&DutyRefusal::ProposalOver))?;
    let decision = Decision::from_word(way).ok_or_else(|| Failure::refuse(&DutyRefusal::Malformed))?;
    Ok((act, decision))
}

/// `GET /certificates/proposals/{id}/{approve|refuse}`
pub async fn sign(State(state): State<AppState>, visit: Visit, Path((id, way)): Path<(String, String)>) -> Answer {
    let (act, decision) = proposal(&id, &way)?;
    let asked = office::decide_begin(&state.platform, &visit.caller, badge(&visit)?, act, decision).await;
    let (text, _) = asked.map_err(|error| no(&visit, error))?;
    let approves = decision == Decision::Approve;
    let to = Where {
        title: if approves { "authority-approve-title" } else { "authority-refuse-title" },
        options: format!("{HERE}/proposals/{id}/{way}/options"),
        result: format!("{HERE}/proposals/{id}/{way}/key"),
        wanted: String::new(),
        back: HERE.to_owned(),
    };
    approve::show(&visit, &text, to)
}

/// `POST /certificates/proposals/{id}/{approve|refuse}/options` → `PublicKeyCredentialRequestOptionsJSON`.
pub async fn sign_options(
    State(state): State<AppState>,
    visit: Visit,
    Path((id, way)): Path<(String, String)>,
) -> Answer {
    let (act, decision) = proposal(&id, &way)?;
    let asked = office::decide_begin(&state.platform, &visit.caller, badge(&visit)?, act, decision).await;
    Ok(Json(asked.map_err(|error| no(&visit, error))?.1).into_response())
}

/// `POST /certificates/proposals/{id}/{approve|refuse}/key`, body `AuthenticationResponseJSON` → `{next}`.
pub async fn sign_key(
    State(state): State<AppState>,
    visit: Visit,
    Path((id, way)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    let (act, decision) = proposal(&id, &way)?;
    let done = office::decide(&state.platform, &visit.caller, badge(&visit)?, act, decision, assertion(&body)?).await;
    let serial = done.map_err(|error| no(&visit, error))?;
    Ok(page::next(&serial.map_or_else(|| HERE.to_owned(), |serial| format!("{HERE}?serial={serial}"))))
}

fn no(visit: &Visit, error: Error<OfficeRefusal>) -> Failure {
    match error {
        Error::Refuse(OfficeRefusal::Duty(DutyRefusal::SignInFirst | DutyRefusal::SessionOver)) => {
            Failure::sign_in_first(&visit.here)
        }
        other => other.into(),
    }
}

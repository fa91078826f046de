//! Who works here: the list, and asking for somebody new or for other rights.

pub mod decide;
pub mod one;

use axum::extract::{Query, State};
use axum::response::IntoResponse;
use axum::{Form, Json};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use lionrock_model::id::OfficerId;
use lionrock_model::staff::{DutyRefusal, OfficerName, Role, StaffNumber, Unit};
use lionrock_model::time::Millis;
use lionrock_service::staff::house::Named;
use lionrock_service::staff::officers::list::may_propose;
use lionrock_service::staff::officers::{self, Wanted, list, propose};
use serde::{Deserialize, Serialize};

use super::approve::{self, Where};
use super::{badge, duty, no};
use crate::page::staff::{Half, Line, Officers, Propose, Waiting};
use crate::page::{self, time};
use crate::signin::assertion;
use crate::{Answer, AppState, Failure, Visit};

/// `GET /officers`
pub async fn get(State(state): State<AppState>, visit: Visit) -> Answer {
    let people = list::read(&state.platform, &visit.caller, badge(&visit)?).await;
    let people = people.map_err(|error| no(&visit, error))?;
    let lines = people.officers.iter().map(|line| Line {
        id: line.officer.id.to_string(),
        name: line.named.name.reveal().to_owned(),
        number: line.named.number.reveal().to_owned(),
        role: line.officer.role.word(),
        unit: line.officer.unit.to_string(),
        state: if line.sound { line.officer.state.word() } else { "edited" },
        rights_until: time::day(visit.say, line.officer.rights_until),
        over: visit.caller.now >= line.officer.rights_until,
        used: line.used.map(|at| time::day(visit.say, at)),
        own: line.officer.id == people.duty.officer.id,
    });
    let waiting = people.waiting.iter().map(|one| Waiting {
        reference: officers::reference(&one.proposal.id),
        kind: one.proposal.kind.clone(),
        name: one.named.name.reveal().to_owned(),
        role: one.proposal.role.word(),
        unit: one.proposal.unit.to_string(),
        until: time::day(visit.say, one.proposal.expires),
        may_decide: one.may_decide,
    });
    page::show(&Officers {
        frame: visit.frame("staff-officers-title"),
        lines: lines.collect(),
        waiting: waiting.collect(),
    })
}

/// What the form is filled in with; also what is carried through the ceremony.
#[derive(Clone, Default, Deserialize, Serialize)]
pub struct Filled {
    #[serde(default)]
    officer: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    number: String,
    #[serde(default)]
    role: String,
    #[serde(default)]
    unit: String,
    #[serde(default)]
    until: String,
    /// `key` for a code to make a key with; else rights.
    #[serde(default)]
    what: String,
}

impl Filled {
    /// The command, or what cannot be read.
    fn wanted(&self) -> Result<Wanted, DutyRefusal> {
        if self.what == "key" {
            let officer = OfficerId::parse(&self.officer).map_err(|_| DutyRefusal::OfficerUnknown)?;
            return Ok(Wanted::Key { officer });
        }
        let role = Role::from_word(&self.role).ok_or(DutyRefusal::NotPermitted)?;
        let unit = Unit::parse(&self.unit).map_err(|_| DutyRefusal::UnitUnknown)?;
        let until = Millis::from_hong_kong_day(&self.until).ok_or(DutyRefusal::RightsTooLong)?;
        if self.officer.is_empty() {
            let name = OfficerName::parse(&self.name).ok_or(DutyRefusal::NameUnreadable)?;
            let number = StaffNumber::parse(&self.number).ok_or(DutyRefusal::NameUnreadable)?;
            return Ok(Wanted::New { named: Named { name, number }, role, unit, until });
        }
        let officer = OfficerId::parse(&self.officer).map_err(|_| DutyRefusal::OfficerUnknown)?;
        Ok(Wanted::Rights { officer, role, unit, until })
    }

    fn packed(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    fn unpacked(text: &str) -> Result<Self, Failure> {
        let read = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        read.ok_or_else(|| Failure::refuse(&DutyRefusal::Malformed))
    }
}

/// `GET /officers/propose?officer=…`: for somebody new, or for an officer who is there.
pub async fn form(State(state): State<AppState>, visit: Visit, Query(filled): Query<Filled>) -> Answer {
    let duty = duty(&state, &visit).await?;
    let roles: Vec<_> = Role::ALL.into_iter().filter(|role| may_propose(&visit.caller, &duty, *role)).collect();
    if roles.is_empty() {
        return Err(Failure::refuse(&DutyRefusal::NotPermitted));
    }
    let units = state
        .platform
        .settings
        .staff
        .as_ref()
        .map_or_else(Vec::new, |house| house.units.iter().map(|place| place.unit.to_string()).collect());
    page::show(&Propose {
        frame: visit.frame("staff-propose-title"),
        officer: filled.officer,
        role: filled.role,
        unit: filled.unit,
        roles: roles.into_iter().map(Role::word).collect(),
        units,
        until: visit.caller.now.after(LONG).hong_kong_date().to_string(),
    })
}

/// What the form suggests: a little less than the longest.
const LONG: std::time::Duration = std::time::Duration::from_secs(175 * 86_400);

/// `POST /officers/propose`: shows what will be signed.
pub async fn check(State(state): State<AppState>, visit: Visit, Form(filled): Form<Filled>) -> Answer {
    let wanted = filled.wanted().map_err(|refusal| Failure::refuse(&refusal))?;
    let asked = propose::begin(&state.platform, &visit.caller, badge(&visit)?, wanted).await;
    let (text, _) = asked.map_err(|error| no(&visit, error))?;
    let packed = filled.packed();
    let to = Where {
        title: "staff-propose-check-title",
        options: "/officers/propose/options".to_owned(),
        result: format!("/officers/propose/key?wanted={packed}"),
        wanted: packed,
        back: "/officers".to_owned(),
    };
    approve::show(&visit, &text, to)
}

/// `POST /officers/propose/options`, body `{wanted}` → `PublicKeyCredentialRequestOptionsJSON`.
pub async fn options(State(state): State<AppState>, visit: Visit, Json(carried): Json<approve::Wanted>) -> Answer {
    let wanted = Filled::unpacked(&carried.wanted)?.wanted().map_err(|refusal| Failure::refuse(&refusal))?;
    let asked = propose::begin(&state.platform, &visit.caller, badge(&visit)?, wanted).await;
    let (_, options) = asked.map_err(|error| no(&visit, error))?;
    Ok(Json(options).into_response())
}

/// `POST /officers/propose/key?wanted=…`, body `AuthenticationResponseJSON` → `{next}`, and `half` for somebody new.
pub async fn post(
    State(state): State<AppState>,
    visit: Visit,
    Query(carried): Query<approve::Wanted>,
    body: Bytes,
) -> Answer {
    let wanted = Filled::unpacked(&carried.wanted)?.wanted().map_err(|refusal| Failure::refuse(&refusal))?;
    let answer = assertion(&body)?;
    let done = propose::finish(&state.platform, &visit.caller, badge(&visit)?, wanted, answer).await;
    let done = done.map_err(|error| no(&visit, error))?;
    Ok(shown_once(done.half.as_ref().map(officers::Half::reveal), "first"))
}

/// The answer of a ceremony that gives away half of a code: the page that shows it gets it in a part of the address that browsers
/// send to nobody.
fn shown_once(half: Option<&str>, which: &str) -> axum::response::Response {
    match half {
        Some(half) => {
            let next = format!("/officers/code#{which}={half}");
            Json(serde_json::json!({"half": half, "next": next, "which": which})).into_response()
        }
        None => page::next("/officers"),
    }
}

/// `GET /officers/code`: half of a code, once.
pub async fn code(State(state): State<AppState>, visit: Visit) -> Answer {
    duty(&state, &visit).await?;
    page::show(&Half { frame: visit.frame("staff-half-title") })
}

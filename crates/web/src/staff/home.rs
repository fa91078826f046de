//! "My work": what an officer can do here, and until when.

use axum::extract::State;
use lionrock_model::policy::staff::Action;
use lionrock_model::staff::Role;

use super::duty;
use crate::page::staff::{Errand, Home};
use crate::page::{self, time};
use crate::{Answer, AppState, Visit};

/// Where each kind of work is done. A page that comes later adds its line; one without a route is not shown.
const ERRANDS: &[(Action, &str, &str)] = &[
    (Action::BoardRead, "/board", "board"),
    (Action::OfficerList, "/officers", "officers"),
    (Action::CounterRegister, "/counter", "counter"),
    (Action::AccountFreeze, "/kill-switch", "kill-switch"),
    (Action::CertificatePropose, "/certificates", "certificates"),
    (Action::StaffReport, "/report", "report"),
];

/// `GET /`
pub async fn get(State(state): State<AppState>, visit: Visit) -> Answer {
    let duty = duty(&state, &visit).await?;
    let mut errands: Vec<_> = ERRANDS
        .iter()
        .filter(|(action, ..)| duty.may(&visit.caller, *action))
        .map(|(_, path, word)| Errand { path: (*path).to_owned(), word: (*word).to_owned() })
        .collect();
    // What a ticket is for decides whether it is given; whoever may ever ask for one, or be the second, finds the page.
    let role = duty.officer.role;
    if lionrock_model::ticket::seconds(role) || role == Role::Operator {
        errands.insert(0, Errand { path: "/tickets".to_owned(), word: "tickets".to_owned() });
    }
    if matches!(role, Role::Privacy | Role::Security) {
        errands.push(Errand { path: "/break-glass".to_owned(), word: "break-glass".to_owned() });
    }
    page::show(&Home {
        frame: visit.frame("staff-home-title"),
        name: duty.named.name.reveal().to_owned(),
        role: duty.officer.role.word(),
        unit: duty.officer.unit.to_string(),
        place: duty.post.kind.word(),
        rights_until: time::day(visit.say, duty.officer.rights_until),
        since: time::moment(visit.say, duty.since),
        errands,
    })
}

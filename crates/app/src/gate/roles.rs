//! Who appears in the configuration: services and officers, and in which role.

use super::{Check, Outcome, Setting, outcome};
use crate::config::oversight;
use crate::services;
use lionrock_model::service::Profile;

pub(super) fn checks(at: &Setting<'_>) -> [Check; 2] {
    let officers = oversight::officers(&at.config.officers, at.realm).err().map(|error| format!("{error:#}"));
    [
        Check { name: "services-fit-the-realm", outcome: services(at) },
        Check { name: "roles-of-this-realm", outcome: outcome(officers.into_iter().collect()) },
    ]
}

/// The file of services reads in this realm: no contractor runs one, no loopback address receives answers in production.
fn services(at: &Setting<'_>) -> Outcome {
    let Some(file) = &at.config.services else { return Outcome::Passed };
    let list = match services::read(file, at.realm) {
        Ok(list) => list,
        Err(error) => return Outcome::Refused(format!("{error:#}")),
    };
    // The type of a redirect URI refuses loopback in production already; a plain profile there would be the weakest pair of all, so
    // it is looked at twice.
    let weak = list.iter().filter(|service| {
        let loopback = ["http://127.0.0.1", "http://[::1]", "http://localhost"];
        let anywhere =
            loopback.iter().any(|host| service.redirects_to(host) || service.redirects_to(&format!("{host}/")));
        service.profile() == Profile::Plain && anywhere
    });
    let weak: Vec<_> = weak
        .map(|service| format!("service {:?} has the plain profile and a loopback address", service.id().as_str()))
        .collect();
    if at.realm.is_test() { Outcome::Passed } else { outcome(weak) }
}

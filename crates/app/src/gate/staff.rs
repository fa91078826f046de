//! The staff house: its policy is the release's own, and it shares no host with residents.

use super::{Check, Setting, outcome};
use lionrock_service::staff::policy;

pub(super) fn checks(at: &Setting<'_>) -> [Check; 2] {
    let sound =
        policy::sound().err().map(|error| format!("the policy of the staff house is not this release's: {error}"));
    [
        Check { name: "staff-policy-sound", outcome: outcome(sound.into_iter().collect()) },
        Check { name: "staff-house-apart", outcome: outcome(apart(at)) },
    ]
}

fn apart(at: &Setting<'_>) -> Vec<String> {
    let Some(staff) = &at.config.staff else { return Vec::new() };
    let house = match staff.house() {
        Ok(house) => house,
        Err(error) => return vec![format!("{error:#}")],
    };
    let mut wrong = Vec::new();
    if staff.origin == at.config.issuer || staff.listen == at.config.listen && staff.listen.port() != 0 {
        wrong.push("officers and residents must not share an origin or a socket: give staff.origin and staff.listen of its own".to_owned());
    }
    if at.realm.is_test() {
        return wrong;
    }
    if at.config.issuer_host().is_ok_and(|host| host == staff.host()) {
        wrong.push(
            "staff.origin has the residents' host: cookies and passkeys would be shared; give it a host of its own"
                .to_owned(),
        );
    }
    if house.roots.is_empty() || house.models.is_empty() {
        wrong.push("staff.attestation_roots and staff.models are empty: no officer could make a key".to_owned());
    }
    if house.units.len() < 2 {
        wrong.push("staff.unit names fewer than two units: nothing could be approved by another one".to_owned());
    }
    wrong
}

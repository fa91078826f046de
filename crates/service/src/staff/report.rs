//! How privileges were used: the six-monthly report, from the ledger alone. It names officers by id, role and unit, and no person.

use super::policy;
use super::session::{OnDuty, on_duty};
use crate::{Caller, Error, Fault, Platform, audit, ceremony};
use lionrock_model::policy::staff::Action;
use lionrock_model::staff::DutyRefusal;
use lionrock_model::time::Millis;
use lionrock_store::{Tx, leaf, officer};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

const KINDS: &[&str] = &[
    "personal.opened",
    "staff.act-refused",
    "staff.act-signed",
    "staff.approved",
    "staff.changed",
    "staff.confirmed",
    "staff.ended",
    "staff.enrolled",
    "staff.invited",
    "staff.permitted",
    "staff.proposed",
    "staff.refused",
    "staff.restored",
    "staff.rights-withdrawn",
    "staff.signed-in",
    "staff.suspended",
];
/// Kinds that change who works here.
const CHANGES: &[&str] = &[
    "staff.approved",
    "staff.changed",
    "staff.confirmed",
    "staff.ended",
    "staff.enrolled",
    "staff.invited",
    "staff.proposed",
    "staff.restored",
    "staff.rights-withdrawn",
    "staff.suspended",
];
const BATCH: u32 = 500;

/// The report.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// Changes of who works here, oldest first.
    pub changes: Vec<Change>,
    /// First moment, Unix milliseconds.
    pub from: i64,
    /// Entries of the ledger that were read.
    pub entries: u64,
    /// Use, by officer.
    pub officers: BTreeMap<String, Used>,
    /// Digest of the policy in force.
    pub policy: String,
    /// Last moment, Unix milliseconds.
    pub until: i64,
}

/// A change of who works here.
#[derive(Clone, Debug, Serialize)]
pub struct Change {
    /// Unix milliseconds.
    pub at: i64,
    /// Who did it: an officer's id, officers of the configuration, or nobody when it was the clock.
    pub by: String,
    /// What kind of entry.
    pub kind: String,
    /// About whom.
    pub officer: String,
    /// Why, when the entry says.
    pub why: String,
}

/// How one officer used what they may.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Used {
    /// Signed acts, by action.
    pub acts: BTreeMap<String, u64>,
    /// Last entry, Unix milliseconds.
    pub last: i64,
    /// Readings of personal data, by purpose.
    pub openings: BTreeMap<String, u64>,
    /// Decisions of the policy that permitted.
    pub permitted: u64,
    /// Decisions and answers that were refused.
    pub refused: u64,
    /// Until when the rights last, Unix milliseconds; 0 when the officer is not known any more.
    pub rights_until: i64,
    /// Role, as the last entry says.
    pub role: String,
    /// Sign-ins.
    pub sign_ins: u64,
    /// How far the officer is.
    pub state: String,
    /// Unit, as the last entry says.
    pub unit: String,
}

/// Makes the report over a span.
///
/// # Errors
/// Of the store; `Key` when a body does not open.
pub async fn make(platform: &Arc<Platform>, from: Millis, until: Millis) -> Result<Report, Fault> {
    let owned = Arc::clone(platform);
    platform.store.read(move |tx| read(tx, &owned, from, until)).await
}

/// The report for an officer who may read it.
///
/// # Errors
/// A [`DutyRefusal`]; faults.
pub async fn for_officer(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
) -> Result<(OnDuty, Report), Error<DutyRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let duty = match on_duty(tx, &owned, &caller, &cookie) {
                Ok(duty) => duty,
                Err(Error::Refuse(refusal)) => return Ok(Err(refusal)),
                Err(Error::Fault(fault)) => return Err(fault),
            };
            let question = duty.question(&caller, Action::StaffReport);
            if let Err(refusal) = policy::decide(tx, &owned, &caller, &question)? {
                return Ok(Err(refusal.into()));
            }
            let report = read(tx, &owned, caller.now.before(lionrock_model::staff::REPORT), caller.now)?;
            Ok::<_, Fault>(Ok((duty, report)))
        })
        .await;
    ceremony::settle(outcome)
}

fn read(tx: &mut Tx<'_>, platform: &Platform, from: Millis, until: Millis) -> Result<Report, Fault> {
    let mut report = Report { from: from.0, until: until.0, policy: policy::digest(), ..Report::default() };
    let mut place = 0;
    loop {
        let found = leaf::of_kinds(tx, KINDS, place, i64::MAX as u64, BATCH)?;
        let full = found.len() == BATCH as usize;
        for (entry, sealed) in found {
            place = entry.position.map_or(place, |at| at + 1);
            let Some(sealed) = sealed else { continue };
            let (_, canonical, apart) = audit::open_whole(&platform.keys, &entry.event, &sealed)?;
            let mut said: Value = serde_json::from_slice(&canonical)?;
            // Which officer it was stands apart from what the person may read.
            let apart: Option<Value> = apart.map(|apart| serde_json::from_slice(&apart)).transpose()?;
            let reader = apart.as_ref().and_then(|apart| apart.pointer("/apart/officers/by")).cloned();
            if let (Some(reader), Some(by)) = (reader, said.pointer_mut("/body/by").and_then(Value::as_object_mut)) {
                by.insert("officer".to_owned(), reader);
            }
            count(&mut report, &entry.kind, &said, from, until);
        }
        if !full {
            break;
        }
    }
    for kept in officer::all(tx)? {
        let used = report.officers.entry(kept.officer.id.to_string()).or_default();
        used.role = kept.officer.role.word().to_owned();
        used.unit = kept.officer.unit.to_string();
        used.state = kept.officer.state.word().to_owned();
        used.rights_until = kept.officer.rights_until.0;
    }
    Ok(report)
}

fn count(report: &mut Report, kind: &str, said: &Value, from: Millis, until: Millis) {
    let at = said.get("at").and_then(Value::as_i64).unwrap_or(0);
    if at < from.0 || at > until.0 {
        return;
    }
    let word = |path: &str| said.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
    let officer = if kind == "personal.opened" { word("/body/by/officer") } else { word("/body/officer") };
    // Residents read their own data too; that is not this report's affair.
    if officer.is_empty() {
        return;
    }
    report.entries += 1;
    if CHANGES.contains(&kind) {
        let signers = said.pointer("/body/signed_by").and_then(Value::as_array);
        let signers = signers.map(|all| all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "));
        let by = signers.unwrap_or_else(|| word("/body/by"));
        report.changes.push(Change { at, by, kind: kind.to_owned(), officer: officer.clone(), why: word("/body/why") });
    }
    let used = report.officers.entry(officer).or_default();
    used.last = used.last.max(at);
    match kind {
        "personal.opened" => *used.openings.entry(word("/body/purpose")).or_default() += 1,
        "staff.act-signed" => *used.acts.entry(word("/body/action")).or_default() += 1,
        "staff.permitted" => used.permitted += 1,
        "staff.refused" | "staff.act-refused" => used.refused += 1,
        "staff.signed-in" => used.sign_ins += 1,
        _ => {}
    }
}

//! Findings: what a rule said about an officer, until somebody else has looked into it. Letters leave with the transaction that
//! raised it, to officers of other units.

use super::known;
use crate::audit::{self, Event, NOBODY};
use crate::port::Letter;
use crate::staff::{self, OnDuty};
use crate::{Caller, Error, Fault, Platform, outbox, right};
use lionrock_crypto::ring::{Domain, Slot};
use lionrock_model::id::{FindingId, OfficerId, TicketId};
use lionrock_model::monitor::{FindingRefusal, Rule};
use lionrock_model::person::Email;
use lionrock_model::policy::staff::Action;
use lionrock_model::staff::{Officer, Role};
use lionrock_model::ticket::Note;
use lionrock_store::finding::{self, Finding};
use lionrock_store::{Tx, staff_mark};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// Within how long somebody looks into a finding.
pub const LOOKED_INTO: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Officers who hear of a finding at most.
const MOST_TOLD: usize = 5;

/// Raises a finding about an officer, or counts one more of an open one. Officers of other units hear of a new one at once.
///
/// # Errors
/// Of the store.
pub fn raise(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    officer: &Officer,
    rule: Rule,
    ticket: Option<TicketId>,
) -> Result<(), Fault> {
    if let Some(open) = finding::open_of(tx, officer.id, rule)? {
        finding::again(tx, open.id)?;
        return Ok(());
    }
    let watchers = watchers(tx, platform, caller, officer)?;
    let row = Finding {
        id: FindingId::new(caller.now, caller.random()),
        version: 1,
        rule,
        officer: officer.id,
        unit: officer.unit.as_str().to_owned(),
        ticket,
        owner: watchers.first().map(|(id, _)| *id),
        times: 1,
        opened: caller.now,
        told: Some(caller.now),
        due: caller.now.after(LOOKED_INTO),
        closed: None,
        closed_by: None,
        sealed_note: None,
    };
    finding::insert(tx, &row)?;
    let body = json!({
        "about": officer.id.to_string(),
        "due": row.due.seconds(),
        "finding": row.id.to_string(),
        "owner": row.owner.map(|id| id.to_string()),
        "rule": rule.word(),
        "ticket": ticket.map(|id| id.to_string()),
        "unit": officer.unit.as_str(),
    });
    audit::append(tx, platform, caller, &Event::new("finding.raised", None, body))?;
    let mut to: Vec<Email> = watchers.into_iter().filter_map(|(_, mail)| mail).collect();
    if to.is_empty() {
        to.clone_from(&platform.settings.alerts);
    }
    let at = caller.now.hong_kong().strftime("%Y-%m-%d %H:%M (UTC+8)");
    let text = format!(
        "Monitoring noticed: {} ({}).\n\nOfficer: {}, {}, unit {}\nTicket: {}\nAt: {at}\nFinding: {}\n\nSomebody outside that unit looks \
         into it by {} and closes it with a note, on the board of the staff house.\n",
        rule.meaning(),
        rule.word(),
        officer.id,
        officer.role.word(),
        officer.unit,
        ticket.map_or_else(|| "none".to_owned(), |id| id.to_string()),
        row.id,
        row.due.hong_kong().strftime("%Y-%m-%d"),
    );
    tell(tx, platform, caller, to, "Lionrock: monitoring noticed something", &text)
}

/// Posts a letter to officers.
pub(crate) fn tell(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    to: Vec<Email>,
    subject: &str,
    text: &str,
) -> Result<(), Fault> {
    to.into_iter().try_for_each(|to| {
        let letter = Letter { to, subject: subject.to_owned(), text: text.to_owned() };
        outbox::post(tx, platform, caller, None, &letter)
    })
}

/// Standing officers who watch, outside the unit of whom it is about, security first: who they are and where letters reach them.
pub(crate) fn watchers(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    about: &Officer,
) -> Result<Vec<(OfficerId, Option<Email>)>, Fault> {
    let mut found = Vec::new();
    for one in right::all(tx, platform)? {
        let watches = matches!(one.role, Role::Security | Role::Privacy);
        if watches && one.stands(caller.now) && one.unit != about.unit && one.id != about.id {
            found.push(one);
        }
    }
    found.sort_by_key(|one| (one.role != Role::Security, one.id));
    found.truncate(MOST_TOLD);
    found
        .into_iter()
        .map(|one| {
            let mark = staff_mark::of_officer(tx, one.id)?;
            let mail = mark.map(|mark| known::mail(platform, &mark)).transpose()?.flatten();
            Ok((one.id, mail))
        })
        .collect()
}

/// All open findings, the most urgent first.
///
/// # Errors
/// Of the session; [`FindingRefusal::FindingNotPermitted`]; faults.
pub async fn open(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
) -> Result<Vec<Finding>, Error<FindingRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    platform
        .store
        .write(move |tx| {
            let on = duty(tx, &owned, &caller, &cookie)?;
            right::permit(&on, &caller, Action::BoardRead)
                .map_err(|_| Error::Refuse(FindingRefusal::FindingNotPermitted))?;
            Ok(finding::open(tx)?)
        })
        .await
}

/// Closes a finding with a note. Nobody closes one about themselves or about somebody of their unit.
///
/// # Errors
/// A [`FindingRefusal`]; faults.
pub async fn close(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    id: FindingId,
    note: &str,
) -> Result<(), Error<FindingRefusal>> {
    let note = Note::parse(note).map_err(|_| Error::Refuse(FindingRefusal::FindingNote))?;
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let on = duty(tx, &owned, &caller, &cookie)?;
            let permitted = right::permit(&on, &caller, Action::FindingSettle).is_ok();
            let Some(row) = finding::find(tx, id)?.filter(|row| row.closed.is_none()) else {
                return Ok(Err(FindingRefusal::FindingGone));
            };
            let own = row.officer == on.officer.id || row.unit == on.officer.unit.as_str();
            if own || !permitted {
                let why = if own { FindingRefusal::FindingOwn } else { FindingRefusal::FindingNotPermitted };
                let body = json!({
                    "by": on.officer.id.to_string(),
                    "finding": id.to_string(),
                    "reason": lionrock_model::refusal::Refusal::code(&why),
                });
                audit::append(tx, &owned, &caller, &Event::new("finding.refused", None, body))?;
                return Ok(Err(why));
            }
            let sealed = owned.keys.seal(Domain::Audit, &slot(&id), None, note.reveal().as_bytes(), &*caller.entropy);
            let sealed = sealed.map_err(Fault::from)?;
            if !finding::close(tx, &row, on.officer.id, sealed.into(), caller.now)? {
                return Err(lionrock_store::Error::Busy.into());
            }
            let body = json!({
                "about": row.officer.to_string(),
                "by": on.officer.id.to_string(),
                "finding": id.to_string(),
                "rule": row.rule.word(),
                "times": row.times,
            });
            audit::append(tx, &owned, &caller, &Event::new("finding.closed", None, body))?;
            Ok(Ok(()))
        })
        .await;
    settle(outcome)
}

fn duty(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, cookie: &str) -> Result<OnDuty, Error<FindingRefusal>> {
    staff::on_duty(tx, platform, caller, cookie).map_err(|error| match error {
        Error::Refuse(_) => Error::Refuse(FindingRefusal::FindingNotPermitted),
        Error::Fault(fault) => Error::Fault(fault),
    })
}

fn settle<T>(outcome: Result<Result<T, FindingRefusal>, Error<FindingRefusal>>) -> Result<T, Error<FindingRefusal>> {
    outcome?.map_err(Error::Refuse)
}

const fn slot(id: &FindingId) -> Slot<'_> {
    Slot { table: "finding", column: "sealed_note", row: id.as_bytes(), resident: &NOBODY, schema: 1, version: 1 }
}

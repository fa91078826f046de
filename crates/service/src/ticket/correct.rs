//! The desk of corrections: what residents say is wrong, decided by an officer under a ticket that a second one approved. The fact is
//! sealed anew, the ledger keeps that it was set right, the resident is told.

use super::draft::by;
use super::open::{decided, deed, granted};
use super::{Ruled, duty, keep, settle};
use crate::account::corrections::desk;
use crate::audit::{self, Event};
use crate::letter::{self, News};
use crate::monitor::{self, Outcome as Became, known};
use crate::{Caller, Error, Fault, Platform, freshness, ledger};
use lionrock_model::correction::{self as rules, Outcome, State};
use lionrock_model::id::{CorrectionId, TicketId};
use lionrock_model::person::{ChineseName, EnglishName, Sex};
use lionrock_model::policy::{Field, Purpose};
use lionrock_model::ticket::TicketRefusal;
use lionrock_store::correction::{self, Correction};
use lionrock_store::ticket::Ticket;
use lionrock_store::{Tx, resident};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// How long what was read waits for its entry to be published.
const PUBLISHED: Duration = Duration::from_secs(10);

/// A request as the officer of its ticket reads it.
pub struct Asked {
    /// Its id.
    pub id: CorrectionId,
    /// The fact.
    pub field: Field,
    /// What it should be.
    pub should: String,
    /// What shows it.
    pub why: String,
}

impl std::fmt::Debug for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Asked({})", self.id)
    }
}

/// What the person of a correction ticket asks to have set right, among the fields of the ticket. It is an opening like any other.
///
/// # Errors
/// A [`TicketRefusal`]; faults.
pub async fn read(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    id: TicketId,
) -> Result<Vec<Asked>, Error<TicketRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let on = duty(tx, &owned, &caller, &cookie)?;
            let fields = match of_ticket(tx, &owned, id)? {
                Ok(fields) => fields,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let (mut row, decision, _) = match decided(tx, &owned, &caller, &on, id, &fields)? {
                Ok(decided) => decided,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let grant = granted(tx, &owned, &caller, &row, &decision)?;
            let (leaf, who) = (grant.leaf, grant.row()?.id);
            let waiting = correction::of_resident(tx, who)?;
            let waiting = waiting.iter().filter(|one| one.state == State::Received && fields.contains(&one.field));
            let asked: Vec<Asked> = waiting
                .map(|one| {
                    let (should, why) = desk::said(&grant, one)?;
                    Ok(Asked { id: one.id, field: one.field, should, why })
                })
                .collect::<Result<_, Fault>>()?;
            drop(grant);
            row.openings += 1;
            keep(tx, &owned, &row)?;
            monitor::note(tx, &owned, &caller, &deed(&on, &row), ("open", Became::Given, None))?;
            Ok(Ok((asked, leaf)))
        })
        .await;
    let (asked, leaf) = settle(outcome)?;
    if ledger::wait(platform, leaf, PUBLISHED).await?.is_none() {
        return Err(Error::Refuse(TicketRefusal::LedgerAway));
    }
    Ok(asked)
}

/// Decides a request: sets the fact right as the resident asked, or refuses it. A card number is not set right here: it decides who
/// somebody is, and takes a new registration.
///
/// # Errors
/// A [`TicketRefusal`]; faults.
pub async fn decide(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    id: TicketId,
    (request, outcome): (CorrectionId, Outcome),
) -> Result<(), Error<TicketRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let ruled = platform
        .store
        .write(move |tx| {
            let on = duty(tx, &owned, &caller, &cookie)?;
            let Some(found) = about(tx, &owned, id, request)? else { return Ok(Err(TicketRefusal::NotFound)) };
            let (mut row, decision, _) = match decided(tx, &owned, &caller, &on, id, &[found.field])? {
                Ok(decided) => decided,
                Err(refusal) => return Ok(Err(refusal)),
            };
            if found.field == Field::Hkid && outcome == Outcome::Corrected {
                return Ok(Err(TicketRefusal::Fields));
            }
            let who = found.resident;
            let grant = granted(tx, &owned, &caller, &row, &decision)?;
            let body = json!({
                "by": by(&on),
                "correction": request.to_string(),
                "field": found.field.word(),
                "outcome": outcome.word(),
                "second": row.approver.as_ref().map(|(second, role, unit)| json!({
                    "officer": second.to_string(), "role": role.word(), "unit": unit.as_str(),
                })),
                "ticket": id.to_string(),
            });
            let event = Event::new("correction.decided", Some(who), body);
            if outcome == Outcome::Corrected {
                let (should, _) = desk::said(&grant, &found)?;
                let Some(set) = setting(found.field, &should) else { return Ok(Err(TicketRefusal::Fields)) };
                let sealed = grant.amend(&caller, found.field, set)?;
                let version = grant.row()?.version;
                drop(grant);
                if !resident::set_profile(tx, who, version, sealed)? {
                    return Err(lionrock_store::Error::Busy.into());
                }
                freshness::record(tx, &owned, &caller, &event)?;
                if found.field == Field::EnglishName
                    && let Ok(name) = EnglishName::parse(&should)
                {
                    known::renamed(tx, &owned, who, &name)?;
                }
            } else {
                drop(grant);
                audit::append(tx, &owned, &caller, &event)?;
            }
            if !correction::step(tx, &found, State::Decided, Some(outcome), caller.now)? {
                return Err(lionrock_store::Error::Busy.into());
            }
            letter::post(tx, &owned, &caller, who, News::CorrectionDecided)?;
            // The resident is told by the letter of this transaction: nothing more is to be done.
            let told = correction::find(tx, who, request)?.ok_or_else(|| Fault::stored_data("a request went away"))?;
            correction::step(tx, &told, State::Closed, None, caller.now)?;
            row.openings += 1;
            keep(tx, &owned, &row)?;
            monitor::note(tx, &owned, &caller, &deed(&on, &row), ("correct", Became::Given, None))?;
            Ok(Ok(()))
        })
        .await;
    settle(ruled)
}

fn of_ticket(tx: &mut Tx<'_>, platform: &Platform, id: TicketId) -> Ruled<Vec<Field>> {
    let row = find(tx, platform, id)?;
    Ok(match row {
        Some(row) if row.terms.purpose == Some(Purpose::Correction) => Ok(row.terms.fields),
        Some(_) => Err(TicketRefusal::Fields),
        None => Err(TicketRefusal::NotFound),
    })
}

fn about(
    tx: &mut Tx<'_>,
    platform: &Platform,
    id: TicketId,
    request: CorrectionId,
) -> Result<Option<Correction>, Error<TicketRefusal>> {
    let Some(row) = find(tx, platform, id)? else { return Ok(None) };
    let Some(who) = super::approve::about(&row) else { return Ok(None) };
    if row.terms.purpose != Some(Purpose::Correction) {
        return Ok(None);
    }
    Ok(correction::find(tx, who, request)?.filter(|found| found.state == State::Received))
}

/// The row, not judged yet: `decided` does.
fn find(tx: &mut Tx<'_>, platform: &Platform, id: TicketId) -> Result<Option<Ticket>, Error<TicketRefusal>> {
    match lionrock_store::ticket::find(tx, id, &platform.settings.realm.to_string()) {
        Err(lionrock_store::Error::Corrupt { .. }) => Ok(None),
        found => Ok(found?),
    }
}

type Setting = Box<dyn FnOnce(&mut crate::vault::Profile)>;

/// How a fact is set, when the text is one.
fn setting(field: Field, should: &str) -> Option<Setting> {
    let should = should.trim();
    Some(match field {
        Field::Birth => {
            let date = rules::date(should)?;
            Box::new(move |profile| profile.birth = Some(date))
        }
        Field::CardIssued => {
            let date = rules::date(should)?;
            Box::new(move |profile| profile.card_issued = Some(date))
        }
        Field::ChineseName => {
            let name = ChineseName::parse(should).ok()?;
            Box::new(move |profile| profile.chinese_name = Some(name.reveal().to_owned()))
        }
        Field::EnglishName => {
            let name = EnglishName::parse(should).ok()?;
            Box::new(move |profile| profile.english_name = Some(name.reveal().to_owned()))
        }
        Field::Sex => {
            let letter = should.chars().next().and_then(Sex::from_letter)?.letter();
            Box::new(move |profile| profile.sex = Some(letter))
        }
        Field::Devices | Field::Email | Field::Hkid => return None,
    })
}

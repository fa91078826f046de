//! Monitoring that can say no. It is asked inside the decision, in its transaction: signals are counted and compared, the rules of
//! `model::monitor` judge, and what they say is written down with the refusal or the grant — an entry of the ledger, a line for
//! the board, a finding with an owner and a due date, and letters to officers of other units.

pub mod board;
pub mod decoy;
pub mod finding;
pub mod known;

use crate::audit::{self, Event};
use crate::{Caller, Fault, Platform};
use lionrock_crypto::ring::Mac;
use lionrock_model::correction::State as Correction;
use lionrock_model::id::{OfficerId, ResidentId, TicketId};
use lionrock_model::monitor::{Rule, Signals, Verdict, judge};
use lionrock_model::policy::Purpose;
use lionrock_model::staff::Officer;
use lionrock_model::ticket::CaseNumber;
use lionrock_store::staff_act::{self, Act};
use lionrock_store::{Tx, correction, resident, staff_mark};
use serde_json::json;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What an officer is about to do, as the rules see it.
#[derive(Clone, Copy, Debug)]
pub struct Deed<'a> {
    /// Who.
    pub officer: &'a Officer,
    /// The other officer, once there is one.
    pub second: Option<OfficerId>,
    /// About whom; nobody for a look-up that found nobody.
    pub about: Option<ResidentId>,
    /// What for.
    pub purpose: Option<Purpose>,
    /// The case.
    pub case: &'a CaseNumber,
    /// The ticket.
    pub ticket: Option<TicketId>,
}

/// Counts, compares and judges. Nothing is written.
///
/// # Errors
/// Of the store; `Key` when the ring is incomplete.
pub fn look(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, deed: &Deed<'_>) -> Result<Verdict, Fault> {
    Ok(judge(&signals(tx, platform, caller, deed)?))
}

fn signals(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, deed: &Deed<'_>) -> Result<Signals, Fault> {
    let (now, officer) = (caller.now, deed.officer.id);
    let here = now.hong_kong();
    let person = person_code(platform, deed.about)?;
    let mut seen = Signals {
        tickets_hour: staff_act::count(tx, officer, now.before(HOUR), "ask")?,
        pair_day: match deed.second {
            Some(second) => staff_act::pair(tx, officer, second, now.before(DAY))?,
            None => 0,
        },
        openings_minute: staff_act::count(tx, officer, now.before(MINUTE), "open")?,
        misses_day: staff_act::count_outcome(tx, officer, now.before(DAY), "look-up", "missed")?,
        case_persons: staff_act::persons(tx, officer, now.before(DAY), deed.case.as_str(), &person)?.saturating_add(1),
        hour: here.hour(),
        sunday: here.weekday().to_monday_one_offset() == 7,
        ..Signals::default()
    };
    // A look-up that found nobody does the same work on a reference nobody has: it takes as long and tells nothing.
    let about = deed.about.unwrap_or_else(nobody);
    let card = resident::find(tx, about)?.and_then(|row| row.blind_index).unwrap_or_else(|| vec![0; 32]);
    let mut family = None;
    for (at, one) in [Some(officer), deed.second].into_iter().flatten().enumerate() {
        let mark = staff_mark::of_officer(tx, one)?;
        seen.own |= mark.as_ref().is_some_and(|mark| mark.card[..] == card[..]);
        if at == 0 {
            family = mark.map(|mark| mark.family);
        }
    }
    seen.colleague = staff_mark::by_card(tx, &card)?.is_some();
    let kept = staff_mark::family(tx, about)?;
    let same = known::family_of(platform, about, &family.unwrap_or_default())?;
    seen.family = family.is_some() && kept == Some(same);
    seen.decoy = staff_mark::is_decoy(tx, &known::decoy_code(platform, about)?)?;
    let asked = correction::of_resident(tx, about)?;
    let waiting = asked.iter().any(|row| row.state == Correction::Received);
    seen.no_case = deed.purpose == Some(Purpose::Correction) && !waiting;
    Ok(seen)
}

/// What became of a deed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was allowed.
    Given,
    /// It was refused.
    Refused,
    /// A look-up found nobody.
    Missed,
}

impl Outcome {
    /// The stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Refused => "refused",
            Self::Missed => "missed",
        }
    }
}

/// Writes a line for counting and for the board.
///
/// # Errors
/// Of the store.
pub fn note(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    deed: &Deed<'_>,
    (what, outcome, rule): (&'static str, Outcome, Option<Rule>),
) -> Result<(), Fault> {
    let act = Act {
        id: caller.random(),
        at: caller.now,
        officer: deed.officer.id,
        unit: deed.officer.unit.as_str().to_owned(),
        peer: deed.second,
        what: what.to_owned(),
        outcome: outcome.word().to_owned(),
        rule,
        ticket: deed.ticket,
        case: Some(deed.case.as_str().to_owned()),
        person: Some(person_code(platform, deed.about)?),
    };
    Ok(staff_act::note(tx, &act)?)
}

/// A refusal: entry of the ledger, line for the board, and, when a rule spoke, its alert. Commit after it.
///
/// # Errors
/// Of the store.
pub fn refused(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    deed: &Deed<'_>,
    (what, reason, rule): (&'static str, &'static str, Option<Rule>),
) -> Result<(), Fault> {
    note(tx, platform, caller, deed, (what, Outcome::Refused, rule))?;
    let body = json!({
        "by": {"officer": deed.officer.id.to_string(), "role": deed.officer.role.word(), "unit": deed.officer.unit.as_str()},
        "case": deed.case.as_str(),
        "purpose": deed.purpose.map(Purpose::word),
        "reason": reason,
        "rule": rule.map(Rule::word),
        "ticket": deed.ticket.map(|id| id.to_string()),
        "what": what,
    });
    audit::append(tx, platform, caller, &Event::new("ticket.refused", deed.about, body))?;
    match rule {
        Some(rule) => finding::raise(tx, platform, caller, deed.officer, rule, deed.ticket),
        None => Ok(()),
    }
}

/// What the rules flagged, each an alert.
///
/// # Errors
/// Of the store.
pub fn flag(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    deed: &Deed<'_>,
    flags: &[Rule],
) -> Result<(), Fault> {
    flags.iter().try_for_each(|rule| finding::raise(tx, platform, caller, deed.officer, *rule, deed.ticket))
}

fn person_code(platform: &Platform, about: Option<ResidentId>) -> Result<[u8; 32], Fault> {
    let id = about.unwrap_or_else(nobody);
    Ok(platform.keys.mac(Mac::Commitment, "staff act person v1", id.as_bytes())?)
}

/// A reference that no resident ever has.
fn nobody() -> ResidentId {
    ResidentId::new(lionrock_model::time::Millis(0), [0; 10])
}

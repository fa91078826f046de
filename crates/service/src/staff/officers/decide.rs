//! The second person: approves or refuses what somebody of another unit asked for, or confirms rights in a review.

use super::{Half, SECOND, Subject, new_half, permitted, proposer, text};
use crate::audit::{self, Event};
use crate::staff::approve;
use crate::staff::house::{self, Seat};
use crate::staff::session::{OnDuty, on_duty};
use crate::{Caller, Error, Fault, Platform, ceremony};
use lionrock_model::id::OfficerId;
use lionrock_model::policy::staff::Action;
use lionrock_model::refusal::Refusal as _;
use lionrock_model::staff::{DutyRefusal, INVITE, OfficerState, RIGHTS_LONGEST, Unit};
use lionrock_store::officer_proposal::{self, Proposal};
use lionrock_store::{Tx, officer};
use lionrock_wire::webauthn::json::{AuthenticationResponse, RequestOptions};
use serde_json::json;
use std::sync::Arc;

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Yes.
    Approve,
    /// No.
    Refuse,
}

impl Decision {
    /// The stable word, in the text that is signed.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Refuse => "refuse",
        }
    }

    /// Reads the stable word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Approve, Self::Refuse].into_iter().find(|decision| decision.word() == word)
    }
}

/// What came of it.
#[derive(Debug)]
pub struct Decided {
    /// About whom.
    pub officer: OfficerId,
    /// For somebody new, or a key, that was approved: the half of the code that the approver hands over, shown once.
    pub half: Option<Half>,
}

/// The text to be signed, and the question for the key.
///
/// # Errors
/// A [`DutyRefusal`]; faults.
pub async fn begin(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    proposal: [u8; 16],
    decision: Decision,
) -> Result<(String, RequestOptions), Error<DutyRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let duty = match on_duty(tx, &owned, &caller, &cookie) {
                Ok(duty) => duty,
                Err(Error::Refuse(refusal)) => return Ok(Err(refusal)),
                Err(Error::Fault(fault)) => return Err(fault),
            };
            let judged = match judged(tx, &owned, &caller, &duty, &proposal, decision)? {
                Ok(judged) => judged,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let options = approve::begin_in(tx, &owned, &caller, &duty, judged.action, &judged.text)?;
            Ok::<_, Fault>(options.map(|options| (judged.text, options)))
        })
        .await;
    ceremony::settle(outcome)
}

/// Decides.
///
/// # Errors
/// A [`DutyRefusal`]; faults.
pub async fn finish(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    proposal: [u8; 16],
    decision: Decision,
    answer: AuthenticationResponse,
) -> Result<Decided, Error<DutyRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let duty = match on_duty(tx, &owned, &caller, &cookie) {
                Ok(duty) => duty,
                Err(Error::Refuse(refusal)) => return Ok(Err(refusal)),
                Err(Error::Fault(fault)) => return Err(fault),
            };
            carry_out(tx, &owned, &caller, &duty, &proposal, decision, &answer)
        })
        .await;
    ceremony::settle(outcome)
}

struct Judged {
    seat: Seat,
    row: Proposal,
    action: Action,
    text: String,
}

fn judged(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    duty: &OnDuty,
    proposal: &[u8; 16],
    decision: Decision,
) -> Result<Result<Judged, DutyRefusal>, Fault> {
    let Some(row) = officer_proposal::find(tx, proposal)? else { return Ok(Err(DutyRefusal::ProposalOver)) };
    if row.state != "open" || caller.now >= row.expires {
        return Ok(Err(DutyRefusal::ProposalOver));
    }
    let Some(seat) = house::find(tx, platform, row.officer)? else { return Ok(Err(DutyRefusal::OfficerUnknown)) };
    let named = house::open_name(platform, &seat.kept)?;
    let review = row.kind == "review";
    let action = if review { Action::OfficerConfirm } else { Action::OfficerApprove };
    let fits = match row.kind.as_str() {
        "new" => seat.kept.officer.state == OfficerState::Proposed,
        "key" => super::propose::takes_key(&seat.kept.officer, caller) && seat.kept.invite_first.is_some(),
        "review" => seat.kept.officer.state == OfficerState::Active,
        _ => matches!(seat.kept.officer.state, OfficerState::Active | OfficerState::Suspended),
    };
    if !fits {
        return Ok(Err(DutyRefusal::ProposalOver));
    }
    if seat.kept.officer.id == duty.officer.id || seat.kept.person == duty.person {
        told(tx, platform, caller, duty, action, DutyRefusal::OwnMatter)?;
        return Ok(Err(DutyRefusal::OwnMatter));
    }
    // In a review the other line of command is that of the officer who is reviewed.
    let other: (OfficerId, Unit) = if review {
        (seat.kept.officer.id, seat.kept.officer.unit.clone())
    } else {
        let asked = match proposer(tx, platform, caller, &seat, &row, &named)? {
            Ok(asked) => asked,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if asked.kept.person == duty.person {
            told(tx, platform, caller, duty, action, DutyRefusal::OwnProposal)?;
            return Ok(Err(DutyRefusal::OwnProposal));
        }
        (asked.kept.officer.id, asked.kept.officer.unit.clone())
    };
    let before = (row.kind != "new").then_some(seat.kept.officer.role);
    for about in [Some(row.role), before].into_iter().flatten() {
        if let Err(refusal) = permitted(tx, platform, caller, duty, action, about, Some(other.clone()))? {
            return Ok(Err(refusal));
        }
    }
    let more = format!(
        "proposal: {}\nsigned-as: {}\ndecision: {}\n",
        approve::hex(&row.id),
        row.act.map_or_else(|| "none".to_owned(), |act| approve::hex(&act)),
        decision.word(),
    );
    let officer = Some(seat.kept.officer.id);
    let (role, unit, until) = (row.role, &row.unit, row.rights_until);
    let subject = Subject { kind: &row.kind, officer, named: &named, role, unit, until };
    let text = text(platform, action, &subject, &more);
    Ok(Ok(Judged { seat, row, action, text }))
}

fn carry_out(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    duty: &OnDuty,
    proposal: &[u8; 16],
    decision: Decision,
    answer: &AuthenticationResponse,
) -> Result<Result<Decided, DutyRefusal>, Fault> {
    let Judged { seat, row, action, text } = match judged(tx, platform, caller, duty, proposal, decision)? {
        Ok(judged) => judged,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let signed = match approve::check(tx, platform, caller, duty, action, &text, answer)? {
        Ok(signed) => signed,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let id = seat.kept.officer.id;
    let state = if decision == Decision::Approve { "approved" } else { "refused" };
    if !officer_proposal::decide(tx, &row.id, state, Some(duty.officer.id), Some(signed.act), caller.now)? {
        return Ok(Err(DutyRefusal::ProposalOver));
    }
    let mut kept = seat.kept;
    let (mut half, mut kind) = (None, "staff.approved");
    match (row.kind.as_str(), decision) {
        ("new" | "key", Decision::Approve) => {
            let (shown, code) = new_half(platform, caller, SECOND)?;
            if row.kind == "new" {
                kept.officer.state = OfficerState::Invited;
                kept.approved_by = Some(duty.officer.id);
            }
            kept.invite = Some(code);
            kept.invite_until = Some(caller.now.after(INVITE));
            half = Some(shown);
        }
        ("new", Decision::Refuse) => {
            kept.officer.state = OfficerState::Ended;
            kept.ended = Some(caller.now);
            kept.invite_first = None;
            kind = "staff.ended";
        }
        ("key", Decision::Refuse) => {
            kept.invite_first = None;
            kind = "staff.change-refused";
        }
        ("review", Decision::Approve) => kind = "staff.confirmed",
        ("review", Decision::Refuse) => {
            kept.officer.rights_until = caller.now;
            kind = "staff.rights-withdrawn";
        }
        (_, Decision::Approve) => {
            kept.officer.role = row.role;
            kept.officer.unit = row.unit.clone();
            kept.officer.state = OfficerState::Active;
            kept.officer.rights_until = row.rights_until.min(caller.now.after(RIGHTS_LONGEST));
            kept.approved_by = Some(duty.officer.id);
            // What was seen and begun with other rights is over.
            lionrock_store::officer_session::end_all(tx, id, "rights-changed", caller.now)?;
            kind = "staff.changed";
        }
        (_, Decision::Refuse) => kind = "staff.change-refused",
    }
    if !officer::change(tx, &kept)? {
        return Err(lionrock_store::Error::Busy.into());
    }
    if decision == Decision::Approve && !matches!(row.kind.as_str(), "new" | "key") {
        officer::used(tx, id, caller.now)?;
    }
    let body = json!({
        "act": approve::hex(&signed.act),
        "by": duty.officer.id.to_string(),
        "by_unit": duty.officer.unit.as_str(),
        "decision": decision.word(),
        "kind": row.kind,
        "proposal": approve::hex(&row.id),
    });
    house::record(tx, platform, caller, id, kind, body)?;
    Ok(Ok(Decided { officer: id, half }))
}

/// Writes a refusal of ours down, as the policy's are.
pub(super) fn told(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    duty: &OnDuty,
    action: Action,
    refusal: DutyRefusal,
) -> Result<(), Fault> {
    let body = json!({
        "action": action.word(),
        "officer": duty.officer.id.to_string(),
        "outcome": refusal.code(),
        "role": duty.officer.role.word(),
        "unit": duty.officer.unit.as_str(),
    });
    audit::append(tx, platform, caller, &Event::new("staff.refused", None, body)).map(drop)
}

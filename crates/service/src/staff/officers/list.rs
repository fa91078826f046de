//! Who works here, for those who may see it; and what waits for a second person.

use crate::fault::FaultKind;
use crate::staff::house::{self, Named};
use crate::staff::policy;
use crate::staff::session::{OnDuty, on_duty};
use crate::{Caller, Error, Fault, Platform, ceremony};
use lionrock_model::policy::staff::{Action, permit};
use lionrock_model::staff::{DutyRefusal, Officer, OfficerState};
use lionrock_model::time::Millis;
use lionrock_store::officer_proposal::{self, Proposal};
use lionrock_store::{Tx, officer};
use std::sync::Arc;

/// A line of the list.
#[derive(Clone, Debug)]
pub struct Line {
    /// The officer; what the row says, when the ledger confirms it.
    pub officer: Officer,
    /// Name and number.
    pub named: Named,
    /// Last used a right.
    pub used: Option<Millis>,
    /// Whether the row is what the ledger says. When not, the officer is refused everywhere and an alarm was raised.
    pub sound: bool,
}

/// Something that waits for a decision.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// The row.
    pub proposal: Proposal,
    /// About whom.
    pub named: Named,
    /// Whether the one who looks may decide it.
    pub may_decide: bool,
}

/// Everything on the page.
#[derive(Clone, Debug)]
pub struct People {
    /// Who looks.
    pub duty: OnDuty,
    /// Who works here.
    pub officers: Vec<Line>,
    /// What waits.
    pub waiting: Vec<Waiting>,
}

/// Reads the list, with a leaf for the reading.
///
/// # Errors
/// A [`DutyRefusal`]; faults.
pub async fn read(platform: &Arc<Platform>, caller: &Caller, cookie: &str) -> Result<People, Error<DutyRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let duty = match on_duty(tx, &owned, &caller, &cookie) {
                Ok(duty) => duty,
                Err(Error::Refuse(refusal)) => return Ok(Err(refusal)),
                Err(Error::Fault(fault)) => return Err(fault),
            };
            let question = duty.question(&caller, Action::OfficerList);
            if let Err(refusal) = policy::decide(tx, &owned, &caller, &question)? {
                return Ok(Err(refusal.into()));
            }
            let officers = lines(tx, &owned)?;
            let mut waiting = Vec::new();
            for proposal in officer_proposal::open(tx)? {
                if caller.now >= proposal.expires {
                    continue;
                }
                let Some(line) = officers.iter().find(|line| line.officer.id == proposal.officer) else { continue };
                let may_decide = may(&caller, &duty, &proposal, line, &officers);
                waiting.push(Waiting { named: line.named.clone(), proposal, may_decide });
            }
            Ok::<_, Fault>(Ok(People { duty, officers, waiting }))
        })
        .await;
    ceremony::settle(outcome)
}

/// Everybody who has not ended.
///
/// # Errors
/// Of the store.
pub(crate) fn lines(tx: &mut Tx<'_>, platform: &Platform) -> Result<Vec<Line>, Fault> {
    let mut lines = Vec::new();
    for kept in officer::all(tx)?.into_iter().filter(|kept| kept.officer.state != OfficerState::Ended) {
        let sound = match house::find(tx, platform, kept.officer.id) {
            Ok(_) => true,
            Err(fault) if fault.kind == FaultKind::RolledBack => false,
            Err(fault) => return Err(fault),
        };
        let named = house::open_name(platform, &kept)?;
        lines.push(Line { officer: kept.officer, named, used: kept.used, sound });
    }
    Ok(lines)
}

fn may(caller: &Caller, duty: &OnDuty, proposal: &Proposal, line: &Line, all: &[Line]) -> bool {
    if line.officer.id == duty.officer.id {
        return false;
    }
    let review = proposal.kind == "review";
    let action = if review { Action::OfficerConfirm } else { Action::OfficerApprove };
    let other = if review { Some(line) } else { all.iter().find(|one| Some(one.officer.id) == proposal.proposed_by) };
    let Some(other) = other else { return false };
    let question = duty.question(caller, action).about(proposal.role);
    permit(&question.proposed_by(other.officer.id, other.officer.unit.clone())).is_ok()
}

/// Whether the policy would let this officer propose somebody of that role: for the form.
#[must_use]
pub fn may_propose(caller: &Caller, duty: &OnDuty, role: lionrock_model::staff::Role) -> bool {
    permit(&duty.question(caller, Action::OfficerPropose).about(role)).is_ok()
}

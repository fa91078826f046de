//! No standing privilege: rights end by themselves, unused ones are withdrawn, and every quarter somebody else confirms them.

use super::house;
use crate::audit::{self, Event};
use crate::fault::FaultKind;
use crate::{Caller, Fault, Platform};
use lionrock_model::staff::{OfficerState, REVIEW_EVERY, REVIEW_OPEN, RIGHTS_UNUSED};
use lionrock_model::time::Millis;
use lionrock_store::officer::Kept;
use lionrock_store::officer_proposal::{self, Proposal};
use lionrock_store::{Tx, officer, officer_session};
use serde_json::json;
use std::sync::Arc;

/// What a round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// Rights withdrawn because nobody used them.
    pub unused: u32,
    /// Rights withdrawn because nobody confirmed them.
    pub unconfirmed: u32,
    /// Reviews opened.
    pub reviews: u32,
    /// Proposals that nobody decided in time.
    pub expired: u32,
}

/// One round: safe to run in several processes, as often as one likes.
///
/// # Errors
/// Of the store: the next round tries again.
pub async fn round(platform: &Arc<Platform>, caller: &Caller) -> Result<Round, Fault> {
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    platform
        .store
        .write(move |tx| {
            let mut done = Round::default();
            let open = officer_proposal::open(tx)?;
            for row in open.iter().filter(|row| caller.now >= row.expires) {
                officer_proposal::decide(tx, &row.id, "expired", None, None, caller.now)?;
                if row.kind == "review" {
                    done.unconfirmed += u32::from(withdraw_by(tx, &owned, &caller, row, "not-confirmed")?);
                } else {
                    let body = json!({"kind": row.kind, "officer": row.officer.to_string()});
                    audit::append(tx, &owned, &caller, &Event::new("staff.proposal-expired", None, body))?;
                    done.expired += 1;
                }
            }
            for kept in officer::all(tx)? {
                if kept.officer.state != OfficerState::Active || caller.now >= kept.officer.rights_until {
                    continue;
                }
                let used = kept.used.unwrap_or(kept.created);
                if caller.now.since(used) >= RIGHTS_UNUSED {
                    done.unused += u32::from(withdraw(tx, &owned, &caller, &kept, "unused")?);
                    continue;
                }
                let waits = open
                    .iter()
                    .any(|row| row.officer == kept.officer.id && row.kind == "review" && caller.now < row.expires);
                if !waits && caller.now.since(confirmed(tx, &kept)?) >= REVIEW_EVERY {
                    review(tx, &owned, &caller, &kept)?;
                    done.reviews += 1;
                }
            }
            Ok(done)
        })
        .await
}

/// When two others last said that these rights are needed.
fn confirmed(tx: &mut Tx<'_>, kept: &Kept) -> Result<Millis, Fault> {
    Ok(officer_proposal::approved_last(tx, kept.officer.id)?.unwrap_or(kept.created).max(kept.created))
}

fn review(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, kept: &Kept) -> Result<(), Fault> {
    let row = Proposal {
        id: caller.random(),
        kind: "review".to_owned(),
        officer: kept.officer.id,
        role: kept.officer.role,
        unit: kept.officer.unit.clone(),
        rights_until: kept.officer.rights_until,
        proposed_by: None,
        act: None,
        state: "open".to_owned(),
        decided_by: None,
        decided_act: None,
        created: caller.now,
        expires: caller.now.after(REVIEW_OPEN),
        decided: None,
    };
    officer_proposal::add(tx, &row)?;
    let body = json!({"officer": kept.officer.id.to_string(), "until": row.expires.0});
    audit::append(tx, platform, caller, &Event::new("staff.review-opened", None, body)).map(drop)
}

fn withdraw_by(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    row: &Proposal,
    why: &'static str,
) -> Result<bool, Fault> {
    let Some(kept) = officer::find(tx, row.officer)? else { return Ok(false) };
    if kept.officer.state != OfficerState::Active || caller.now >= kept.officer.rights_until {
        return Ok(false);
    }
    withdraw(tx, platform, caller, &kept, why)
}

fn withdraw(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    kept: &Kept,
    why: &'static str,
) -> Result<bool, Fault> {
    // A row that was edited is refused everywhere already, and one bad row must not keep the others from their review.
    match house::find(tx, platform, kept.officer.id) {
        Ok(Some(_)) => {}
        Ok(None) => return Ok(false),
        Err(fault) if fault.kind == FaultKind::RolledBack => return Ok(false),
        Err(fault) => return Err(fault),
    }
    let mut kept = kept.clone();
    kept.officer.rights_until = caller.now;
    if !officer::change(tx, &kept)? {
        return Err(lionrock_store::Error::Busy.into());
    }
    let sessions = officer_session::end_all(tx, kept.officer.id, "rights-withdrawn", caller.now)?;
    let body = json!({"sessions": sessions, "why": why});
    house::record(tx, platform, caller, kept.officer.id, "staff.rights-withdrawn", body)?;
    Ok(true)
}

//! A guardian takes their consent back, and another one takes their place.
//!
//! The young person's account is suspended at once and stays so: recovery codes do not open it, and card and face open it only when another
//! grown-up with an account of their own agrees as the first one did, or when the person is eighteen. The ledger says that a consent was taken
//! back, under an id computed from the consent, so a link that is made to stand again by hand does not.
//!
//! | verb | route | writes |
//! | --- | --- | --- |
//! | [`withdraw`] | POST /account/guardian/withdraw | the end of the link, the suspension, leaves of both, letters to both |

use super::guardian::{grown, new_link, stands};
use crate::audit::{self, Event};
use crate::freshness::{self, Mark};
use crate::letter::{self, News};
use crate::suspension::{self, Why};
use crate::{Caller, Error, Fault, Platform, account, recovery, register};
use lionrock_model::account::AccountRefusal;
use lionrock_model::id::ResidentId;
use lionrock_model::register::Step;
use lionrock_store::Tx;
use lionrock_store::counter_case::Case;
use lionrock_store::guardianship::{self, Guardianship};
use lionrock_store::registration::Registration;
use serde_json::json;
use std::sync::Arc;

/// Takes a consent back; `consent` names it as [`super::guardian::look`] does.
///
/// # Errors
/// Of the session, `StepUpNeeded`; [`AccountRefusal::NotFound`], also for somebody else's; faults.
pub async fn withdraw(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    consent: &str,
) -> Result<(), Error<AccountRefusal>> {
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    let (cookie, consent) = (cookie.to_owned(), consent.to_owned());
    platform
        .store
        .write(move |tx| {
            let current = account::require_fresh(tx, &owned, &caller, &cookie)?;
            let own = guardianship::of_guardian(tx, current.resident.id)?;
            let found = own.into_iter().find(|link| lionrock_wire::jose::encode(&link.approval) == consent);
            let Some(link) = found else { return Err(Error::Refuse(AccountRefusal::NotFound)) };
            if !stands(tx, &owned, &link, caller.now)? {
                return Err(Error::Refuse(AccountRefusal::NotFound));
            }
            end(tx, &owned, &caller, &link)?;
            Ok(letter::post(tx, &owned, &caller, link.guardian, News::Unguarded)?)
        })
        .await
}

/// Whoever closes their account stands beside nobody any more: as if each consent were taken back.
///
/// # Errors
/// Of the store.
pub(crate) fn end_all(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, who: ResidentId) -> Result<(), Fault> {
    for link in guardianship::of_guardian(tx, who)? {
        if stands(tx, platform, &link, caller.now)? {
            end(tx, platform, caller, &link)?;
        }
    }
    Ok(())
}

fn end(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, link: &Guardianship) -> Result<(), Fault> {
    if !guardianship::end(tx, link.resident, caller.now)? {
        return Err(lionrock_store::Error::Busy.into());
    }
    let consent = lionrock_wire::jose::encode(&link.approval);
    let event = Event::new("guardian.withdrawn", Some(link.guardian), json!({"consent": consent}));
    freshness::append(tx, platform, caller, Mark::Withdrawn(&link.approval), &event)?;
    audit::append(
        tx,
        platform,
        caller,
        &Event::new("guardian.withdrawn", Some(link.resident), json!({"consent": consent})),
    )?;
    suspension::begin(tx, platform, caller, link.resident, None, Why::Guardian, json!({"guardian": consent})).map(drop)
}

/// Whether an account is suspended because a guardian took their consent back, and no other has agreed since.
///
/// # Errors
/// Of the store.
pub(crate) fn needs_guardian(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    who: ResidentId,
) -> Result<bool, Fault> {
    if !suspension::standing(tx, platform, who)?.is_some_and(|now| now.guardian) {
        return Ok(false);
    }
    match guardianship::of_young(tx, who)? {
        Some(link) => Ok(!grown(platform, &link, caller.now)? && !stands(tx, platform, &link, caller.now)?),
        None => Ok(true),
    }
}

/// Another guardian agreed, in a repeated proofing of the young person: they take the place of the first one, and the chance to get
/// back in opens.
///
/// # Errors
/// Of the store.
pub(crate) fn take_place(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    row: &mut Registration,
    case: Case,
) -> Result<(), Fault> {
    let missing = || Fault::stored_data("an agreed errand names its young person, its guardian and their consent");
    let (young, guardian) = (row.resident.ok_or_else(missing)?, case.resident.ok_or_else(missing)?);
    let approval = case.approval.ok_or_else(missing)?;
    let facts = register::open_facts(tx, platform, caller, row)?;
    let link = new_link(platform, (young, &facts), (guardian, approval), caller.now)?;
    let before = guardianship::of_young(tx, young)?;
    let stands = match before {
        Some(_) => guardianship::renew(tx, &link)?,
        None => guardianship::insert(tx, &link).map(|()| true)?,
    };
    if !stands {
        return Err(lionrock_store::Error::Busy.into());
    }
    row.sealed_facts = None;
    let body = json!({"case": case.id.to_string(), "consent": lionrock_wire::jose::encode(&approval)});
    for who in [young, guardian] {
        audit::append(tx, platform, caller, &Event::new("guardian.linked", Some(who), body.clone()))?;
    }
    letter::post(tx, platform, caller, guardian, News::Guarded)?;
    super::case::end(tx, platform, caller, case)?;
    recovery::by_proofing(tx, platform, caller, Some(young), row.subject.as_deref())?;
    row.step = Step::Shown;
    Ok(())
}

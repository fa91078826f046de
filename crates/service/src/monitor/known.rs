//! What monitoring knows: keyed codes of officers' card numbers and family names, of residents' family names, and of planted accounts.
//! Codes are compared; no name and no number is opened for it.

use crate::audit::{self, Event, NOBODY};
use crate::{Caller, Error, Fault, Platform, staff};
use lionrock_crypto::ring::{Domain, Mac, Slot};
use lionrock_model::hkid::Hkid;
use lionrock_model::id::{OfficerId, ResidentId};
use lionrock_model::person::{CardFacts, Email, EnglishName};
use lionrock_model::staff::DutyRefusal;
use lionrock_store::Tx;
use lionrock_store::staff_mark::{self, OfficerMark};
use serde_json::json;
use std::sync::Arc;

/// Notes what an officer is compared by. Call it where officers are enrolled, in that transaction; a second call changes nothing.
///
/// # Errors
/// Of the store; `Key` when the ring is incomplete.
pub fn officer(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    officer: OfficerId,
    (card, name, mail): (&Hkid, &EnglishName, Option<&Email>),
) -> Result<(), Fault> {
    let sealed = mail.map(|mail| {
        platform.keys.seal(Domain::Contact, &mail_slot(&officer), None, mail.reveal().as_bytes(), &*caller.entropy)
    });
    let mark = OfficerMark {
        officer,
        card: platform.keys.mac(Mac::BlindIndex, "hkid", card.body().as_bytes())?,
        family: family_code(platform, name)?,
        sealed_mail: sealed.transpose()?.map(Into::into),
    };
    if staff_mark::keep_officer(tx, &mark, caller.now)? {
        let body = json!({"mail": mail.is_some(), "officer": officer.to_string()});
        audit::append(tx, platform, caller, &Event::new("officer.known", None, body))?;
    }
    Ok(())
}

/// An officer says who they are as a resident, once, so that monitoring knows their own record, their family and their colleagues'. Until
/// then they ask for no ticket. What was said stays: correcting it takes another enrolment.
///
/// # Errors
/// Of the session; faults; `Conflict` when another officer has that card number.
pub async fn declare(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    (card, name, mail): (Hkid, EnglishName, Email),
) -> Result<(), Error<DutyRefusal>> {
    if !platform.settings.realm.admits(&card) {
        return Err(Error::Refuse(DutyRefusal::NameUnreadable));
    }
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    platform
        .store
        .write(move |tx| {
            let on = staff::on_duty(tx, &owned, &caller, &cookie)?;
            let code = owned.keys.mac(Mac::BlindIndex, "hkid", card.body().as_bytes()).map_err(Fault::from)?;
            if staff_mark::by_card(tx, &code)?.is_some_and(|other| other.officer != on.officer.id) {
                return Err(Error::Refuse(DutyRefusal::AlreadyOfficer));
            }
            officer(tx, &owned, &caller, on.officer.id, (&card, &name, Some(&mail)))?;
            Ok(())
        })
        .await
}

/// Whether monitoring knows an officer.
///
/// # Errors
/// Of the session; faults.
pub async fn is_known(platform: &Arc<Platform>, caller: &Caller, cookie: &str) -> Result<bool, Error<DutyRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    platform
        .store
        .read(move |tx| {
            let on = staff::on_duty(tx, &owned, &caller, &cookie)?;
            Ok(staff_mark::of_officer(tx, on.officer.id)?.is_some())
        })
        .await
}

/// Where alerts reach an officer.
///
/// # Errors
/// `Key` when it does not open.
pub(super) fn mail(platform: &Platform, mark: &OfficerMark) -> Result<Option<Email>, Fault> {
    let Some(sealed) = &mark.sealed_mail else { return Ok(None) };
    let plain = platform.keys.open_sealed(Domain::Contact, &mail_slot(&mark.officer), None, sealed)?;
    let text = std::str::from_utf8(&plain).map_err(|_| Fault::stored_data("officer_mark.sealed_mail"))?;
    Email::parse(text).map(Some).map_err(|_| Fault::stored_data("officer_mark.sealed_mail"))
}

/// Notes the family name of a resident, as a code of their own. Call it wherever the facts of a card are sealed.
///
/// # Errors
/// Of the store; `Key` when the ring is incomplete.
pub fn family(tx: &mut Tx<'_>, platform: &Platform, id: ResidentId, facts: &CardFacts) -> Result<(), Fault> {
    renamed(tx, platform, id, &facts.english_name)
}

/// As [`family`], for a name that was set right.
///
/// # Errors
/// As [`family`].
pub fn renamed(tx: &mut Tx<'_>, platform: &Platform, id: ResidentId, name: &EnglishName) -> Result<(), Fault> {
    let code = family_of(platform, id, &family_code(platform, name)?)?;
    Ok(staff_mark::keep_family(tx, id, &code)?)
}

/// The code a resident has if their family name is the one behind `family`.
pub(super) fn family_of(platform: &Platform, id: ResidentId, family: &[u8; 32]) -> Result<[u8; 32], Fault> {
    let message = [&id.as_bytes()[..], family].concat();
    Ok(platform.keys.mac(Mac::BlindIndex, "family mark v1", &message)?)
}

fn family_code(platform: &Platform, name: &EnglishName) -> Result<[u8; 32], Fault> {
    let surname = name.reveal().split(',').next().unwrap_or_default();
    Ok(platform.keys.mac(Mac::BlindIndex, "family name v1", surname.trim().as_bytes())?)
}

/// The code of a planted account.
pub(super) fn decoy_code(platform: &Platform, id: ResidentId) -> Result<[u8; 32], Fault> {
    Ok(platform.keys.mac(Mac::Commitment, "decoy v1", id.as_bytes())?)
}

const fn mail_slot(officer: &OfficerId) -> Slot<'_> {
    Slot {
        table: "officer_mark",
        column: "sealed_mail",
        row: officer.as_bytes(),
        resident: &NOBODY,
        schema: 1,
        version: 1,
    }
}

//! GET and POST /account/email: another e-mail address, after a fresh proof of presence, confirmed by six digits sent to it.
//!
//! Until the digits come back nothing changes. When they do, the address is replaced and a letter goes to the one before: whoever
//! reads it there can step in. After a recovery nothing is changed for three days ([`COOLING_OFF`]).

use crate::audit::Event;
use crate::ceremony::settle;
use crate::email_code::{self, PAUSE};
use crate::letter::{self, News};
use crate::signed_in::Current;
use crate::vault::Grant;
use crate::{Caller, Error, Fault, Platform, freshness, outbox, vault};
use lionrock_crypto::ring::{Domain, Slot};
use lionrock_model::account::AccountRefusal;
use lionrock_model::id::ResidentId;
use lionrock_model::person::Email;
use lionrock_model::policy::Field;
use lionrock_model::recovery::COOLING_OFF;
use lionrock_model::register::{EMAIL_CODE_TRIES, EMAIL_CODES};
use lionrock_store::contact_change::{self, Change};
use lionrock_store::{Tx, recovery, resident};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// Codes are counted for so long.
const COUNTED: Duration = Duration::from_secs(60 * 60);

/// What the page shows.
#[derive(Clone)]
pub struct Standing {
    /// The address on record.
    pub email: Option<Email>,
    /// The one a code was sent to, while the code is good.
    pub waiting: Option<Email>,
}

impl std::fmt::Debug for Standing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Standing(…)")
    }
}

/// The address on record, and the one on its way.
///
/// # Errors
/// Of the session; faults.
pub async fn standing(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
) -> Result<Standing, Error<AccountRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    platform
        .store
        .write(move |tx| {
            let current = super::require(tx, &owned, &caller, &cookie)?;
            let grant = super::own(tx, &owned, &caller, &current, &[Field::Email])?;
            let change = contact_change::find(tx, current.resident.id)?.filter(|row| is_good(row, &caller));
            let waiting = change.map(|row| open(&grant, &row)).transpose()?;
            Ok(Standing { email: grant.email()?, waiting })
        })
        .await
}

/// Takes a new address and sends six digits to it. Another address, or the same again, voids the digits before.
///
/// # Errors
/// Of the session, `StepUpNeeded`; [`AccountRefusal::CoolingOff`], `EmailNotUsable`, `EmailSame`, `EmailTooOften`; faults.
pub async fn give(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    address: &str,
) -> Result<(), Error<AccountRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let to = Email::parse(address).map_err(|_| AccountRefusal::EmailNotUsable);
    platform
        .store
        .write(move |tx| {
            // Without a session, and without presence, nobody learns what an address is good for.
            let current = super::require_fresh(tx, &owned, &caller, &cookie)?;
            let to = to.as_ref().map_err(|refusal| Error::Refuse(*refusal))?;
            let who = current.resident.id;
            if recovery::last(tx, who)?.is_some_and(|done| caller.now < done.after(COOLING_OFF)) {
                return Err(Error::Refuse(AccountRefusal::CoolingOff));
            }
            let grant = super::own(tx, &owned, &caller, &current, &[Field::Email])?;
            if grant.email()?.as_ref().is_some_and(|now| now.reveal() == to.reveal()) {
                return Err(Error::Refuse(AccountRefusal::EmailSame));
            }
            let row = contact_change::find(tx, who)?;
            let earlier = row.as_ref().filter(|row| caller.now < row.expires);
            let codes = earlier.map_or(0, |row| row.codes);
            if codes >= EMAIL_CODES || earlier.is_some_and(|row| caller.now.since(row.sent) < PAUSE) {
                return Err(Error::Refuse(AccountRefusal::EmailTooOften));
            }
            let digits = email_code::draw(&caller);
            // Never a version that was used before, also after the row was gone for a while: an older address does not open.
            let version = row.as_ref().map_or(0, |row| row.version + 1).max(caller.now.0);
            let change = Change {
                resident: who,
                version,
                sealed_email: seal(tx, &owned, &caller, who, version, to)?,
                code_digest: digest(&owned, &who, version, &digits)?,
                code_until: caller.now.after(owned.settings.limits.email_code),
                code_tries: 0,
                codes: codes + 1,
                sent: caller.now,
                expires: earlier.map_or_else(|| caller.now.after(COUNTED), |row| row.expires),
            };
            if !contact_change::keep(tx, &change, row.map(|row| row.version))? {
                return Err(lionrock_store::Error::Busy.into());
            }
            let letter = email_code::letter(to.clone(), caller.language, &digits);
            Ok(outbox::post(tx, &owned, &caller, Some(who), &letter)?)
        })
        .await
}

/// Takes the six digits. The right ones, once, in time: the address is replaced, and a letter tells the one before.
///
/// # Errors
/// Of the session; [`AccountRefusal::EmailCodeWrong`] (and one try less), `EmailCodeOver`; faults.
pub async fn confirm(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    typed: &str,
) -> Result<(), Error<AccountRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let digits = email_code::typed(typed);
    let outcome = platform
        .store
        .write(move |tx| match super::within(super::require(tx, &owned, &caller, &cookie))? {
            Ok(current) => carry_out(tx, &owned, &caller, &current, &digits),
            Err(refusal) => Ok(Err(refusal)),
        })
        .await;
    settle(outcome)
}

fn carry_out(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    current: &Current,
    digits: &str,
) -> Result<Result<(), AccountRefusal>, Fault> {
    let who = current.resident.id;
    let Some(row) = contact_change::find(tx, who)?.filter(|row| is_good(row, caller)) else {
        return Ok(Err(AccountRefusal::EmailCodeOver));
    };
    if !email_code::same(&digest(platform, &who, row.version, digits)?, &row.code_digest) {
        // The try is counted in a transaction that commits.
        if !contact_change::tried(tx, &row)? {
            return Err(lionrock_store::Error::Busy.into());
        }
        return Ok(Err(AccountRefusal::EmailCodeWrong));
    }
    let grant = super::own(tx, platform, caller, current, &[Field::Email])?;
    let email = open(&grant, &row)?;
    // To the address that is still on record: the letter's own grant opens it before it is replaced.
    letter::post(tx, platform, caller, who, News::ContactChanged)?;
    let account = resident::find(tx, who)?.ok_or_else(|| Fault::stored_data("no such resident"))?;
    let key = vault::sealing_key(tx, platform, who)?;
    let sealed = vault::seal_email(platform, caller, who, account.version + 1, &key, &email)?;
    if !resident::set_contact(tx, who, account.version, sealed)? {
        return Err(lionrock_store::Error::Busy.into());
    }
    contact_change::remove(tx, who)?;
    let body = json!({"session": current.session.id.to_string()});
    freshness::record(tx, platform, caller, &Event::new("contact.changed", Some(who), body))?;
    Ok(Ok(()))
}

fn is_good(row: &Change, caller: &Caller) -> bool {
    caller.now < row.code_until && row.code_tries < EMAIL_CODE_TRIES
}

fn seal(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    who: ResidentId,
    version: i64,
    to: &Email,
) -> Result<Vec<u8>, Fault> {
    let key = vault::sealing_key(tx, platform, who)?;
    let plain = to.reveal().as_bytes();
    Ok(platform.keys.seal(Domain::Contact, &slot(&who, version), Some(&key), plain, &*caller.entropy)?.into())
}

fn open(grant: &Grant<'_>, row: &Change) -> Result<Email, Fault> {
    let slot = slot(&row.resident, row.version);
    let plain = grant.open(Field::Email, Domain::Contact, &slot, &row.sealed_email)?;
    let text = std::str::from_utf8(&plain).map_err(|_| Fault::stored_data("an address is not text"))?;
    Email::parse(text).map_err(|_| Fault::stored_data("an address is not an address"))
}

fn digest(platform: &Platform, who: &ResidentId, version: i64, digits: &str) -> Result<[u8; 32], Fault> {
    let row = [who.as_bytes().as_slice(), &version.to_be_bytes()].concat();
    email_code::digest(platform, "e-mail change", &row, digits)
}

fn slot(who: &ResidentId, version: i64) -> Slot<'_> {
    let id = who.as_bytes();
    let version = u64::try_from(version).unwrap_or(0);
    Slot { table: "contact_change", column: "sealed_email", row: id, resident: id, schema: 1, version }
}

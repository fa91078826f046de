//! An address, and the six digits that show it is the person's.

use super::{open_own, require_at, slot, write_back};
use crate::audit::Event;
use crate::ceremony::settle;
use crate::email_code::{self, PAUSE};
use crate::{Caller, Error, Fault, Platform, freshness, outbox, vault};
use lionrock_crypto::ring::Domain;
use lionrock_model::id::RegistrationId;
use lionrock_model::person::Email;
use lionrock_model::policy::Field;
use lionrock_model::register::{EMAIL_CODE_TRIES, EMAIL_CODES, RegisterRefusal, Step};
use lionrock_store::registration::{EmailCode, Registration};
use lionrock_store::{Tx, resident};
use serde_json::json;
use std::sync::Arc;

/// Takes an address and sends a code to it. The same address again sends a new code; the earlier one is void.
///
/// # Errors
/// `EmailNotUsable`, `EmailTooOften`, `OutOfOrder`.
pub async fn give(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    address: &str,
) -> Result<(), Error<RegisterRefusal>> {
    let to = Email::parse(address).map_err(|_| Error::Refuse(RegisterRefusal::EmailNotUsable))?;
    let (shared, who, secret) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    platform
        .store
        .write(move |tx| {
            let mut row = require_at(tx, &shared, &secret, who.now, &[Step::Email, Step::Confirm])?;
            let life = shared.settings.limits.email_code;
            let sent = row.email_code.as_ref().map(|code| code.until.before(life));
            if row.email_codes >= EMAIL_CODES || sent.is_some_and(|at| who.now.since(at) < PAUSE) {
                return Err(Error::Refuse(RegisterRefusal::EmailTooOften));
            }
            let digits = email_code::draw(&who);
            let plain = to.reveal().as_bytes();
            let place = slot(&row.id, "sealed_email");
            let sealed =
                shared.keys.seal(Domain::Registration, &place, None, plain, &*who.entropy).map_err(Fault::from)?;
            row.sealed_email = Some(sealed.into());
            let digest = digest(&shared, &row.id, &digits)?;
            row.email_code = Some(EmailCode { digest, until: who.now.after(life), tries: 0 });
            row.email_codes += 1;
            row.step = Step::Confirm;
            outbox::post(tx, &shared, &who, row.resident, &email_code::letter(to.clone(), who.language, &digits))?;
            write_back(tx, &shared, &row)
        })
        .await
}

/// The address a code was sent to, for the person's own eyes.
///
/// # Errors
/// `OutOfOrder` when none was given.
pub async fn shown(platform: &Arc<Platform>, caller: &Caller, cookie: &str) -> Result<Email, Error<RegisterRefusal>> {
    let (shared, who, secret) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    platform
        .store
        .write(move |tx| {
            let row = require_at(tx, &shared, &secret, who.now, &[Step::Confirm])?;
            Ok(open(tx, &shared, &who, &row)?)
        })
        .await
}

/// Takes the six digits. The right ones, once, in time: the address moves to the account and the registration is done.
///
/// # Errors
/// `EmailCodeWrong` (and one try less), `EmailCodeOver`, `OutOfOrder`.
pub async fn confirm(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    typed: &str,
) -> Result<(), Error<RegisterRefusal>> {
    let digits = email_code::typed(typed);
    let (shared, who, secret) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let written = platform
        .store
        .write(move |tx| {
            let mut row = match require_at(tx, &shared, &secret, who.now, &[Step::Confirm, Step::Done]) {
                Ok(row) if row.step == Step::Done => return Ok(Ok(())),
                Ok(row) => row,
                Err(Error::Refuse(refusal)) => return Ok(Err(refusal)),
                Err(Error::Fault(fault)) => return Err(fault),
            };
            let Some(code) = row.email_code.clone() else { return Ok(Err(RegisterRefusal::EmailCodeOver)) };
            if who.now >= code.until || code.tries >= EMAIL_CODE_TRIES {
                return Ok(Err(RegisterRefusal::EmailCodeOver));
            }
            if !email_code::same(&digest(&shared, &row.id, &digits)?, &code.digest) {
                // The try is counted in a transaction that commits.
                row.email_code = Some(EmailCode { tries: code.tries + 1, ..code });
                return Ok(fast(tx, &shared, &row)?.and(Err(RegisterRefusal::EmailCodeWrong)));
            }
            let email = open(tx, &shared, &who, &row)?;
            let id = row.resident.ok_or_else(|| Fault::stored_data("a confirmed address without an account"))?;
            let account = resident::find(tx, id)?.filter(|account| account.active);
            let Some(account) = account else { return Ok(Err(RegisterRefusal::RegistrationOver)) };
            let key = vault::sealing_key(tx, &shared, id)?;
            let sealed = vault::seal_email(&shared, &who, id, account.version + 1, &key, &email)?;
            if !resident::set_contact(tx, id, account.version, sealed)? {
                return Err(lionrock_store::Error::Busy.into());
            }
            let body = json!({"registration": row.id.to_string()});
            freshness::record(tx, &shared, &who, &Event::new("contact.confirmed", Some(id), body))?;
            row.sealed_email = None;
            row.email_code = None;
            row.step = Step::Done;
            fast(tx, &shared, &row)
        })
        .await;
    settle(written)
}

/// Writes back inside a closure that commits refusals.
fn fast(tx: &mut Tx<'_>, platform: &Platform, row: &Registration) -> Result<Result<(), RegisterRefusal>, Fault> {
    match write_back(tx, platform, row) {
        Ok(()) => Ok(Ok(())),
        Err(Error::Refuse(_)) => Err(lionrock_store::Error::Busy.into()),
        Err(Error::Fault(fault)) => Err(fault),
    }
}

fn open(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, row: &Registration) -> Result<Email, Fault> {
    let place = slot(&row.id, "sealed_email");
    let plain = open_own(tx, platform, caller, row, &[Field::Email], (row.sealed_email.as_deref(), &place))?;
    let text = std::str::from_utf8(&plain).map_err(|_| Fault::stored_data("an address is not text"))?;
    Email::parse(text).map_err(|_| Fault::stored_data("an address is not an address"))
}

fn digest(platform: &Platform, id: &RegistrationId, digits: &str) -> Result<[u8; 32], Fault> {
    email_code::digest(platform, "e-mail", id.as_bytes(), digits)
}

//! Registration: notice → pictures → registry → passkey → recovery codes → e-mail → done.
//!
//! A registration is a row found by the secret in the browser's cookie. Its step says what comes next; every verb checks it
//! and writes back by compare-and-set, so that back buttons, second tabs and double clicks lead to the right page and
//! lose nothing. What it learns of the person is sealed in it and moves to the account, in one transaction, with the first
//! passkey. What is not finished in time is swept.

pub mod begin;
pub mod challenge;
pub mod check;
pub mod codes;
pub mod email;
mod hand_over;
mod letters;
pub mod passkey;
pub mod receipt;
pub mod standing;
pub mod sweep;

pub(crate) use begin::begin_for;
pub use begin::{Begin, Begun, begin};
pub use challenge::{Asked, challenge};
pub use check::check;
pub use codes::{kept, show as recovery_codes};
pub use email::{confirm as confirm_email, give as give_email, shown as shown_email};
pub(crate) use hand_over::hand_over;
pub use passkey::{Made, NewAccount, finish as make_passkey, open_account, options as passkey_options, preview};
pub use receipt::{file as receipt_file, shown as shown_receipt};
pub use standing::{Standing, aim, standing};
pub use sweep::sweep;

use crate::audit::NOBODY;
use crate::imprint::Imprint;
use crate::vault::Alarm;
use crate::vault::{self, Profile};
use crate::{Caller, Error, Fault, Platform};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lionrock_crypto::ring::{Domain, Slot};
use lionrock_model::id::RegistrationId;
use lionrock_model::person::CardFacts;
use lionrock_model::policy::{Actor, Field, Purpose, Subject, decide};
use lionrock_model::register::{RegisterRefusal, Step};
use lionrock_model::time::Millis;
use lionrock_store::Tx;
use lionrock_store::registration::{self, Registration};

/// Finds the registration of a cookie.
pub(crate) fn require(
    tx: &mut Tx<'_>,
    platform: &Platform,
    cookie: &str,
    now: Millis,
) -> Result<Registration, Error<RegisterRefusal>> {
    const OVER: RegisterRefusal = RegisterRefusal::RegistrationOver;
    let (id, secret) = read(cookie).ok_or(Error::Refuse(OVER))?;
    let row = find(tx, platform, id)?.filter(|row| now < row.expires).ok_or(Error::Refuse(OVER))?;
    let good = of_secret(&id, &secret).is(platform, SECRET, Some(&row.secret_digest))?;
    if good { Ok(row) } else { Err(Error::Refuse(OVER)) }
}

/// The registration of an id. A row that is not as the platform wrote it is none.
pub(crate) fn find(tx: &mut Tx<'_>, platform: &Platform, id: RegistrationId) -> Result<Option<Registration>, Fault> {
    let Some(row) = registration::find(tx, id)? else { return Ok(None) };
    if of_row(&row).is(platform, ROW, row.proof.as_ref())? {
        return Ok(Some(row));
    }
    // One of an earlier program has no imprint at all, and is over.
    if row.proof.is_some() {
        platform.vault.raise(Alarm { resident: None, what: "registration-forged" });
    }
    Ok(None)
}

/// Writes a registration back; false when another tab was faster.
pub(crate) fn keep(tx: &mut Tx<'_>, platform: &Platform, row: &Registration) -> Result<bool, Fault> {
    Ok(registration::update(tx, &sealed_off(platform, row.clone())?)?)
}

/// Finds it at one of these steps.
pub(crate) fn require_at(
    tx: &mut Tx<'_>,
    platform: &Platform,
    cookie: &str,
    now: Millis,
    steps: &[Step],
) -> Result<Registration, Error<RegisterRefusal>> {
    let found = require(tx, platform, cookie, now)?;
    if steps.contains(&found.step) { Ok(found) } else { Err(Error::Refuse(RegisterRefusal::OutOfOrder)) }
}

/// Writes it back, or says that another tab was faster.
pub(crate) fn write_back(
    tx: &mut Tx<'_>,
    platform: &Platform,
    row: &Registration,
) -> Result<(), Error<RegisterRefusal>> {
    if keep(tx, platform, row)? { Ok(()) } else { Err(Error::Refuse(RegisterRefusal::OutOfOrder)) }
}

/// Where the facts of a registration are sealed.
pub(crate) const fn facts_slot(id: &RegistrationId) -> Slot<'_> {
    slot(id, "sealed_facts")
}

const fn slot<'a>(id: &'a RegistrationId, column: &'static str) -> Slot<'a> {
    Slot { table: "registration", column, row: id.as_bytes(), resident: &NOBODY, schema: 1, version: 1 }
}

/// Opens the facts of a registration for the registration itself; the leaf is written first, in this transaction.
pub(crate) fn open_facts(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    row: &Registration,
) -> Result<CardFacts, Fault> {
    let fields = [Field::Hkid, Field::EnglishName, Field::ChineseName, Field::Birth, Field::Sex, Field::CardIssued];
    let plain = open_own(tx, platform, caller, row, &fields, (row.sealed_facts.as_deref(), &facts_slot(&row.id)))?;
    serde_json::from_slice::<Profile>(&plain)?.facts()
}

fn open_own(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    row: &Registration,
    fields: &[Field],
    (sealed, slot): (Option<&[u8]>, &Slot<'_>),
) -> Result<zeroize::Zeroizing<Vec<u8>>, Fault> {
    let sealed = sealed.ok_or_else(|| Fault::stored_data("a registration lacks what its step needs"))?;
    let own = Actor::Registrant(row.id);
    let decision = decide(own, Subject::Registrant(row.id), Purpose::Registration, fields, None)
        .map_err(|_| Fault::bug("a registration may read its own facts"))?;
    let first = fields.first().copied().unwrap_or(Field::Email);
    vault::grant(tx, platform, caller, &decision)?.open(first, Domain::Registration, slot, sealed)
}

/// What an imprint of a secret, and of a row, is for.
const SECRET: &str = "registration";
const ROW: &str = "registration row";
/// Random bytes of a registration's secret.
const SECRET_BYTES: usize = 32;

/// The value of a registration's cookie: its id and its secret.
fn cookie(id: &RegistrationId, secret: &[u8; SECRET_BYTES]) -> String {
    URL_SAFE_NO_PAD.encode([&id.as_bytes()[..], secret].concat())
}

fn read(cookie: &str) -> Option<(RegistrationId, Vec<u8>)> {
    let bytes = URL_SAFE_NO_PAD.decode(cookie).ok()?;
    let (id, secret) = bytes.split_at_checked(16)?;
    let id = RegistrationId::from_bytes(id).ok()?;
    (secret.len() == SECRET_BYTES).then(|| (id, secret.to_vec()))
}

fn of_secret(id: &RegistrationId, secret: &[u8]) -> Imprint {
    Imprint::new().bytes(id.as_bytes()).bytes(secret)
}

/// The row with its imprint.
fn sealed_off(platform: &Platform, mut row: Registration) -> Result<Registration, Fault> {
    row.proof = Some(of_row(&row).under(platform, ROW)?);
    Ok(row)
}

/// Everything a row says but what is sealed: that is bound to its place already, and is sealed anew when keys turn.
fn of_row(row: &Registration) -> Imprint {
    let asked = row.challenge.as_ref();
    let code = row.email_code.as_ref();
    Imprint::new()
        .bytes(row.id.as_bytes())
        .bytes(&row.secret_digest)
        .text(row.step.word())
        .bytes(&row.notice_hash)
        .number(row.attempts.into())
        .maybe(asked.map(|asked| asked.id.as_slice()))
        .number(asked.map_or(0, |asked| asked.until.0))
        .maybe(row.custody.as_ref().map(|id| id.as_bytes().as_slice()))
        .maybe(row.verdict.map(|verdict| verdict.word().as_bytes()))
        .maybe(code.map(|code| code.digest.as_slice()))
        .number(code.map_or(0, |code| code.until.0))
        .number(code.map_or(0, |code| code.tries))
        .number(row.email_codes)
        .whose(row.resident)
        .at(row.created)
        .at(row.expires)
        .text(row.aim.word())
        .maybe(row.subject.as_deref())
        .maybe(row.attended.as_ref().map(|id| id.as_bytes().as_slice()))
}

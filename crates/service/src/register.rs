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
mod letters;
pub mod passkey;
pub mod receipt;
pub mod standing;
pub mod sweep;

pub use begin::{Begin, Begun, begin};
pub use challenge::{Asked, challenge};
pub use check::check;
pub use codes::{kept, show as recovery_codes};
pub use email::{confirm as confirm_email, give as give_email, shown as shown_email};
pub use passkey::{Made, NewAccount, finish as make_passkey, open_account, options as passkey_options, preview};
pub use receipt::{file as receipt_file, shown as shown_receipt};
pub use standing::{Standing, standing};
pub use sweep::sweep;

use crate::audit::NOBODY;
use crate::vault::{self, Profile};
use crate::{Caller, Error, Fault, Platform};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lionrock_crypto::digest::sha256;
use lionrock_crypto::ring::{Domain, Slot};
use lionrock_model::id::RegistrationId;
use lionrock_model::person::CardFacts;
use lionrock_model::policy::{Actor, Field, Purpose, Subject, decide};
use lionrock_model::register::{RegisterRefusal, Step};
use lionrock_model::time::Millis;
use lionrock_store::Tx;
use lionrock_store::registration::{self, Registration};

/// Finds the registration of a cookie.
pub(crate) fn require(tx: &mut Tx<'_>, cookie: &str, now: Millis) -> Result<Registration, Error<RegisterRefusal>> {
    let digest = secret_digest(cookie).ok_or(Error::Refuse(RegisterRefusal::RegistrationOver))?;
    registration::by_secret(tx, &digest, now)?.ok_or(Error::Refuse(RegisterRefusal::RegistrationOver))
}

/// Finds it at one of these steps.
pub(crate) fn require_at(
    tx: &mut Tx<'_>,
    cookie: &str,
    now: Millis,
    steps: &[Step],
) -> Result<Registration, Error<RegisterRefusal>> {
    let found = require(tx, cookie, now)?;
    if steps.contains(&found.step) { Ok(found) } else { Err(Error::Refuse(RegisterRefusal::OutOfOrder)) }
}

/// Writes it back, or says that another tab was faster.
pub(crate) fn write_back(tx: &mut Tx<'_>, row: &Registration) -> Result<(), Error<RegisterRefusal>> {
    if registration::update(tx, row)? { Ok(()) } else { Err(Error::Refuse(RegisterRefusal::OutOfOrder)) }
}

/// Where the facts of a registration are sealed.
pub(crate) const fn facts_slot(id: &RegistrationId) -> Slot<'_> {
    slot(id, "sealed_facts")
}

const fn slot<'a>(id: &'a RegistrationId, column: &'static str) -> Slot<'a> {
    Slot { table: "registration", column, row: id.as_bytes(), resident: &NOBODY, schema: 1, version: 1 }
}

/// Opens the facts of a registration for the registration itself; the leaf is written first, in this transaction.
fn open_facts(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, row: &Registration) -> Result<CardFacts, Fault> {
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

fn secret_digest(cookie: &str) -> Option<[u8; 32]> {
    let bytes = URL_SAFE_NO_PAD.decode(cookie).ok()?;
    (bytes.len() == 32).then(|| sha256(&bytes))
}

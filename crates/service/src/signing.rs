//! Signing: a resident's signing key and certificate, requests of services, and signatures that can be checked for decades.
//!
//! | verb | route | writes |
//! | --- | --- | --- |
//! | [`enrol::look`], [`enrol::options`], [`enrol::finish`] | /account/signing | challenge; key, certificate, leaf, letter |
//! | [`request::begin`], [`request::upload`] | POST /signing/requests, PUT …/document | request, pieces |
//! | [`person::look`], [`person::document`] | GET /sign/HANDLE | leaf of the opening |
//! | [`person::options`], [`approve::approve`], [`person::decline`] | POST /sign/HANDLE… | state; signature, evidence, leaf |
//! | [`request::standing`], [`request::fetch`], [`request::acknowledge`] | GET, POST /signing/requests/ID… | state; documents destroyed |
//! | [`history::list`], [`history::evidence`] | /account/signatures | leaf of the opening |
//! | [`receipt::acknowledge`] | POST /signing/requests/ID/acknowledge | state; what the service says of each signature |
//! | [`csc`] | /csc/v2/… | request, grant; signatures handed out once |
//! | [`sweep::sweep`] | the job | state |
//!
//! The key is used by the activation process alone ([`crate::port::Activation`]), which checks the approval by itself. What is done
//! here comes before and after: who may, what is shown, the time-stamp and the status, and that all parts are kept or none.

pub mod approve;
pub mod code;
pub mod csc;
pub mod enrol;
pub mod evidence;
pub mod file;
pub mod history;
pub mod key;
mod make;
pub mod person;
pub mod receipt;
pub mod request;
mod sealed;
pub mod sweep;
pub mod verify;

use crate::signed_in::{self, Current};
use crate::vault::{self, Grant};
use crate::{Caller, Error, Fault, Platform, authority, level, recovery};
use lionrock_model::account::Level;
use lionrock_model::id::ResidentId;
use lionrock_model::policy::{Actor, Field, Purpose, Subject, decide};
use lionrock_model::signing::SigningRefusal;
use lionrock_pki::certificate::Certificate;
use lionrock_store::signing_key::{self, SigningKey};
use lionrock_store::{Tx, certificate};

type Refused<T> = Result<Result<T, SigningRefusal>, Fault>;

/// The session of a person who may sign: a Plus account, no cooling-off.
fn may(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, cookie: &str) -> Refused<Current> {
    let current = match signed_in::require(tx, platform, caller, cookie) {
        Ok(current) => current,
        Err(Error::Refuse(_)) => return Ok(Err(SigningRefusal::SignInFirst)),
        Err(Error::Fault(fault)) => return Err(fault),
    };
    Ok(match may_sign(tx, platform, caller, current.resident.id)? {
        Ok(()) => Ok(current),
        Err(refusal) => Err(refusal),
    })
}

/// Whether an account may sign now.
fn may_sign(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, who: ResidentId) -> Refused<()> {
    if level::level(tx, platform, who)? < Level::Plus {
        return Ok(Err(SigningRefusal::NotPlus));
    }
    if recovery::cooling_until(tx, who, caller.now)?.is_some() {
        return Ok(Err(SigningRefusal::CoolingOff));
    }
    Ok(Ok(()))
}

/// The person's own names, opened for themselves.
fn own<'p>(tx: &mut Tx<'_>, platform: &'p Platform, caller: &Caller, who: ResidentId) -> Result<Grant<'p>, Fault> {
    let fields = [Field::EnglishName, Field::ChineseName];
    let decision = decide(Actor::Resident(who), Subject::Resident(who), Purpose::AccountManagement, &fields, None)
        .map_err(|_| Fault::bug("a person's own names are refused to them"))?;
    vault::grant(tx, platform, caller, &decision)
}

/// A signing key with its certificate in force.
struct InForce {
    key: SigningKey,
    certificate: Certificate,
}

/// The newest signing key of a person and its certificate, when that is in force now.
fn in_force(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, who: ResidentId) -> Refused<InForce> {
    let Some(key) = signing_key::of_resident(tx, who)?.into_iter().next() else {
        return Ok(Err(SigningRefusal::NoCertificate));
    };
    if authority::standing(tx, platform, &key.serial, caller.now)? != authority::Judged::Good {
        return Ok(Err(SigningRefusal::CertificateNotGood));
    }
    let row = certificate::find(tx, &key.serial)?.filter(|row| row.resident == Some(who));
    let row = row.ok_or_else(|| Fault::stored_data("the certificate of a signing key is not its person's"))?;
    let grant = own(tx, platform, caller, who)?;
    let certificate = authority::open(platform, Some(&grant), &row)?;
    Ok(Ok(InForce { key, certificate }))
}

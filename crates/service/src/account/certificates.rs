//! GET /account/certificates and what hangs on it: a person sees every certificate in their name, suspends or revokes one, and takes
//! it with them.

use crate::authority::{self, Act, By};
use crate::{Caller, Error, Platform};
use lionrock_model::account::AccountRefusal;
use lionrock_model::certificate::{CertificateRefusal, Ground, Standing};
use lionrock_model::policy::Field;
use lionrock_model::time::Millis;
use lionrock_store::certificate;
use std::sync::Arc;

/// A certificate as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Its serial number, hexadecimal.
    pub serial: String,
    /// The word of its profile.
    pub profile: String,
    /// How it stands.
    pub standing: Standing,
    /// Whether the person may end a suspension themselves.
    pub may_resume: bool,
    /// Its first moment.
    pub from: Millis,
    /// Its last moment.
    pub until: Millis,
    /// Whether its time is over.
    pub over: bool,
}

/// Lists the certificates in a person's name, newest first. Nothing of them is opened.
///
/// # Errors
/// Of the session; faults.
pub async fn list(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
) -> Result<Vec<Shown>, Error<AccountRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    platform
        .store
        .read(move |tx| {
            let current = super::require(tx, &owned, &caller, &cookie)?;
            let rows = authority::kept(tx, &owned, current.resident.id)?;
            Ok(rows.into_iter().map(|row| shown(row, caller.now)).collect())
        })
        .await
}

fn shown(row: certificate::Certificate, now: Millis) -> Shown {
    Shown {
        serial: authority::hex(&row.serial),
        profile: row.profile,
        standing: row.standing,
        may_resume: matches!(row.standing, Standing::Held(_)) && row.by != By::Officer,
        from: row.not_before,
        until: row.not_after,
        over: row.not_after < now,
    }
}

/// What a person does with a certificate of theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Suspend it: at once, without another proof.
    Hold,
    /// Put it in force again, after a fresh proof of presence.
    Resume,
    /// End it for good, after a fresh proof of presence. `lost` says that somebody else may have the key.
    Revoke {
        /// Whether somebody else may have the key.
        lost: bool,
    },
}

/// Carries out a wish.
///
/// # Errors
/// Of the session, `StepUpNeeded`; [`AccountRefusal::NotFound`] for one that is not theirs; [`AccountRefusal::Certificate`]; faults.
pub async fn wish(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    serial: &str,
    wish: Wish,
) -> Result<(), Error<AccountRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let serial = authority::unhex(serial).ok_or(Error::Refuse(AccountRefusal::NotFound))?;
    platform
        .store
        .write(move |tx| {
            let current = match wish {
                Wish::Hold => super::require(tx, &owned, &caller, &cookie)?,
                _ => super::require_fresh(tx, &owned, &caller, &cookie)?,
            };
            let row = certificate::find(tx, &serial)?.filter(|row| row.resident == Some(current.resident.id));
            let row = row.ok_or(Error::Refuse(AccountRefusal::NotFound))?;
            let act = match wish {
                Wish::Hold => Act::Hold,
                Wish::Resume => Act::Resume,
                Wish::Revoke { lost: true } => Act::Revoke(Ground::KeyCompromise),
                Wish::Revoke { lost: false } => Act::Revoke(Ground::CessationOfOperation),
            };
            authority::change(tx, &owned, &caller, &row.serial, act, By::Resident).map_err(widen)
        })
        .await
}

/// The certificate itself, DER. Opening it leaves a leaf.
///
/// # Errors
/// Of the session; [`AccountRefusal::NotFound`]; faults.
pub async fn file(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    serial: &str,
) -> Result<Vec<u8>, Error<AccountRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let serial = authority::unhex(serial).ok_or(Error::Refuse(AccountRefusal::NotFound))?;
    platform
        .store
        .write(move |tx| {
            let current = super::require(tx, &owned, &caller, &cookie)?;
            let row = certificate::find(tx, &serial)?.filter(|row| row.resident == Some(current.resident.id));
            let row = row.ok_or(Error::Refuse(AccountRefusal::NotFound))?;
            let grant = super::own(tx, &owned, &caller, &current, &[Field::EnglishName, Field::ChineseName])?;
            Ok(authority::open(&owned, Some(&grant), &row)?.der().to_vec())
        })
        .await
}

fn widen(error: Error<CertificateRefusal>) -> Error<AccountRefusal> {
    match error {
        Error::Refuse(refusal) => Error::Refuse(AccountRefusal::Certificate(refusal)),
        Error::Fault(fault) => Error::Fault(fault),
    }
}

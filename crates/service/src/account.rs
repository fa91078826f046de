//! A resident's own account: what is kept, who used it, and its end.
//!
//! | verb | route | writes |
//! | --- | --- | --- |
//! | [`overview`] | GET /account | leaf of the opening |
//! | [`authenticators`] | GET /account/authenticators | leaf of the opening |
//! | [`add`] | POST /account/authenticators | passkey, history, leaf, letter |
//! | [`rename`], [`remove`] | POST /account/authenticators/ID/… | the passkey, its sessions, history, leaf, letter |
//! | [`certificates`] | GET /account/certificates, POST …/hold, …/resume, …/revoke | its standing, history, leaf, letter |
//! | [`sessions`] | GET /account/sessions, POST …/end | the end of sessions |
//! | [`history`], [`data`] | GET /account/history, /account/data | leaf of the opening |
//! | [`export`] | POST /account/data/export | leaf of the opening, leaf, letter |
//! | [`receipts`] | GET /account/receipts/ID | nothing |
//! | [`consents`] | GET /account/consents, POST …/end | the end of approvals, codes and tokens, leaf, letter |
//! | [`contact`] | GET and POST /account/email, POST …/confirm | the address on its way; the address, leaf, letter |
//! | [`corrections`] | GET and POST /account/corrections, POST …/withdraw | the request, leaf, letter |
//! | [`close`] | POST /account/close | the end of everything, leaf, receipt, letter |
//!
//! Every verb begins with the session of a cookie and touches rows of that session's person only: an id of somebody else's is not
//! found, exactly like one that does not exist. Recovery codes
//! are counted here; [`crate::recovery`] lets a person back in by them.

pub mod add;
pub mod authenticators;
pub mod certificates;
pub mod close;
pub mod codes;
pub mod consents;
pub mod contact;
pub mod corrections;
pub mod data;
mod entries;
pub mod export;
pub mod history;
pub mod overview;
pub mod receipts;
pub mod remove;
pub mod rename;
pub mod sessions;

use crate::signed_in::{self, Current};
use crate::vault::{self, Grant};
use crate::{Caller, Error, Fault, Platform};
use lionrock_model::account::AccountRefusal;
use lionrock_model::policy::{Actor, Field, Purpose, Subject, decide};
use lionrock_model::session::SessionRefusal;
use lionrock_store::Tx;

/// The standing session of a cookie, or the refusal.
pub(crate) fn require(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    cookie: &str,
) -> Result<Current, Error<AccountRefusal>> {
    signed_in::require(tx, platform, caller, cookie).map_err(widen)
}

/// As [`require`], with presence proved within the last five minutes.
pub(crate) fn require_fresh(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    cookie: &str,
) -> Result<Current, Error<AccountRefusal>> {
    let current = require(tx, platform, caller, cookie)?;
    current.fresh(platform, caller).map_err(|refusal| Error::Refuse(refusal.into()))?;
    Ok(current)
}

/// The right of a person to see their own fields; its leaf is written here.
fn own<'p>(
    tx: &mut Tx<'_>,
    platform: &'p Platform,
    caller: &Caller,
    current: &Current,
    fields: &[Field],
) -> Result<Grant<'p>, Fault> {
    let id = current.resident.id;
    let decision = decide(Actor::Resident(id), Subject::Resident(id), Purpose::AccountManagement, fields, None)
        .map_err(|_| Fault::bug("a person may always see their own data"))?;
    vault::grant(tx, platform, caller, &decision)
}

fn widen(error: Error<SessionRefusal>) -> Error<AccountRefusal> {
    match error {
        Error::Refuse(refusal) => Error::Refuse(refusal.into()),
        Error::Fault(fault) => Error::Fault(fault),
    }
}

/// Splits an error for closures that must commit although they refuse.
fn within<T>(outcome: Result<T, Error<AccountRefusal>>) -> Result<Result<T, AccountRefusal>, Fault> {
    match outcome {
        Ok(value) => Ok(Ok(value)),
        Err(Error::Refuse(refusal)) => Ok(Err(refusal)),
        Err(Error::Fault(fault)) => Err(fault),
    }
}

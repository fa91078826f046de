//! GET /account/data: everything kept about a person, in full.

use super::authenticators;
use crate::vault::Profile;
use crate::{Caller, Error, Fault, Platform, signed_in};
use lionrock_model::account::AccountRefusal;
use lionrock_model::policy::Field;
use lionrock_model::time::Millis;
use lionrock_store::consent;
use lionrock_store::{credential, recovery_code, session};
use std::sync::Arc;

/// What is kept.
#[derive(Clone)]
pub struct Data {
    /// The facts of the card.
    pub profile: Profile,
    /// Confirmed address.
    pub email: Option<String>,
    /// Names of the passkeys.
    pub devices: Vec<String>,
    /// When the account began.
    pub since: Millis,
    /// The notice agreed to: its SHA-256 and the language it was read in.
    pub notice: (Vec<u8>, String),
    /// Unused recovery codes.
    pub codes_left: u64,
    /// Open sessions.
    pub sessions: usize,
    /// Lines of the sign-in history of the last year, at most a hundred.
    pub history: usize,
    /// Approvals given to services.
    pub consents: usize,
}

impl std::fmt::Debug for Data {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Data(…)")
    }
}

/// Opens everything for its owner; one leaf names all fields.
///
/// # Errors
/// Of the session; faults.
pub async fn data(platform: &Arc<Platform>, caller: &Caller, cookie: &str) -> Result<Data, Error<AccountRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    platform
        .store
        .write(move |tx| {
            let current = super::require(tx, &owned, &caller, &cookie)?;
            let who = current.resident.id;
            let grant = super::own(tx, &owned, &caller, &current, &Field::ALL)?;
            let standing = credential::standing(tx, who)?;
            let devices = standing.iter().map(|one| authenticators::name(&grant, one));
            let (born, seen) = signed_in::horizon(&owned, caller.now);
            let row = grant.row()?;
            Ok(Data {
                profile: grant.profile()?,
                email: grant.email()?.map(|email| email.reveal().to_owned()),
                devices: devices.collect::<Result<_, Fault>>()?,
                since: Millis(row.created_at),
                notice: (row.notice_hash.clone(), row.notice_language.clone()),
                codes_left: recovery_code::left(tx, who)?,
                sessions: session::open(tx, who, born, seen)?.len(),
                history: session::history(tx, who, Millis(i64::MAX))?.len(),
                consents: consent::of_resident(tx, who)?.len(),
            })
        })
        .await
}

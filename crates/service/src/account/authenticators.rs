//! GET /account/authenticators: a person's passkeys with the names they gave them.

use crate::vault::Grant;
use crate::{Caller, Error, Fault, Platform, ceremony};
use lionrock_crypto::ring::Domain;
use lionrock_model::account::AccountRefusal;
use lionrock_model::credential::{Credential, Custody};
use lionrock_model::id::CredentialId;
use lionrock_model::policy::Field;
use lionrock_model::time::Millis;
use lionrock_store::credential;
use std::sync::Arc;

/// A passkey as its owner sees it.
#[derive(Clone)]
pub struct Shown {
    /// Its id.
    pub id: CredentialId,
    /// The name the person gave it.
    pub name: String,
    /// On one device, or copied among them.
    pub custody: Custody,
    /// When it was added.
    pub created: Millis,
    /// When it signed last.
    pub used: Option<Millis>,
    /// Whether this session was opened with it.
    pub current: bool,
    /// When its counter last failed to grow: it may have been cloned.
    pub counter_alarm: Option<Millis>,
}

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Shown({})", self.id)
    }
}

/// Lists the passkeys that may sign, oldest first. Their names are opened, which leaves a leaf.
///
/// # Errors
/// Of the session; faults.
pub async fn authenticators(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
) -> Result<Vec<Shown>, Error<AccountRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    platform
        .store
        .write(move |tx| {
            let current = super::require(tx, &owned, &caller, &cookie)?;
            let grant = super::own(tx, &owned, &caller, &current, &[Field::Devices])?;
            let all = credential::standing(tx, current.resident.id)?;
            let shown = all.iter().map(|one| {
                Ok(Shown {
                    id: one.id,
                    name: name(&grant, one)?,
                    custody: one.custody(),
                    created: one.created,
                    used: one.used,
                    current: one.id == current.session.credential,
                    counter_alarm: one.counter_alarm,
                })
            });
            shown.collect::<Result<Vec<_>, Fault>>().map_err(Error::Fault)
        })
        .await
}

/// Opens the name of a passkey.
pub(super) fn name(grant: &Grant<'_>, one: &Credential) -> Result<String, Fault> {
    let slot = ceremony::name_slot(&one.resident, &one.id, one.name_version);
    let plain = grant.open(Field::Devices, Domain::Account, &slot, &one.sealed_name)?;
    String::from_utf8(plain.to_vec()).map_err(|_| Fault::stored_data("the name of a passkey is not text"))
}

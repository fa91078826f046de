//! POST /account/authenticators/ID/rename: another name for a passkey.

use crate::audit::{self, Event};
use crate::{Caller, Error, Platform, ceremony, vault};
use lionrock_model::account::AccountRefusal;
use lionrock_model::credential::CredentialName;
use lionrock_model::id::CredentialId;
use lionrock_store::credential;
use serde_json::json;
use std::sync::Arc;

/// Gives a passkey of the session's person another name.
///
/// # Errors
/// Of the session; [`AccountRefusal::NotFound`] for an id that is not theirs, or removed; faults.
pub async fn rename(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    id: CredentialId,
    name: CredentialName,
) -> Result<(), Error<AccountRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    platform
        .store
        .write(move |tx| {
            let current = super::require(tx, &owned, &caller, &cookie)?;
            let who = current.resident.id;
            let known = credential::of_resident(tx, who, id)?.filter(|known| known.is_standing());
            let known = known.ok_or(Error::Refuse(AccountRefusal::NotFound))?;
            let key = vault::sealing_key(tx, &owned, who)?;
            let version = known.name_version + 1;
            let sealed = ceremony::seal_name(&owned, &caller, who, &key, id, &name, version)?;
            if !credential::rename(tx, who, id, &sealed, version)? {
                return Err(Error::Refuse(AccountRefusal::NotFound));
            }
            let body = json!({"credential": id.to_string()});
            audit::append(tx, &owned, &caller, &Event::new("authenticator.renamed", Some(who), body))?;
            Ok(())
        })
        .await
}

//! POST /account/authenticators/ID/remove: a passkey opens this account no more, after a fresh proof of presence.

use crate::letter::{self, News};
use crate::signed_in::{self, Place};
use crate::{Caller, Error, Platform, ceremony, vault};
use lionrock_model::account::AccountRefusal;
use lionrock_model::id::CredentialId;
use lionrock_model::session::{EndReason, SignInEvent};
use lionrock_store::{credential, session};
use std::sync::Arc;

/// Removes a passkey of the session's person and ends the sessions it opened. The last one stays.
///
/// # Errors
/// Of the session, `StepUpNeeded`; [`AccountRefusal::NotFound`] for an id that is not theirs; [`AccountRefusal::LastAuthenticator`]; faults.
pub async fn remove(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    id: CredentialId,
    agent: Option<&str>,
) -> Result<(), Error<AccountRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let place = Place::of(&caller, agent);
    platform
        .store
        .write(move |tx| {
            let current = super::require_fresh(tx, &owned, &caller, &cookie)?;
            let who = current.resident.id;
            let standing = credential::standing(tx, who)?;
            let known = standing.iter().find(|known| known.id == id).ok_or(Error::Refuse(AccountRefusal::NotFound))?;
            if standing.len() == 1 {
                return Err(Error::Refuse(AccountRefusal::LastAuthenticator));
            }
            ceremony::remove_credential(tx, &owned, &caller, known, "asked")?;
            session::end_of_credential(tx, who, id, EndReason::AuthenticatorRemoved, caller.now)?;
            let key = vault::sealing_key(tx, &owned, who)?;
            signed_in::note(tx, &owned, &caller, (who, &key), SignInEvent::AuthenticatorRemoved, Some(id), &place)?;
            letter::post(tx, &owned, &caller, who, News::AuthenticatorRemoved)?;
            Ok(())
        })
        .await
}

//! POST /signout: the session of a cookie ends.

use crate::audit::{self, Event};
use crate::{Caller, Error, Platform, signed_in};
use lionrock_model::session::{EndReason, SessionRefusal};
use lionrock_store::session;
use serde_json::json;
use std::sync::Arc;

/// Ends the session of this cookie. A cookie without a standing session is signed out already, which is no error.
///
/// # Errors
/// Faults only.
pub async fn sign_out(platform: &Arc<Platform>, caller: &Caller, cookie: &str) -> Result<(), Error<SessionRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    platform
        .store
        .write(move |tx| {
            let current = match signed_in::require(tx, &owned, &caller, &cookie) {
                Ok(current) => current,
                Err(Error::Refuse(_)) => return Ok(()),
                Err(fault) => return Err(fault),
            };
            let (who, id) = (current.resident.id, current.session.id);
            session::end(tx, who, id, EndReason::SignedOut, caller.now)?;
            let body = json!({"session": id.to_string(), "why": EndReason::SignedOut.word()});
            audit::append(tx, &owned, &caller, &Event::new("session.ended", Some(who), body))?;
            Ok(())
        })
        .await
}

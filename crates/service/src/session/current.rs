//! Whose page this is: the session of a cookie, if it stands.

use crate::signed_in::{self, Current};
use crate::{Caller, Error, Platform};
use lionrock_model::session::SessionRefusal;
use lionrock_store::session;
use std::sync::Arc;

/// Finds the session of a cookie and notes its use, once a minute.
///
/// # Errors
/// [`SessionRefusal::SignInFirst`], [`SessionRefusal::SessionOver`]; faults.
pub async fn current(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
) -> Result<Current, Error<SessionRefusal>> {
    let (owned, asking, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let found = platform.store.read(move |tx| signed_in::require(tx, &owned, &asking, &cookie)).await?;
    if signed_in::is_stale(&found, caller) {
        let (id, now) = (found.session.id, caller.now);
        platform.store.write(move |tx| session::seen(tx, id, now)).await?;
    }
    Ok(found)
}

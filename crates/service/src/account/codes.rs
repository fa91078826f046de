//! GET and POST /account/codes: how many recovery codes are left, and ten new ones after a fresh proof of presence.

use crate::audit::{self, Event};
use crate::letter::{self, News};
use crate::{Caller, Error, Platform, recovery_codes};
use lionrock_model::account::{AccountRefusal, RecoveryCode};
use lionrock_store::recovery_code;
use serde_json::json;
use std::sync::Arc;

/// How many codes are unused.
///
/// # Errors
/// Of the session; faults.
pub async fn left(platform: &Arc<Platform>, caller: &Caller, cookie: &str) -> Result<u64, Error<AccountRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    platform
        .store
        .read(move |tx| {
            let current = super::require(tx, &owned, &caller, &cookie)?;
            Ok(recovery_code::left(tx, current.resident.id)?)
        })
        .await
}

/// Makes ten new codes, as people write them down; the old ones are good no more. They can be seen this once.
///
/// # Errors
/// Of the session, `StepUpNeeded`; faults.
pub async fn renew(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
) -> Result<Vec<String>, Error<AccountRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    platform
        .store
        .write(move |tx| {
            let current = super::require_fresh(tx, &owned, &caller, &cookie)?;
            let who = current.resident.id;
            let before = recovery_code::left(tx, who)?;
            let codes = recovery_codes::make(tx, &owned, &caller, who)?;
            let body = json!({"made": codes.len(), "session": current.session.id.to_string(), "thrown_away": before});
            audit::append(tx, &owned, &caller, &Event::new("recovery.renewed", Some(who), body))?;
            letter::post(tx, &owned, &caller, who, News::CodesRenewed)?;
            Ok(codes.iter().map(RecoveryCode::shown).collect())
        })
        .await
}

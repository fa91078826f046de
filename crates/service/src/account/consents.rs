//! GET /account/consents and POST …/end: which services a person approved, and taking that back.
//!
//! People approve a service, not a row: each log-in that releases data keeps an approval of its own, and taking it back ends
//! them all, with every code and token the service holds for the person. The name the service knows them by stays, so that a later
//! approval finds their record there again; it goes with the account.

use crate::audit::{self, Event};
use crate::letter::{self, News};
use crate::{Caller, Error, Platform};
use lionrock_model::account::AccountRefusal;
use lionrock_model::policy::Field;
use lionrock_model::time::Millis;
use lionrock_store::consent::{self, Consent};
use lionrock_store::oidc_grant;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A service that was approved at some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approved {
    /// Its client identifier.
    pub service: String,
    /// What it may still be given, or was given last; empty when only the pseudonym.
    pub fields: Vec<Field>,
    /// The first approval.
    pub since: Millis,
    /// The last approval.
    pub last: Millis,
    /// How often it was approved.
    pub times: usize,
    /// When it was taken back; none while an approval stands.
    pub ended: Option<Millis>,
}

/// Lists the services, those that stand first, newest approval first. Nothing personal is opened.
///
/// # Errors
/// Of the session; faults.
pub async fn list(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
) -> Result<Vec<Approved>, Error<AccountRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    platform
        .store
        .read(move |tx| {
            let current = super::require(tx, &owned, &caller, &cookie)?;
            Ok(by_service(&consent::of_resident(tx, current.resident.id)?))
        })
        .await
}

/// Takes back everything approved for a service: its tokens and codes stop working with this transaction, and its next
/// log-in asks again. Says how many approvals ended.
///
/// # Errors
/// Of the session; [`AccountRefusal::NotFound`] when nothing stands for this service; faults.
pub async fn end(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    service: &str,
) -> Result<u64, Error<AccountRefusal>> {
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    let (cookie, service) = (cookie.to_owned(), service.to_owned());
    platform
        .store
        .write(move |tx| {
            let current = super::require(tx, &owned, &caller, &cookie)?;
            let who = current.resident.id;
            let ended = consent::end(tx, who, &service, caller.now)?;
            if ended == 0 {
                return Err(Error::Refuse(AccountRefusal::NotFound));
            }
            let grants = oidc_grant::revoke_for(tx, who, &service, caller.now)?;
            let body = json!({"consents": ended, "grants": grants, "service": service});
            audit::append(tx, &owned, &caller, &Event::new("consent.ended", Some(who), body))?;
            letter::post(tx, &owned, &caller, who, News::ConsentEnded)?;
            Ok(ended)
        })
        .await
}

/// One line a service, out of all approvals (newest first).
pub(super) fn by_service(consents: &[Consent]) -> Vec<Approved> {
    let mut services: BTreeMap<&str, Approved> = BTreeMap::new();
    for one in consents {
        let line = services.entry(&one.service).or_insert_with(|| Approved {
            service: one.service.clone(),
            fields: one.fields.clone(),
            since: one.granted_at,
            last: one.granted_at,
            times: 0,
            ended: one.ended_at,
        });
        line.times += 1;
        line.since = line.since.min(one.granted_at);
        if one.ended_at.is_none() {
            line.ended = None;
        }
    }
    let mut lines: Vec<_> = services.into_values().collect();
    lines.sort_by_key(|line| (line.ended.is_some(), std::cmp::Reverse(line.last)));
    lines
}

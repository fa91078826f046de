//! GET /account/sessions and the ends of sessions: where a person is signed in.

use crate::audit::{self, Event};
use crate::{Caller, Error, Platform, signed_in};
use lionrock_model::account::AccountRefusal;
use lionrock_model::id::SessionId;
use lionrock_model::session::{EndReason, Session};
use lionrock_store::session;
use serde_json::json;
use std::sync::Arc;

/// The open sessions of a person.
#[derive(Clone, Debug)]
pub struct Open {
    /// The one that asks.
    pub current: SessionId,
    /// All, last used first. Device and times; the sealed place stays sealed.
    pub sessions: Vec<Session>,
}

/// Lists the open sessions. Nothing personal is opened.
///
/// # Errors
/// Of the session; faults.
pub async fn list(platform: &Arc<Platform>, caller: &Caller, cookie: &str) -> Result<Open, Error<AccountRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    platform
        .store
        .read(move |tx| {
            let current = super::require(tx, &owned, &caller, &cookie)?;
            let (born, seen) = signed_in::horizon(&owned, caller.now);
            let sessions = session::open(tx, current.resident.id, born, seen)?;
            Ok(Open { current: current.session.id, sessions })
        })
        .await
}

/// Ends one session; true when it was the one that asks.
///
/// # Errors
/// Of the session; [`AccountRefusal::NotFound`] for an id that is not theirs or over; faults.
pub async fn end(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    id: SessionId,
) -> Result<bool, Error<AccountRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    platform
        .store
        .write(move |tx| {
            let current = super::require(tx, &owned, &caller, &cookie)?;
            let own = current.session.id == id;
            let why = if own { EndReason::SignedOut } else { EndReason::EndedElsewhere };
            if !session::end(tx, current.resident.id, id, why, caller.now)? {
                return Err(Error::Refuse(AccountRefusal::NotFound));
            }
            let body = json!({"session": id.to_string(), "why": why.word()});
            audit::append(tx, &owned, &caller, &Event::new("session.ended", Some(current.resident.id), body))?;
            Ok(own)
        })
        .await
}

/// Ends all sessions but the one that asks; says how many.
///
/// # Errors
/// Of the session; faults.
pub async fn end_others(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
) -> Result<usize, Error<AccountRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    platform
        .store
        .write(move |tx| {
            let current = super::require(tx, &owned, &caller, &cookie)?;
            let (who, keep) = (current.resident.id, Some(current.session.id));
            // Sessions that lapsed by themselves are ended with the rest, but nobody was signed in there.
            let (born, seen) = signed_in::horizon(&owned, caller.now);
            let open = session::open(tx, who, born, seen)?;
            let ended = open.iter().filter(|one| Some(one.id) != keep).count();
            session::end_all(tx, who, keep, EndReason::EndedElsewhere, caller.now)?;
            let body = json!({"sessions": ended, "why": EndReason::EndedElsewhere.word()});
            audit::append(tx, &owned, &caller, &Event::new("session.all-ended", Some(who), body))?;
            Ok(ended)
        })
        .await
}

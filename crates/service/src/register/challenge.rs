//! The movements asked for: by the server, at random, for one capture, for ninety seconds.

use super::{require_at, write_back};
use crate::custody::open::abandon;
use crate::{Caller, Error, Platform};
use lionrock_model::proofing::Challenge;
use lionrock_model::register::{self, RegisterRefusal, Step};
use lionrock_model::time::Millis;
use lionrock_store::registration;
use std::sync::Arc;

/// What the page is to ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Random id, sent back when the custody is opened.
    pub id: [u8; 16],
    /// The movements, in order.
    pub challenge: Challenge,
    /// Until when the custody must be opened.
    pub until: Millis,
}

/// Asks anew. Earlier movements, and pictures already sent for them, are void.
///
/// # Errors
/// `OutOfOrder`, `RegistrationOver`.
pub async fn challenge(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
) -> Result<Asked, Error<RegisterRefusal>> {
    let (shared, secret, now) = (Arc::clone(platform), cookie.to_owned(), caller.now);
    let before = platform.store.read(move |tx| require_at(tx, &shared, &secret, now, &[Step::Pictures])).await?;
    abandon(platform, caller, &before).await?;
    let asked = Asked {
        id: caller.random(),
        challenge: register::challenge(caller.random()),
        until: caller.now.after(platform.settings.limits.challenge),
    };
    let (shared, secret, kept) = (Arc::clone(platform), cookie.to_owned(), asked.clone());
    platform
        .store
        .write(move |tx| {
            let mut row = require_at(tx, &shared, &secret, now, &[Step::Pictures])?;
            let Asked { id, challenge, until } = kept.clone();
            row.challenge = Some(registration::Asked { id, challenge, until });
            write_back(tx, &shared, &row)
        })
        .await?;
    Ok(asked)
}

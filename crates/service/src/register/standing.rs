//! Where a registration stands, for pages that lead on and for the progress of a judgement.

use super::require;
use crate::{Caller, Error, Platform};
use lionrock_model::proofing::{Reason, Stage, Verdict};
use lionrock_model::register::{Aim, RegisterRefusal, Step};
use lionrock_model::time::Millis;
use lionrock_store::custody::{self, Custody};
use std::sync::Arc;

/// Where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The step.
    pub step: Step,
    /// The verdict given last, when it was given for the pictures sent last.
    pub verdict: Option<Verdict>,
    /// Its reasons; empty when none may be told.
    pub reasons: Vec<Reason>,
    /// Tries that are left.
    pub tries_left: u32,
    /// The stage of the judgement under way.
    pub stage: Option<Stage>,
    /// When its worker is ended at the latest.
    pub deadline: Option<Millis>,
    /// The custody opened last.
    pub custody: Option<Custody>,
}

/// What the pictures of a cookie's registration are for.
///
/// # Errors
/// `RegistrationOver`.
pub async fn aim(platform: &Arc<Platform>, caller: &Caller, cookie: &str) -> Result<Aim, Error<RegisterRefusal>> {
    let (shared, secret, now) = (Arc::clone(platform), cookie.to_owned(), caller.now);
    platform.store.read(move |tx| Ok(require(tx, &shared, &secret, now)?.aim)).await
}

/// Where the registration of a cookie stands.
///
/// # Errors
/// `RegistrationOver`.
pub async fn standing(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
) -> Result<Standing, Error<RegisterRefusal>> {
    let (shared, secret, now) = (Arc::clone(platform), cookie.to_owned(), caller.now);
    let most = platform.settings.limits.proofing_attempts;
    platform
        .store
        .read(move |tx| {
            let row = require(tx, &shared, &secret, now)?;
            let custody = match row.custody {
                Some(id) => custody::find(tx, id)?,
                None => None,
            };
            let open = custody.as_ref().filter(|custody| custody.closed.is_none());
            Ok(Standing {
                step: row.step,
                verdict: row.verdict,
                reasons: row.reasons,
                tries_left: most.saturating_sub(row.attempts),
                stage: open.and_then(|custody| custody.stage),
                deadline: open.map(|custody| custody.deadline),
                custody,
            })
        })
        .await
}

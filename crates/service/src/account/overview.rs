//! GET /account: the person's name and what there is.

use crate::{Caller, Error, Platform, level, signed_in};
use lionrock_model::account::{AccountRefusal, Level};
use lionrock_model::policy::Field;
use lionrock_model::session::SignIn;
use lionrock_model::time::Millis;
use lionrock_store::{credential, recovery_code, session};
use std::sync::Arc;

/// Account home.
#[derive(Clone)]
pub struct Overview {
    /// Name in Latin letters.
    pub english_name: String,
    /// Name in Chinese characters.
    pub chinese_name: Option<String>,
    /// Passkeys.
    pub authenticators: usize,
    /// Open sessions.
    pub sessions: usize,
    /// What the account is good for.
    pub level: Level,
    /// Unused recovery codes.
    pub codes_left: u64,
    /// The last five lines of the sign-in history, newest first; their sealed places stay sealed.
    pub recent: Vec<SignIn>,
}

impl std::fmt::Debug for Overview {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Overview(…)")
    }
}

/// Opens the person's name for their own eyes and counts the rest.
///
/// # Errors
/// Of the session; faults.
pub async fn overview(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
) -> Result<Overview, Error<AccountRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    platform
        .store
        .write(move |tx| {
            let current = super::require(tx, &owned, &caller, &cookie)?;
            let who = current.resident.id;
            let grant = super::own(tx, &owned, &caller, &current, &[Field::EnglishName, Field::ChineseName])?;
            let profile = grant.profile()?;
            let (born, seen) = signed_in::horizon(&owned, caller.now);
            Ok(Overview {
                english_name: profile.english_name.unwrap_or_default(),
                chinese_name: profile.chinese_name,
                authenticators: credential::standing(tx, who)?.len(),
                sessions: session::open(tx, who, born, seen)?.len(),
                level: level::level(tx, &owned, who)?,
                codes_left: recovery_code::left(tx, who)?,
                recent: session::history(tx, who, Millis(i64::MAX))?.into_iter().take(5).collect(),
            })
        })
        .await
}

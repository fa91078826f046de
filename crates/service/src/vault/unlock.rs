//! Unlocking a budget: a statement that two officers sign over exactly this lock.

use crate::audit::{self, Event};
use crate::statement::{Claims, Officer, Signed};
use crate::{Caller, Fault, Platform};
use lionrock_model::statement::{StatementFault, same_realm};
use lionrock_store::domain_lock::{self, Locked};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use thiserror::Error;

/// The claims of an unlocking. Members in alphabetical order: they are signed in it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnlockClaims {
    /// Officers who unlock, two or more.
    pub approved_by: Vec<String>,
    /// What is unlocked.
    pub budget: String,
    /// The ledger entry of the lock: a statement unlocks once.
    pub event: String,
    /// The realm it is for.
    pub realm: String,
}

impl Claims for UnlockClaims {
    const FORMAT: &'static str = "lionrock budget unlock v1";
    type Meaning = Self;

    fn approvers(&self) -> &[String] {
        &self.approved_by
    }

    fn meaning(self) -> Result<Self, StatementFault> {
        Ok(self)
    }
}

/// Why nothing is unlocked.
#[derive(Debug, Error)]
pub enum NotUnlocked {
    /// The statement does not count.
    #[error(transparent)]
    Statement(#[from] StatementFault),
    /// Nothing of that name is locked, or the lock is another one by now.
    #[error("no such lock stands: {0}")]
    NotLocked(String),
    /// The store failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<lionrock_store::Error> for NotUnlocked {
    fn from(error: lionrock_store::Error) -> Self {
        Self::Fault(error.into())
    }
}

/// Everything that is locked.
///
/// # Errors
/// Of the store.
pub async fn locked(platform: &Platform) -> Result<Vec<Locked>, Fault> {
    Ok(platform.store.read(domain_lock::all).await?)
}

/// What two officers sign to unlock a lock.
#[must_use]
pub fn claims(platform: &Platform, locked: &Locked, approved_by: Vec<String>) -> UnlockClaims {
    UnlockClaims {
        approved_by,
        budget: locked.budget.clone(),
        event: hex(&locked.event),
        realm: platform.settings.realm.to_string(),
    }
}

/// Unlocks a budget for every server, within a second or two; the ledger keeps who did.
///
/// # Errors
/// [`NotUnlocked`].
pub async fn unlock(
    platform: &Arc<Platform>,
    caller: &Caller,
    signed: Signed<UnlockClaims>,
    officers: &[Officer],
) -> Result<(), NotUnlocked> {
    let signatures = serde_json::to_value(&signed.signatures).map_err(Fault::from)?;
    let said = signed.open(officers)?;
    same_realm(&said.realm, &platform.settings.realm)?;
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    platform
        .store
        .write(move |tx| {
            let stands = domain_lock::find(tx, &said.budget)?.filter(|locked| hex(&locked.event) == said.event);
            let locked = stands.ok_or_else(|| NotUnlocked::NotLocked(said.budget.clone()))?;
            domain_lock::unlock(tx, &said.budget, &locked.event)?;
            let body = json!({
                "budget": said.budget,
                "by": said.approved_by,
                "locked": said.event,
                "signatures": signatures,
            });
            audit::append(tx, &owned, &caller, &Event::new("budget.unlocked", None, body))?;
            Ok(())
        })
        .await
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

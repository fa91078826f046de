//! When the gate stays shut: everything to mend in one list, in the log and, where there is one, in the ledger.

use super::{Outcome, Verdict, universe};
use crate::config::Config;
use crate::{clock, start};
use anyhow::{Result, anyhow};
use lionrock_model::realm::Realm;
use lionrock_service::{boot, gate};
use lionrock_store::{Store, key_ring};
use std::path::Path;

/// The error the process ends with. A store that is given was opened already; otherwise one is looked for that can be opened without
/// changing it, so that the list is complete and the refusal is written down.
pub async fn shut(config: &Config, realm: &Realm, mut verdict: Verdict, store: Option<Store>) -> anyhow::Error {
    let store = match store {
        Some(store) => Some(store),
        None => {
            let found = untouched(config).await;
            if let Some(store) = &found {
                verdict.checks.extend(universe::checks(store, config, realm).await);
            }
            found
        }
    };
    for check in verdict.refused() {
        tracing::error!(check = check.name, reason = check.outcome.text(), "the start gate refuses");
    }
    if let Some(store) = store {
        match write(&store, config, realm, &verdict).await {
            Ok(true) => tracing::info!("the refusal is in the ledger"),
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "the refusal is not in the ledger"),
        }
        store.close().await;
    }
    anyhow!(verdict.report(realm))
}

/// An existing store of exactly this program's schema. Nothing is made and nothing brought up to date by a start that is refused.
pub async fn untouched(config: &Config) -> Option<Store> {
    let address = config.store();
    let file = address.strip_prefix("sqlite:").map(|path| path.split('?').next().unwrap_or(path));
    if file.is_some_and(|path| !Path::new(path).exists()) {
        return None;
    }
    Store::beside(&address).await.ok()
}

/// Writes the leaf; false when this store has no ring of this realm to write with.
async fn write(store: &Store, config: &Config, realm: &Realm, verdict: &Verdict) -> Result<bool> {
    let foreign = verdict
        .checks
        .iter()
        .any(|check| check.name == "database-of-this-realm" && matches!(check.outcome, Outcome::Refused(_)));
    if foreign || store.read(key_ring::all).await?.is_empty() {
        return Ok(false);
    }
    let caller = clock::platform_caller();
    let keys = boot::key_ring(store, &start::root(config)?, realm, &caller).await?;
    gate::refused(store, keys, realm, &caller, verdict.findings()).await?;
    Ok(true)
}

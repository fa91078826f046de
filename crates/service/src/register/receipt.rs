//! The receipt of destroyed pictures, as the person sees and keeps it.

use super::require;
use crate::ledger::receipt;
use crate::{Caller, Error, Platform};
use lionrock_ledger::receipt::Receipt;
use lionrock_model::register::RegisterRefusal;
use lionrock_store::custody::{self, Custody};
use std::sync::Arc;
use std::time::Duration;

/// Longest wait for the log; it is signed every second.
const PATIENCE: Duration = Duration::from_secs(5);

/// The closed custody of a registration, with its receipt.
///
/// # Errors
/// `OutOfOrder` when none is closed.
pub async fn shown(platform: &Arc<Platform>, caller: &Caller, cookie: &str) -> Result<Custody, Error<RegisterRefusal>> {
    let (shared, secret, now) = (Arc::clone(platform), cookie.to_owned(), caller.now);
    let found = platform
        .store
        .read(move |tx| {
            let id = require(tx, &shared, &secret, now)?.custody;
            let found = id.map(|id| custody::find(tx, id)).transpose()?.flatten();
            Ok::<_, Error<RegisterRefusal>>(found.filter(|custody| custody.closed.is_some()))
        })
        .await?;
    found.ok_or(Error::Refuse(RegisterRefusal::OutOfOrder))
}

/// The receipt file, with its proof; `None` while the log has not taken it up: ask again.
///
/// # Errors
/// `OutOfOrder` when there is no receipt yet.
pub async fn file(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
) -> Result<Option<Receipt>, Error<RegisterRefusal>> {
    let row = shown(platform, caller, cookie).await?;
    let (Some(statement), Some(leaf)) = (row.receipt, row.closed_leaf) else {
        return Err(Error::Refuse(RegisterRefusal::OutOfOrder));
    };
    Ok(receipt::file(platform, &statement, leaf, PATIENCE).await?)
}

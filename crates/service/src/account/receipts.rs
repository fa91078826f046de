//! GET /account/receipts/ID: the receipt of destroyed pictures, again and again, for as long as the account lasts.

use crate::ledger::receipt;
use crate::{Caller, Error, Platform};
use lionrock_ledger::receipt::Receipt;
use lionrock_model::account::AccountRefusal;
use lionrock_model::id::CustodyId;
use lionrock_store::custody;
use std::sync::Arc;
use std::time::Duration;

/// Longest wait for the log; it is signed every second.
const PATIENCE: Duration = Duration::from_secs(5);

/// The receipt file of a custody of the session's person; `None` while the log has not taken it up: ask again.
///
/// # Errors
/// Of the session; [`AccountRefusal::NotFound`] for a custody that is not theirs or not closed; faults.
pub async fn file(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    id: CustodyId,
) -> Result<Option<Receipt>, Error<AccountRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let found = platform
        .store
        .read(move |tx| {
            let current = super::require(tx, &owned, &caller, &cookie)?;
            let own = custody::of_resident(tx, current.resident.id)?;
            Ok::<_, Error<AccountRefusal>>(own.into_iter().find(|custody| custody.id == id))
        })
        .await?;
    let found = found.and_then(|custody| custody.receipt.zip(custody.closed_leaf));
    let (statement, event) = found.ok_or(Error::Refuse(AccountRefusal::NotFound))?;
    Ok(receipt::file(platform, &statement, event, PATIENCE).await?)
}

//! Registrations that nobody carries on leave nothing behind.

use crate::custody::open::abandon;
use crate::{Caller, Error, Fault, Platform};
use lionrock_model::register::RegisterRefusal;
use lionrock_store::{custody, registration, retention_tally};
use std::sync::Arc;

/// Removes what is over its time: the row with all that is sealed in it. Custodies keep their receipts, without a link.
/// Says how many registrations went.
///
/// # Errors
/// Of the store.
pub async fn sweep(platform: &Arc<Platform>, caller: &Caller) -> Result<usize, Fault> {
    let now = caller.now;
    let over = platform.store.read(move |tx| registration::expired(tx, now)).await?;
    let count = over.len();
    for row in over {
        abandon(platform, caller, &row).await.map_err(without_refusal)?;
        let id = row.id;
        platform
            .store
            .write(move |tx| {
                custody::cut(tx, id)?;
                retention_tally::add(tx, "registration", 1, None)?;
                registration::delete(tx, id)
            })
            .await?;
    }
    Ok(count)
}

fn without_refusal(error: Error<RegisterRefusal>) -> Fault {
    match error {
        Error::Fault(fault) => fault,
        Error::Refuse(refusal) => Fault::bug(format!("sweeping was refused: {refusal:?}")),
    }
}

//! The name a person has at one service, bound to its row: whoever can write to the database turns nobody's name into another's.

use crate::audit::Event;
use crate::freshness::{self, Mark};
use crate::imprint::Imprint;
use crate::vault::Alarm;
use crate::{Caller, Fault, Platform};
use lionrock_model::id::ResidentId;
use lionrock_model::oidc::Pseudonym;
use lionrock_store::oidc_pseudonym::{self, Name, Settled};
use lionrock_store::{Error, Tx};
use lionrock_wire::jose;
use serde_json::json;
use std::sync::Arc;

const ROW: &str = "oidc pseudonym row";
/// What is said of a row that is not as the platform wrote it.
const FORGED: &str = "pseudonym-forged";
/// Rows of earlier versions bound in one transaction.
const BATCH: u32 = 500;

fn imprint(row: &Name) -> Imprint {
    Imprint::new().text(&row.service).bytes(row.resident.as_bytes()).text(row.name.as_str()).at(row.since)
}

fn is_ours(platform: &Platform, row: &Name) -> Result<bool, Fault> {
    imprint(row).is(platform, ROW, row.proof.as_ref())
}

/// The resident's name at a service, made now when this is their first time there.
///
/// # Errors
/// Of the store; `RolledBack` with an alarm when the row is not as the platform wrote it: no service is told another's name.
pub(crate) fn settle(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    service: &str,
    resident: ResidentId,
) -> Result<Settled, Fault> {
    let name = Pseudonym::parse(&jose::encode(&caller.random::<32>()))
        .ok_or_else(|| Error::Corrupt { what: "a fresh pseudonym".to_owned() })?;
    let mut fresh = Name { service: service.to_owned(), resident, name, since: caller.now, proof: None };
    fresh.proof = Some(imprint(&fresh).under(platform, ROW)?);
    let settled = oidc_pseudonym::settle(tx, &fresh)?;
    if settled.first || is_ours(platform, &settled.row)? {
        return Ok(settled);
    }
    Err(freshness::refused(platform, Some(resident), FORGED))
}

/// Whose name this is at a service. A row that is not as the platform wrote it is nobody's, and an alarm.
///
/// # Errors
/// Of the store.
pub(crate) fn owner(
    tx: &mut Tx<'_>,
    platform: &Platform,
    service: &str,
    sub: &str,
) -> Result<Option<ResidentId>, Fault> {
    let Some(row) = oidc_pseudonym::owner(tx, service, sub)? else { return Ok(None) };
    if is_ours(platform, &row)? {
        return Ok(Some(row.resident));
    }
    platform.vault.raise(Alarm { resident: Some(row.resident), what: FORGED });
    Ok(None)
}

/// A person's names at services, as far as they are as the platform wrote them.
///
/// # Errors
/// Of the store.
pub(crate) fn of_resident(tx: &mut Tx<'_>, platform: &Platform, resident: ResidentId) -> Result<Vec<Name>, Fault> {
    let mut good = Vec::new();
    for row in oidc_pseudonym::of_resident(tx, resident)? {
        if is_ours(platform, &row)? {
            good.push(row);
        } else {
            platform.vault.raise(Alarm { resident: Some(resident), what: FORGED });
        }
    }
    Ok(good)
}

/// Binds the names that an earlier version kept without an imprint: once, at the first start of this version. The ledger keeps that it
/// was done, so a row without an imprint is a forged one from then on. Says how many.
///
/// # Errors
/// Of the store.
pub async fn bind(platform: &Arc<Platform>, caller: &Caller) -> Result<u64, Fault> {
    let mut bound = 0;
    loop {
        let (owned, by) = (Arc::clone(platform), caller.clone());
        let work = move |tx: &mut Tx<'_>| {
            if freshness::has(tx, &owned, Mark::Bound("oidc_pseudonym"))? {
                return Ok(None);
            }
            let rows = oidc_pseudonym::unbound(tx, BATCH)?;
            for row in &rows {
                oidc_pseudonym::bind(tx, row, &imprint(row).under(&owned, ROW)?)?;
            }
            if rows.is_empty() {
                let event = Event::new("names.bound", None, json!({"table": "oidc_pseudonym"}));
                freshness::append(tx, &owned, &by, Mark::Bound("oidc_pseudonym"), &event)?;
            }
            Ok::<_, Fault>(Some(rows.len() as u64))
        };
        match platform.store.write(work).await? {
            Some(some) if some > 0 => bound += some,
            _ => return Ok(bound),
        }
    }
}

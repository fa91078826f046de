//! Custody of pictures: opened in the ledger before the first byte, closed with a signed receipt in the transaction that
//! commits the verdict, and closed all the same when anything dies.
//!
//! Pictures themselves never come here: this module moves ciphertext to the worker and writes down words and counts.

mod alarm;
pub mod end;
pub mod judge;
pub mod open;
pub mod receive;

pub use end::{close_ended, reconcile, stop};
pub use judge::judge;
pub(crate) use open::abandon;
pub use open::{Opened, open};
pub use receive::{Received, receive};

use crate::audit::{self, Event};
use crate::ledger::receipt;
use crate::{Caller, Fault, Platform};
use lionrock_model::custody::{CloseReason, State};
use lionrock_model::proofing::Stage;
use lionrock_model::time::Millis;
use lionrock_store::custody::{self, Closing};
use lionrock_store::{Tx, failpoint};

pub use lionrock_store::custody::Custody;
use serde::Serialize;
use serde_json::json;
use std::time::Duration;

/// How a custody ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ending {
    pub reason: CloseReason,
    pub pictures: u32,
    pub bytes: u64,
    /// When the verdict fell, if one did.
    pub judged: Option<Millis>,
    /// From the verdict to the destruction.
    pub zeroise: Option<Duration>,
}

impl Ending {
    /// An end without a verdict: the worker counted, or died and could not.
    pub const fn without_verdict(reason: CloseReason, pictures: u32, bytes: u64) -> Self {
        Self { reason, pictures, bytes, judged: None, zeroise: None }
    }
}

/// The statement of a destruction. Times are RFC 3339; there is never anything computed from a picture in it.
#[derive(Serialize)]
struct Statement<'a> {
    iss: &'a str,
    iat: i64,
    custody: String,
    realm: String,
    opened: Option<String>,
    received: Option<String>,
    judged: Option<String>,
    zeroised: Option<String>,
    closed: Option<String>,
    pictures: u32,
    bytes: u64,
    reason: &'static str,
    provider: &'a str,
    worker: &'a str,
    boot: String,
    protections: Vec<String>,
}

/// Closes a custody in this transaction: receipt, leaf, row. False when it was closed before; then nothing is written.
pub(crate) fn close(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    row: &Custody,
    ending: Ending,
) -> Result<bool, Fault> {
    let Some(now) = custody::find(tx, row.id)?.filter(|now| now.closed.is_none()) else { return Ok(false) };
    let decoding = now.state == State::Decoded && matches!(now.stage, None | Some(Stage::Decode));
    if decoding {
        // Its first word may not have been written down before it died.
        custody::stage(tx, row.id, Stage::Decode)?;
    }
    let statement = receipt::sign(platform, &statement(platform, caller, row, ending))?;
    let body = json!({
        "boot": hex(&row.boot),
        "bytes": ending.bytes,
        "custody": row.id.to_string(),
        "pictures": ending.pictures,
        "reason": ending.reason.word(),
        "receipt": receipt::digest(&statement),
    });
    let leaf = audit::append(tx, platform, caller, &Event::new("custody.closed", None, body))?;
    let closing = Closing {
        at: caller.now,
        reason: ending.reason,
        pictures: ending.pictures,
        bytes: ending.bytes,
        zeroise_us: ending.zeroise.map(|span| u64::try_from(span.as_micros()).unwrap_or(u64::MAX)),
        leaf,
        receipt: statement,
    };
    if !custody::close(tx, row.id, &closing)? {
        return Err(lionrock_store::Error::Busy.into());
    }
    if decoding && ending.reason == CloseReason::ProcessLoss {
        alarm::raise(tx, platform, caller, row)?;
    }
    failpoint::reach("custody-closing");
    Ok(true)
}

fn statement<'a>(platform: &'a Platform, caller: &Caller, row: &'a Custody, ending: Ending) -> Statement<'a> {
    let identity = platform.ports.proofing.identity();
    let protections = identity.protections.into_iter().filter(|(_, held)| *held).map(|(name, _)| name).collect();
    let zeroised = match (ending.judged, ending.zeroise) {
        (Some(judged), Some(span)) => judged.after(span),
        _ => caller.now,
    };
    Statement {
        iss: &platform.settings.issuer,
        iat: caller.now.seconds(),
        custody: row.id.to_string(),
        realm: platform.settings.realm.to_string(),
        opened: written(row.opened),
        received: row.first_byte.and_then(written),
        judged: ending.judged.and_then(written),
        zeroised: written(zeroised),
        closed: written(caller.now),
        pictures: ending.pictures,
        bytes: ending.bytes,
        reason: ending.reason.word(),
        provider: &row.provider,
        worker: &row.worker,
        boot: hex(&row.boot),
        protections,
    }
}

fn written(moment: Millis) -> Option<String> {
    moment.timestamp().ok().map(|at| at.to_string())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

//! Workers that die while they decode: once is an accident, again and again is somebody who tries pictures on the decoder.

use crate::audit::{self, Event};
use crate::{Caller, Fault, Platform};
use lionrock_model::proofing::Stage;
use lionrock_store::Tx;
use lionrock_store::custody::{self, Custody};
use serde_json::json;
use std::time::Duration;

/// The time looked back over.
const WINDOW: Duration = Duration::from_secs(3600);

/// Workers lost while decoding within [`WINDOW`] that raise the alarm; so does every further one.
const LOSSES: i64 = 3;

/// Called when a custody was closed because its worker died while it decoded, in the same transaction: a leaf and a log
/// line when it is not the first.
pub(super) fn raise(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, row: &Custody) -> Result<(), Fault> {
    let losses = custody::lost_at(tx, Stage::Decode, caller.now.before(WINDOW))?;
    if losses < LOSSES {
        return Ok(());
    }
    tracing::error!(
        losses,
        "proofing workers keep dying over the pictures they decode: somebody may be trying the decoder"
    );
    let body = json!({"losses": losses, "provider": row.provider, "stage": Stage::Decode.word(), "window_s": WINDOW.as_secs()});
    audit::append(tx, platform, caller, &Event::new("custody.alarm", None, body)).map(drop)
}

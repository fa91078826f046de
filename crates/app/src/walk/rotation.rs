//! New keys while the demo serves: the session and profile keys turn, and the person who is signed in notices nothing.

use super::report::Report;
use super::steps::{lionrock, text};
use crate::demo::Running;
use anyhow::{Context, Result, ensure};
use lionrock_rehearsal::phone::Phone;
use serde_json::Value;

/// What is rotated: the keys that seal what the account pages open.
const KEYS: [&str; 2] = ["domain:session", "domain:profile"];

/// Rotates, then looks at the account with the session from before.
pub async fn all(running: &Running, report: &mut Report, phone: &mut Phone) {
    report.step("two keys are rotated while it serves", rotate(running, phone)).await;
}

async fn rotate(running: &Running, phone: &mut Phone) -> Result<((), String)> {
    let config = text(&running.folder.configuration());
    let receipts = running.folder.walk();
    let mut moved = 0;
    for keys in KEYS {
        let folder = text(&receipts);
        let says =
            lionrock(&["key", "rotate", "--config", &config, "--what", keys, "--receipts", &folder, "--json"]).await?;
        let said: Value = serde_json::from_str(&says).context("what `key rotate` says")?;
        ensure!(said.get("ok") == Some(&Value::Bool(true)), "{keys}: {said}");
        moved += said.pointer("/rotations/0/records").and_then(Value::as_u64).unwrap_or_default();
        let receipt =
            said.pointer("/rotations/0/receipt").and_then(Value::as_str).context("a rotation without a receipt")?;
        let key = running.folder.path().join("ledger/vkey");
        lionrock(&["verify", "receipt", receipt, "--key", &text(&key)]).await?;
    }
    // What was sealed before is opened by the pages: the name, and where the person signed in.
    phone.open("/account").await.context("the account after the rotation")?;
    phone.open("/account/history").await.context("the history after the rotation")?;
    Ok(((), format!("{moved} records, receipts verify")))
}

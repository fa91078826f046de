//! The same job by pyHanko in the same run: PAdES B-LT of a PDF of 1 MB, with time-stamp and status captured, keys in memory, as many
//! processes as we have tasks. Its certificates, stamps and answers are made in its own process, as ours are.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// What the peer runs.
const SCRIPT: &str = include_str!("peer.py");

/// What pyHanko did.
pub struct Peer {
    /// PDFs of 1 MB a second, all processes together.
    pub per_second: f64,
    /// The most memory of one process while it signs a large PDF, MB; none when it could not.
    pub large: Option<f64>,
}

/// Lets pyHanko sign for as long as we did.
///
/// # Errors
/// When Python or pyHanko are missing.
pub fn run(python: &Path, document: &Path, large: Option<&Path>, tasks: usize, span: Duration) -> Result<Peer> {
    let mut command = Command::new(python);
    command.args(["-c", SCRIPT]).arg(document).arg(tasks.to_string()).arg(span.as_secs().to_string());
    command.args(large);
    let output = command.output().with_context(|| format!("cannot start {}: --python PROGRAM", python.display()))?;
    if !output.status.success() {
        let says = String::from_utf8_lossy(&output.stderr);
        bail!("pyHanko does not run: {}\n  pip install pyhanko, and name that Python by --python", says.trim());
    }
    let said: Value = serde_json::from_slice(&output.stdout).context("pyHanko's figures")?;
    let per_second = said.get("per_second").and_then(Value::as_f64).context("pyHanko's figures")?;
    Ok(Peer { per_second, large: said.get("large_mb").and_then(Value::as_f64) })
}

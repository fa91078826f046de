//! Helping from afar without data: what a running server notes of itself, a bundle of it for whoever supports it, and a kit to rebuild
//! its shape out of synthetic people. Every member is on a list; the whole is searched for anything personal before it is written.

pub mod bundle;
pub mod replay;
pub mod scan;
pub mod standing;

use anyhow::{Context, Result, bail};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Writes a text, unless something personal is in it: then nothing is written and what was found is named, not quoted.
///
/// # Errors
/// When the search finds something, or the file exists or cannot be written.
pub fn write(path: &Path, text: &str, canaries: &[String]) -> Result<()> {
    let found = scan::personal(text, canaries);
    if !found.is_empty() {
        let lines: Vec<_> = found.iter().map(|it| format!("  line {}: {}", it.line, it.kind)).collect();
        bail!("{} is not written: it would hold something personal\n{}", path.display(), lines.join("\n"));
    }
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut file = file.with_context(|| format!("cannot make {}: it may exist already", path.display()))?;
    file.write_all(text.as_bytes()).with_context(|| format!("cannot write {}", path.display()))
}

/// A count as it may leave the house: from ten million on in thousands, so that no number of eight digits looks like a telephone's.
#[must_use]
pub fn count(number: u64) -> serde_json::Value {
    if number < 10_000_000 { number.into() } else { format!("{}k", number / 1000).into() }
}

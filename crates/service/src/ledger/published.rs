//! The published files, for whoever serves them.

use super::folder;
use crate::{Fault, Platform};
use lionrock_ledger::source::{Directory, Source as _};
use lionrock_ledger::tile::{self, Resource};
use std::sync::Arc;

/// A published file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// Its content.
    pub bytes: Vec<u8>,
    /// Whether it stays as it is for ever; else it may be a second old.
    pub immutable: bool,
    /// Whether it is text.
    pub text: bool,
}

/// The file at a path such as `checkpoint`, `vkey` or `tile/0/x001/067.p/12`; `None` for everything else and for
/// files that do not exist. Paths are parsed, never joined as they come, so nothing outside the log can be reached.
///
/// # Errors
/// `Outside` when the file is there and cannot be read.
pub async fn published(platform: &Arc<Platform>, path: String) -> Result<Option<Published>, Fault> {
    let text = tile::is_text(&path);
    if !text && Resource::parse(&path).is_none() {
        return Ok(None);
    }
    let files = Directory::new(folder(platform));
    let found = tokio::task::spawn_blocking(move || files.read(&path)).await;
    let found = found.map_err(|error| Fault::bug(error.to_string()))?;
    let bytes = found.map_err(|error| Fault::outside(error.to_string()))?;
    Ok(bytes.map(|bytes| Published { bytes, immutable: !text, text }))
}

//! `[signing]`: how large documents may be, and what seals are drawn with.

use anyhow::{Context, Result, ensure};
use lionrock_model::signing::DOCUMENT_BYTES;
use serde::Deserialize;
use std::path::PathBuf;

/// More than this no PDF of the usual kind can name the places of.
const MOST: u64 = 8 << 30;
/// Most bytes of a font.
const LARGEST_FONT: u64 = 64 * 1024 * 1024;

/// `[signing]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Signing {
    /// Most bytes of a document that is signed; the store keeps it until the service fetched it, a day at most.
    pub document_bytes: u64,
    /// Font files (TrueType or OpenType) for seals, Latin first: each letter is drawn by the first that has it.
    pub fonts: Vec<PathBuf>,
}

impl Default for Signing {
    fn default() -> Self {
        Self { document_bytes: DOCUMENT_BYTES, fonts: Vec::new() }
    }
}

impl Signing {
    /// The fonts; none in a test realm that names none are those of the rehearsal, which have the letters of its people.
    ///
    /// # Errors
    /// Names the file.
    pub fn letters(&self, test: bool) -> Result<Vec<Vec<u8>>> {
        ensure!((1..=MOST).contains(&self.document_bytes), "[signing] document_bytes: 1 to {MOST}");
        if self.fonts.is_empty() && test {
            return Ok(rehearsed());
        }
        self.fonts
            .iter()
            .map(|path| {
                let length =
                    std::fs::metadata(path).with_context(|| format!("[signing] fonts: {}", path.display()))?.len();
                ensure!(length <= LARGEST_FONT, "[signing] fonts: {} is larger than 64 MiB", path.display());
                std::fs::read(path).with_context(|| format!("[signing] fonts: {}", path.display()))
            })
            .collect()
    }
}

#[cfg(feature = "rehearsal")]
fn rehearsed() -> Vec<Vec<u8>> {
    lionrock_rehearsal::font::files().map(<[u8]>::to_vec).to_vec()
}

#[cfg(not(feature = "rehearsal"))]
const fn rehearsed() -> Vec<Vec<u8>> {
    Vec::new()
}

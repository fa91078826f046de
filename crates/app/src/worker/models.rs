//! Reading the models folder, every file against its digest.

use lionrock_crypto::digest::sha256;
use lionrock_proofing::ModelFiles;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why a models folder cannot be used. The installation is at fault.
#[derive(Debug, Error)]
pub enum ModelsError {
    /// A file is not there or cannot be read.
    #[error("cannot read {0}; restore the models folder from the release")]
    Missing(PathBuf),
    /// A file is not the one that was released.
    #[error("{0} differs from its digest in MANIFEST.sha256; restore the models folder from the release")]
    Altered(PathBuf),
}

/// Reads the files named by the program and compares each with the digest the folder's manifest and this program
/// both name: a changed manifest alone does not let a changed model in.
///
/// # Errors
/// Names the first file that is missing or altered.
pub fn read(folder: &Path) -> Result<ModelFiles, ModelsError> {
    ModelFiles::gather(|name| {
        let path = folder.join(name);
        let bytes = std::fs::read(&path).map_err(|_| ModelsError::Missing(path.clone()))?;
        if Some(hex(&sha256(&bytes)).as_str()) == released(name) { Ok(bytes) } else { Err(ModelsError::Altered(path)) }
    })
}

/// The digests this program was built with.
const MANIFEST: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/MANIFEST.sha256"));

/// Hexadecimal SHA-256 of the manifest: one short name for all models together.
#[must_use]
pub fn version() -> String {
    hex(&sha256(MANIFEST.as_bytes()))[..16].to_owned()
}

fn released(name: &str) -> Option<&'static str> {
    MANIFEST.lines().filter_map(|line| line.split_once("  ")).find(|(_, file)| *file == name).map(|(digest, _)| digest)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    #[test]
    fn an_altered_or_missing_model_is_named() {
        let folder = std::env::temp_dir().join(format!("lionrock-models-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        assert!(matches!(read(&folder), Err(ModelsError::Missing(path)) if path.ends_with(ModelFiles::NAMES[0])));
        std::fs::write(folder.join(ModelFiles::NAMES[0]), b"other weights").unwrap();
        assert!(matches!(read(&folder), Err(ModelsError::Altered(path)) if path.ends_with(ModelFiles::NAMES[0])));
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn every_model_has_a_digest() {
        assert!(ModelFiles::NAMES.into_iter().all(|name| released(name).is_some_and(|digest| digest.len() == 64)));
    }
}

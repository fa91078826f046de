//! What every test stands on: the models, the faces, the day.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use jiff::civil::{Date, date};
use lionrock_proofing::{ModelFiles, Models};

/// The day of every test.
pub const TODAY: Date = date(2026, 11, 23);

/// The shipped models, loaded once.
pub static MODELS: LazyLock<Models> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    Models::from_bytes(ModelFiles::gather(|name| std::fs::read(folder.join(name))).unwrap()).unwrap()
});

/// The folder of the public-domain photographs.
pub fn faces() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../rehearsal/assets/faces")
}

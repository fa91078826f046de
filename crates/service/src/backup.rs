//! Backups: made while the platform serves, opened by their custodian alone, put back into an empty store and brought up to
//! what the published ledger says happened since.
//!
//! Two files. `NAME.data` holds the rows of every table that is worth keeping, and no key; `keys.latest` holds the wrapped keys
//! of the ring and of the residents who have an account, and each backup replaces it. So an old data file does not open an
//! erased person's records with the keys of today: there is no key for them any more. Beside the published ledger lies
//! the [`journal`]: what was revoked, sealed to the custodian, so that it survives the loss of the store.
//!
//! [`copies`] keeps that file free of people who left: it is written anew when an account ended.
//!
//! [`create()`] writes, [`restore()`] checks everything and puts back, [`sample()`] proves that restored records open.

mod agreement;
pub mod copies;
pub mod create;
pub mod file;
pub mod history;
pub mod journal;
pub mod replay;
pub mod restore;
pub mod rows;
pub mod sample;
pub mod trouble;

pub use copies::{forget, refresh};
pub use create::{Made, create};
pub use restore::{Order, Restored, restore};
pub use sample::{Sampled, sample};
pub use trouble::Trouble;

use std::sync::Arc;

/// The name of the key file in every backup folder.
pub const KEYS: &str = "keys.latest";
/// How names of data files end.
pub const DATA: &str = "data";

/// What goes on, how much of how much is done (of rows or entries).
pub type Progress = Arc<dyn Fn(&'static str, u64, u64) + Send + Sync>;

/// A progress that nobody watches.
#[must_use]
pub fn unwatched() -> Progress {
    Arc::new(|_, _, _| {})
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

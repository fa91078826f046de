//! What can be wrong with a backup, in words for the operator: who is at fault, what to do next.

use crate::Fault;
use crate::boot::KeyRingError;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why no backup was made, or none was put back.
#[derive(Debug, Error)]
pub enum Trouble {
    /// A file is not what was written.
    #[error("{} is damaged: {why}; nothing of it was used. Take another copy", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        why: &'static str,
    },
    /// A file of another version of the format.
    #[error("{} is a backup of format v{found}; this program reads v1: use the program that made it", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: String,
    },
    /// Nothing of ours.
    #[error("{} is not a backup", path.display())]
    NotABackup {
        /// The file.
        path: PathBuf,
    },
    /// There is no backup in the folder.
    #[error("{} holds no data file of a backup", path.display())]
    Choose {
        /// The folder.
        path: PathBuf,
    },
    /// Sealed to somebody else.
    #[error("{} was sealed to the custodian {sealed_to}, and the key given is another's", path.display())]
    WrongCustodian {
        /// The file.
        path: PathBuf,
        /// Whose it is.
        sealed_to: String,
    },
    /// Of another deployment or realm.
    #[error("this is a backup of {found}; the configuration says {asked}: use the configuration it was made with")]
    Foreign {
        /// The log the backup belongs to.
        found: String,
        /// The log of the configuration.
        asked: String,
    },
    /// Of another schema.
    #[error(
        "the backup has schema version {found}, this program {known}: restore it with the program that made it, \
         and start the newer program afterwards"
    )]
    Schema {
        /// Version of the backup.
        found: u32,
        /// Version of this program.
        known: u32,
    },
    /// The key file is older than the data.
    #[error(
        "keys.latest is older than the data file: copy the newest keys.latest, it belongs to every data file before it"
    )]
    KeysOlder,
    /// The ring was turned since the data was written.
    #[error(
        "keys were rotated after this data file was written, and {missing} was destroyed: take a data file made after \
         the rotation"
    )]
    KeysTurned {
        /// The keys that are gone.
        missing: String,
    },
    /// Sealed to the custodian by somebody else than the platform.
    #[error("{} was not made by this platform: its signature does not hold. Take a copy that comes from the server", path.display())]
    NotOurs {
        /// The file.
        path: PathBuf,
    },
    /// The root does not open the ring.
    #[error("the root key of the configuration does not open the keys of this backup: give the one it was made with")]
    WrongRoot,
    /// The store holds something.
    #[error("the store is not empty, and a backup is put into an empty one only: give another data folder or database")]
    NotEmpty,
    /// The ledger does not continue what the backup knew.
    #[error(
        "the ledger in {} does not continue the backup ({why}): it was rolled back or is another one. Find the newest \
         published copy; nothing was restored", path.display()
    )]
    Ledger {
        /// The folder.
        path: PathBuf,
        /// What does not fit.
        why: String,
    },
    /// Revocations whose bodies are missing.
    #[error(
        "the journal in {} lacks {count} revocation(s) that the ledger counts after this backup ({first}): copy the \
         journal that lay beside the ledger. Nothing was restored", path.display()
    )]
    JournalMissing {
        /// The folder.
        path: PathBuf,
        /// How many are missing.
        count: u64,
        /// The first of them: `entry 17, account.closed`.
        first: String,
    },
    /// A body that is not the one the ledger commits to.
    #[error("{} is not what the ledger commits to: take another copy of the journal. Nothing was restored", path.display())]
    JournalWrong {
        /// The file.
        path: PathBuf,
    },
    /// The rows do not lead to the ledger they came with.
    #[error("the entries in the backup do not lead to the root it was made at: the backup contradicts itself")]
    Rows,
    /// An account without a key that nothing explains.
    #[error(
        "an open account has no key in keys.latest, and the ledger does not say that it was closed: take the keys.latest that belongs to this backup"
    )]
    NoKey,
    /// Another backup is being made into the same folder.
    #[error("another backup is being written into {}: wait for it", path.display())]
    Busy {
        /// The folder.
        path: PathBuf,
    },
    /// A file or folder cannot be used.
    #[error("{}: {why}", path.display())]
    Place {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        why: String,
    },
    /// A key is no key.
    #[error("the custodian's key cannot be used: {0}")]
    Key(#[from] lionrock_crypto::Error),
    /// Everything else.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl Trouble {
    pub(crate) fn damaged(path: &Path, why: &'static str) -> Self {
        Self::Damaged { path: path.to_path_buf(), why }
    }

    pub(crate) fn place(path: &Path, error: &std::io::Error) -> Self {
        let full = matches!(
            error.kind(),
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded | std::io::ErrorKind::FileTooLarge
        );
        let why =
            if full { format!("{error}; free some space, nothing half-written was left") } else { error.to_string() };
        Self::Place { path: path.to_path_buf(), why }
    }

    pub(crate) fn ledger(path: &Path, why: impl ToString) -> Self {
        Self::Ledger { path: path.to_path_buf(), why: why.to_string() }
    }
}

impl From<lionrock_store::Error> for Trouble {
    fn from(error: lionrock_store::Error) -> Self {
        Self::Fault(error.into())
    }
}

impl From<KeyRingError> for Trouble {
    fn from(error: KeyRingError) -> Self {
        match error {
            KeyRingError::WrongRoot => Self::WrongRoot,
            other => Self::Fault(Fault::stored_data(other.to_string())),
        }
    }
}

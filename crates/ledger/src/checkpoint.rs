//! Checkpoints (C2SP tlog-checkpoint): which log, how many entries, which root; a note signed by the log.

use std::fmt;

use crate::hash::Hash;
use crate::note::{self, Verifier};

/// What a log says of itself at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log, as in `lionrock.test-demo/localhost:8443`.
    pub origin: String,
    /// Number of entries.
    pub size: u64,
    /// Root over all of them.
    pub root: Hash,
}

impl Checkpoint {
    /// Opens a checkpoint: signed by one of `known`, of the log named `origin`.
    pub fn open(note: &[u8], origin: &str, known: &[Verifier]) -> Result<Checkpoint, Error> {
        let checkpoint = Checkpoint::parse(note::open(note, known)?)?;
        if checkpoint.origin == origin {
            Ok(checkpoint)
        } else {
            Err(Error::Origin { expected: origin.to_owned(), found: checkpoint.origin })
        }
    }

    /// Reads the text of a checkpoint note. Lines beyond the third are refused: nobody could audit them.
    pub fn parse(text: &str) -> Result<Checkpoint, Error> {
        let mut lines = text.strip_suffix('\n').ok_or(Error::Form)?.split('\n');
        let (Some(origin), Some(size), Some(root), None) = (lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(Error::Form);
        };
        let number: u64 = size.parse().map_err(|_| Error::Form)?;
        if origin.is_empty() || number.to_string() != size {
            return Err(Error::Form);
        }
        let root = Hash::from_base64(root).ok_or(Error::Form)?;
        Ok(Checkpoint { origin: origin.to_owned(), size: number, root })
    }

    /// Signs this checkpoint. `verifier` is the log's own; its name is the origin.
    pub fn sign(&self, verifier: &Verifier, key: &lionrock_crypto::sign::SigningKey) -> Result<String, Error> {
        if verifier.name() != self.origin {
            return Err(Error::Origin { expected: verifier.name().to_owned(), found: self.origin.clone() });
        }
        Ok(note::sign(&self.to_string(), verifier, key)?)
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, self.root)
    }
}

/// Name of a deployment's log: its realm, and its issuer without the scheme, as in
/// `lionrock.test-demo/localhost:8443`. Plus signs and spaces, which names cannot have, become hyphens.
pub fn origin(realm: &str, issuer: &str) -> String {
    let place = issuer.split_once("://").map_or(issuer, |(_, rest)| rest).trim_end_matches('/');
    format!("lionrock.{realm}/{place}").replace(|c: char| c == '+' || c.is_whitespace() || c.is_control(), "-")
}

/// Why a checkpoint is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not three lines: origin, size, root.
    #[error("this is not a checkpoint: it needs exactly an origin, a size and a root, each on a line")]
    Form,
    /// The note around it.
    #[error(transparent)]
    Note(#[from] note::Error),
    /// Another log.
    #[error("the checkpoint is of the log {found}, not of {expected}")]
    Origin {
        /// The log asked for.
        expected: String,
        /// The log it is of.
        found: String,
    },
}

//! A proof for one entry that needs no server (C2SP tlog-proof): index, path, and the checkpoint they lead to.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::checkpoint::{self, Checkpoint};
use crate::hash::Hash;
use crate::note::Verifier;
use crate::proof;
use crate::source::{Missing, Source, Tiles};

/// Everything needed, beside the entry and the log's key, to see that the entry stands in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// Opaque bytes along with the proof; nothing vouches for them.
    pub extra: Option<Vec<u8>>,
    /// Which entry, from 0.
    pub index: u64,
    /// Inclusion proof, from the entry's sibling up.
    pub path: Vec<Hash>,
    /// The signed checkpoint as published.
    pub checkpoint: String,
}

impl Bundle {
    /// Makes the bundle of entry `index` from the tiles of the tree that `checkpoint` signs. The caller made or
    /// verified the checkpoint. `None` when the entry is not in that tree yet.
    pub fn make(source: impl Source, checkpoint: &str, size: u64, index: u64) -> Result<Option<Bundle>, Missing> {
        let mut tiles = Tiles::new(source, size);
        let path = proof::inclusion(index, size, |node| tiles.hash(node))?;
        Ok(path.map(|path| Bundle { extra: None, index, path, checkpoint: checkpoint.to_owned() }))
    }

    /// Checks signature, origin and path; the checkpoint it leads to.
    pub fn check(&self, entry: &[u8], origin: &str, known: &[Verifier]) -> Result<Checkpoint, Error> {
        let checkpoint = Checkpoint::open(self.checkpoint.as_bytes(), origin, known)?;
        let hash = Hash::of_entry(entry);
        proof::check_inclusion(&hash, self.index, checkpoint.size, &checkpoint.root, &self.path)?;
        Ok(checkpoint)
    }

    /// Reads the text form.
    pub fn parse(text: &str) -> Result<Bundle, Error> {
        let (head, checkpoint) = text.split_once("\n\n").ok_or(Error::Form)?;
        let mut lines = head.split('\n');
        if lines.next() != Some(HEADER) {
            return Err(Error::Form);
        }
        let mut line = lines.next().ok_or(Error::Form)?;
        let mut extra = None;
        if let Some(text) = line.strip_prefix("extra ") {
            extra = Some(STANDARD.decode(text).map_err(|_| Error::Form)?);
            line = lines.next().ok_or(Error::Form)?;
        }
        let number = line.strip_prefix("index ").ok_or(Error::Form)?;
        let index: u64 = number.parse().map_err(|_| Error::Form)?;
        if index.to_string() != number {
            return Err(Error::Form);
        }
        let path = lines.map(|line| Hash::from_base64(line).ok_or(Error::Form)).collect::<Result<Vec<_>, _>>()?;
        if path.len() > LONGEST_PATH {
            return Err(Error::Form);
        }
        Ok(Bundle { extra, index, path, checkpoint: checkpoint.to_owned() })
    }
}

impl fmt::Display for Bundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", STANDARD.encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        for hash in &self.path {
            writeln!(f, "{hash}")?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}

/// Why a bundle proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The checkpoint in it.
    #[error(transparent)]
    Checkpoint(#[from] checkpoint::Error),
    /// Not the text form.
    #[error("this is not a proof of the form c2sp.org/tlog-proof@v1")]
    Form,
    /// The path in it.
    #[error(transparent)]
    Proof(#[from] proof::Error),
}

const HEADER: &str = "c2sp.org/tlog-proof@v1";
const LONGEST_PATH: usize = 64;

//! What a witness judges (C2SP tlog-witness): a checkpoint, and the proof that it continues the one it cosigned last.
//!
//! Pure: where the last checkpoint is kept, and who signs, is the caller's affair.

use std::fmt;

use crate::checkpoint::{self, Checkpoint};
use crate::hash::Hash;
use crate::note::{self, Verifier};
use crate::proof;

/// Longest request in bytes: a note, and 63 hashes.
pub const LARGEST: usize = note::LARGEST + 8 * 1024;
/// Most hashes of a proof.
pub const MOST_HASHES: usize = 63;

/// A request to cosign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Size of the checkpoint that the log believes was cosigned last; 0 for none.
    pub old: u64,
    /// Consistency proof from it.
    pub proof: Vec<Hash>,
    /// The checkpoint, as signed by the log.
    pub note: String,
}

impl Request {
    /// Reads the body of `add-checkpoint`.
    ///
    /// # Errors
    /// [`Refusal::Form`].
    pub fn parse(body: &[u8]) -> Result<Request, Refusal> {
        if body.len() > LARGEST {
            return Err(Refusal::Form);
        }
        let body = std::str::from_utf8(body).map_err(|_| Refusal::Form)?;
        let (head, note) = body.split_once("\n\n").ok_or(Refusal::Form)?;
        let mut lines = head.split('\n');
        let number = lines.next().and_then(|line| line.strip_prefix("old ")).ok_or(Refusal::Form)?;
        let old: u64 = number.parse().map_err(|_| Refusal::Form)?;
        if old.to_string() != number {
            return Err(Refusal::Form);
        }
        let proof = lines.map(|line| Hash::from_base64(line).ok_or(Refusal::Form)).collect::<Result<Vec<_>, _>>()?;
        if proof.len() > MOST_HASHES {
            return Err(Refusal::Form);
        }
        Ok(Request { old, proof, note: note.to_owned() })
    }

    /// The origin that the checkpoint names, before anything of it is believed.
    ///
    /// # Errors
    /// [`Refusal::Form`].
    pub fn origin(&self) -> Result<&str, Refusal> {
        let (text, _) = note::parse(self.note.as_bytes()).map_err(|_| Refusal::Form)?;
        text.lines().next().ok_or(Refusal::Form)
    }

    /// Judges the request: `log` are the keys of the log it names, `last` is what was cosigned last for it.
    ///
    /// # Errors
    /// [`Refusal`], in the order in which the protocol asks.
    pub fn judge(&self, log: &[Verifier], last: Option<&Checkpoint>) -> Result<Checkpoint, Refusal> {
        let origin = log.first().ok_or(Refusal::UnknownLog)?.name();
        let new = match Checkpoint::open(self.note.as_bytes(), origin, log) {
            Ok(checkpoint) => checkpoint,
            Err(checkpoint::Error::Note(note::Error::Unsigned | note::Error::Signature(_))) => {
                return Err(Refusal::Unsigned);
            }
            Err(checkpoint::Error::Origin { .. }) => return Err(Refusal::UnknownLog),
            Err(checkpoint::Error::Form | checkpoint::Error::Note(_)) => return Err(Refusal::Form),
        };
        if self.old > new.size {
            return Err(Refusal::Backwards);
        }
        let size = last.map_or(0, |last| last.size);
        if self.old != size {
            return Err(Refusal::Conflict(size));
        }
        if let Some(last) = last.filter(|last| last.size == new.size && last.root != new.root) {
            return Err(Refusal::Conflict(last.size));
        }
        let nothing = Hash::of_nothing();
        if new.size == 0 && new.root != nothing {
            return Err(Refusal::Proof);
        }
        let root = last.map_or(&nothing, |last| &last.root);
        proof::check_consistency(self.old, root, new.size, &new.root, &self.proof).map_err(|_| Refusal::Proof)?;
        Ok(new)
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old)?;
        for hash in &self.proof {
            writeln!(f, "{hash}")?;
        }
        write!(f, "\n{}", self.note)
    }
}

/// Why a witness does not sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The old size is above the new one.
    #[error("the old size is larger than the checkpoint's")]
    Backwards,
    /// Another checkpoint was cosigned last, of this size: an old one, or a fork.
    #[error("the checkpoint cosigned last has {0} entries, and this one does not continue it")]
    Conflict(u64),
    /// Not a request.
    #[error("this is not a request: old size, hashes, an empty line, a checkpoint")]
    Form,
    /// The proof does not hold: the log took something back.
    #[error("the proof does not show that the log continues what was cosigned last")]
    Proof,
    /// No known key signed the checkpoint.
    #[error("no key known for this log signed the checkpoint")]
    Unsigned,
    /// Nobody asked this witness to watch that log.
    #[error("this witness does not watch that log")]
    UnknownLog,
}

impl Refusal {
    /// The status code of the protocol.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Refusal::Backwards | Refusal::Form => 400,
            Refusal::Unsigned => 403,
            Refusal::UnknownLog => 404,
            Refusal::Conflict(_) => 409,
            Refusal::Proof => 422,
        }
    }
}

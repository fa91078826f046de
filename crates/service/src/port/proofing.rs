//! The port to whoever looks at pictures: the built-in worker, an agency's vendor, or a stand-in for tests.
//!
//! A provider gives evidence in closed words; it never decides about an account. "Unavailable" and "lost" are never a
//! pass. No provider is replaced by a weaker one by itself.

use super::Answering;
use lionrock_model::custody::{CloseReason, Label};
use lionrock_model::id::CustodyId;
use lionrock_model::proofing::{Challenge, Judgement, Stage};
use std::time::Duration;
use thiserror::Error;
use tokio::sync::mpsc::UnboundedSender;

/// Who judges, in what version, and what protects the pictures there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderIdentity {
    /// Stable name: `builtin`, a vendor's, or `stand-in`.
    pub name: String,
    /// Version of program and models together; kept with every verdict.
    pub version: String,
    /// Whether presence (a living person before the camera) was tested by an independent laboratory. Production needs it.
    pub presence_tested: bool,
    /// Protections of the process that holds the pictures, and whether each holds on this machine.
    pub protections: Vec<(String, bool)>,
    /// The place this server runs on: the same after a restart, another for another server of the same store.
    pub node: String,
    /// Random id of this run of the server: custodies of an earlier run on the same node are lost.
    pub boot: [u8; 16],
}

/// A place where pictures can be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// X25519 public key; its private half never leaves the process that will judge.
    pub seal_key: [u8; 32],
    /// Names the process (not the person): for the ledger and the record of a loss.
    pub worker: String,
    /// From the first byte to the end, at most.
    pub deadline: Duration,
    /// From now to the first byte, at most.
    pub idle: Duration,
}

/// A verdict, and the certainty that nothing is left of the pictures.
#[derive(Debug)]
pub struct Judged {
    /// What follows from the pictures.
    pub judgement: Judgement,
    /// Pictures destroyed.
    pub pictures: u32,
    /// Bytes of pictures destroyed.
    pub bytes: u64,
    /// From the order to judge to the moment when all memory that held pictures was gone.
    pub took: Duration,
    /// The last part of it: from the verdict to that moment.
    pub verdict_to_zeroise: Duration,
}

/// Why a picture was not taken. The custody goes on.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum NotTaken {
    /// The seal does not open: made for another key, custody or label, or damaged on the way.
    #[error("the seal does not open here")]
    Unsealable,
    /// More bytes than a custody may hold.
    #[error("more bytes than a custody may hold")]
    TooLarge,
}

/// Why a provider did not do what was asked.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum ProofingError {
    /// All places are taken; come again.
    #[error("all proofing places are taken")]
    Busy,
    /// The provider does not work on this machine or cannot be reached.
    #[error("the proofing provider is unavailable")]
    Unavailable,
    /// This provider holds no such custody (any more).
    #[error("no such custody is held here")]
    NotHeld,
    /// The process that held the pictures is gone, and the pictures with it.
    #[error("the pictures were lost with their process")]
    Lost(CloseReason),
}

/// A custody that ended without being asked to, so that its ending can be written down at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Which one.
    pub custody: CustodyId,
    /// [`CloseReason::Deadline`] or [`CloseReason::ProcessLoss`].
    pub reason: CloseReason,
}

/// Looks at pictures, in a place from which nothing but words comes back.
pub trait ProofingProvider: Send + Sync {
    /// Who this is.
    fn identity(&self) -> ProviderIdentity;

    /// Makes a place for a custody. Called before the custody is in the ledger: no picture may be accepted yet.
    fn open(&self, custody: CustodyId) -> Answering<'_, Result<Opened, ProofingError>>;

    /// As [`open`](Self::open), with another limit from the first byte on, because an officer is beside the person. A provider that
    /// knows one limit only keeps that.
    fn open_for(&self, custody: CustodyId, limit: Duration) -> Answering<'_, Result<Opened, ProofingError>> {
        let _ = limit;
        self.open(custody)
    }

    /// Takes one sealed picture; the same part again replaces the earlier one. Returns its bytes in clear.
    fn receive(
        &self,
        custody: CustodyId,
        label: Label,
        sealed: Vec<u8>,
    ) -> Answering<'_, Result<Result<u32, NotTaken>, ProofingError>>;

    /// Judges what was received and destroys it, in every case. `today` is the date in Hong Kong.
    fn judge(
        &self,
        custody: CustodyId,
        challenge: Challenge,
        today: String,
        progress: UnboundedSender<Stage>,
    ) -> Answering<'_, Result<Judged, ProofingError>>;

    /// Destroys what was received without judging it: pictures and bytes, when they could still be counted.
    fn destroy(&self, custody: CustodyId) -> Answering<'_, (u32, u64)>;

    /// Waits for the next custody that ends without being asked to.
    fn ended(&self) -> Answering<'_, Ended>;
}

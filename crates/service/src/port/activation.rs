//! The port to sole control: the one place that uses residents' signing keys (see `lionrock-activation`).

use super::Answering;
pub use lionrock_activation::{Enrol, Enrolled, Sign, Signed};
use thiserror::Error;

/// Why nothing was signed.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ActivationError {
    /// The chamber refused; its word.
    #[error("sole control refused: {0}")]
    Refused(String),
    /// The process that was to sign ended before it answered: nothing was signed, and the approval is void.
    #[error("the process that signs ended before it answered")]
    Lost,
    /// There is no such process here, or it is busy.
    #[error("the process that signs is not there")]
    Unavailable,
}

/// Makes and uses residents' signing keys.
pub trait Activation: Send + Sync {
    /// Makes a key, when the passkey that shall guard it approves.
    fn enrol(&self, order: Enrol) -> Answering<'_, Result<Enrolled, ActivationError>>;

    /// Signs exactly what the passkey that guards the key approved.
    fn sign(&self, order: Sign) -> Answering<'_, Result<Signed, ActivationError>>;
}

/// Nobody signs here: commands beside a server, and tests of other journeys.
#[derive(Clone, Copy, Debug)]
pub struct Absent;

impl Activation for Absent {
    fn enrol(&self, _: Enrol) -> Answering<'_, Result<Enrolled, ActivationError>> {
        Box::pin(async { Err(ActivationError::Unavailable) })
    }

    fn sign(&self, _: Sign) -> Answering<'_, Result<Signed, ActivationError>> {
        Box::pin(async { Err(ActivationError::Unavailable) })
    }
}

//! The port to a push service: whoever shows notices on residents' devices. It learns that there is something to look at, and in which
//! account; never what.

use super::Answering;
use lionrock_model::id::ResidentId;
use lionrock_model::language::Language;
use lionrock_model::time::Millis;
use thiserror::Error;

/// A notice: it says that there is something to read in an account, and not what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Random id: the same when a notice is tried again.
    pub id: String,
    /// Whose devices, by the account's random reference.
    pub account: ResidentId,
    /// What happened, a stable word: `record-read`.
    pub news: String,
    /// The person's language.
    pub language: Language,
    /// When it happened.
    pub at: Millis,
}

/// Why a notice was not taken.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum PushError {
    /// The push service does not answer or asks to come again; the notice is tried again.
    #[error("the push service does not take notices now")]
    Later,
    /// The push service refuses this notice for good: the account has no device there.
    #[error("the push service refuses this notice")]
    Refused,
}

/// Sends notices. Called by jobs only, never inside a transaction.
pub trait Push: Send + Sync {
    /// Hands one notice over.
    fn send<'a>(&'a self, notice: &'a Notice) -> Answering<'a, Result<(), PushError>>;
}

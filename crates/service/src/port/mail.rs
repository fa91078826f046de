//! The port to the mail system.

use super::Answering;
use lionrock_model::person::Email;
use lionrock_model::time::Millis;
use thiserror::Error;

/// A message in plain text.
pub struct Letter {
    /// To whom.
    pub to: Email,
    /// One line.
    pub subject: String,
    /// Lines of at most 78 characters where the language allows.
    pub text: String,
}

impl std::fmt::Debug for Letter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Letter(…)")
    }
}

/// Why a message was not sent.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum MailError {
    /// The mail system does not answer or asks to come again; the message is tried again.
    #[error("the mail system does not take messages now")]
    Later,
    /// The mail system refuses this message for good.
    #[error("the mail system refuses this message")]
    Refused,
}

/// Sends messages. Called by jobs only, never inside a transaction.
pub trait Mail: Send + Sync {
    /// Hands one message over.
    fn send<'a>(&'a self, letter: &'a Letter) -> Answering<'a, Result<(), MailError>>;

    /// The letters of a development mailbox, newest first; `None` wherever letters really leave.
    fn mailbox(&self) -> Option<Vec<Kept>> {
        None
    }
}

/// A letter in a development mailbox.
#[derive(Clone, PartialEq, Eq)]
pub struct Kept {
    /// To whom.
    pub to: String,
    /// Subject line.
    pub subject: String,
    /// Body.
    pub text: String,
    /// When it was sent.
    pub at: Millis,
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Kept(…)")
    }
}

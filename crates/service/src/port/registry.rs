//! The port to the authority that issued the card. It answers match or no match, and nothing else.

use super::Answering;
use lionrock_model::person::CardFacts;
use thiserror::Error;

/// The authority's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegistryAnswer {
    /// All facts belong to one current card.
    Match,
    /// They do not. Which one differs is not said, here or anywhere.
    NoMatch,
}

/// The authority cannot answer now. Never a match and never a mismatch: the person tries again later.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the registry does not answer")]
pub struct RegistryUnavailable;

/// The authority that issued the card.
pub trait Registry: Send + Sync {
    /// Whether these facts belong to one current card.
    fn confirm<'a>(&'a self, facts: &'a CardFacts) -> Answering<'a, Result<RegistryAnswer, RegistryUnavailable>>;
}

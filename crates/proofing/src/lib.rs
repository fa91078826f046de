//! Judging a card and a face: one picture of an identity card, a few of a face, one verdict.
//!
//! Pure and synchronous: no clock, no randomness, no files, no network, one thread. It is meant to run inside the
//! sandboxed proofing worker. What comes out is [`lionrock_model::proofing::Judgement`]: a closed verdict, closed
//! reasons and the text of the card. Scores, embeddings and thumbnails have no way out of this crate.
//!
//! Own buffers of pixels, network inputs and embeddings are wiped when they go. The decoders and the inference engine
//! keep working copies of their own that are freed without wiping: the end of the worker process clears those.

#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]

pub(crate) mod card;
pub(crate) mod face;
pub(crate) mod geometry;
pub mod intake;
mod judge;
#[cfg(feature = "measured")]
pub mod known;
#[cfg(test)]
mod measured;
mod models;
pub mod picture;
pub mod policy;
pub(crate) mod presence;
pub(crate) mod text;

pub use judge::{Capture, Frame, judge, judge_timed, judge_under, read_card};
pub use models::{ModelFiles, Models, UnusableModel};

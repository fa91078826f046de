//! One binary for the tests that look at this crate from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod jose;
mod webauthn;

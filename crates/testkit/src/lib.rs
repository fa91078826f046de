//! For tests only: both store engines, a clock that stands still, and a search for planted secrets.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::indexing_slicing)]
#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
#![allow(clippy::disallowed_methods, reason = "tests stand at the edge: they own environment, clock and folders")]

pub mod canary;
pub mod clock;
pub mod cluster;
pub mod engines;
pub mod scan;

pub use lionrock_store::Store;

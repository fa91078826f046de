//! For tests only: both store engines, a clock that stands still, and a search for planted canaries.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods, reason = "tests stand at the edge: they own environment, clock and folders")]

pub mod canary;
pub mod clock;
pub mod engines;

pub use lionrock_store::Store;

//! The map of the house is tested, so that it cannot rot.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]
#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "tests stand at the edge")]

mod arrows;
mod doors;
mod house;
mod purpose;
mod tree;

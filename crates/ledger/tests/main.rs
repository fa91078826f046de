//! Published vectors, a second implementation, and every way of tampering.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    missing_docs
)]

mod bundle;
mod note;
mod stage;
mod tampering;
mod tree;

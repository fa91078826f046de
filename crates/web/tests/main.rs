//! Tests of the edge: one binary.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    missing_docs
)]

mod account;
mod edge;
mod gallery;
mod language;
mod openapi;
mod pki;
mod register;
mod socket;
mod staff;
mod stage;
mod verify;

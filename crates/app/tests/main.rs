//! Tests of the program from outside.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::print_stdout,
    missing_docs
)]

mod activation;
mod backup;
mod budget;
mod check;
mod check_pki;
mod custody;
mod document;
mod gate;
mod keys;
mod leak;
mod push;
mod renew;
mod rotation;
mod run;
mod verify;
mod worker;

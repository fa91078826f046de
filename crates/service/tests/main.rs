//! Journeys on both store engines.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]
#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "tests stand at the edge")]

mod access;
mod account;
mod authority;
mod backup;
mod counter;
mod gate;
mod ledger;
mod ledger_crash;
mod my_data;
mod oidc;
mod realms;
mod recovery;
mod register;
mod rotation;
mod stage;
mod stand_in;

//! Journeys on both store engines.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]
#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "tests stand at the edge")]

mod access;
mod account;
mod backup;
mod gate;
mod ledger;
mod ledger_crash;
mod my_data;
mod oidc;
mod realms;
mod recovery;
mod register;
mod rotation;
mod signing;
mod staff;
mod stage;
mod stand_in;

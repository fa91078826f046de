//! The vault under attack, over its budget and over time, on both store engines.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]
#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "tests stand at the edge")]

mod attacker;
mod budget;
mod erasure;
mod ledger;
mod retention;
mod rollback;
#[allow(dead_code, reason = "shared with the tests of logging in")]
#[path = "../oidc/scene.rs"]
mod scene;
#[allow(dead_code, reason = "shared with all tests of journeys")]
#[path = "../stage.rs"]
mod stage;

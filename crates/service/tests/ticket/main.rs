//! Tickets, monitoring and break-glass under attack, on both store engines; each refusal beside an honest way that works.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]
#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "tests stand at the edge")]

mod attacks;
mod audited;
mod desk;
mod edited;
mod glass;
mod scene;
#[allow(dead_code, reason = "shared with all tests of journeys")]
#[path = "../stage.rs"]
mod stage;
mod watched;

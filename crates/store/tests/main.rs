//! The store on both engines.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]
#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "tests stand at the edge")]

mod backup;
mod crash;
mod oidc;
mod opening;
mod outage;
mod schema;
mod sealed;
mod tls;
mod transaction;

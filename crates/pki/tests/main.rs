//! Certificates, lists, answers, time-stamps and signatures, judged by OpenSSL; and a spoilt copy of everything.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]
#![allow(clippy::disallowed_methods, reason = "tests stand at the edge")]

mod certificates;
mod evidence;
mod jades;
mod judges;
mod memory;
mod notary;
mod paper;
mod renewal;
mod signatures;
mod stage;
mod status;
mod validation;

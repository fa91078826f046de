//! The proofing worker: where pictures of cards and faces exist, and nowhere else.
//!
//! ```text
//! web ──ciphertext──▶ provider ──▶ pool ──▶ session ══ two pipes ══ child (models, key, pictures; sandboxed)
//!                                  └──▶ watchdog (a process of its own) ──deadline, heartbeat──▶ child
//! ```
//! The parent side ([`pool`], [`session`], [`provider`]) never holds a key that opens a picture. The child side
//! ([`child`]) is one process of the same program for one custody: it locks its memory, gives up files, network and
//! processes ([`sandbox`]), makes a key pair, opens what is sealed to it, judges, overwrites, answers and ends.

#![allow(
    clippy::disallowed_methods,
    reason = "worker processes stand at the edge: they measure how long destruction took"
)]

pub mod child;
pub mod codec;
mod filter;
pub mod host;
pub mod message;
pub mod models;
pub(crate) mod point;
pub mod pool;
pub mod probe;
pub mod provider;
pub mod sandbox;
pub mod session;
pub mod watchdog;

use std::path::PathBuf;

/// Has the kernel write no core file of this process, whatever it dies of.
pub fn leave_no_core() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
}

/// Turns this process into a worker, its watchdog, or one of its probes, when the arguments ask for it
/// (`proofing-worker --models DIR [--strict] [--watched]`, `proofing-worker --self-test [NAME [--without-filter]]`,
/// `proofing-watchdog`); otherwise returns. Must be called first in `main`, before any thread or runtime exists: threads started earlier would stay
/// outside the confinement.
pub fn take_over_if_asked() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["proofing-watchdog"] => watchdog::run(),
        ["proofing-worker", "--models", folder, rest @ ..] => {
            let manner = child::Manner { strict: rest.contains(&"--strict"), watched: rest.contains(&"--watched") };
            child::run(&PathBuf::from(folder), manner)
        }
        ["proofing-worker", "--self-test"] => probe::report(),
        ["proofing-worker", "--self-test", name] => probe::attempt(name, true),
        ["proofing-worker", "--self-test", name, "--without-filter"] => probe::attempt(name, false),
        _ => {}
    }
}

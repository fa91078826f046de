//! The program: configuration, wiring, jobs, commands and worker processes. The binary and its tests share these parts.

pub mod activation;
#[cfg(feature = "rehearsal")]
pub mod bench;
pub mod budget;
pub mod clock;
pub mod command;
pub mod config;
#[cfg(feature = "rehearsal")]
pub mod demo;
pub mod diagnosis;
pub mod document;
pub mod gate;
pub mod jobs;
pub mod log;
pub mod root_key;
pub mod sealed;
pub mod services;
pub mod start;
#[cfg(feature = "rehearsal")]
pub mod walk;
pub mod witness;
pub mod worker;

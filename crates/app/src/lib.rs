//! The program: configuration, wiring, jobs, commands and worker processes. The binary and its tests share these parts.

pub mod clock;
pub mod command;
pub mod config;
pub mod gate;
pub mod jobs;
pub mod log;
pub mod root_key;
pub mod services;
pub mod start;
pub mod worker;

//! `lionrock key`: the root of all keys.

use crate::config::Pkcs11;
use crate::root_key;
use anyhow::Result;
use clap::Subcommand;
use lionrock_service::caller::System;
use std::path::PathBuf;

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Make a new root key file, readable by its owner alone.
    Init {
        /// Where to write it; must not exist.
        #[arg(long)]
        out: PathBuf,
    },
    /// Make the root key inside a key store module (PKCS#11); it can never leave.
    InitModule(Pkcs11),
}

/// Runs the command.
///
/// # Errors
/// When the file exists or cannot be written.
pub fn run(verb: &Verb) -> Result<()> {
    match verb {
        Verb::Init { out } => root_key::init(out, &System).map(drop),
        Verb::InitModule(token) => root_key::init_in_module(token),
    }
}

//! `lionrock key`: the root of all keys, and the keys below it. One file a verb.

pub mod ceremony;
pub mod init_module;
pub mod move_in;
pub mod rotate;
pub mod status;
pub mod unseal;

use crate::root_key;
use anyhow::Result;
use clap::Subcommand;
use lionrock_service::caller::System;
use std::path::PathBuf;

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Make a root key in shares: each goes to one holder, the root itself is written nowhere.
    Ceremony(ceremony::Arguments),
    /// Make a new root key file, readable by its owner alone.
    Init {
        /// Where to write it; must not exist.
        #[arg(long)]
        out: PathBuf,
    },
    /// Make keys inside a key store module (PKCS#11); they can never leave.
    InitModule(init_module::Arguments),
    /// Make the next key of a signer inside the key store module, while the platform serves.
    Move(move_in::Arguments),
    /// Put new keys in place of the present ones, while the platform serves.
    Rotate(rotate::Arguments),
    /// Say which keys there are, where they lie, and whether the server is sealed.
    Status(status::Arguments),
    /// Hand one share to the server that waits for it.
    Unseal(unseal::Arguments),
}

/// Runs the command.
///
/// # Errors
/// What is wrong and what to do.
pub async fn run(verb: &Verb) -> Result<()> {
    match verb {
        Verb::Ceremony(arguments) => ceremony::run(arguments).await,
        Verb::Init { out } => root_key::init(out, &System).map(drop),
        Verb::InitModule(arguments) => init_module::run(arguments),
        Verb::Move(arguments) => move_in::run(arguments).await,
        Verb::Rotate(arguments) => rotate::run(arguments).await,
        Verb::Status(arguments) => status::run(arguments).await,
        Verb::Unseal(arguments) => unseal::run(arguments).await,
    }
}

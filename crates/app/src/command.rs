//! The command line: one file a command.

pub mod doctor;
pub mod key;
pub mod serve;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// An open digital-identity platform: nothing hidden, nothing kept, nothing stops it.
#[derive(Debug, Parser)]
#[command(name = "lionrock", version, about)]
pub struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check a set-up and say what to mend.
    Doctor(doctor::Arguments),
    /// Make a root key file.
    Key {
        #[command(subcommand)]
        verb: key::Verb,
    },
    /// Serve by a configuration file.
    Serve {
        /// Configuration, TOML.
        #[arg(long)]
        config: PathBuf,
    },
}

impl CommandLine {
    /// Runs the command.
    ///
    /// # Errors
    /// What is wrong and what to do, in two lines at most.
    pub async fn run(self) -> Result<()> {
        match self.command {
            Command::Doctor(arguments) => doctor::run(&arguments).await,
            Command::Key { verb } => key::run(&verb),
            Command::Serve { config } => serve::run(&config).await,
        }
    }
}

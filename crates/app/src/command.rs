//! The command line: one file a command.

pub mod audit;
pub mod authority;
pub mod backup;
pub mod budget;
pub mod check;
pub mod deviation;
pub mod doctor;
pub mod hold;
pub mod key;
pub mod officer;
pub mod renew;
pub mod replay_kit;
pub mod serve;
pub mod site;
pub mod staff;
pub mod statement;
pub mod support_bundle;
pub mod verify;
pub mod witness;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// An open digital-identity platform: nothing hidden, nothing kept, nothing stops it.
#[derive(Debug, Parser)]
#[command(name = "lionrock", version, about)]
pub struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check a whole log, its witnesses and what auditors were given beside it, trusting nobody; or make the auditors' file.
    Audit(audit::Arguments),
    /// The certificate authority: the offline root, the chain, and what officers do with certificates.
    Authority {
        #[command(subcommand)]
        what: authority::Authority,
    },
    /// Make backups, restore them, and prove that they can be restored.
    Backup {
        #[command(subcommand)]
        what: backup::Backup,
    },
    /// Measure, and print the figures.
    #[cfg(feature = "rehearsal")]
    Bench {
        #[command(subcommand)]
        what: crate::bench::Bench,
    },
    /// Budgets of openings: what is locked, and unlocking it by two officers.
    Budget {
        #[command(subcommand)]
        what: budget::Budget,
    },
    /// Judge a token or certificate chain that comes on standard input.
    Check {
        #[command(subcommand)]
        what: check::Check,
    },
    /// Start a whole deployment of synthetic people on this machine.
    #[cfg(feature = "rehearsal")]
    Demo(crate::demo::Arguments),
    /// Exceptions of the start gate, approved by two officers.
    Deviation {
        #[command(subcommand)]
        what: deviation::Deviation,
    },
    /// Check a set-up and say what to mend.
    Doctor(doctor::Arguments),
    /// Legal holds: two officers delay what entries on a ticket tell their person.
    Hold {
        #[command(subcommand)]
        what: hold::Hold,
    },
    /// Make keys, hand shares to a sealed server, see which keys there are.
    Key {
        #[command(subcommand)]
        verb: key::Verb,
    },
    /// Keys of those who approve exceptions.
    Officer {
        #[command(subcommand)]
        what: officer::Officer,
    },
    /// Renew the archive time-stamps of signed PDFs before they age: for a timer.
    Renew(renew::Arguments),
    /// Write the shape of a deployment for a contractor, without data; or make a synthetic equivalent.
    ReplayKit(replay_kit::Arguments),
    /// Serve by a configuration file.
    Serve {
        /// Configuration, TOML.
        #[arg(long)]
        config: PathBuf,
    },
    /// Certificates of the sites where store and backups stand.
    Site {
        #[command(subcommand)]
        what: site::Site,
    },
    /// The staff house: first officers, its policy, the report of privileges.
    Staff {
        #[command(subcommand)]
        what: staff::Staff,
    },
    /// Write diagnostics without data, for whoever supports this deployment.
    SupportBundle(support_bundle::Arguments),
    /// Check a log or a receipt, trusting nobody.
    Verify {
        #[command(subcommand)]
        what: verify::Verify,
    },
    /// Witness logs: cosign checkpoints that continue what was cosigned before, refuse every other.
    Witness(witness::Arguments),
}

impl CommandLine {
    /// Runs the command; commands that judge something answer by their exit code.
    ///
    /// # Errors
    /// What is wrong and what to do, in two lines at most.
    pub async fn run(self) -> Result<ExitCode> {
        match self.command {
            Command::Audit(arguments) => return Ok(audit::run(arguments).await),
            Command::Authority { what } => authority::run(&what).await?,
            Command::Backup { what } => return backup::run(&what).await,
            #[cfg(feature = "rehearsal")]
            Command::Bench { what } => crate::bench::run(&what).await?,
            Command::Budget { what } => budget::run(&what).await?,
            Command::Check { what } => return Ok(check::run(&what)),
            #[cfg(feature = "rehearsal")]
            Command::Demo(arguments) => crate::demo::run(&arguments).await?,
            Command::Deviation { what } => return deviation::run(&what),
            Command::Doctor(arguments) => doctor::run(&arguments).await?,
            Command::Hold { what } => return hold::run(&what).await,
            Command::Key { verb } => key::run(&verb).await?,
            Command::Officer { what } => officer::run(&what)?,
            Command::Renew(arguments) => return Ok(renew::run(arguments).await),
            Command::ReplayKit(arguments) => replay_kit::run(&arguments).await?,
            Command::Serve { config } => serve::run(&config).await?,
            Command::Site { what } => return site::run(&what),
            Command::Staff { what } => return staff::run(&what).await,
            Command::SupportBundle(arguments) => support_bundle::run(&arguments).await?,
            Command::Verify { what } => return Ok(verify::run(what).await),
            Command::Witness(arguments) => witness::run(&arguments).await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Says why something could not be judged, and what to do: exit code 2.
#[allow(clippy::print_stderr)]
fn cannot(error: &anyhow::Error, advice: &str) -> ExitCode {
    eprintln!("error: {error:#}\n  {advice}");
    ExitCode::from(2)
}

//! `lionrock bench`: where the figures come from. Each prints a table for people, or with `--json` one object
//! `{"bench": NAME, "figures": {…}}`.

mod figures;
mod ledger;
mod login;
mod measure;
mod peer;
mod proofing;
mod sign;
mod soak;
mod vault;

use anyhow::Result;
use clap::Subcommand;

/// What to measure.
#[derive(Debug, Subcommand)]
pub enum Bench {
    /// What writing everything down costs: appends, checkpoints, histories, whole verification, decisions.
    Ledger(ledger::Arguments),
    /// Complete durable logins a second: pushed request, passkey, code, token, userinfo.
    Login(login::Arguments),
    /// Milliseconds of each stage of a judgement.
    Proofing(proofing::Arguments),
    /// What a signature costs: certificates, status answers, time-stamps, whole PDFs, memory of a large one.
    Sign(sign::Arguments),
    /// Whether the store stays as large as it is under steady use: rows and bytes a simulated day.
    Soak(soak::Arguments),
    /// What keeping records sealed costs: sealing, opening, rotation, backup, restore, erasure.
    Vault(vault::Arguments),
}

/// Runs the command.
///
/// # Errors
/// What kept it from measuring.
pub async fn run(bench: &Bench) -> Result<()> {
    match bench {
        Bench::Ledger(arguments) => ledger::run(arguments).await,
        Bench::Login(arguments) => login::run(arguments).await,
        Bench::Proofing(arguments) => proofing::run(arguments).await,
        Bench::Sign(arguments) => sign::run(arguments).await,
        Bench::Soak(arguments) => soak::run(arguments).await,
        Bench::Vault(arguments) => vault::run(arguments).await,
    }
}

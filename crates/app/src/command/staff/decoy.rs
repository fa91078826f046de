//! `lionrock staff decoy`: records that nobody has a reason to look for, signed for by two officers.

use super::super::statement::{self, Common, Show, Sign};
use crate::config::{Config, oversight};
use crate::{clock, start};
use anyhow::{Context, Result, bail};
use clap::Subcommand;
use lionrock_service::monitor::decoy::{self, DecoyClaims, Invented};
use lionrock_service::statement::Signed;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Decoy {
    /// Write decoys down for two officers to sign.
    Propose {
        /// Key, realm and where the statement lies.
        #[command(flatten)]
        common: Common,
        /// A decoy, invented: `CARD,NAME`, such as `U123456(0),CHAN, Tai Man`; a card number that nobody has. Once for each.
        #[arg(long = "decoy", required = true)]
        decoys: Vec<String>,
    },
    /// Sign them.
    Sign(Sign),
    /// Say whether they would be placed here and now.
    Show(Show),
    /// Place them, and print the references by which tickets ask for them.
    Place {
        /// The statement with both signatures.
        file: PathBuf,
        /// Configuration, TOML.
        #[arg(long)]
        config: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// List the decoys that stand; the ledger keeps that they were listed.
    List {
        /// Configuration, TOML.
        #[arg(long)]
        config: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Runs the command.
///
/// # Errors
/// What is wrong and what to do.
pub async fn run(what: &Decoy) -> Result<ExitCode> {
    match what {
        Decoy::Propose { common, decoys } => propose(common, decoys)?,
        Decoy::Sign(arguments) => statement::sign::<DecoyClaims>(arguments)?,
        Decoy::Show(arguments) => {
            return statement::show::<DecoyClaims>(arguments, |meaning, _, realm, now| Ok(meaning.judge(realm, now)?));
        }
        Decoy::Place { file, config, json } => place(file, config, *json).await?,
        Decoy::List { config, json } => list(config, *json).await?,
    }
    Ok(ExitCode::SUCCESS)
}

fn propose(common: &Common, decoys: &[String]) -> Result<()> {
    let read = |text: &String| match text.split_once(',') {
        Some((card, name)) => Ok(Invented { card: card.trim().to_owned(), name: name.trim().to_owned() }),
        None => bail!("--decoy {text:?}: give CARD,NAME"),
    };
    let (not_before, expires) = common.span()?;
    let claims = DecoyClaims {
        approved_by: common.approvers(),
        decoys: decoys.iter().map(read).collect::<Result<_>>()?,
        expires,
        id: common.id.clone(),
        not_before,
        realm: common.realm.clone(),
    };
    statement::propose(claims, &common.out)
}

#[allow(clippy::print_stdout)]
async fn place(file: &Path, config: &Path, json: bool) -> Result<()> {
    let config = Config::read(config)?;
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let signed: Signed<DecoyClaims> = Signed::parse(&bytes)?;
    let officers = oversight::officers(&config.officers, &config.realm()?)?;
    let platform = start::beside(&config).await?;
    let placed = decoy::place(&platform, &clock::platform_caller(), signed, &officers).await;
    platform.store.close().await;
    let accounts: Vec<_> = placed.context("no decoy was placed")?.iter().map(ToString::to_string).collect();
    if json {
        println!("{}", serde_json::json!({"placed": accounts}));
    } else {
        accounts.iter().for_each(|account| println!("{account}"));
    }
    Ok(())
}

#[allow(clippy::print_stdout)]
async fn list(config: &Path, json: bool) -> Result<()> {
    let config = Config::read(config)?;
    let platform = start::beside(&config).await?;
    let found = decoy::list(&platform, &clock::platform_caller()).await;
    platform.store.close().await;
    let found = found?;
    if json {
        let all: Vec<_> = found
            .iter()
            .map(
                |one| serde_json::json!({"account": one.account.to_string(), "known": one.known, "since": one.since.0}),
            )
            .collect();
        println!("{}", serde_json::json!({"decoys": all}));
        return Ok(());
    }
    for one in &found {
        let since = jiff::Timestamp::from_millisecond(one.since.0)?;
        let state = if one.known { "stands" } else { "TAKEN OUT OF THE STORE: find out who" };
        println!("{}  since {since}  {state}", one.account);
    }
    println!("{} decoys", found.len());
    Ok(())
}

//! `lionrock hold`: legal holds, signed by two officers of different roles.

use super::statement::{self, Common, Show, Sign};
use crate::config::{Config, oversight};
use crate::{clock, start};
use anyhow::{Context, Result};
use clap::Subcommand;
use lionrock_service::access::hold::{self, HoldClaims};
use lionrock_service::statement::Signed;
use std::path::PathBuf;
use std::process::ExitCode;

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Hold {
    /// Write a hold down for two officers to sign: it delays what entries on the tickets named tell the person.
    Propose {
        /// Whose log, and where.
        #[command(flatten)]
        common: Common,
        /// `court-order`, `prevention-of-crime` or `protection-of-life`.
        #[arg(long)]
        ground: String,
        /// The account it is about.
        #[arg(long)]
        resident: String,
        /// A ticket whose entries it withholds; several times for several.
        #[arg(long = "ticket", required = true)]
        tickets: Vec<String>,
    },
    /// Sign one.
    Sign(Sign),
    /// Say whether one would hold here and now.
    Show(Show),
    /// Lay one: from now on, until it ends.
    Lay {
        /// The statement with both signatures.
        file: PathBuf,
        /// Configuration, TOML.
        #[arg(long)]
        config: PathBuf,
    },
}

/// Runs the command.
///
/// # Errors
/// What is wrong and what to do.
#[allow(clippy::print_stdout)]
pub async fn run(what: &Hold) -> Result<ExitCode> {
    match what {
        Hold::Propose { common, ground, resident, tickets } => {
            let (not_before, expires) = common.span()?;
            let claims = HoldClaims {
                approved_by: common.approvers(),
                expires,
                ground: ground.clone(),
                id: common.id.clone(),
                not_before,
                realm: common.realm.clone(),
                resident: resident.clone(),
                tickets: tickets.clone(),
            };
            statement::propose(claims, &common.out)?;
        }
        Hold::Sign(arguments) => statement::sign::<HoldClaims>(arguments)?,
        Hold::Show(arguments) => {
            return statement::show::<HoldClaims>(arguments, |hold, _, realm, now| {
                lionrock_model::statement::same_realm(&hold.realm, realm)?;
                Ok(hold.span.judge(now, hold::LONGEST)?)
            });
        }
        Hold::Lay { file, config } => {
            let config = Config::read(config)?;
            let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
            let signed: Signed<HoldClaims> = Signed::parse(&bytes)?;
            let realm = config.realm()?;
            hold::judge(signed.clone(), &oversight::officers(&config.officers, &realm)?, &realm, clock::now())?;
            let platform = start::beside(&config).await?;
            hold::lay(&platform, &clock::platform_caller(), signed).await?;
            println!("the hold stands until {}; the person sees how many entries are withheld", expires(&bytes));
            platform.store.close().await;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn expires(file: &[u8]) -> String {
    let signed: Result<Signed<HoldClaims>, _> = Signed::parse(file);
    signed.map(|signed| signed.claims.expires).unwrap_or_default()
}

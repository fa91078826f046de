//! `lionrock site`: site certificates, which say where the store and the backups stand.

use super::statement::{self, Common, Show, Sign};
use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use lionrock_service::statement::SiteClaims;
use std::process::ExitCode;

/// What to do with a site certificate.
#[derive(Debug, Subcommand)]
pub enum Site {
    /// Write one down for two officers to sign.
    Propose(Propose),
    /// Add your signature.
    Sign(Sign),
    /// Say what it vouches for and whether it holds.
    Show(Show),
}

/// What it is to say.
#[derive(Debug, Args)]
pub struct Propose {
    /// The site's name, as policy lists it.
    #[arg(long)]
    site: String,
    /// Country, two capital letters.
    #[arg(long, default_value = "HK")]
    country: String,
    /// `government`, `private` or `public-cloud`; production accepts the first alone.
    #[arg(long, default_value = "government")]
    class: String,
    /// What is kept there: `store`, `backup`.
    #[arg(long, required = true)]
    covers: Vec<String>,
    /// Where: `folder:/…`, `host:NAME`, `socket:/…`.
    #[arg(long = "endpoint", required = true)]
    endpoints: Vec<String>,
    /// State that nobody takes snapshots of these hosts' memory or disks.
    #[arg(long)]
    no_snapshots: bool,
    #[command(flatten)]
    common: Common,
}

/// Runs the command.
///
/// # Errors
/// What is wrong and what to do.
pub fn run(what: &Site) -> Result<ExitCode> {
    match what {
        Site::Propose(arguments) => propose(arguments)?,
        Site::Sign(arguments) => statement::sign::<SiteClaims>(arguments)?,
        Site::Show(arguments) => {
            return statement::show::<SiteClaims>(arguments, |it, config, realm, now| {
                Ok(it.judge(realm, now, &config.site.allowed)?)
            });
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn propose(arguments: &Propose) -> Result<()> {
    let common = &arguments.common;
    if !(1..=366).contains(&common.days) {
        bail!("--days must be from 1 to 366");
    }
    let (not_before, expires) = common.span()?;
    let claims = SiteClaims {
        approved_by: common.approvers(),
        class: arguments.class.clone(),
        country: arguments.country.clone(),
        covers: arguments.covers.clone(),
        endpoints: arguments.endpoints.clone(),
        expires,
        id: common.id.clone(),
        no_snapshots: arguments.no_snapshots,
        not_before,
        realm: common.realm.clone(),
        site: arguments.site.clone(),
    };
    statement::propose(claims, &common.out)
}

//! `lionrock staff`: the first officers, the policy as auditors read it, decoys, and the report of privileges.

pub mod decoy;

use super::statement::{self, Show, Sign};
use crate::clock;
use crate::config::{Config, oversight};
use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use lionrock_model::policy::staff as policy;
use lionrock_model::staff::{REPORT, Role};
use lionrock_service::staff::init::{self, First, FirstOfficers};
use lionrock_service::staff::{policy as loaded, report};
use lionrock_service::statement::Signed;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Staff {
    /// Write down who the first officers are, for two officers of the configuration to sign.
    Propose(Propose),
    /// Add your signature.
    Sign(Sign),
    /// Say whom it names and whether it is signed.
    Show(Show),
    /// Invite whom a signed statement names: prints one-time codes, each in two halves for two people to hand over.
    Init(Init),
    /// Print what staff may do: the policy of this release, as auditors read it.
    Policy {
        /// Print only its digest, after checking that it is the pinned one.
        #[arg(long)]
        digest: bool,
    },
    /// Records that nobody has a reason to look for: who asks for one is heard of at once.
    Decoy {
        /// What to do.
        #[command(subcommand)]
        what: decoy::Decoy,
    },
    /// Report how privileges were used, from the ledger.
    Report(Report),
}

/// Whom the statement names.
#[derive(Debug, Args)]
pub struct Propose {
    /// The realm it is for.
    #[arg(long)]
    realm: String,
    /// Officers of the configuration who are to sign; two or more.
    #[arg(long = "by", required = true)]
    by: Vec<String>,
    /// An officer: `NUMBER,ROLE,UNIT,NAME`; once for each.
    #[arg(long = "officer", required = true)]
    officers: Vec<String>,
    /// Where to write it; must not exist.
    #[arg(long)]
    out: PathBuf,
}

/// Which statement.
#[derive(Debug, Args)]
pub struct Init {
    /// The statement, signed by two.
    statement: PathBuf,
    /// Configuration, TOML.
    #[arg(long)]
    config: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Over what.
#[derive(Debug, Args)]
pub struct Report {
    /// Configuration, TOML.
    #[arg(long)]
    config: PathBuf,
    /// Days it covers; half a year when absent.
    #[arg(long)]
    days: Option<u64>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// What is wrong and what to do.
pub async fn run(what: &Staff) -> Result<ExitCode> {
    match what {
        Staff::Propose(arguments) => propose(arguments)?,
        Staff::Sign(arguments) => statement::sign::<FirstOfficers>(arguments)?,
        Staff::Show(arguments) => return statement::show::<FirstOfficers>(arguments, |_, _, _, _| Ok(())),
        Staff::Init(arguments) => invite(arguments).await?,
        Staff::Policy { digest } => print_policy(*digest)?,
        Staff::Decoy { what } => return decoy::run(what).await,
        Staff::Report(arguments) => print_report(arguments).await?,
    }
    Ok(ExitCode::SUCCESS)
}

fn propose(arguments: &Propose) -> Result<()> {
    let read = |text: &String| {
        let mut parts = text.splitn(4, ',').map(|part| part.trim().to_owned());
        let (Some(number), Some(role), Some(unit), Some(name)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            bail!("--officer {text:?}: give NUMBER,ROLE,UNIT,NAME");
        };
        if Role::from_word(&role).is_none() {
            bail!("no role is called {role:?}; these are: {}", Role::ALL.map(Role::word).join(", "));
        }
        Ok(First { name, number, role, unit })
    };
    let now = jiff::Timestamp::from_second(clock::now().seconds())?;
    let mut by = arguments.by.clone();
    by.sort();
    by.dedup();
    let claims = FirstOfficers {
        approved_by: by,
        expires: now.checked_add(jiff::SignedDuration::from_hours(7 * 24))?.to_string(),
        not_before: now.to_string(),
        officers: arguments.officers.iter().map(read).collect::<Result<_>>()?,
        realm: arguments.realm.clone(),
    };
    statement::propose(claims, &arguments.out)
}

#[allow(clippy::print_stdout)]
async fn invite(arguments: &Init) -> Result<()> {
    let config = Config::read(&arguments.config)?;
    let bytes = std::fs::read(&arguments.statement)
        .with_context(|| format!("cannot read {}", arguments.statement.display()))?;
    let signed: Signed<FirstOfficers> =
        Signed::parse(&bytes).with_context(|| arguments.statement.display().to_string())?;
    let signers = oversight::officers(&config.officers, &config.realm()?)?;
    let platform = crate::start::beside(&config).await?;
    let outcome = init::run(&platform, &clock::platform_caller(), signed, &signers).await;
    platform.store.close().await;
    let invited = outcome.context("nobody was invited")?;
    let origin = config.staff.as_ref().map(|staff| staff.origin.clone()).unwrap_or_default();
    if arguments.json {
        let all: Vec<_> = invited
            .iter()
            .map(|one| {
                serde_json::json!({
                    "first": one.first.reveal(),
                    "number": one.named.number.reveal(),
                    "officer": one.officer.to_string(),
                    "role": one.role.word(),
                    "second": one.second.reveal(),
                    "unit": one.unit.as_str(),
                })
            })
            .collect();
        println!("{}", serde_json::json!({"enrol": format!("{origin}/enrol"), "invited": all}));
        return Ok(());
    }
    println!(
        "Each makes their key at {origin}/enrol within ten minutes. One of you hands over the first half, the other the second."
    );
    for one in &invited {
        println!(
            "{} {} ({}, {})\n  first half   {}\n  second half  {}",
            one.named.number.reveal(),
            one.named.name.reveal(),
            one.role.word(),
            one.unit,
            one.first.reveal(),
            one.second.reveal(),
        );
    }
    Ok(())
}

#[allow(clippy::print_stdout)]
fn print_policy(digest: bool) -> Result<()> {
    if let Err(why) = loaded::sound() {
        bail!("the policy of this program is not sound: {why}\n  install the release again");
    }
    if digest {
        println!("{}", policy::PINNED);
    } else {
        print!("{}", policy::rendered());
    }
    Ok(())
}

#[allow(clippy::print_stdout)]
async fn print_report(arguments: &Report) -> Result<()> {
    let config = Config::read(&arguments.config)?;
    let platform = crate::start::beside(&config).await?;
    let now = clock::now();
    let span = arguments.days.map_or(REPORT, |days| Duration::from_secs(days.saturating_mul(86_400)));
    let outcome = report::make(&platform, now.before(span), now).await;
    platform.store.close().await;
    let report = outcome?;
    if arguments.json {
        println!("{}", serde_json::to_string(&report)?);
        return Ok(());
    }
    println!("policy {}\n{} entries\n", report.policy, report.entries);
    println!(
        "{:<36}  {:<14} {:<14} {:<9} {:>8} {:>6} {:>8} {:>8}",
        "officer", "role", "unit", "state", "sign-ins", "acts", "readings", "refused"
    );
    for (id, used) in &report.officers {
        println!(
            "{id}  {:<14} {:<14} {:<9} {:>8} {:>6} {:>8} {:>8}",
            used.role,
            used.unit,
            used.state,
            used.sign_ins,
            used.acts.values().sum::<u64>(),
            used.openings.values().sum::<u64>(),
            used.refused,
        );
    }
    for change in &report.changes {
        let at = jiff::Timestamp::from_millisecond(change.at)?;
        println!("{at}  {:<24} {}  {}", change.kind, change.officer, change.by);
    }
    Ok(())
}

//! `lionrock deviation`: exceptions of the start gate, proposed by one, approved by two, over by themselves.

use super::statement::{self, Common, Show, Sign};
use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use lionrock_model::deviation::Excusable;
use lionrock_service::statement::DeviationClaims;
use std::process::ExitCode;

/// What to do with a deviation.
#[derive(Debug, Subcommand)]
pub enum Deviation {
    /// Write one down for two officers to sign.
    Propose(Propose),
    /// Add your signature.
    Sign(Sign),
    /// Say what it excuses and whether it holds.
    Show(Show),
}

/// What it is to say.
#[derive(Debug, Args)]
pub struct Propose {
    /// The check it excuses.
    #[arg(long)]
    check: String,
    /// Why; for officers and auditors.
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    common: Common,
}

/// Runs the command.
///
/// # Errors
/// What is wrong and what to do.
pub fn run(what: &Deviation) -> Result<ExitCode> {
    match what {
        Deviation::Propose(arguments) => propose(arguments)?,
        Deviation::Sign(arguments) => statement::sign::<DeviationClaims>(arguments)?,
        Deviation::Show(arguments) => {
            return statement::show::<DeviationClaims>(arguments, |it, _, realm, now| Ok(it.judge(realm, now)?));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn propose(arguments: &Propose) -> Result<()> {
    let Propose { check, reason, common } = arguments;
    if Excusable::from_word(check).is_none() {
        let all = Excusable::ALL.map(Excusable::word).join(", ");
        bail!("no check that can be excused is called {check:?}; these can be: {all}");
    }
    if !(1..=90).contains(&common.days) {
        bail!("--days must be from 1 to 90");
    }
    let (not_before, expires) = common.span()?;
    let claims = DeviationClaims {
        approved_by: common.approvers(),
        check: check.clone(),
        expires,
        id: common.id.clone(),
        not_before,
        realm: common.realm.clone(),
        reason: reason.clone(),
    };
    statement::propose(claims, &common.out)
}

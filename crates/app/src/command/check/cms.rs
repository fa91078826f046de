//! `lionrock check cms --over FILE --root FILE`

use super::{Verdict, chain, der};
use crate::start;
use anyhow::{Context, Result};
use clap::Args;
use lionrock_pki::algorithm::Digest;
use lionrock_pki::certificate::Certificate;
use lionrock_pki::cms::{self, Signature};
use lionrock_pki::{name, timestamp};
use serde_json::json;
use std::path::PathBuf;

/// What was signed, and whom to trust.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The file that was signed.
    #[arg(long)]
    over: PathBuf,
    /// Trusted roots (PEM).
    #[arg(long)]
    root: PathBuf,
    /// The moment of judgement, in Unix seconds; else the time-stamp's, else now.
    #[arg(long)]
    at: Option<u64>,
    /// One JSON object instead of lines.
    #[arg(long)]
    pub json: bool,
}

pub fn run(arguments: &Arguments) -> Result<Verdict> {
    let roots = start::certificates(&arguments.root)?;
    let file = std::fs::read(&arguments.over).with_context(|| format!("cannot read {}", arguments.over.display()))?;
    let input = der("CMS")?;
    let refused = |reason: String| Verdict::Refused { reason, advice: "do not rely on this signature" };
    let judged = || -> Result<_, String> {
        let text = |error: lionrock_pki::Error| error.to_string();
        let signature = Signature::read(&input).map_err(text)?;
        let digest = signature.digest().map_err(text)?;
        let own = signature.check(&digest.of(&file)).map_err(text)?;
        let stamped = match signature.unsigned(cms::TIME_STAMP).map_err(text)? {
            Some(token) => Some(stamped(&token, signature.bytes(), &roots)?),
            None => None,
        };
        let at = arguments.at.or(stamped).unwrap_or_else(chain::now);
        chain::leads(own, signature.certificates(), &roots, at)?;
        Ok((name::common_name(own.subject()).unwrap_or_default(), stamped, at))
    };
    Ok(match judged() {
        Ok((who, stamped, at)) => Verdict::Accepted {
            lines: vec![
                format!("signed by {who}"),
                stamped.map_or_else(
                    || "no time-stamp: when it was signed is not proved".to_owned(),
                    |at| format!("time-stamped at {at} (Unix seconds)"),
                ),
            ],
            json: json!({"ok": true, "signer": who, "stamped": stamped, "judged_at": at}),
        },
        Err(reason) => refused(reason),
    })
}

/// When a token proves that these bytes existed.
fn stamped(token: &[u8], over: &[u8], roots: &[Vec<u8>]) -> Result<u64, String> {
    let text = |error: lionrock_pki::Error| error.to_string();
    let along: Vec<Certificate> = Signature::read(token).map_err(text)?.certificates().to_vec();
    for digest in Digest::ALL {
        if let Ok(checked) = timestamp::check(token, digest, &digest.of(over), None) {
            chain::leads(&checked.certificate, &along, roots, checked.at)?;
            return Ok(checked.at);
        }
    }
    Err("the time-stamp is over something else".to_owned())
}

//! `lionrock check timestamp --over FILE --root FILE`

use super::{Verdict, chain, der};
use crate::start;
use anyhow::{Context, Result};
use clap::Args;
use lionrock_pki::algorithm::Digest;
use lionrock_pki::cms::Signature;
use lionrock_pki::{name, timestamp};
use serde_json::json;
use std::path::PathBuf;

/// What was stamped, and whom to trust.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The file that was stamped.
    #[arg(long)]
    over: PathBuf,
    /// Trusted roots (PEM).
    #[arg(long)]
    root: PathBuf,
    /// One JSON object instead of lines.
    #[arg(long)]
    pub json: bool,
}

pub fn run(arguments: &Arguments) -> Result<Verdict> {
    let roots = start::certificates(&arguments.root)?;
    let file = std::fs::read(&arguments.over).with_context(|| format!("cannot read {}", arguments.over.display()))?;
    let input = der("TIMESTAMP")?;
    let judged = || -> Result<_, String> {
        // A token, or the whole answer of the authority around it.
        let token = timestamp::token(&input).unwrap_or_else(|_| input.clone());
        let along = Signature::read(&token).map_err(|error| error.to_string())?;
        let tried = Digest::ALL.map(|digest| timestamp::check(&token, digest, &digest.of(&file), None));
        let mut reason = lionrock_pki::Error::BadSignature;
        for one in tried {
            match one {
                Ok(checked) => {
                    chain::leads(&checked.certificate, along.certificates(), &roots, checked.at)?;
                    return Ok(checked);
                }
                Err(error) => reason = error,
            }
        }
        Err(reason.to_string())
    };
    Ok(match judged() {
        Ok(checked) => {
            let who = name::common_name(checked.certificate.subject()).unwrap_or_default();
            Verdict::Accepted {
                lines: vec![format!("it existed at {} (Unix seconds), says {who}", checked.at)],
                json: json!({"ok": true, "at": checked.at, "authority": who, "policy": checked.policy.to_string()}),
            }
        }
        Err(reason) => Verdict::Refused { reason, advice: "do not rely on this time-stamp" },
    })
}

//! `lionrock check crl --issuer FILE`

use super::{Verdict, chain, der, ocsp};
use anyhow::Result;
use clap::Args;
use lionrock_pki::crl;
use serde_json::json;
use std::path::PathBuf;

/// Whose list it is.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The certificate of the authority (PEM), which is trusted.
    #[arg(long)]
    issuer: PathBuf,
    /// A certificate (PEM) that must not be on the list.
    #[arg(long)]
    certificate: Option<PathBuf>,
    /// The moment of judgement, in Unix seconds; else now.
    #[arg(long)]
    at: Option<u64>,
    /// One JSON object instead of lines.
    #[arg(long)]
    pub json: bool,
}

pub fn run(arguments: &Arguments) -> Result<Verdict> {
    let issuer = ocsp::certificate(&arguments.issuer)?;
    let certificate = arguments.certificate.as_deref().map(ocsp::certificate).transpose()?;
    let at = arguments.at.unwrap_or_else(chain::now);
    let list = match crl::check(&der("X509 CRL")?, &issuer, at) {
        Ok(list) => list,
        Err(error) => {
            return Ok(Verdict::Refused {
                reason: error.to_string(),
                advice: "fetch the list again from its authority",
            });
        }
    };
    let listed = certificate.and_then(|one| list.entries.iter().find(|(serial, ..)| serial == one.serial()).cloned());
    if let Some((_, since, reason)) = listed {
        let why = reason.map_or("no reason given", |reason| reason.word());
        return Ok(Verdict::Refused {
            reason: format!("revoked since {since} (Unix seconds): {why}"),
            advice: "do not rely on this certificate for anything later",
        });
    }
    Ok(Verdict::Accepted {
        lines: vec![format!(
            "{} certificates revoked; the next list is due at {} (Unix seconds)",
            list.entries.len(),
            list.next
        )],
        json: json!({"ok": true, "number": list.number, "made": list.made, "next": list.next, "revoked": list.entries.len()}),
    })
}

//! `lionrock check ocsp --certificate FILE --issuer FILE`

use super::{Verdict, chain, der};
use anyhow::{Context, Result};
use clap::Args;
use lionrock_pki::certificate::Certificate;
use lionrock_pki::ocsp::{self, Status};
use serde_json::json;
use std::path::{Path, PathBuf};

/// About which certificate.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The certificate asked about (PEM).
    #[arg(long)]
    certificate: PathBuf,
    /// Its issuer's certificate (PEM), which is trusted.
    #[arg(long)]
    issuer: PathBuf,
    /// The moment of judgement, in Unix seconds; else now.
    #[arg(long)]
    at: Option<u64>,
    /// One JSON object instead of lines.
    #[arg(long)]
    pub json: bool,
}

pub fn run(arguments: &Arguments) -> Result<Verdict> {
    let (certificate, issuer) = (certificate(&arguments.certificate)?, certificate(&arguments.issuer)?);
    let at = arguments.at.unwrap_or_else(chain::now);
    Ok(match ocsp::check(&der("OCSP RESPONSE")?, &certificate, &issuer, None, at) {
        Ok(Status::Good) => {
            Verdict::Accepted { lines: vec!["good".to_owned()], json: json!({"ok": true, "status": "good"}) }
        }
        Ok(Status::Revoked(since, reason)) => Verdict::Refused {
            reason: format!("revoked since {since} (Unix seconds): {}", reason.word()),
            advice: "do not rely on this certificate for anything later",
        },
        Ok(Status::Unknown) => Verdict::Refused {
            reason: "the authority does not know this certificate".to_owned(),
            advice: "do not rely on this certificate",
        },
        Err(error) => Verdict::Refused { reason: error.to_string(), advice: "ask the status service again" },
    })
}

/// One certificate of a PEM file.
pub(super) fn certificate(path: &Path) -> Result<Certificate> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Certificate::from_pem(&text).with_context(|| format!("{} is no certificate in PEM", path.display()))
}

//! `lionrock check chain --root FILE`

use super::{Verdict, input};
use crate::start;
use anyhow::{Context, Result};
use clap::Args;
use lionrock_pki::certificate::Certificate;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use serde_json::json;
use std::path::PathBuf;
use std::time::Duration;
use webpki::{EndEntityCert, ExtendedKeyUsageValidator, KeyPurposeIdIter, anchor_from_trusted_cert};

/// Which roots.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Trusted roots (PEM).
    #[arg(long)]
    root: PathBuf,
    /// The name the first certificate must be for.
    #[arg(long)]
    name: Option<String>,
    /// The moment of judgement, in Unix seconds; else now.
    #[arg(long)]
    at: Option<u64>,
    /// One JSON object instead of lines.
    #[arg(long)]
    pub json: bool,
}

pub fn run(arguments: &Arguments) -> Result<Verdict> {
    let roots = start::certificates(&arguments.root)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&input()?).collect();
    let refused = |reason: String| Verdict::Refused { reason, advice: "trust nothing that this chain vouches for" };
    let Ok(chain) = found else { return Ok(refused("standard input is not PEM".to_owned())) };
    let Some((first, others)) = chain.split_first() else {
        return Ok(refused("no certificate on standard input".to_owned()));
    };
    let name = arguments.name.as_deref().map(ServerName::try_from).transpose().context("--name")?;
    let at = UnixTime::since_unix_epoch(Duration::from_secs(arguments.at.unwrap_or_else(now)));
    Ok(match judge(first, others, &roots, name.as_ref(), at) {
        Ok(length) => Verdict::Accepted {
            lines: vec![format!("{} certificates between it and the root", length)],
            json: json!({"ok": true, "intermediates": length}),
        },
        Err(error) => refused(error.to_string()),
    })
}

/// Now, in Unix seconds.
pub(super) fn now() -> u64 {
    crate::clock::now().0.max(0).unsigned_abs() / 1000
}

/// Whether a certificate leads to one of the roots at a moment, over some of those that came along.
pub(super) fn leads(own: &Certificate, along: &[Certificate], roots: &[Vec<u8>], at: u64) -> Result<(), String> {
    let first = CertificateDer::from(own.der());
    let others: Vec<_> = along.iter().map(|one| CertificateDer::from(one.der())).collect();
    let at = UnixTime::since_unix_epoch(Duration::from_secs(at));
    judge(&first, &others, roots, None, at).map(drop).map_err(|error| format!("the signer cannot be trusted: {error}"))
}

/// Builds and checks a path (RFC 5280 section 6) for any extended key usage; how many certificates stand between.
fn judge(
    first: &CertificateDer<'_>,
    others: &[CertificateDer<'_>],
    roots: &[Vec<u8>],
    name: Option<&ServerName<'_>>,
    at: UnixTime,
) -> Result<usize, webpki::Error> {
    let roots: Vec<CertificateDer<'_>> = roots.iter().map(|der| CertificateDer::from(der.as_slice())).collect();
    let anchors = roots.iter().map(anchor_from_trusted_cert).collect::<Result<Vec<_>, _>>()?;
    let algorithms = rustls::crypto::aws_lc_rs::default_provider().signature_verification_algorithms.all;
    let certificate = EndEntityCert::try_from(first)?;
    let path = certificate.verify_for_usage(algorithms, &anchors, others, at, AnyUsage, None, None)?;
    if let Some(name) = name {
        certificate.verify_is_valid_for_subject_name(name)?;
    }
    Ok(path.intermediate_certificates().count())
}

/// Whoever asks knows what the certificate is for; a malformed list is refused all the same.
struct AnyUsage;

impl ExtendedKeyUsageValidator for AnyUsage {
    fn validate(&self, usages: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        usages.into_iter().try_for_each(|usage| usage.map(drop))
    }
}

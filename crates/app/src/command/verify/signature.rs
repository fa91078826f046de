//! `lionrock verify signature`: who signed a file, when, and what was changed since; offline, trusting the roots that are given and
//! nobody else.

use super::Outcome;
use crate::document::judge::judge;
use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use jiff::Timestamp;
use lionrock_service::port::document::{Anchors, Judgement, LARGEST_SIGNATURE, Signature};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use std::fs::File;
use std::path::{Path, PathBuf};

/// The arguments of `lionrock verify signature`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// A signed PDF, a signature (CMS, DER or PEM) that carries its content, the evidence of a signature (JSON), or with --signature any
    /// file.
    file: PathBuf,
    /// A signature that lies beside the file (CMS, DER or PEM).
    #[arg(long)]
    signature: Option<PathBuf>,
    /// Certificates that are trusted without proof (PEM); may be given several times.
    #[arg(long)]
    trust: Vec<PathBuf>,
    /// A policy the signer's certificate must have, dotted; may be given several times.
    #[arg(long)]
    policy: Vec<String>,
    /// Judge as of this time (Unix seconds) instead of now.
    #[arg(long)]
    at: Option<u64>,
    /// For evidence: the log's verifier key, or a file with it, to check that the entry stands in the log.
    #[arg(long)]
    key: Option<String>,
    /// For evidence: the signed file it is said to be about.
    #[arg(long)]
    document: Option<PathBuf>,
    /// One JSON object instead of sentences.
    #[arg(long)]
    json: bool,
}

/// Checks the signatures of a file.
#[expect(clippy::disallowed_methods, reason = "a command judges as of now, and reads the file it is given")]
pub fn run(arguments: &Arguments) -> Result<Outcome> {
    let mut certificates = Vec::new();
    for path in &arguments.trust {
        let all = CertificateDer::pem_file_iter(path).with_context(|| format!("cannot read {}", path.display()))?;
        for one in all {
            certificates.push(one.with_context(|| format!("{} is not PEM", path.display()))?.to_vec());
        }
    }
    let now = u64::try_from(Timestamp::now().as_second()).unwrap_or(0);
    if let Some(evidence) = evidence_in(&arguments.file) {
        let (at, key) = (arguments.at.unwrap_or(now), arguments.key.as_deref());
        return super::evidence::run(&evidence, &certificates, at, key, arguments.document.as_deref(), arguments.json);
    }
    let anchors = Anchors { certificates, policies: arguments.policy.clone(), now: arguments.at.unwrap_or(now) };
    let signature = arguments.signature.as_deref().map(beside).transpose()?;
    let mut file = File::open(&arguments.file).with_context(|| format!("cannot read {}", arguments.file.display()))?;
    let judged = match judge(&mut file, signature.as_deref(), &anchors) {
        Ok(judged) => judged,
        Err(lionrock_pki::Error::Io(kind)) => bail!("cannot read {}: {kind}", arguments.file.display()),
        Err(why) => {
            let lines = vec![('✗', why.to_string())];
            let json =
                arguments.json.then(|| serde_json::json!({"indication": "TOTAL-FAILED", "why": why.to_string()}));
            return Ok(Outcome { lines, json, good: false, advice: "ask for the file again, as it left the signer" });
        }
    };
    let good = judged.indication == "TOTAL-PASSED";
    let json = if arguments.json { Some(serde_json::to_value(&judged)?) } else { None };
    let advice = if arguments.trust.is_empty() {
        "give the root that you trust: --trust root.pem"
    } else if judged.indication == "INDETERMINATE" {
        "it is not shown to be wrong either; ask the signer for what is missing"
    } else {
        "do not rely on this file; ask for it again, as it left the signer"
    };
    Ok(Outcome { lines: lines(&judged), json, good, advice })
}

/// The file, when it is the evidence of a signature.
fn evidence_in(path: &Path) -> Option<Vec<u8>> {
    if std::fs::metadata(path).ok()?.len() > super::evidence::LONGEST {
        return None;
    }
    let mut start = [0; 1];
    std::io::Read::read_exact(&mut File::open(path).ok()?, &mut start).ok()?;
    let bytes = (start == *b"{").then(|| std::fs::read(path).ok()).flatten()?;
    lionrock_service::signing::verify::is_evidence(&bytes).then_some(bytes)
}

fn beside(path: &Path) -> Result<String> {
    let size = std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?.len();
    if size > LARGEST_SIGNATURE as u64 {
        bail!("{} is too large for a signature", path.display());
    }
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(STANDARD.encode(bytes))
}

fn lines(judged: &Judgement) -> Vec<(char, String)> {
    let mut lines = Vec::new();
    for one in &judged.signatures {
        lines.extend(of(one));
    }
    let sub = judged.sub_indication.as_ref().map(|sub| format!(" {sub}")).unwrap_or_default();
    let sign = sign(&judged.indication);
    lines.push((sign, format!("{}{sub}: {}", judged.indication, judged.why)));
    lines
}

fn sign(indication: &str) -> char {
    match indication {
        "TOTAL-PASSED" => '✓',
        "INDETERMINATE" => '!',
        _ => '✗',
    }
}

fn of(one: &Signature) -> Vec<(char, String)> {
    let sign = sign(&one.indication);
    let what = if one.form == "time-stamp" { "time-stamped by" } else { "signed by" };
    let who = one.signer.as_deref().unwrap_or("somebody who cannot be read");
    let issuer = one.issuer.as_ref().map(|issuer| format!(", certified by {issuer}")).unwrap_or_default();
    let field = one.field.as_ref().map(|field| format!("{field}: ")).unwrap_or_default();
    let mut lines = vec![(sign, format!("{field}{what} {who}{issuer}; {}", one.level))];
    match (one.proved_at, one.claimed_at) {
        (Some(at), _) => lines.push((sign, format!("  at {} at the latest, by a time-stamp", moment(at)))),
        (None, Some(at)) => lines.push(('!', format!("  at {}, the signer says; no time-stamp shows it", moment(at)))),
        (None, None) => lines.push(('!', "  nobody says when".to_owned())),
    }
    if let Some(reason) = &one.reason {
        lines.push((' ', format!("  reason given: {reason}")));
    }
    let since: Vec<&str> = one.changes.iter().map(|change| words(change)).collect();
    if !since.is_empty() {
        lines.push((if one.forbidden.is_some() { '✗' } else { sign }, format!("  since then: {}", since.join(", "))));
    }
    if one.indication != "TOTAL-PASSED" {
        let sub = one.sub_indication.as_deref().unwrap_or_default();
        lines.push((sign, format!("  {} {sub}: {}", one.indication, one.why)));
    }
    lines
}

fn words(change: &str) -> &str {
    match change {
        "kept" => "proofs were added",
        "signed" => "somebody else signed",
        "filled" => "a form was filled in",
        "described" => "what the file says about itself was changed",
        "annotated" => "something was put over it",
        _ => "something else was changed",
    }
}

fn moment(seconds: u64) -> String {
    let stamp = i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    stamp.map_or_else(|| seconds.to_string(), |stamp| stamp.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
}

//! `lionrock check`: judges what comes on standard input, as strictly as the platform itself does.
//!
//! Exit code 0: accepted. 1: refused, with the reason. 2: it could not be judged.

mod chain;
mod cms;
mod crl;
mod jwe;
mod jws;
mod ocsp;
mod timestamp;

use anyhow::{Context, Result, bail};
use clap::Subcommand;
use serde_json::Value;
use std::io::Read as _;
use std::process::ExitCode;

/// What to judge.
#[derive(Debug, Subcommand)]
pub enum Check {
    /// Certificates (PEM), the one to judge first: do they lead to a root?
    Chain(chain::Arguments),
    /// A detached signature (CMS, DER or PEM): who signed a file, and when?
    Cms(cms::Arguments),
    /// A revocation list (DER or PEM): whose, how old, and is a certificate on it?
    Crl(crl::Arguments),
    /// An encrypted token (compact JWE).
    Jwe(jwe::Arguments),
    /// A signed token (compact JWS, JWT): does a given key verify it?
    Jws(jws::Arguments),
    /// A status answer (OCSP, DER): is a certificate good?
    Ocsp(ocsp::Arguments),
    /// A time-stamp (RFC 3161 token or answer, DER): when did a file exist?
    Timestamp(timestamp::Arguments),
}

/// Runs the command; the verdict is the exit code.
pub fn run(check: &Check) -> ExitCode {
    let (outcome, json) = match check {
        Check::Chain(arguments) => (chain::run(arguments), arguments.json),
        Check::Cms(arguments) => (cms::run(arguments), arguments.json),
        Check::Crl(arguments) => (crl::run(arguments), arguments.json),
        Check::Jwe(arguments) => (jwe::run(arguments), arguments.json),
        Check::Jws(arguments) => (jws::run(arguments), arguments.json),
        Check::Ocsp(arguments) => (ocsp::run(arguments), arguments.json),
        Check::Timestamp(arguments) => (timestamp::run(arguments), arguments.json),
    };
    match outcome {
        Ok(verdict) => verdict.show(json),
        Err(error) => super::cannot(&error, "nothing was judged; mend this and run it again"),
    }
}

/// Accepted with what was found, or refused with the reason.
enum Verdict {
    Accepted { lines: Vec<String>, json: Value },
    Refused { reason: String, advice: &'static str },
}

impl Verdict {
    #[allow(clippy::print_stdout, clippy::print_stderr)]
    fn show(self, json: bool) -> ExitCode {
        match self {
            Self::Accepted { json: found, .. } if json => println!("{found}"),
            Self::Accepted { lines, .. } => lines.iter().for_each(|line| println!("✓ {line}")),
            Self::Refused { reason, advice } => {
                if json {
                    println!("{}", serde_json::json!({"ok": false, "reason": reason}));
                } else {
                    eprintln!("error: refused: {reason}\n  {advice}");
                }
                return ExitCode::from(1);
            }
        }
        ExitCode::SUCCESS
    }
}

/// Standard input, within a limit.
fn input() -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::io::stdin().lock().take(LARGEST + 1).read_to_end(&mut bytes).context("cannot read standard input")?;
    if bytes.len() as u64 > LARGEST {
        bail!("more than {LARGEST} bytes on standard input");
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        bail!("nothing on standard input");
    }
    Ok(bytes)
}

/// Standard input as DER; PEM with this label is unwrapped.
fn der(label: &str) -> Result<Vec<u8>> {
    let bytes = input()?;
    if !bytes.trim_ascii_start().starts_with(b"-----BEGIN ") {
        return Ok(bytes);
    }
    lionrock_pki::unwrap_pem(&bytes, label).with_context(|| format!("standard input is not PEM of {label}"))
}

/// Standard input as one token without blanks around it.
fn token() -> Result<String> {
    let text = String::from_utf8(input()?).context("standard input is not text")?;
    Ok(text.trim().to_owned())
}

const LARGEST: u64 = 1024 * 1024;

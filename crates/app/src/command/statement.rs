//! What the commands `deviation` and `site` share: writing a statement down, signing it, and saying whether it holds.

use crate::clock;
use crate::config::{Config, oversight};
use anyhow::{Context, Result, bail};
use clap::Args;
use lionrock_crypto::sign::{Algorithm, SigningKey};
use lionrock_model::realm::Realm;
use lionrock_model::time::Millis;
use lionrock_service::statement::{Claims, Signed};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What every statement says.
#[derive(Debug, Args)]
pub struct Common {
    /// Its own name: lower-case letters, digits, hyphens.
    #[arg(long)]
    pub id: String,
    /// The realm it is for.
    #[arg(long)]
    pub realm: String,
    /// The officers who are to sign; two or more.
    #[arg(long = "by", required = true)]
    pub by: Vec<String>,
    /// Days it holds, counted from now or from `--from`.
    #[arg(long)]
    pub days: i64,
    /// Its first moment, such as 2026-11-23T00:00:00Z; now when absent.
    #[arg(long)]
    pub from: Option<String>,
    /// Where to write it; must not exist.
    #[arg(long)]
    pub out: PathBuf,
}

impl Common {
    /// First and last moment, RFC 3339.
    ///
    /// # Errors
    /// When `--from` is no time, or the days lead beyond the calendar.
    pub fn span(&self) -> Result<(String, String)> {
        let from = match &self.from {
            Some(text) => text.parse().context("--from must be a time such as 2026-11-23T00:00:00Z")?,
            None => jiff::Timestamp::from_second(clock::now().seconds())?,
        };
        let until = from.checked_add(jiff::SignedDuration::from_hours(self.days.saturating_mul(24)))?;
        Ok((from.to_string(), until.to_string()))
    }

    /// The approvers, in order.
    #[must_use]
    pub fn approvers(&self) -> Vec<String> {
        let mut by = self.by.clone();
        by.sort();
        by.dedup();
        by
    }
}

/// Who signs what.
#[derive(Debug, Args)]
pub struct Sign {
    /// The statement; the signature is added to it.
    file: PathBuf,
    /// Your name, as the configuration has it.
    #[arg(long)]
    officer: String,
    /// Your private key, PEM; made by `lionrock officer key`.
    #[arg(long)]
    key: PathBuf,
}

/// What to look at.
#[derive(Debug, Args)]
pub struct Show {
    /// The statement.
    file: PathBuf,
    /// The configuration it is to hold in.
    #[arg(long)]
    config: PathBuf,
}

/// Writes a proposal.
///
/// # Errors
/// When the claims are not sound, or the file exists.
#[allow(clippy::print_stdout)]
pub fn propose<C: Claims + Clone>(claims: C, out: &Path) -> Result<()> {
    // What could never be accepted is refused while it can still be mended.
    claims.clone().meaning()?;
    if claims.approvers().len() < 2 {
        bail!("name two officers who are to sign: --by ONE --by OTHER");
    }
    let text = Signed::propose(claims).to_json()?;
    let mut file = OpenOptions::new().write(true).create_new(true).open(out);
    let file = file.as_mut().map_err(|error| anyhow::anyhow!("cannot make {}: {error}", out.display()))?;
    writeln!(file, "{text}").with_context(|| format!("cannot write {}", out.display()))?;
    println!("written to {}; each officer signs it with their own key", out.display());
    Ok(())
}

/// Adds a signature.
///
/// # Errors
/// When the file is no such statement, does not name the officer, or the key is none.
#[allow(clippy::print_stdout)]
pub fn sign<C: Claims>(arguments: &Sign) -> Result<()> {
    let mut signed: Signed<C> = read(&arguments.file)?;
    let der = PrivateKeyDer::from_pem_file(&arguments.key)
        .with_context(|| format!("{} holds no private key", arguments.key.display()))?;
    let key = SigningKey::from_pkcs8(Algorithm::EdDsa, der.secret_der())
        .with_context(|| format!("{} is no Ed25519 key", arguments.key.display()))?;
    signed.sign(&arguments.officer, &key)?;
    // Written aside and moved: a signature is never half there.
    let aside = arguments.file.with_extension("part");
    std::fs::write(&aside, format!("{}\n", signed.to_json()?))
        .and_then(|()| std::fs::rename(&aside, &arguments.file))
        .with_context(|| format!("cannot write {}", arguments.file.display()))?;
    println!(
        "signed by {}: {} of {} signatures",
        arguments.officer,
        signed.signatures.len(),
        signed.claims.approvers().len()
    );
    Ok(())
}

/// Says what it states and whether it holds here and now; the exit code says the latter.
///
/// # Errors
/// When it cannot be judged.
#[allow(clippy::print_stdout, clippy::print_stderr)]
pub fn show<C: Claims + Clone>(
    arguments: &Show,
    judge: impl FnOnce(C::Meaning, &Config, &Realm, Millis) -> Result<()>,
) -> Result<ExitCode> {
    let config = Config::read(&arguments.config)?;
    let realm = config.realm()?;
    let signed: Signed<C> = read(&arguments.file)?;
    println!("{}", serde_json::to_string_pretty(&signed.claims)?);
    for signature in &signed.signatures {
        println!("signed by {}", signature.by);
    }
    let officers = oversight::officers(&config.officers, &realm)?;
    let outcome = signed.open(&officers).map_err(Into::into);
    match outcome.and_then(|meaning| judge(meaning, &config, &realm, clock::now())) {
        Ok(()) => {
            println!("✓ it holds in realm {realm} now");
            Ok(ExitCode::SUCCESS)
        }
        Err(reason) => {
            eprintln!("error: it does not hold: {reason:#}\n  mend it, or have a new one signed");
            Ok(ExitCode::from(1))
        }
    }
}

fn read<C: Claims>(file: &Path) -> Result<Signed<C>> {
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    Signed::parse(&bytes).with_context(|| file.display().to_string())
}

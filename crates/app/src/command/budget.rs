//! `lionrock budget`: what is locked, and the statement of two officers that unlocks it. The server on this data folder takes it up.

use crate::budget::{FOLDER, LOCKED, Lock, statement_file};
use crate::config::{Config, oversight};
use anyhow::{Context, Result, bail};
use clap::Subcommand;
use lionrock_crypto::sign::{Algorithm, SigningKey};
use lionrock_service::statement::Signed;
use lionrock_service::vault;
use lionrock_service::vault::unlock::UnlockClaims;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Budget {
    /// Lock a budget now: nothing is opened under it until two officers unlock it.
    Lock {
        /// Configuration, TOML.
        #[arg(long)]
        config: PathBuf,
        /// Its word, as `service/release`.
        #[arg(long)]
        budget: String,
    },
    /// Show what is locked.
    Status {
        /// Configuration, TOML.
        #[arg(long)]
        config: PathBuf,
    },
    /// Unlock a budget: two officers sign on this host.
    Unlock {
        /// Configuration, TOML.
        #[arg(long)]
        config: PathBuf,
        /// Its word, as the alarm names it.
        #[arg(long)]
        budget: String,
        /// An officer and the file of their private key, `NAME=FILE`; twice.
        #[arg(long = "officer", required = true)]
        officers: Vec<String>,
    },
}

/// Runs the command.
///
/// # Errors
/// What is wrong and what to do.
pub async fn run(what: &Budget) -> Result<()> {
    match what {
        Budget::Lock { config, budget } => lock(&Config::read(config)?, budget).await,
        Budget::Status { config } => status(&Config::read(config)?),
        Budget::Unlock { config, budget, officers } => unlock(&Config::read(config)?, budget, officers).await,
    }
}

#[allow(clippy::print_stdout)]
async fn lock(config: &Config, budget: &str) -> Result<()> {
    let platform = crate::start::beside(config).await?;
    let caller = crate::clock::platform_caller();
    let outcome = vault::watch::close(&platform, &caller, budget).await;
    let listed = match &outcome {
        Ok(_) => crate::budget::round(&platform, &caller).await,
        Err(_) => Ok(()),
    };
    platform.store.close().await;
    let locked = outcome?;
    listed?;
    if locked {
        println!("{budget} is locked for every server; two officers unlock it");
        return Ok(());
    }
    bail!("{budget:?} is locked already: see lionrock budget status")
}

#[allow(clippy::print_stdout)]
fn status(config: &Config) -> Result<()> {
    let locked = locked(&config.data)?;
    if locked.is_empty() {
        println!("nothing is locked");
    }
    for lock in locked {
        println!("{}: locked at {} (Unix seconds), {} openings in a minute", lock.budget, lock.locked, lock.opened);
    }
    Ok(())
}

#[allow(clippy::print_stdout)]
async fn unlock(config: &Config, budget: &str, officers: &[String]) -> Result<()> {
    let lock = locked(&config.data)?.into_iter().find(|lock| lock.budget == budget);
    let lock = lock.with_context(|| format!("{budget:?} is not locked: see lionrock budget status"))?;
    let mut keys = officers.iter().map(|officer| key(officer)).collect::<Result<Vec<_>>>()?;
    keys.sort_by(|(one, _), (other, _)| one.cmp(other));
    let claims = UnlockClaims {
        approved_by: keys.iter().map(|(name, _)| name.clone()).collect(),
        budget: lock.budget,
        event: lock.event.clone(),
        realm: config.realm.clone(),
    };
    let mut signed = Signed::propose(claims);
    for (name, key) in &keys {
        signed.sign(name, key)?;
    }
    // The server judges it again; here an officer hears at once what is wrong.
    let realm = config.realm()?;
    signed.clone().open(&oversight::officers(&config.officers, &realm)?)?;
    let file = statement_file(&config.data, &lock.event);
    let aside = file.with_extension("part");
    std::fs::write(&aside, signed.to_json()?)
        .and_then(|()| std::fs::rename(&aside, &file))
        .with_context(|| format!("cannot write {}", file.display()))?;
    taken(&file).await?;
    println!("{budget} is unlocked; the ledger has an entry with both signatures");
    Ok(())
}

/// Waits until the server has taken the statement up.
async fn taken(file: &Path) -> Result<()> {
    for _ in 0..100 {
        if !file.exists() {
            let refused = file.with_extension("refused");
            if let Ok(why) = std::fs::read_to_string(&refused) {
                drop(std::fs::remove_file(&refused));
                bail!("the server refused it: {}", why.trim());
            }
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    bail!("no server took {} up within ten seconds: it will when one is started on this data folder", file.display())
}

fn locked(data: &Path) -> Result<Vec<Lock>> {
    match std::fs::read(data.join(FOLDER).join(LOCKED)) {
        Ok(text) => serde_json::from_slice(&text).context("the list of locks cannot be read"),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error).context("the list of locks cannot be read"),
    }
}

fn key(officer: &str) -> Result<(String, SigningKey)> {
    let (name, file) = officer.split_once('=').context("--officer NAME=FILE")?;
    let der = PrivateKeyDer::from_pem_file(file).with_context(|| format!("{file} holds no private key"))?;
    let key = SigningKey::from_pkcs8(Algorithm::EdDsa, der.secret_der())
        .with_context(|| format!("{file} is no Ed25519 key"))?;
    Ok((name.to_owned(), key))
}

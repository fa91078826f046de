//! `lionrock officer`: keys of those who approve exceptions.

use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use clap::Subcommand;
use lionrock_crypto::sign::{Algorithm, PublicKey, SigningKey};
use lionrock_model::staff::Role;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Officer {
    /// Make your key, and print the lines that stand for you in a configuration.
    Key {
        /// What signatures will call you by.
        #[arg(long)]
        id: String,
        /// Your role.
        #[arg(long)]
        role: String,
        /// Where to write the private key; must not exist. It stays with you.
        #[arg(long)]
        out: PathBuf,
    },
}

/// Runs the command.
///
/// # Errors
/// When the role is none, or the file exists.
#[allow(clippy::print_stdout)]
pub fn run(what: &Officer) -> Result<()> {
    let Officer::Key { id, role, out } = what;
    if !Role::ALL.iter().any(|known| known.word() == role) {
        bail!("no role is called {role:?}; these are: {}", Role::ALL.map(Role::word).join(", "));
    }
    let key = SigningKey::generate(Algorithm::EdDsa)?;
    let PublicKey::Ed25519(public) = key.public()? else { bail!("an Ed25519 key has another kind of public key") };
    let body = Zeroizing::new(STANDARD.encode(&*key.to_pkcs8()?));
    let pem = Zeroizing::new(format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", *body));
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(out)
        .with_context(|| format!("cannot make {}: it may exist already", out.display()))?;
    file.write_all(pem.as_bytes()).and_then(|()| file.sync_all()).context("cannot write the key")?;
    println!("[[officer]]\nid = {id:?}\nrole = {role:?}\nkey = {:?}", URL_SAFE_NO_PAD.encode(public));
    Ok(())
}

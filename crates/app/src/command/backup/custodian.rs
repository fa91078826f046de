//! The custodian's key file: kept away from the server, by somebody else than its operator.

use crate::config::backup;
use anyhow::{Context, Result, bail};
use lionrock_crypto::backup::Custodian;
use lionrock_crypto::hpke::KeyPair;
use lionrock_wire::jose;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use zeroize::Zeroizing;

const HEAD: &str = "lionrock custodian key v1";

/// Makes a key pair: the private half into a file only its owner reads, the public half for the configuration.
///
/// # Errors
/// When the file exists already, or cannot be written.
#[allow(clippy::print_stdout)]
pub fn make(out: &Path) -> Result<()> {
    println!("[backup]\ncustodian = \"{}\"", make_quietly(out)?);
    Ok(())
}

/// As [`make`]; gives the public half instead of printing it.
///
/// # Errors
/// As [`make`].
pub fn make_quietly(out: &Path) -> Result<String> {
    let pair = KeyPair::generate()?;
    let line = backup::write(&Custodian::new(*pair.public()));
    let secret = Zeroizing::new(jose::encode(pair.private()?.expose()));
    let text = Zeroizing::new(format!("{HEAD}\n{line}\n{}\n", *secret));
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(out)
        .with_context(|| format!("cannot make the key file {}: it may exist already", out.display()))?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).context("cannot write the key file")?;
    Ok(line)
}

/// Reads a private key file.
///
/// # Errors
/// When others can read it, or it is no such file.
pub fn read(path: &Path) -> Result<KeyPair> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let text = Zeroizing::new(text);
    let mode = std::fs::metadata(path)?.permissions().mode();
    if mode & 0o077 != 0 {
        bail!("{} can be read by others: chmod 600 it", path.display());
    }
    let lines: Vec<&str> = text.lines().collect();
    let [HEAD, line, secret] = lines.as_slice() else {
        bail!("{} is not a custodian's key file of `lionrock backup key`", path.display());
    };
    let bad = || format!("{} is damaged", path.display());
    let public = line.rsplit('+').next().and_then(|key| jose::decode(key, "key").ok()).with_context(bad)?;
    let public: [u8; 32] = public.try_into().ok().with_context(bad)?;
    let secret = Zeroizing::new(jose::decode(secret, "key").ok().with_context(bad)?);
    let secret: Zeroizing<[u8; 32]> = Zeroizing::new(secret.as_slice().try_into().ok().with_context(bad)?);
    let pair = KeyPair::from_parts(public, &secret);
    // Both halves must belong together, or nothing opens and the file looks guilty.
    let custodian = Custodian::new(public);
    let sealed = custodian.seal(b"self", b"self").ok().with_context(bad)?;
    lionrock_crypto::backup::open_message(&pair, b"self", &sealed).ok().with_context(bad)?;
    Ok(pair)
}

//! `[backup]`: who alone can open backups, and where they go.

use anyhow::{Result, bail};
use lionrock_crypto::backup::Custodian;
use lionrock_wire::jose;
use serde::Deserialize;
use std::path::PathBuf;

/// Backups.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backup {
    /// The public half of the custodian's key, as `lionrock backup key` prints it. Without it no backup and no journal of
    /// revocations is made.
    #[serde(default)]
    pub custodian: Option<String>,
    /// Where backups go.
    #[serde(default)]
    pub folder: Option<PathBuf>,
}

impl Backup {
    /// The custodian's key.
    ///
    /// # Errors
    /// When it is mistyped: nothing must be sealed to a key that nobody has.
    pub fn custodian(&self) -> Result<Option<Custodian>> {
        self.custodian.as_deref().map(parse).transpose()
    }
}

const FAMILY: &str = "lionrock-custodian";

/// How a custodian's public key is written: name, id, key.
#[must_use]
pub fn write(custodian: &Custodian) -> String {
    let id: String = custodian.id().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{FAMILY}+{id}+{}", jose::encode(custodian.public()))
}

fn parse(text: &str) -> Result<Custodian> {
    let parts: Vec<&str> = text.trim().split('+').collect();
    let key = match parts.as_slice() {
        [FAMILY, _, key] => jose::decode(key, "custodian").ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()),
        _ => None,
    };
    match key.map(Custodian::new) {
        Some(custodian) if write(&custodian) == text.trim() => Ok(custodian),
        _ => bail!("backup.custodian is not a line of `lionrock backup key`, or is mistyped"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_key_is_noticed() {
        let line = write(&Custodian::new([7; 32]));
        assert_eq!(parse(&line).unwrap(), Custodian::new([7; 32]));
        for at in 0..line.len() {
            let mut other: Vec<char> = line.chars().collect();
            other[at] = if other[at] == '2' { '3' } else { '2' };
            let other: String = other.into_iter().collect();
            assert!(parse(&other).is_err(), "{other}");
        }
        assert!(parse("").is_err());
    }
}

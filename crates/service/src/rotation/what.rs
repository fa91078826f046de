//! Which keys are rotated.

use lionrock_crypto::ring::{Domain, REALM, Signer};
use lionrock_model::id::ResidentId;
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// Which keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The root: the realm keys are wrapped under another one.
    Root,
    /// The realm key: the keys of the ring and of all residents are wrapped under a new one.
    Realm,
    /// The key of a purpose: every record of that purpose is sealed anew.
    Domain(Domain),
    /// A signing key of the platform: a new one signs, the old one verifies on. Those of the certificate authority are turned there.
    Signer(Signer),
    /// One resident's own key: every record sealed with it is sealed anew.
    Resident(ResidentId),
    /// The own keys of all residents.
    Residents,
}

/// Words that name no keys.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error(
    "no such keys: give root, realm, domain:NAME ({}), token, checkpoint, receipt, resident:ID, residents or all",
    names()
)]
pub struct NoSuchKeys;

fn names() -> String {
    Domain::ALL.map(Domain::word).join(", ")
}

impl What {
    /// Everything that a server can rotate by itself: all but the root, which somebody must hand over.
    #[must_use]
    pub fn all() -> Vec<Self> {
        [Self::Realm].into_iter().chain(Domain::ALL.map(Self::Domain)).chain([Self::Residents]).collect()
    }

    /// Reads what a person may ask for: one of the words, or `all`.
    ///
    /// # Errors
    /// When the words name no keys.
    pub fn list(words: &str) -> Result<Vec<Self>, NoSuchKeys> {
        if words == "all" { Ok(Self::all()) } else { words.parse().map(|what| vec![what]) }
    }

    /// The name of the key in the ring, for keys that are counted in epochs.
    #[must_use]
    pub fn key(self) -> Option<String> {
        match self {
            Self::Realm => Some(REALM.to_owned()),
            Self::Domain(domain) => Some(format!("domain/{}", domain.word())),
            Self::Signer(signer) => Some(format!("signer/{}", signer.word())),
            Self::Root | Self::Resident(_) | Self::Residents => None,
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("root"),
            Self::Realm => f.write_str("realm"),
            Self::Domain(domain) => write!(f, "domain:{}", domain.word()),
            Self::Signer(signer) => f.write_str(signer.word()),
            Self::Resident(id) => write!(f, "resident:{id}"),
            Self::Residents => f.write_str("residents"),
        }
    }
}

impl FromStr for What {
    type Err = NoSuchKeys;

    fn from_str(words: &str) -> Result<Self, NoSuchKeys> {
        match words.split_once(':') {
            None => match words {
                "root" => Ok(Self::Root),
                "realm" => Ok(Self::Realm),
                "residents" => Ok(Self::Residents),
                word => {
                    let signer = Signer::FIRST.into_iter().find(|signer| signer.word() == word);
                    signer.map(Self::Signer).ok_or(NoSuchKeys)
                }
            },
            Some(("domain", word)) => {
                Domain::ALL.into_iter().find(|domain| domain.word() == word).map(Self::Domain).ok_or(NoSuchKeys)
            }
            Some(("resident", id)) => ResidentId::parse(id).map(Self::Resident).map_err(|_| NoSuchKeys),
            Some(_) => Err(NoSuchKeys),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use lionrock_model::time::Millis;

    #[test]
    fn what_is_written_is_what_is_read() {
        let resident = What::Resident(ResidentId::new(Millis(1), [7; 10]));
        for what in What::all().into_iter().chain([What::Root, resident]).chain(Signer::FIRST.map(What::Signer)) {
            assert_eq!(what.to_string().parse(), Ok(what));
        }
        assert_eq!(What::list("all").unwrap().len(), Domain::ALL.len() + 2);
        for wrong in
            ["", "domain", "domain:", "domain:none", "resident:1", "realm:1", "roots", "all ", "tsa", "ca-issuing"]
        {
            assert_eq!(What::list(wrong), Err(NoSuchKeys), "{wrong}");
        }
    }
}

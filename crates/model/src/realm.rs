//! The realm of a deployment: where its people, keys and proofs belong.

use crate::hkid::Hkid;
use std::fmt;
use thiserror::Error;

/// One deployment's universe of people. It is bound into keys, issuer, ledger origin and every ciphertext.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Realm {
    /// Real residents.
    Production,
    /// Synthetic people only; the name is 1 to 24 of `a-z 0-9`.
    Test(String),
}

impl Realm {
    /// Reads `production` or `test-NAME`.
    ///
    /// # Errors
    /// When the text is neither.
    pub fn parse(text: &str) -> Result<Self, NotARealm> {
        if text == "production" {
            return Ok(Self::Production);
        }
        match text.strip_prefix("test-") {
            Some(name)
                if (1..=24).contains(&name.len())
                    && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()) =>
            {
                Ok(Self::Test(name.to_owned()))
            }
            _ => Err(NotARealm),
        }
    }

    /// Whether only synthetic people may live here.
    #[must_use]
    pub const fn is_test(&self) -> bool {
        matches!(self, Self::Test(_))
    }

    /// Proof that this is a test realm; nothing else makes one.
    #[must_use]
    pub const fn test(&self) -> Option<TestRealm> {
        if self.is_test() { Some(TestRealm(())) } else { None }
    }

    /// Whether a card number may belong to a resident of this realm: reserved numbers only in test realms, all
    /// others only in production.
    #[must_use]
    pub fn admits(&self, hkid: &Hkid) -> bool {
        self.is_test() == hkid.is_reserved()
    }
}

impl fmt::Display for Realm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Production => f.write_str("production"),
            Self::Test(name) => write!(f, "test-{name}"),
        }
    }
}

/// Proof that the realm at hand is a test realm: what only test realms have holds one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TestRealm(());

/// Text that names no realm.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("not a realm: write `production` or `test-NAME` with NAME of 1 to 24 lower-case letters and digits")]
pub struct NotARealm;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn realms_read_back_and_refuse_the_rest() {
        for text in ["production", "test-demo", "test-7"] {
            assert_eq!(Realm::parse(text).map(|realm| realm.to_string()), Ok(text.to_owned()));
        }
        for bad in ["", "Production", "prod", "test-", "test-Demo", "test-a b", "test-aaaaaaaaaaaaaaaaaaaaaaaaa"] {
            assert_eq!(Realm::parse(bad), Err(NotARealm), "{bad:?}");
        }
    }

    #[test]
    fn synthetic_numbers_stay_in_test_realms() {
        let synthetic = Hkid::with_check_digit("U123456").unwrap();
        let ordinary = Hkid::with_check_digit("A123456").unwrap();
        let test = Realm::Test("demo".to_owned());
        assert!(test.admits(&synthetic) && !test.admits(&ordinary));
        assert!(Realm::Production.admits(&ordinary) && !Realm::Production.admits(&synthetic));
    }
}

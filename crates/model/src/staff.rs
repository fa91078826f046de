//! Who works at a deployment, by role. The list of roles is part of a release: no configuration and no administrator adds one.
//!
//! A contractor is no [`Role`]. It is an [`Identity`] of test realms alone: the variant holds a [`TestRealm`], which nobody can
//! make in production.

use crate::realm::{Realm, TestRealm};
use std::fmt;
use thiserror::Error;

/// A role of staff, the same in every realm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Verifies everything, sees no personal data.
    Auditor,
    /// Runs the certification authority.
    Certification,
    /// Registers people at a counter.
    Counter,
    /// Answers people.
    HelpDesk,
    /// Runs the machines.
    Operator,
    /// Answers for personal data.
    Privacy,
    /// Answers for security.
    Security,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Auditor,
        Self::Certification,
        Self::Counter,
        Self::HelpDesk,
        Self::Operator,
        Self::Privacy,
        Self::Security,
    ];

    /// The stable word, in configuration and assertions.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Auditor => "auditor",
            Self::Certification => "certification",
            Self::Counter => "counter",
            Self::HelpDesk => "help-desk",
            Self::Operator => "operator",
            Self::Privacy => "privacy",
            Self::Security => "security",
        }
    }

    /// Whether somebody of this role may approve an exception. Those who run the machines ask for one, and do not grant it.
    #[must_use]
    pub const fn approves(self) -> bool {
        matches!(self, Self::Certification | Self::Privacy | Self::Security)
    }
}

/// What somebody is at a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// Staff.
    Staff(Role),
    /// A contractor, who works with synthetic people.
    Contractor(TestRealm),
}

impl Identity {
    /// Reads the word of a role as it is known in this realm.
    ///
    /// # Errors
    /// [`RoleFault::Contractor`] for a contractor in production; [`RoleFault::Unknown`] for every other word of no role.
    pub fn parse(word: &str, realm: &Realm) -> Result<Self, RoleFault> {
        // Compared without case and blanks: a role must not come in by how it is written.
        if word.trim().eq_ignore_ascii_case(CONTRACTOR) {
            return realm.test().map(Self::Contractor).ok_or(RoleFault::Contractor);
        }
        let role = Role::ALL.into_iter().find(|role| role.word() == word);
        role.map(Self::Staff).ok_or_else(|| RoleFault::Unknown(word.to_owned()))
    }

    /// Whether they may approve an exception.
    #[must_use]
    pub const fn approves(self) -> bool {
        match self {
            Self::Staff(role) => role.approves(),
            Self::Contractor(_) => false,
        }
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Staff(role) => f.write_str(role.word()),
            Self::Contractor(_) => f.write_str(CONTRACTOR),
        }
    }
}

const CONTRACTOR: &str = "contractor";

/// Why a word is no role here.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum RoleFault {
    /// A contractor in production.
    #[error("production has no contractors: they work in a test realm, with synthetic people")]
    Contractor,
    /// No role of this release.
    #[error("no role is called {0:?}: roles come with a release and cannot be added")]
    Unknown(String),
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn contractors_exist_in_test_realms_only() {
        let test = Realm::parse("test-demo").unwrap();
        for word in ["contractor", "Contractor", " CONTRACTOR "] {
            let identity = Identity::parse(word, &test).unwrap();
            assert!(matches!(identity, Identity::Contractor(_)) && !identity.approves(), "{word}");
            assert_eq!(Identity::parse(word, &Realm::Production), Err(RoleFault::Contractor), "{word}");
        }
    }

    #[test]
    fn roles_read_back_in_every_realm_and_no_other_word_is_one() {
        for realm in [Realm::Production, Realm::parse("test-demo").unwrap()] {
            for role in Role::ALL {
                assert_eq!(Identity::parse(role.word(), &realm), Ok(Identity::Staff(role)));
            }
            for bad in ["", "admin", "root", "Privacy", "contractors", "privacy,contractor"] {
                assert_eq!(Identity::parse(bad, &realm), Err(RoleFault::Unknown(bad.to_owned())));
            }
        }
        assert!(!Role::Operator.approves() && !Role::Auditor.approves() && Role::Privacy.approves());
    }
}

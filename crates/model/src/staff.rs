//! Who works at a deployment, by role. The list of roles is part of a release: no configuration and no administrator adds one.
//!
//! A contractor is no [`Role`]. It is an [`Identity`] of test realms alone: the variant holds a [`TestRealm`], which nobody can
//! make in production.

mod duty;

pub use duty::{
    DutyRefusal, INVITE, Network, OfficerName, PROPOSAL, REPORT, REVIEW_EVERY, REVIEW_OPEN, RIGHTS_LONGEST,
    RIGHTS_UNUSED, SESSION_IDLE, SESSION_TOTAL, StaffNumber,
};

use crate::id::OfficerId;
use crate::realm::{Realm, TestRealm};
use crate::time::Millis;
use std::fmt;
use thiserror::Error;

/// A role of staff, the same in every realm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Verifies everything, sees no personal data.
    Auditor,
    /// Runs the certification authority.
    CaOfficer,
    /// Registers people at a counter.
    Counter,
    /// Answers people.
    HelpDesk,
    /// Holds shares of keys and turns them.
    KeyCustodian,
    /// Says who works here.
    Manager,
    /// Runs the machines.
    Operator,
    /// Answers for personal data.
    Privacy,
    /// Answers for security.
    Security,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Auditor,
        Self::CaOfficer,
        Self::Counter,
        Self::HelpDesk,
        Self::KeyCustodian,
        Self::Manager,
        Self::Operator,
        Self::Privacy,
        Self::Security,
    ];

    /// The stable word, in configuration and assertions.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Auditor => "auditor",
            Self::CaOfficer => "ca-officer",
            Self::Counter => "counter",
            Self::HelpDesk => "help-desk",
            Self::KeyCustodian => "key-custodian",
            Self::Manager => "manager",
            Self::Operator => "operator",
            Self::Privacy => "privacy",
            Self::Security => "security",
        }
    }

    /// Reads the stable word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.word() == word)
    }

    /// Whether somebody of this role may approve an exception. Those who run the machines ask for one, and do not grant it.
    #[must_use]
    pub const fn approves(self) -> bool {
        matches!(self, Self::CaOfficer | Self::Privacy | Self::Security)
    }
}

/// Where an officer belongs: `north-point`. Two people of one unit count as one line of command.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Unit(String);

/// Text that is no unit.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("not a unit: 2 to 32 of a-z, 0-9 and '-', starting with a letter")]
pub struct NotAUnit;

impl Unit {
    /// Reads a unit's word.
    ///
    /// # Errors
    /// When it has another length, another first character or a character outside the set.
    pub fn parse(text: &str) -> Result<Self, NotAUnit> {
        let fits = (2..=32).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        if fits { Ok(Self(text.to_owned())) } else { Err(NotAUnit) }
    }

    /// The word.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How far an officer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OfficerState {
    /// Proposed by one; nobody else agreed yet.
    Proposed,
    /// Approved by another; has no key yet.
    Invited,
    /// Works.
    Active,
    /// May do nothing until somebody lifts it.
    Suspended,
    /// Works here no more.
    Ended,
}

impl OfficerState {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Proposed, Self::Invited, Self::Active, Self::Suspended, Self::Ended];

    /// The stable word, as stored.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Invited => "invited",
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Ended => "ended",
        }
    }

    /// Reads the stable word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// Somebody who works here, as rules see them: no name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Officer {
    /// Random id.
    pub id: OfficerId,
    /// The one role.
    pub role: Role,
    /// The one unit.
    pub unit: Unit,
    /// The first moment at which the rights are over, whatever else stands.
    pub rights_until: Millis,
    /// How far.
    pub state: OfficerState,
}

impl Officer {
    /// Whether their rights stand at this moment.
    #[must_use]
    pub fn stands(&self, now: Millis) -> bool {
        self.state == OfficerState::Active && now < self.rights_until
    }
}

/// What kind of place a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// A counter of the officer's own unit.
    Counter,
    /// An office of the officer's own unit.
    Office,
    /// Any other network.
    Elsewhere,
}

impl Place {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Counter, Self::Office, Self::Elsewhere];

    /// The stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Office => "office",
            Self::Elsewhere => "elsewhere",
        }
    }
}

/// Where somebody sits, and when their unit works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Post {
    /// What kind of place.
    pub kind: Place,
    /// First working hour, Hong Kong time.
    pub opens: u8,
    /// First hour after work; 24 at most.
    pub closes: u8,
}

impl Post {
    /// Nowhere, never: what an unknown unit or network gives.
    pub const NOWHERE: Self = Self { kind: Place::Elsewhere, opens: 0, closes: 0 };
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

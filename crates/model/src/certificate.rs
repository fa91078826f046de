//! Certificates as their owners and officers see them: how one stands, what may follow, and what is refused.

use crate::refusal::Refusal;
use crate::refusals;
use crate::staff::DutyRefusal;
use crate::time::Millis;

/// Where a certificate stands; the stable words are those of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// In force, as far as its validity goes.
    Good,
    /// Suspended: it may come back.
    Held,
    /// Gone for good.
    Revoked,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Good, Self::Held, Self::Revoked];

    /// The stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Held => "held",
            Self::Revoked => "revoked",
        }
    }

    /// Reads the stable word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }

    /// Whether `next` may follow. Nothing follows a revocation (RFC 5280 section 5.3.1).
    #[must_use]
    pub fn leads_to(self, next: Self) -> bool {
        match self {
            Self::Good => next != Self::Good,
            Self::Held => next != Self::Held,
            Self::Revoked => false,
        }
    }
}

/// Why a certificate is good no more: the reasons of RFC 5280 section 5.3.1 that are used here, by their names there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ground {
    /// Somebody else may have the key.
    KeyCompromise,
    /// A name or another fact changed.
    AffiliationChanged,
    /// Another certificate took its place.
    Superseded,
    /// The account was closed, or it is needed no more.
    CessationOfOperation,
    /// Suspended.
    CertificateHold,
    /// A right was withdrawn.
    PrivilegeWithdrawn,
}

impl Ground {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::KeyCompromise,
        Self::AffiliationChanged,
        Self::Superseded,
        Self::CessationOfOperation,
        Self::CertificateHold,
        Self::PrivilegeWithdrawn,
    ];
    /// Those that end a certificate for good.
    pub const FINAL: [Self; 5] = [
        Self::KeyCompromise,
        Self::AffiliationChanged,
        Self::Superseded,
        Self::CessationOfOperation,
        Self::PrivilegeWithdrawn,
    ];

    /// The name in RFC 5280.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::KeyCompromise => "keyCompromise",
            Self::AffiliationChanged => "affiliationChanged",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessationOfOperation",
            Self::CertificateHold => "certificateHold",
            Self::PrivilegeWithdrawn => "privilegeWithdrawn",
        }
    }

    /// Reads the name.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ground| ground.word() == word)
    }
}

/// Who made a certificate stand as it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum By {
    /// Two officers.
    Officer,
    /// The platform, by one of its rules.
    Platform,
    /// Its owner.
    Resident,
}

impl By {
    /// The stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Officer => "officer",
            Self::Platform => "platform",
            Self::Resident => "resident",
        }
    }

    /// Reads the stable word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Officer, Self::Platform, Self::Resident].into_iter().find(|by| by.word() == word)
    }
}

/// How a certificate stands, validity aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// In force.
    Good,
    /// Suspended since.
    Held(Millis),
    /// Revoked since, and why.
    Revoked(Millis, Ground),
}

impl Standing {
    /// Its state.
    #[must_use]
    pub const fn state(self) -> State {
        match self {
            Self::Good => State::Good,
            Self::Held(_) => State::Held,
            Self::Revoked(..) => State::Revoked,
        }
    }

    /// Why it is not good.
    #[must_use]
    pub const fn ground(self) -> Option<Ground> {
        match self {
            Self::Good => None,
            Self::Held(_) => Some(Ground::CertificateHold),
            Self::Revoked(_, ground) => Some(ground),
        }
    }
}

refusals! {
    /// Why a certificate is not issued or changed.
    CertificateRefusal {
        /// There is no authority here, or its own certificates are over.
        NoAuthority = "no-authority", 503;
        /// There is no such certificate, or not of this person.
        NotFound = "no-such-certificate", 404;
        /// It was revoked: nothing can follow.
        IsRevoked = "certificate-revoked", 409;
        /// Officers suspended it: they alone can take that back.
        HeldByOfficer = "certificate-held-by-officer", 409;
        /// It stands so already.
        NoChange = "certificate-unchanged", 409;
        /// Its time is over.
        IsOver = "certificate-over", 409;
        /// The asker did not show that they hold the key, or asked for more than a profile gives.
        BadRequest = "certificate-request-wrong", 422, audited;
        /// The key was certified for somebody else, or a certificate over it was revoked.
        KeyTaken = "certificate-key-taken", 409, audited;
        /// What would be issued breaks a rule of its profile.
        NotIssued = "certificate-not-issued", 422, audited;
    }
}

/// Why an act of certification officers is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OfficeRefusal {
    /// The certificate, or what was asked for, does not allow it.
    Certificate(CertificateRefusal),
    /// The officer's session, rights or key do not allow it; or it is their own proposal.
    Duty(DutyRefusal),
}

impl From<CertificateRefusal> for OfficeRefusal {
    fn from(refusal: CertificateRefusal) -> Self {
        Self::Certificate(refusal)
    }
}

impl From<DutyRefusal> for OfficeRefusal {
    fn from(refusal: DutyRefusal) -> Self {
        Self::Duty(refusal)
    }
}

impl Refusal for OfficeRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Certificate(refusal) => refusal.code(),
            Self::Duty(refusal) => refusal.code(),
        }
    }

    fn status(&self) -> u16 {
        match self {
            Self::Certificate(refusal) => refusal.status(),
            Self::Duty(refusal) => refusal.status(),
        }
    }

    fn audited(&self) -> bool {
        match self {
            Self::Certificate(refusal) => refusal.audited(),
            Self::Duty(refusal) => refusal.audited(),
        }
    }
}

refusals! {
    /// Why time is not stamped.
    TimestampRefusal {
        /// The clock is in doubt.
        ClockDoubtful = "clock-doubtful", 503;
        /// There is nobody here who stamps time.
        NoAuthority = "no-time-authority", 503;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_follows_a_revocation_and_a_hold_may_end() {
        for next in State::ALL {
            assert!(!State::Revoked.leads_to(next));
            assert!(!next.leads_to(next));
        }
        assert!(State::Good.leads_to(State::Held) && State::Held.leads_to(State::Good));
        assert!(State::Held.leads_to(State::Revoked) && State::Good.leads_to(State::Revoked));
        assert!(Ground::ALL.iter().all(|one| Ground::from_word(one.word()) == Some(*one)));
        assert!(Ground::ALL.iter().all(|one| Ground::FINAL.contains(one) == (*one != Ground::CertificateHold)));
    }
}

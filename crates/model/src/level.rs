//! Raising an account to *Plus*: two kinds of evidence that it is the same person, and a passkey that cannot leave its device.

use crate::credential::PasskeyRefusal;
use crate::refusal::Refusal;
use crate::session::SessionRefusal;
use std::time::Duration;

/// How long evidence of who is there is good for the passkey that must follow.
pub const EVIDENCE: Duration = Duration::from_secs(30 * 60);

/// What shows, beside the person's passkey, that the holder of the account is the person of the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// An officer at a counter saw person and card, compared the number, and signed for it.
    Counter,
    /// Card and face were proofed again, to the same number, and the registry confirmed the card again.
    Proofing,
    /// A synthetic person of a test realm was made so.
    Rehearsal,
}

impl Ground {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Counter, Self::Proofing, Self::Rehearsal];

    /// The stable word, as stored and in text keys.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Proofing => "proofing",
            Self::Rehearsal => "rehearsal",
        }
    }

    /// Reads the stable word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ground| ground.word() == word)
    }
}

/// Why an account is not raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LevelRefusal {
    /// It is *Plus* already.
    AlreadyPlus,
    /// Too soon after a recovery.
    CoolingOff,
    /// Nothing shows yet that the person of the card is there, or it is too old, or was used.
    EvidenceMissing,
    /// The passkey's answer was not accepted.
    Passkey(PasskeyRefusal),
    /// The passkey can be copied to other devices.
    PasskeySynced,
    /// The session does not allow it.
    Session(SessionRefusal),
    /// Under eighteen.
    TooYoung,
}

impl LevelRefusal {
    /// Its own reasons, for tables and tests.
    pub const OWN: &'static [Self] =
        &[Self::AlreadyPlus, Self::CoolingOff, Self::EvidenceMissing, Self::PasskeySynced, Self::TooYoung];
}

impl From<PasskeyRefusal> for LevelRefusal {
    fn from(refusal: PasskeyRefusal) -> Self {
        Self::Passkey(refusal)
    }
}

impl From<SessionRefusal> for LevelRefusal {
    fn from(refusal: SessionRefusal) -> Self {
        Self::Session(refusal)
    }
}

impl Refusal for LevelRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::AlreadyPlus => "already-plus",
            Self::CoolingOff => "cooling-off",
            Self::EvidenceMissing => "evidence-missing",
            Self::Passkey(refusal) => refusal.code(),
            Self::PasskeySynced => "passkey-synced",
            Self::Session(refusal) => refusal.code(),
            Self::TooYoung => "too-young",
        }
    }

    fn status(&self) -> u16 {
        match self {
            Self::AlreadyPlus | Self::CoolingOff | Self::EvidenceMissing => 409,
            Self::Passkey(refusal) => refusal.status(),
            Self::PasskeySynced | Self::TooYoung => 403,
            Self::Session(refusal) => refusal.status(),
        }
    }

    fn audited(&self) -> bool {
        match self {
            Self::PasskeySynced | Self::TooYoung => true,
            Self::Passkey(refusal) => refusal.audited(),
            Self::Session(refusal) => refusal.audited(),
            _ => false,
        }
    }
}

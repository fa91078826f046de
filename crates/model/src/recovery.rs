//! Getting back in without a passkey: two recovery codes and the card number open one chance to make a new one.

use crate::credential::PasskeyRefusal;
use crate::refusal::Refusal;
use std::time::Duration;

/// From good codes to the new passkey.
pub const CHANCE: Duration = Duration::from_secs(15 * 60);
/// After a recovery nothing is signed and no address is changed for so long: whoever lost the codes to somebody else can still
/// step in.
pub const COOLING_OFF: Duration = Duration::from_secs(72 * 60 * 60);
/// Codes that must be given together.
pub const CODES_ASKED: usize = 2;

/// What opened a chance to get back in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// Two recovery codes and the card number.
    Codes,
    /// Card and face, proofed again and confirmed by the registry.
    Proofing,
}

impl Ground {
    /// The stable word, as stored.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Codes => "codes",
            Self::Proofing => "proofing",
        }
    }

    /// Reads the stable word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Codes, Self::Proofing].into_iter().find(|ground| ground.word() == word)
    }
}

/// Why a recovery is refused. None tells whether a card number has an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecoveryRefusal {
    /// Card number and codes do not fit together; the same for every cause.
    NotAccepted,
    /// Too soon after a recovery.
    CoolingOff,
    /// A guardian took their consent back: another one has to agree first.
    GuardianNeeded,
    /// The chance is over, or was used.
    Over,
    /// The passkey's answer was not accepted.
    Passkey(PasskeyRefusal),
    /// The same code was given twice.
    SameCodeTwice,
    /// No more passkeys fit, and the old ones are to stay.
    TooManyAuthenticators,
    /// Too many failures from this network.
    TooManyTries,
}

impl RecoveryRefusal {
    /// Its own reasons, for tables and tests.
    pub const OWN: &'static [Self] = &[
        Self::NotAccepted,
        Self::CoolingOff,
        Self::GuardianNeeded,
        Self::Over,
        Self::SameCodeTwice,
        Self::TooManyAuthenticators,
        Self::TooManyTries,
    ];
}

impl From<PasskeyRefusal> for RecoveryRefusal {
    fn from(refusal: PasskeyRefusal) -> Self {
        Self::Passkey(refusal)
    }
}

impl Refusal for RecoveryRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotAccepted => "recovery-not-accepted",
            Self::CoolingOff => "cooling-off",
            Self::GuardianNeeded => "guardian-needed",
            Self::Over => "recovery-over",
            Self::Passkey(refusal) => refusal.code(),
            Self::SameCodeTwice => "same-code-twice",
            Self::TooManyAuthenticators => "too-many-authenticators",
            Self::TooManyTries => "too-many-tries",
        }
    }

    fn status(&self) -> u16 {
        match self {
            Self::NotAccepted | Self::GuardianNeeded => 403,
            Self::CoolingOff | Self::TooManyAuthenticators => 409,
            Self::Over => 410,
            Self::Passkey(refusal) => refusal.status(),
            Self::SameCodeTwice => 422,
            Self::TooManyTries => 429,
        }
    }

    fn audited(&self) -> bool {
        match self {
            Self::NotAccepted | Self::GuardianNeeded => true,
            Self::Passkey(refusal) => refusal.audited(),
            _ => false,
        }
    }
}

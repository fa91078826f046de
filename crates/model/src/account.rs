//! A resident's account: what is kept, and how it ends.

use crate::certificate::CertificateRefusal;
use crate::correction::Unusable;
use crate::credential::PasskeyRefusal;
use crate::refusal::Refusal;
use crate::session::SessionRefusal;
use std::fmt;

/// Bytes of a user handle: all random, never derived from a person (WebAuthn L3 section 14.6.1).
pub const USER_HANDLE_BYTES: usize = 64;
/// Recovery codes given at a time.
pub const RECOVERY_CODES: usize = 10;
/// Characters of one code. Each carries five bits: 60 bits a code.
pub const RECOVERY_CODE_CHARACTERS: usize = 12;
/// Alphabet of codes: no letter or digit that looks like another (Crockford's base 32).
pub const RECOVERY_ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A code a person typed, brought to the one form that is compared: capitals, look-alikes resolved, no separators.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCode(String);

impl RecoveryCode {
    /// Makes a code of random bytes, one a character.
    #[must_use]
    pub fn from_random(bytes: [u8; RECOVERY_CODE_CHARACTERS]) -> Self {
        Self(bytes.iter().filter_map(|b| RECOVERY_ALPHABET.get(usize::from(b & 31))).map(|b| char::from(*b)).collect())
    }

    /// Reads what a person typed.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let plain: String = text
            .chars()
            .filter(|c| !matches!(c, ' ' | '-' | '\u{2013}' | '\u{3000}'))
            .map(|c| match c.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            })
            .collect();
        let fits = plain.len() == RECOVERY_CODE_CHARACTERS && plain.bytes().all(|b| RECOVERY_ALPHABET.contains(&b));
        fits.then_some(Self(plain))
    }

    /// The compared form.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The shown form: groups of four.
    #[must_use]
    pub fn shown(&self) -> String {
        let characters: Vec<char> = self.0.chars().collect();
        characters.chunks(4).map(|c| c.iter().collect::<String>()).collect::<Vec<_>>().join("-")
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(…)")
    }
}

/// What an account is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Signing in, filling forms, releasing data. From eleven years, under eighteen with a guardian.
    Basic,
    /// Also signing documents. From eighteen years, with two kinds of evidence.
    Plus,
}

impl Level {
    /// Both, the lower first.
    pub const ALL: [Self; 2] = [Self::Basic, Self::Plus];

    /// The stable word, as stored, in the ledger and in text keys.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Plus => "plus",
        }
    }

    /// Reads the stable word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.word() == word)
    }

    /// The youngest age at which somebody may have it, in whole years.
    #[must_use]
    pub const fn from_age(self) -> i16 {
        match self {
            Self::Basic => 11,
            Self::Plus => 18,
        }
    }

    /// The day on which somebody born then is old enough.
    #[must_use]
    pub fn reached(self, birth: jiff::civil::Date) -> Option<jiff::civil::Date> {
        use jiff::ToSpan;
        birth.checked_add(i64::from(self.from_age()).years()).ok()
    }

    /// Whether somebody born then may have it today, by the calendar of Hong Kong.
    #[must_use]
    pub fn fits(self, birth: jiff::civil::Date, today: jiff::civil::Date) -> bool {
        self.reached(birth).is_some_and(|reached| reached <= today)
    }
}

/// Why something about an account is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountRefusal {
    /// The certificate does not allow it.
    Certificate(CertificateRefusal),
    /// The box that says "close my account" is not ticked.
    ConfirmMissing,
    /// Too soon after a recovery.
    CoolingOff,
    /// A part of a request for correction cannot be used.
    Correction(Unusable),
    /// A request about the same fact waits already.
    CorrectionWaiting,
    /// The code is too old, was used, was guessed at too often, or none was sent.
    EmailCodeOver,
    /// These are not the digits.
    EmailCodeWrong,
    /// We cannot write to this address.
    EmailNotUsable,
    /// It is the address on record.
    EmailSame,
    /// A code was sent a moment ago, or too many were.
    EmailTooOften,
    /// It would leave no way to sign in.
    LastAuthenticator,
    /// The name is not usable.
    NameNotUsable,
    /// There is no such thing in this account; somebody else's looks the same.
    NotFound,
    /// The passkey's answer was not accepted.
    Passkey(PasskeyRefusal),
    /// The session does not allow it.
    Session(SessionRefusal),
    /// No more passkeys fit.
    TooManyAuthenticators,
}

impl AccountRefusal {
    /// Its own reasons, for tables and tests; those of passkeys and sessions have lists of their own.
    pub const OWN: &'static [Self] = &[
        Self::ConfirmMissing,
        Self::CoolingOff,
        Self::Correction(Unusable::Field),
        Self::Correction(Unusable::Should),
        Self::Correction(Unusable::Why),
        Self::CorrectionWaiting,
        Self::EmailCodeOver,
        Self::EmailCodeWrong,
        Self::EmailNotUsable,
        Self::EmailSame,
        Self::EmailTooOften,
        Self::LastAuthenticator,
        Self::NameNotUsable,
        Self::NotFound,
        Self::TooManyAuthenticators,
    ];
}

impl From<PasskeyRefusal> for AccountRefusal {
    fn from(refusal: PasskeyRefusal) -> Self {
        Self::Passkey(refusal)
    }
}

impl From<SessionRefusal> for AccountRefusal {
    fn from(refusal: SessionRefusal) -> Self {
        Self::Session(refusal)
    }
}

impl Refusal for AccountRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Certificate(refusal) => refusal.code(),
            Self::ConfirmMissing => "confirm-missing",
            Self::CoolingOff => "cooling-off",
            Self::Correction(Unusable::Field) => "correction-field",
            Self::Correction(Unusable::Should) => "correction-should",
            Self::Correction(Unusable::Why) => "correction-why",
            Self::CorrectionWaiting => "correction-waiting",
            Self::EmailCodeOver => "email-code-over",
            Self::EmailCodeWrong => "email-code-wrong",
            Self::EmailNotUsable => "email-not-usable",
            Self::EmailSame => "email-same",
            Self::EmailTooOften => "email-too-often",
            Self::LastAuthenticator => "last-authenticator",
            Self::NameNotUsable => "name-not-usable",
            Self::NotFound => "not-in-account",
            Self::Passkey(refusal) => refusal.code(),
            Self::Session(refusal) => refusal.code(),
            Self::TooManyAuthenticators => "too-many-authenticators",
        }
    }

    fn status(&self) -> u16 {
        match self {
            Self::CoolingOff | Self::CorrectionWaiting | Self::LastAuthenticator | Self::TooManyAuthenticators => 409,
            Self::ConfirmMissing
            | Self::Correction(_)
            | Self::EmailCodeWrong
            | Self::EmailNotUsable
            | Self::EmailSame
            | Self::NameNotUsable => 422,
            Self::EmailCodeOver => 410,
            Self::EmailTooOften => 429,
            Self::NotFound => 404,
            Self::Certificate(refusal) => refusal.status(),
            Self::Passkey(refusal) => refusal.status(),
            Self::Session(refusal) => refusal.status(),
        }
    }

    fn audited(&self) -> bool {
        match self {
            Self::NotFound => true,
            Self::Certificate(refusal) => refusal.audited(),
            Self::Passkey(refusal) => refusal.audited(),
            Self::Session(refusal) => refusal.audited(),
            _ => false,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn levels_begin_at_eleven_and_at_eighteen() {
        use jiff::civil::date;
        let today = date(2026, 11, 23);
        for (level, last, first) in [
            (Level::Basic, date(2015, 11, 24), date(2015, 11, 23)),
            (Level::Plus, date(2008, 11, 24), date(2008, 11, 23)),
        ] {
            assert!(!level.fits(last, today) && level.fits(first, today), "{level:?}");
            assert_eq!(Level::from_word(level.word()), Some(level));
        }
        assert_eq!(Level::from_word("gold"), None);
        assert!(Level::Basic < Level::Plus);
    }

    #[test]
    fn codes_survive_how_people_write() {
        let code = RecoveryCode::from_random([0, 1, 31, 32, 5, 10, 20, 30, 255, 7, 8, 9]);
        assert_eq!(code.shown().len(), 14);
        assert_eq!(RecoveryCode::parse(&code.shown()), Some(code.clone()));
        let sloppy = code.shown().to_lowercase().replace('0', "o").replace('1', "l").replace('-', " ");
        assert_eq!(RecoveryCode::parse(&sloppy), Some(code));
        for bad in ["", "0000-0000-000", "0000-0000-0000-0", "UUUU-UUUU-UUUU", "é000-0000-0000"] {
            assert_eq!(RecoveryCode::parse(bad), None, "{bad:?}");
        }
    }
}

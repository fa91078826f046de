//! What people do with an officer's help, or with a code that one screen hands to another.
//!
//! A case is one errand: it is opened by one side, taken up once by the other with a code of 60 bits, and over soon.

/// The code that one screen shows and another takes: of the form of a recovery code, good once and for minutes.
pub use crate::account::RecoveryCode as HandOverCode;

use crate::credential::PasskeyRefusal;
use crate::refusal::Refusal;
use crate::session::SessionRefusal;
use crate::staff::DutyRefusal;
use std::time::Duration;

/// How long a code can be taken up.
pub const CODE_LIFE: Duration = Duration::from_secs(15 * 60);
/// How long an errand may take once an officer took it up.
pub const ERRAND: Duration = Duration::from_secs(60 * 60);
/// How long a device stays a kiosk before an officer looks at it again (SP 800-63A-4 section 4.1.9: periodic inspection).
pub const KIOSK: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Digits of the code that is sent to the address on record before the help desk may suspend anything.
pub const CALL_BACK_DIGITS: usize = 6;
/// Wrong answers after which a call-back code is good no more.
pub const CALL_BACK_TRIES: i64 = 5;
/// How long pictures may stay in custody when an officer is there: from the first byte.
pub const ATTENDED_CUSTODY: Duration = Duration::from_secs(10 * 60);

/// What an errand is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CaseKind {
    /// A guardian comes into the registration of a young person.
    Guardian,
    /// Somebody's phone is lost: the help desk suspends an account.
    KillSwitch,
    /// A device becomes a kiosk.
    Kiosk,
    /// A registration goes on on the person's own phone.
    Phone,
    /// A registration with an officer beside it.
    Registration,
    /// An account is to become *Plus*.
    Upgrade,
}

impl CaseKind {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Guardian, Self::KillSwitch, Self::Kiosk, Self::Phone, Self::Registration, Self::Upgrade];

    /// The stable word, as stored and in text keys.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Guardian => "guardian",
            Self::KillSwitch => "kill-switch",
            Self::Kiosk => "kiosk",
            Self::Phone => "phone",
            Self::Registration => "registration",
            Self::Upgrade => "upgrade",
        }
    }

    /// Reads the stable word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// Where an errand stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaseState {
    /// A code waits to be taken up.
    Waiting,
    /// Taken up.
    Opened,
    /// What had to be shown was shown and signed for; what follows from it has not happened yet.
    Shown,
    /// Whoever had to agree has agreed.
    Agreed,
    /// Over.
    Ended,
}

impl CaseState {
    /// All of them, in order.
    pub const ALL: [Self; 5] = [Self::Waiting, Self::Opened, Self::Shown, Self::Agreed, Self::Ended];

    /// The stable word, as stored and in text keys.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Opened => "opened",
            Self::Shown => "shown",
            Self::Agreed => "agreed",
            Self::Ended => "ended",
        }
    }

    /// Reads the stable word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// Why an errand does not go on. None tells whether somebody has an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CounterRefusal {
    /// No code like that waits: never made, used, too old, or for another errand.
    CodeNotGood,
    /// The call-back code is not the one that was sent, or none was sent.
    CallBackWrong,
    /// There is no such case, or it is over, or another officer's.
    CaseOver,
    /// The card number is not the one of the account that waits.
    CardDiffers,
    /// The officer's role does not do this.
    NotYourErrand,
    /// Nobody serves themselves.
    OwnAccount,
    /// The passkey's answer was not accepted.
    Passkey(PasskeyRefusal),
    /// The person has not got so far.
    PersonNotReady,
    /// The session does not allow it.
    Session(SessionRefusal),
    /// Whoever signed first cannot sign second, nor can a colleague of the same unit.
    SecondOfficer,
    /// The officer's session, rights or key do not allow it.
    Duty(DutyRefusal),
    /// Too many failures from this network or of this officer.
    TooManyTries,
    /// Young people do not stand for others.
    TooYoung,
}

impl CounterRefusal {
    /// Its own reasons, for tables and tests.
    pub const OWN: &'static [Self] = &[
        Self::CodeNotGood,
        Self::CallBackWrong,
        Self::CaseOver,
        Self::CardDiffers,
        Self::NotYourErrand,
        Self::OwnAccount,
        Self::PersonNotReady,
        Self::SecondOfficer,
        Self::TooManyTries,
        Self::TooYoung,
    ];
}

impl From<PasskeyRefusal> for CounterRefusal {
    fn from(refusal: PasskeyRefusal) -> Self {
        Self::Passkey(refusal)
    }
}

impl From<DutyRefusal> for CounterRefusal {
    fn from(refusal: DutyRefusal) -> Self {
        Self::Duty(refusal)
    }
}

impl From<SessionRefusal> for CounterRefusal {
    fn from(refusal: SessionRefusal) -> Self {
        Self::Session(refusal)
    }
}

impl Refusal for CounterRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::CodeNotGood => "hand-over-not-good",
            Self::CallBackWrong => "call-back-wrong",
            Self::CaseOver => "case-over",
            Self::CardDiffers => "card-differs",
            Self::NotYourErrand => "not-your-errand",
            Self::OwnAccount => "own-account",
            Self::Passkey(refusal) => refusal.code(),
            Self::PersonNotReady => "person-not-ready",
            Self::Session(refusal) => refusal.code(),
            Self::SecondOfficer => "second-officer",
            Self::Duty(refusal) => refusal.code(),
            Self::TooManyTries => "too-many-tries",
            Self::TooYoung => "too-young",
        }
    }

    fn status(&self) -> u16 {
        match self {
            Self::CodeNotGood | Self::CaseOver => 410,
            Self::CallBackWrong | Self::CardDiffers => 422,
            Self::NotYourErrand | Self::OwnAccount | Self::SecondOfficer | Self::TooYoung => 403,
            Self::Duty(refusal) => refusal.status(),
            Self::Passkey(refusal) => refusal.status(),
            Self::PersonNotReady => 409,
            Self::Session(refusal) => refusal.status(),
            Self::TooManyTries => 429,
        }
    }

    fn audited(&self) -> bool {
        match self {
            Self::CallBackWrong
            | Self::CardDiffers
            | Self::NotYourErrand
            | Self::OwnAccount
            | Self::SecondOfficer
            | Self::TooYoung => true,
            Self::Duty(refusal) => refusal.audited(),
            Self::Passkey(refusal) => refusal.audited(),
            Self::Session(refusal) => refusal.audited(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_codes_are_stable() {
        assert!(CaseKind::ALL.into_iter().all(|kind| CaseKind::from_word(kind.word()) == Some(kind)));
        assert!(CaseState::ALL.into_iter().all(|state| CaseState::from_word(state.word()) == Some(state)));
        let mut codes: Vec<_> = CounterRefusal::OWN.iter().map(Refusal::code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), CounterRefusal::OWN.len());
    }
}

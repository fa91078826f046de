//! Registration: its steps, its rules, and the closed list of its refusals.

use crate::account::Level;
use crate::credential::PasskeyRefusal;
use crate::hkid::Hkid;
use crate::person::{CardFacts, ChineseName, EnglishName, Sex};
use crate::proofing::{Action, CardText, Challenge, Reason};
use crate::realm::Realm;
use crate::refusal::Refusal;
use jiff::civil::Date;

/// Where a registration stands. Every page of the journey belongs to one; a page of another leads to the right one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Pictures are to be taken, for the first time or again.
    Pictures,
    /// The worker judges.
    Judging,
    /// The pictures were accepted; the registry has not answered yet.
    Registry,
    /// The person is young: a guardian is to agree.
    Guardian,
    /// Everything is shown; the officer who is there is to sign for it.
    Presence,
    /// Everything is confirmed; a passkey is to be made.
    Passkey,
    /// The account exists; its recovery codes are to be kept.
    Codes,
    /// An e-mail address is to be given.
    Email,
    /// A code was sent to the address.
    Confirm,
    /// Over, well.
    Done,
    /// Over, well: who is there was shown, for something else than a new account.
    Shown,
    /// Over here; a counter can help.
    Counter,
}

impl Step {
    /// All of them, in the order of the journey.
    pub const ALL: [Self; 12] = [
        Self::Pictures,
        Self::Judging,
        Self::Registry,
        Self::Guardian,
        Self::Presence,
        Self::Passkey,
        Self::Codes,
        Self::Email,
        Self::Confirm,
        Self::Done,
        Self::Shown,
        Self::Counter,
    ];

    /// The stable word, as stored.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pictures => "pictures",
            Self::Judging => "judging",
            Self::Registry => "registry",
            Self::Guardian => "guardian",
            Self::Presence => "presence",
            Self::Passkey => "passkey",
            Self::Codes => "codes",
            Self::Email => "email",
            Self::Confirm => "confirm",
            Self::Done => "done",
            Self::Shown => "shown",
            Self::Counter => "counter",
        }
    }

    /// Reads the stored word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.word() == word)
    }

    /// The page of the step.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Pictures => "/register/card",
            Self::Judging | Self::Registry | Self::Counter => "/register/judging",
            Self::Guardian => "/register/guardian",
            Self::Presence => "/register/presence",
            Self::Passkey => "/register/passkey",
            Self::Codes => "/register/codes",
            Self::Email | Self::Confirm => "/register/email",
            Self::Done => "/register/done",
            Self::Shown => "/register/shown",
        }
    }

    /// Whether the account exists.
    #[must_use]
    pub const fn has_account(self) -> bool {
        matches!(self, Self::Codes | Self::Email | Self::Confirm | Self::Done)
    }
}

/// What card and face are looked at for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aim {
    /// A new account.
    Account,
    /// A grown-up shows that they are the guardian whose account is asked.
    Guardian,
    /// Getting back into an account without a passkey and without codes.
    Recover,
    /// Showing again who holds an account that is to become *Plus*.
    Upgrade,
}

impl Aim {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Account, Self::Guardian, Self::Recover, Self::Upgrade];

    /// The stable word, as stored and in text keys.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Guardian => "guardian",
            Self::Recover => "recover",
            Self::Upgrade => "upgrade",
        }
    }

    /// Reads the stable word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|aim| aim.word() == word)
    }

    /// Whether somebody of that age may take this way.
    #[must_use]
    pub fn fits(self, birth: Date, today: Date) -> bool {
        match self {
            Self::Account | Self::Recover => Level::Basic.fits(birth, today),
            Self::Guardian | Self::Upgrade => Level::Plus.fits(birth, today),
        }
    }
}

/// Two or three different movements in random order, from random bytes: the first decides how many.
#[must_use]
pub fn challenge(random: [u8; 8]) -> Challenge {
    let [count, rest @ ..] = random;
    let mut left = Action::ALL.to_vec();
    let count = 2 + usize::from(count & 1);
    let mut actions = Vec::with_capacity(count);
    for byte in rest.into_iter().take(count) {
        let index = usize::from(byte) % left.len();
        actions.push(left.remove(index));
    }
    Challenge { actions }
}

/// The card's text as facts of this realm.
///
/// # Errors
/// The reason a person can act on.
pub fn facts(text: &CardText, realm: &Realm, today: Date) -> Result<CardFacts, Reason> {
    let hkid = Hkid::parse(&text.hkid).map_err(|_| Reason::CheckDigitWrong)?;
    if !realm.admits(&hkid) {
        return Err(Reason::CardWrongRealm);
    }
    let chinese = (!text.chinese_name.is_empty()).then(|| ChineseName::parse(&text.chinese_name));
    let facts = CardFacts {
        hkid,
        english_name: EnglishName::parse(&text.english_name).map_err(|_| Reason::CardUnreadable)?,
        chinese_name: chinese.transpose().map_err(|_| Reason::CardUnreadable)?,
        birth: text.birth.parse().map_err(|_| Reason::CardUnreadable)?,
        sex: text.sex.chars().next().and_then(Sex::from_letter).ok_or(Reason::CardUnreadable)?,
        issued: text.issued.parse().map_err(|_| Reason::CardUnreadable)?,
    };
    if facts.birth >= facts.issued || facts.issued > today {
        return Err(Reason::CardInconsistent);
    }
    Ok(facts)
}

/// Whether somebody born then may register without a guardian: eighteen years old today.
#[must_use]
pub fn of_age(birth: Date, today: Date) -> bool {
    Level::Plus.fits(birth, today)
}

/// Wrong e-mail codes after which a new one must be asked for.
pub const EMAIL_CODE_TRIES: i64 = 5;

/// E-mail codes one registration may ask for.
pub const EMAIL_CODES: i64 = 5;

/// Why a step of registration is refused. None tells whether an account exists, or what a registry knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegisterRefusal {
    /// The movements were asked for too long ago, or for another capture; nothing was sent.
    ChallengeOver,
    /// The recovery codes are not marked as kept.
    CodesNotKept,
    /// The custody is over: its worker is gone and the pictures with it.
    CustodyOver,
    /// The e-mail code is not the one that was sent.
    EmailCodeWrong,
    /// The e-mail code is too old, or was tried too often.
    EmailCodeOver,
    /// Not an address that can be written to.
    EmailNotUsable,
    /// No more codes are sent for this registration, or not yet.
    EmailTooOften,
    /// Agreement is missing.
    NotAgreed,
    /// The notice has changed since the page was shown.
    NoticeChanged,
    /// This step is not the next one; the right one is shown.
    OutOfOrder,
    /// The passkey's answer was not accepted.
    Passkey(PasskeyRefusal),
    /// The picture has no place in a custody.
    PictureUnknown,
    /// The picture, or all together, has too many bytes.
    PictureTooLarge,
    /// All proofing places are taken.
    ProofingBusy,
    /// Proofing is not possible now.
    ProofingUnavailable,
    /// There is no such registration, or its time is over.
    RegistrationOver,
    /// The picture is not sealed to this custody.
    SealBroken,
}

impl From<PasskeyRefusal> for RegisterRefusal {
    fn from(refusal: PasskeyRefusal) -> Self {
        Self::Passkey(refusal)
    }
}

impl RegisterRefusal {
    /// Every refusal of the journey but those of passkeys, for tables and tests.
    pub const OWN: [Self; 16] = [
        Self::ChallengeOver,
        Self::CodesNotKept,
        Self::CustodyOver,
        Self::EmailCodeWrong,
        Self::EmailCodeOver,
        Self::EmailNotUsable,
        Self::EmailTooOften,
        Self::NotAgreed,
        Self::NoticeChanged,
        Self::OutOfOrder,
        Self::PictureUnknown,
        Self::PictureTooLarge,
        Self::ProofingBusy,
        Self::ProofingUnavailable,
        Self::RegistrationOver,
        Self::SealBroken,
    ];

    const fn row(&self) -> (&'static str, u16) {
        match self {
            Self::ChallengeOver => ("presence-challenge-over", 410),
            Self::CodesNotKept => ("codes-not-kept", 422),
            Self::CustodyOver => ("custody-over", 410),
            Self::EmailCodeWrong => ("email-code-wrong", 422),
            Self::EmailCodeOver => ("email-code-over", 410),
            Self::EmailNotUsable => ("email-not-usable", 422),
            Self::EmailTooOften => ("email-too-often", 429),
            Self::NotAgreed => ("not-agreed", 422),
            Self::NoticeChanged => ("notice-changed", 409),
            Self::OutOfOrder => ("registration-step", 409),
            Self::Passkey(_) => ("passkey", 403),
            Self::PictureUnknown => ("picture-unknown", 400),
            Self::PictureTooLarge => ("picture-too-large", 413),
            Self::ProofingBusy => ("proofing-busy", 503),
            Self::ProofingUnavailable => ("proofing-unavailable", 503),
            Self::RegistrationOver => ("registration-over", 410),
            Self::SealBroken => ("seal-broken", 422),
        }
    }
}

impl Refusal for RegisterRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Passkey(refusal) => refusal.code(),
            own => own.row().0,
        }
    }

    fn status(&self) -> u16 {
        match self {
            Self::Passkey(refusal) => refusal.status(),
            own => own.row().1,
        }
    }

    fn audited(&self) -> bool {
        match self {
            Self::Passkey(refusal) => refusal.audited(),
            _ => false,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn challenges_ask_for_two_or_three_different_movements() {
        let mut seen = std::collections::HashSet::new();
        for n in 0..=255_u8 {
            let asked = challenge([n, n, n.wrapping_mul(7), n.wrapping_mul(31), 0, 0, 0, 0]).actions;
            assert!((2..=3).contains(&asked.len()));
            assert!(asked.iter().enumerate().all(|(i, a)| !asked[..i].contains(a)), "{asked:?}");
            seen.insert(asked.iter().map(|a| a.word()).collect::<Vec<_>>());
        }
        assert!(seen.len() > 20, "only {} different challenges", seen.len());
    }

    fn card() -> CardText {
        let mut text = CardText::default();
        text.hkid = Hkid::with_check_digit("U123456").unwrap().reveal();
        text.english_name = "LOK, Wing Ching".into();
        text.chinese_name = "樂永晴".into();
        text.birth = "1990-06-03".into();
        text.sex = "F".into();
        text.issued = "2018-11-26".into();
        text
    }

    #[test]
    fn card_text_becomes_facts_of_its_realm_or_a_reason() {
        let test = Realm::Test("demo".into());
        let today = date(2026, 11, 23);
        assert!(facts(&card(), &test, today).is_ok());
        assert_eq!(facts(&card(), &Realm::Production, today).err(), Some(Reason::CardWrongRealm));
        let with = |change: fn(&mut CardText)| {
            let mut text = card();
            change(&mut text);
            facts(&text, &test, today).err()
        };
        assert_eq!(with(|t| t.hkid = "U123456(X)".into()), Some(Reason::CheckDigitWrong));
        assert_eq!(with(|t| t.english_name = "樂".into()), Some(Reason::CardUnreadable));
        assert_eq!(with(|t| t.birth = "2026-02-30".into()), Some(Reason::CardUnreadable));
        assert_eq!(with(|t| t.issued = "1980-01-01".into()), Some(Reason::CardInconsistent));
        assert_eq!(with(|t| t.issued = "2027-01-01".into()), Some(Reason::CardInconsistent));
        assert_eq!(with(|t| t.sex = String::new()), Some(Reason::CardUnreadable));
    }

    #[test]
    fn eighteen_is_counted_by_the_calendar() {
        let today = date(2026, 11, 23);
        assert!(of_age(date(2008, 11, 23), today) && !of_age(date(2008, 11, 24), today));
        assert!(of_age(date(2008, 2, 29), date(2026, 2, 28)) && !of_age(date(2008, 2, 29), date(2026, 2, 27)));
    }

    #[test]
    fn steps_and_codes_are_stable() {
        assert!(Step::ALL.into_iter().all(|step| Step::from_word(step.word()) == Some(step)));
        let mut codes: Vec<_> = RegisterRefusal::OWN.iter().map(Refusal::code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), RegisterRefusal::OWN.len());
    }
}

//! OpenID Connect as rules: scopes, claims, lifetimes, and the refusals a person sees.

use crate::credential::PasskeyRefusal;
use crate::policy::Field;
use crate::refusal::Refusal;
use std::fmt;

/// How far ahead the clock of a service may be (FAPI 2.0, 5.3.2.1-13: accept 10 s, refuse more than 60 s).
pub const AHEAD_SECONDS: i64 = 10;
/// The longest life of a client assertion: it bounds how long used ones are remembered.
pub const ASSERTION_SECONDS: i64 = 3_600;
/// Longest `state`, in bytes.
pub const STATE_BYTES: usize = 1_024;
/// Longest `nonce`, in bytes; FAPI 2.0 asks for 64 at least.
pub const NONCE_BYTES: usize = 255;

/// A scope a service can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Who it is: nothing but the pseudonym.
    OpenId,
    /// Names, date of birth, sex.
    Profile,
    /// E-mail address.
    Email,
    /// Identity card number.
    Hkid,
    /// The Cloud Signature Consortium API: the signing certificate, which names the person, and the right to ask them to sign.
    Service,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::OpenId, Self::Profile, Self::Email, Self::Hkid, Self::Service];

    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Hkid => "hkid",
            Self::OpenId => "openid",
            Self::Profile => "profile",
            Self::Service => "service",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.word() == word)
    }

    /// The fields behind it.
    #[must_use]
    pub const fn fields(self) -> &'static [Field] {
        match self {
            Self::Email => &[Field::Email],
            Self::Hkid => &[Field::Hkid],
            Self::OpenId => &[],
            Self::Profile => &[Field::EnglishName, Field::ChineseName, Field::Birth, Field::Sex],
            Self::Service => &[Field::EnglishName, Field::ChineseName],
        }
    }
}

/// The claim a field is released as (OpenID Connect Core 5.1, language tags 5.2); none for fields no service can have.
#[must_use]
pub const fn claim(field: Field) -> Option<&'static str> {
    match field {
        Field::Birth => Some("birthdate"),
        Field::ChineseName => Some("name#zh-Hant-HK"),
        Field::Email => Some("email"),
        Field::EnglishName => Some("name"),
        Field::Hkid => Some("hkid"),
        Field::Sex => Some("gender"),
        Field::CardIssued | Field::Devices => None,
    }
}

/// Words joined by blanks, as kept in the store; order as given.
#[must_use]
pub fn join<T: Copy>(items: &[T], word: fn(T) -> &'static str) -> String {
    items.iter().map(|item| word(*item)).collect::<Vec<_>>().join(" ")
}

/// How strongly the person was authenticated (`acr`), after the EAP profile's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strength {
    /// A passkey that cannot leave its device.
    DeviceBound,
    /// A passkey that its owner's devices share.
    Synced,
}

impl Strength {
    /// The `acr` value: phishing-resistant, with or without hardware protection.
    #[must_use]
    pub const fn acr(self) -> &'static str {
        match self {
            Self::DeviceBound => "phrh",
            Self::Synced => "phr",
        }
    }

    /// Reads an `acr` value.
    #[must_use]
    pub fn from_acr(acr: &str) -> Option<Self> {
        [Self::DeviceBound, Self::Synced].into_iter().find(|it| it.acr() == acr)
    }

    /// The `amr` values (RFC 8176): what was held, that the person was there, and that it was two factors.
    #[must_use]
    pub const fn amr(self) -> [&'static str; 3] {
        match self {
            Self::DeviceBound => ["hwk", "user", "mfa"],
            Self::Synced => ["swk", "user", "mfa"],
        }
    }
}

/// The name of a person at one service: 256 random bits in base64url, meaningless anywhere else (OpenID Connect Core 8.1).
#[derive(Clone, PartialEq, Eq)]
pub struct Pseudonym(String);

impl Pseudonym {
    /// Takes what was made or stored: 43 characters of base64url.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.len() == 43 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        fits.then(|| Self(text.to_owned()))
    }

    /// The `sub` value.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Pseudonym {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Pseudonym(…)")
    }
}

crate::refusals! {
    /// What a person is told when a service's request cannot go on and must not be answered to the service.
    PageRefusal {
        /// The person left out a field the service cannot do without.
        EssentialFieldMissing = "essential-field-missing", 400;
        /// The request was used, has expired, or never was.
        RequestGone = "request-gone", 400;
        /// The request cannot be read, or says one thing twice.
        RequestMalformed = "request-malformed", 400;
        /// Nobody is signed in, and the request needs it.
        SignInFirst = "sign-in-first", 401;
        /// Something on the page changed since it was shown; it is shown again.
        ShownAgain = "shown-again", 409;
        /// The address to return to is not one the service registered: the person is never sent there.
        UnregisteredRedirect = "unregistered-redirect", 400, audited;
        /// No such service.
        UnknownService = "unknown-service", 400;
    }
}

/// Why an approval is not taken: what the person is told on the consent page. The request still stands, unless it is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApprovalRefusal {
    /// The request or the page.
    Page(PageRefusal),
    /// The passkey's answer.
    Passkey(PasskeyRefusal),
}

impl From<PageRefusal> for ApprovalRefusal {
    fn from(refusal: PageRefusal) -> Self {
        Self::Page(refusal)
    }
}

impl Refusal for ApprovalRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Page(refusal) => refusal.code(),
            Self::Passkey(refusal) => refusal.code(),
        }
    }

    fn status(&self) -> u16 {
        match self {
            Self::Page(refusal) => refusal.status(),
            Self::Passkey(refusal) => refusal.status(),
        }
    }

    fn audited(&self) -> bool {
        match self {
            Self::Page(refusal) => refusal.audited(),
            Self::Passkey(refusal) => refusal.audited(),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::policy::Purpose;

    #[test]
    fn every_releasable_field_has_one_scope_and_one_claim() {
        // The names in a signing certificate are those of the profile: they have a second way out, and one claim.
        let names = |field| Scope::Service.fields().contains(&field);
        assert!(Scope::Service.fields().iter().all(|field| Scope::Profile.fields().contains(field)));
        for field in Field::ALL {
            let scopes =
                Scope::ALL.iter().filter(|scope| scope.fields().contains(&field)).count() - usize::from(names(field));
            let releasable = Purpose::Release.fields().contains(&field);
            assert_eq!(scopes, usize::from(releasable), "{field:?}");
            assert_eq!(claim(field).is_some(), releasable, "{field:?}");
        }
        for scope in Scope::ALL {
            assert_eq!(Scope::from_word(scope.word()), Some(scope));
        }
    }

    #[test]
    fn pseudonyms_are_256_bits_and_never_a_client() {
        let text = "A".repeat(43);
        assert_eq!(Pseudonym::parse(&text).unwrap().as_str(), text);
        for bad in ["", "demo-service", &"A".repeat(42), &"=".repeat(43)] {
            assert!(Pseudonym::parse(bad).is_none());
        }
        assert!(!format!("{:?}", Pseudonym::parse(&text)).contains('A'));
    }
}

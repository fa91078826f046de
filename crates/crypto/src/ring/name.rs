//! The names of the ring's keys.

use crate::Error;
use crate::sign::Algorithm;

/// The name under which realm keys are stored.
pub const REALM: &str = "realm";

/// A purpose's own key: code that does not name the purpose has no key for its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Domain {
    /// Authenticators and what belongs to managing an account.
    Account,
    /// Bodies of ledger entries.
    Audit,
    /// What was consented to.
    Consent,
    /// How to reach a person; outgoing messages.
    Contact,
    /// The facts of the card.
    Profile,
    /// Registrations under way.
    Registration,
    /// Sessions and where they come from.
    Session,
}

impl Domain {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Account, Self::Audit, Self::Consent, Self::Contact, Self::Profile, Self::Registration, Self::Session];

    /// The stable word, part of associated data and key names.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Audit => "audit",
            Self::Consent => "consent",
            Self::Contact => "contact",
            Self::Profile => "profile",
            Self::Registration => "registration",
            Self::Session => "session",
        }
    }
}

/// A signing key of the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Signer {
    /// The issuing certificate authority and its revocation lists, ES384. Made when the authority is set up.
    CaIssuing,
    /// Ledger checkpoints, Ed25519.
    Checkpoint,
    /// Status answers, ES256. Made when the authority is set up.
    Ocsp,
    /// Deletion and erasure receipts, Ed25519.
    Receipt,
    /// ID Tokens, ES256.
    Token,
    /// Time-stamps, ES256. Made when the authority is set up.
    Tsa,
    /// Time-stamps for those who read RSA alone, RS256. Made when the authority is set up.
    TsaRsa,
}

impl Signer {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::CaIssuing, Self::Checkpoint, Self::Ocsp, Self::Receipt, Self::Token, Self::Tsa, Self::TsaRsa];
    /// Those every ring has from its beginning. The others are made when they are first needed.
    pub const FIRST: [Self; 3] = [Self::Checkpoint, Self::Receipt, Self::Token];
    /// Those of the certificate authority: each is of use with its certificate alone.
    pub const AUTHORITY: [Self; 4] = [Self::CaIssuing, Self::Ocsp, Self::Tsa, Self::TsaRsa];

    /// The stable word, part of the key's name.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::CaIssuing => "ca-issuing",
            Self::Checkpoint => "checkpoint",
            Self::Ocsp => "ocsp",
            Self::Receipt => "receipt",
            Self::Token => "token",
            Self::Tsa => "tsa",
            Self::TsaRsa => "tsa-rsa",
        }
    }

    /// The algorithm it signs with.
    #[must_use]
    pub const fn algorithm(self) -> Algorithm {
        match self {
            Self::Checkpoint | Self::Receipt => Algorithm::EdDsa,
            Self::CaIssuing => Algorithm::Es384,
            Self::Ocsp | Self::Token | Self::Tsa => Algorithm::Es256,
            Self::TsaRsa => Algorithm::Rs256,
        }
    }
}

/// A key that only makes authentication codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mac {
    /// Lookup of a card number without storing it: exact match only.
    BlindIndex,
    /// Codes people type: recovery codes, e-mail confirmation.
    Code,
    /// Commitments of ledger entries to their bodies.
    Commitment,
    /// Forgery tokens of pages.
    Form,
}

impl Mac {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::BlindIndex, Self::Code, Self::Commitment, Self::Form];

    /// The stable word, part of the key's name.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::BlindIndex => "blind-index",
            Self::Code => "code",
            Self::Commitment => "commitment",
            Self::Form => "form",
        }
    }
}

/// A stored name, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Name {
    Realm,
    Domain(Domain),
    Signer(Signer),
    Mac(Mac),
}

impl Name {
    pub(super) fn parse(name: &str) -> Result<Self, Error> {
        if name == REALM {
            return Ok(Self::Realm);
        }
        let (kind, word) = name.split_once('/').ok_or(Error::NoSuchKey)?;
        match kind {
            "domain" => Domain::ALL.into_iter().find(|domain| domain.word() == word).map(Self::Domain),
            "signer" => Signer::ALL.into_iter().find(|signer| signer.word() == word).map(Self::Signer),
            "mac" => Mac::ALL.into_iter().find(|mac| mac.word() == word).map(Self::Mac),
            _ => None,
        }
        .ok_or(Error::NoSuchKey)
    }

    /// Whether the ring may be without it: its first key is made when it is first needed.
    pub(super) fn comes_later(self) -> bool {
        matches!(self, Self::Signer(signer) if !Signer::FIRST.contains(&signer))
    }

    /// The names every ring has, the realm key first.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        [Self::Realm]
            .into_iter()
            .chain(Domain::ALL.map(Self::Domain))
            .chain(Signer::FIRST.map(Self::Signer))
            .chain(Mac::ALL.map(Self::Mac))
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Realm => f.write_str(REALM),
            Self::Domain(domain) => write!(f, "domain/{}", domain.word()),
            Self::Signer(signer) => write!(f, "signer/{}", signer.word()),
            Self::Mac(mac) => write!(f, "mac/{}", mac.word()),
        }
    }
}

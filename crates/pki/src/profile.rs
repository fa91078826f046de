//! What each use of a certificate may carry. One certificate, one use.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::{ID_KP_CLIENT_AUTH, ID_KP_OCSP_SIGNING, ID_KP_SERVER_AUTH, ID_KP_TIME_STAMPING};
use x509_cert::ext::pkix::KeyUsages;

/// Document signing (RFC 9336).
pub const ID_KP_DOCUMENT_SIGNING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.36");

const DAY: u64 = 24 * 60 * 60;

/// What a certificate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Profile {
    /// The offline root.
    Root,
    /// The authority that issues to residents and services.
    Issuing,
    /// Signs status answers.
    Ocsp,
    /// Signs time-stamps.
    TimeStamping,
    /// A resident signs documents.
    ResidentSigning,
    /// A service receives sealed content.
    ServiceEncipherment,
    /// Servers of the deployment among themselves.
    InternalTls,
    /// An officer signs tickets and statements.
    Officer,
}

impl Profile {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Root,
        Self::Issuing,
        Self::Ocsp,
        Self::TimeStamping,
        Self::ResidentSigning,
        Self::ServiceEncipherment,
        Self::InternalTls,
        Self::Officer,
    ];

    /// The stable word, in commands and records.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Issuing => "issuing",
            Self::Ocsp => "ocsp",
            Self::TimeStamping => "time-stamping",
            Self::ResidentSigning => "resident-signing",
            Self::ServiceEncipherment => "service-encipherment",
            Self::InternalTls => "internal-tls",
            Self::Officer => "officer",
        }
    }

    /// Reads the stable word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.word() == word)
    }

    /// Whether it certifies others.
    #[must_use]
    pub const fn is_authority(self) -> bool {
        matches!(self, Self::Root | Self::Issuing)
    }

    /// Authorities below it, at most (RFC 5280 section 4.2.1.9).
    #[must_use]
    pub const fn path_length(self) -> Option<u8> {
        match self {
            Self::Root => Some(1),
            Self::Issuing => Some(0),
            _ => None,
        }
    }

    /// Key usage (RFC 5280 section 4.2.1.3). Signing with legal force carries content commitment and nothing else (EN 319 412-2
    /// section 4.3.2, type A).
    #[must_use]
    pub const fn key_usage(self) -> &'static [KeyUsages] {
        match self {
            Self::Root | Self::Issuing => &[KeyUsages::KeyCertSign, KeyUsages::CRLSign],
            Self::ResidentSigning => &[KeyUsages::NonRepudiation],
            Self::ServiceEncipherment => &[KeyUsages::KeyEncipherment],
            Self::TimeStamping => &[KeyUsages::DigitalSignature, KeyUsages::NonRepudiation],
            Self::Ocsp | Self::InternalTls | Self::Officer => &[KeyUsages::DigitalSignature],
        }
    }

    /// Extended key usage, and whether it is critical.
    #[must_use]
    pub const fn extended_key_usage(self) -> (&'static [ObjectIdentifier], bool) {
        match self {
            Self::Root | Self::Issuing | Self::ServiceEncipherment => (&[], false),
            Self::Ocsp => (&[ID_KP_OCSP_SIGNING], false),
            // RFC 3161 section 2.3: exactly one, critical.
            Self::TimeStamping => (&[ID_KP_TIME_STAMPING], true),
            Self::ResidentSigning => (&[ID_KP_DOCUMENT_SIGNING], false),
            Self::InternalTls => (&[ID_KP_SERVER_AUTH, ID_KP_CLIENT_AUTH], false),
            Self::Officer => (&[ID_KP_CLIENT_AUTH], false),
        }
    }

    /// Longest validity, in seconds.
    #[must_use]
    pub const fn longest(self) -> u64 {
        match self {
            Self::Root => 25 * 365 * DAY,
            Self::Issuing => 10 * 365 * DAY,
            Self::TimeStamping => 5 * 365 * DAY,
            Self::ResidentSigning | Self::ServiceEncipherment => 3 * 366 * DAY,
            Self::Officer => 366 * DAY,
            Self::InternalTls => 90 * DAY,
            // Short, because it says of itself that nobody need ask for its status (RFC 6960 section 4.2.2.2.1).
            Self::Ocsp => 30 * DAY,
        }
    }

    /// Who issues it, as a rule.
    #[must_use]
    pub const fn issuer(self) -> Self {
        match self {
            Self::Root | Self::Issuing => Self::Root,
            _ => Self::Issuing,
        }
    }

    /// Whether a root may issue it: what hangs on the root alone outlives the authority below it.
    #[must_use]
    pub const fn is_of_root(self) -> bool {
        matches!(self, Self::Root | Self::Issuing | Self::Ocsp | Self::TimeStamping)
    }

    /// Whether the authority below the root may issue it.
    #[must_use]
    pub const fn is_of_issuing(self) -> bool {
        !self.is_authority()
    }
}

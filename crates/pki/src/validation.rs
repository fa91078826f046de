//! What a signature is worth (ETSI EN 319 102-1): chain, policies, status at the time of signing, time-stamps; indications and
//! sub-indications in the words of the standard, and every reason in plain ones.
//!
//! Nothing is fetched and nothing is waved through: what the file does not show is said to be missing.

mod path;
mod signature;
mod status;

pub use path::{Purpose, chain};
pub use signature::{Evidence, Judged, judge};
pub(crate) use signature::{token, weigh};

use crate::Error;
use crate::certificate::Certificate;
use crate::name;
use const_oid::ObjectIdentifier;

/// Whom to trust, and when it is now.
#[derive(Clone, Debug)]
pub struct Trust {
    /// Certificates that are trusted without proof.
    pub anchors: Vec<Certificate>,
    /// Policies of which the signer's certificate must have one; any is good when there are none.
    pub policies: Vec<ObjectIdentifier>,
    /// Now, Unix seconds.
    pub now: u64,
}

/// The main answer (EN 319 102-1 section 5.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Indication {
    /// Everything was shown.
    Passed,
    /// Something could not be shown.
    Indeterminate,
    /// Something is wrong.
    Failed,
}

impl Indication {
    /// The word of the standard.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Passed => "TOTAL-PASSED",
            Self::Indeterminate => "INDETERMINATE",
            Self::Failed => "TOTAL-FAILED",
        }
    }
}

/// Why (EN 319 102-1 table 5); the last two are ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sub {
    /// It is not of a form that the standards know.
    FormatFailure,
    /// What was signed is not what is there.
    HashFailure,
    /// The signature does not verify.
    CryptoFailure,
    /// The certificate had been revoked when it signed.
    Revoked,
    /// The certificate is revoked, and nothing shows that it signed before.
    RevokedNoPoe,
    /// A certificate of an authority was revoked.
    RevokedCaNoPoe,
    /// It signed after the certificate's end.
    Expired,
    /// It signed before the certificate's beginning.
    NotYetValid,
    /// The certificate has ended, and nothing shows that it signed before.
    OutOfBoundsNoPoe,
    /// The certificate, or one above it, may not be used for this.
    ChainConstraintsFailure,
    /// Something about the signature itself is not as it must be.
    SigConstraintsFailure,
    /// An algorithm that is not accepted.
    CryptoConstraintsFailure,
    /// The signer's certificate is not there.
    NoSigningCertificateFound,
    /// No way leads from the certificate to somebody trusted.
    NoCertificateChainFound,
    /// Time-stamps are in the wrong order.
    TimestampOrderFailure,
    /// Nothing shows how the certificate stood.
    TryLater,
    /// What was signed is not at hand.
    SignedDataNotFound,
    /// The document was changed after it was signed, in a way that the signature does not allow.
    DocumentChanged,
    /// Something was put over the document after it was signed.
    DocumentAnnotated,
}

impl Sub {
    /// The word of the standard.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::FormatFailure => "FORMAT_FAILURE",
            Self::HashFailure => "HASH_FAILURE",
            Self::CryptoFailure => "SIG_CRYPTO_FAILURE",
            Self::Revoked => "REVOKED",
            Self::RevokedNoPoe => "REVOKED_NO_POE",
            Self::RevokedCaNoPoe => "REVOKED_CA_NO_POE",
            Self::Expired => "EXPIRED",
            Self::NotYetValid => "NOT_YET_VALID",
            Self::OutOfBoundsNoPoe => "OUT_OF_BOUNDS_NO_POE",
            Self::ChainConstraintsFailure => "CHAIN_CONSTRAINTS_FAILURE",
            Self::SigConstraintsFailure => "SIG_CONSTRAINTS_FAILURE",
            Self::CryptoConstraintsFailure => "CRYPTO_CONSTRAINTS_FAILURE",
            Self::NoSigningCertificateFound => "NO_SIGNING_CERTIFICATE_FOUND",
            Self::NoCertificateChainFound => "NO_CERTIFICATE_CHAIN_FOUND",
            Self::TimestampOrderFailure => "TIMESTAMP_ORDER_FAILURE",
            Self::TryLater => "TRY_LATER",
            Self::SignedDataNotFound => "SIGNED_DATA_NOT_FOUND",
            Self::DocumentChanged => "DOCUMENT_CHANGED",
            Self::DocumentAnnotated => "DOCUMENT_ANNOTATED",
        }
    }

    /// Whether this is wrong, or only not shown.
    #[must_use]
    pub const fn indication(self) -> Indication {
        match self {
            Self::FormatFailure
            | Self::HashFailure
            | Self::CryptoFailure
            | Self::Revoked
            | Self::Expired
            | Self::NotYetValid
            | Self::DocumentChanged => Indication::Failed,
            _ => Indication::Indeterminate,
        }
    }
}

/// An answer with its reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The main answer.
    pub indication: Indication,
    /// Why, when it is not a yes.
    pub sub: Option<Sub>,
    /// The same in plain words, for whoever mends it.
    pub why: &'static str,
}

impl Verdict {
    /// Everything was shown.
    pub const PASSED: Self = Self { indication: Indication::Passed, sub: None, why: "everything was shown" };

    /// Not a yes.
    #[must_use]
    pub const fn no(sub: Sub, why: &'static str) -> Self {
        Self { indication: sub.indication(), sub: Some(sub), why }
    }

    /// Whether everything was shown.
    #[must_use]
    pub fn passed(self) -> bool {
        self.indication == Indication::Passed
    }
}

/// How much a signature carries of what a judge needs (EN 319 142-1 section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The signature alone.
    B,
    /// With a time-stamp.
    T,
    /// With chains and status of every certificate.
    LT,
    /// With a time-stamp over all of it.
    LTA,
}

impl Level {
    /// The name in the standard, after the format's.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::B => "B-B",
            Self::T => "B-T",
            Self::LT => "B-LT",
            Self::LTA => "B-LTA",
        }
    }
}

/// Who signed, by the certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    /// The name people are called by.
    pub name: String,
    /// The issuing authority's name.
    pub issuer: String,
    /// The certificate.
    pub certificate: Certificate,
}

impl Signer {
    /// Who it is by a certificate.
    #[must_use]
    pub fn of(certificate: &Certificate) -> Self {
        let name = |name| name::common_name(name).unwrap_or_default();
        Self { name: name(certificate.subject()), issuer: name(certificate.issuer()), certificate: certificate.clone() }
    }
}

/// The sub-indication that says best why a signature could not be read or checked.
pub(crate) const fn sub(error: &Error) -> Sub {
    match error {
        Error::Malformed(_) => Sub::FormatFailure,
        Error::Algorithm(_) => Sub::CryptoConstraintsFailure,
        Error::Refused(_) => Sub::NoSigningCertificateFound,
        _ => Sub::CryptoFailure,
    }
}

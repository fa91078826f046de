//! Why a ceremony was refused, one variant a check.

use super::cbor::CborError;

/// A check that failed. Says which, never repeats what was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// `clientDataJSON` is not UTF-8 JSON with the members of section 5.8.1.
    #[error("client data is not the JSON it must be")]
    ClientData,
    /// `type` is not the ceremony's.
    #[error("client data is of another ceremony type")]
    Type,
    /// The challenge is not the one this ceremony issued.
    #[error("challenge is not the one issued")]
    Challenge,
    /// The origin is not one of ours.
    #[error("origin is not one of the relying party's")]
    Origin,
    /// The ceremony ran in a frame of another origin.
    #[error("ceremony ran inside a page of another origin")]
    CrossOrigin,
    /// The top origin is not expected.
    #[error("top origin is not expected")]
    TopOrigin,
    /// The attestation object is not the CBOR map of section 6.5.4.
    #[error("attestation object: {0}")]
    AttestationObject(#[source] CborError),
    /// Authenticator data does not have the layout of section 6.1.
    #[error("authenticator data is malformed")]
    AuthenticatorData,
    /// Hash of another RP ID.
    #[error("credential is scoped to another relying party")]
    RpIdHash,
    /// Nobody touched the authenticator.
    #[error("user presence is missing")]
    UserPresence,
    /// The authenticator did not verify its user.
    #[error("user verification is missing")]
    UserVerification,
    /// Backed up although not eligible for backup.
    #[error("backup state without backup eligibility")]
    BackupState,
    /// Backup eligibility differs from the registration's.
    #[error("backup eligibility changed since registration")]
    BackupEligibility,
    /// The key is not a COSE key of a form we know.
    #[error("credential public key is malformed")]
    PublicKey,
    /// The key's algorithm was not offered.
    #[error("algorithm was not offered")]
    Algorithm,
    /// Attestation format unknown here.
    #[error("attestation format is not supported")]
    AttestationFormat,
    /// The attestation statement does not verify.
    #[error("attestation statement does not verify")]
    AttestationStatement,
    /// The attestation verifies but policy does not accept it.
    #[error("attestation is not trusted")]
    AttestationTrust,
    /// The credential id is shorter or longer than allowed.
    #[error("credential id has a wrong length")]
    CredentialIdLength,
    /// The id in the envelope is not the one in the authenticator data.
    #[error("credential id of the envelope and of the authenticator data differ")]
    CredentialIdMismatch,
    /// The credential is not one of those allowed, or not the stored one.
    #[error("credential is not one of those allowed")]
    CredentialNotAllowed,
    /// The user handle is missing or belongs to somebody else.
    #[error("user handle does not belong to this credential")]
    UserHandle,
    /// The signature does not verify.
    #[error("signature does not verify")]
    Signature,
}

impl Failure {
    /// Stable name for logs and test reports.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::ClientData => "client-data",
            Self::Type => "type",
            Self::Challenge => "challenge",
            Self::Origin => "origin",
            Self::CrossOrigin => "cross-origin",
            Self::TopOrigin => "top-origin",
            Self::AttestationObject(_) => "attestation-object",
            Self::AuthenticatorData => "authenticator-data",
            Self::RpIdHash => "rp-id-hash",
            Self::UserPresence => "user-presence",
            Self::UserVerification => "user-verification",
            Self::BackupState => "backup-state",
            Self::BackupEligibility => "backup-eligibility",
            Self::PublicKey => "public-key",
            Self::Algorithm => "algorithm",
            Self::AttestationFormat => "attestation-format",
            Self::AttestationStatement => "attestation-statement",
            Self::AttestationTrust => "attestation-trust",
            Self::CredentialIdLength => "credential-id-length",
            Self::CredentialIdMismatch => "credential-id-mismatch",
            Self::CredentialNotAllowed => "credential-not-allowed",
            Self::UserHandle => "user-handle",
            Self::Signature => "signature",
        }
    }

    /// Step of section 7.1 (registration) and of section 7.2 (authentication); `None` where the ceremony has none.
    #[must_use]
    pub fn steps(self) -> (Option<u8>, Option<u8>) {
        match self {
            Self::ClientData => (Some(6), Some(9)),
            Self::Type => (Some(7), Some(10)),
            Self::Challenge => (Some(8), Some(11)),
            Self::Origin => (Some(9), Some(12)),
            Self::CrossOrigin => (Some(10), Some(13)),
            Self::TopOrigin => (Some(11), Some(14)),
            Self::AttestationObject(_) | Self::PublicKey => (Some(13), None),
            Self::AuthenticatorData => (Some(13), Some(7)),
            Self::RpIdHash => (Some(14), Some(15)),
            Self::UserPresence => (Some(15), Some(16)),
            Self::UserVerification => (Some(16), Some(17)),
            Self::BackupState => (Some(17), Some(18)),
            Self::BackupEligibility => (None, Some(19)),
            Self::Algorithm => (Some(20), None),
            Self::AttestationFormat => (Some(21), None),
            Self::AttestationStatement => (Some(22), None),
            Self::AttestationTrust => (Some(24), None),
            Self::CredentialIdLength | Self::CredentialIdMismatch => (Some(25), None),
            Self::CredentialNotAllowed => (None, Some(5)),
            Self::UserHandle => (None, Some(6)),
            Self::Signature => (None, Some(21)),
        }
    }
}

//! Identifiers: 16 bytes, ordered by time (UUID version 7, RFC 9562 section 5.7), one type per noun.

use crate::time::Millis;
use std::fmt;
use thiserror::Error;

/// Text or bytes that are not an identifier.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("not an identifier: 16 bytes, or 36 characters of hyphenated hexadecimal, are expected")]
pub struct NotAnId;

macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident;)+) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// A new identifier from the moment and ten random bytes (74 of their bits are used).
            #[must_use]
            pub fn new(now: Millis, random: [u8; 10]) -> Self {
                let millis = u64::try_from(now.0).unwrap_or(0);
                Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid().into_bytes())
            }

            /// The sixteen bytes, as stored.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }

            /// Reads sixteen stored bytes.
            ///
            /// # Errors
            /// When there are not sixteen.
            pub fn from_bytes(bytes: &[u8]) -> Result<Self, NotAnId> {
                bytes.try_into().map(Self).map_err(|_| NotAnId)
            }

            /// Reads the hyphenated form, as it stands in URLs.
            ///
            /// # Errors
            /// When the text is of any other form.
            pub fn parse(text: &str) -> Result<Self, NotAnId> {
                if text.len() != 36 {
                    return Err(NotAnId);
                }
                uuid::Uuid::try_parse(text).map(|id| Self(id.into_bytes())).map_err(|_| NotAnId)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                uuid::Uuid::from_bytes(self.0).hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    )+};
}

ids! {
    /// A breaking of the glass by two officers.
    BreakGlassId;
    /// An errand at a counter, or a code that one screen hands to another.
    CaseId;
    /// A ceremony of a passkey: one challenge, used once.
    CeremonyId;
    /// A record of what a resident allowed a service to see.
    ConsentId;
    /// A request to set a fact right.
    CorrectionId;
    /// A passkey of a resident (our row; not the authenticator's credential id).
    CredentialId;
    /// One custody of pictures: from the opening of a worker to their destruction.
    CustodyId;
    /// Something monitoring noticed, until somebody has looked into it.
    FindingId;
    /// A key of the ring.
    KeyId;
    /// A leaf of the ledger; random beyond its time, so that it tells nothing.
    LeafId;
    /// Somebody who works here.
    OfficerId;
    /// A passkey of an officer (our row; not the authenticator's credential id).
    OfficerKeyId;
    /// A browser session of an officer.
    OfficerSessionId;
    /// A message or call waiting to be sent.
    OutboxId;
    /// A chance to get back in by recovery codes.
    RecoveryId;
    /// A registration under way.
    RegistrationId;
    /// A pushed authorization request.
    RequestId;
    /// A resident's account.
    ResidentId;
    /// A change of keys.
    RotationId;
    /// A browser session of a resident.
    SessionId;
    /// A line of a resident's sign-in history.
    SignInId;
    /// A signature that was made, with its evidence.
    SignatureId;
    /// A resident's signing key.
    SigningKeyId;
    /// A service's request for a signature.
    SigningRequestId;
    /// A request of an officer to read somebody's data.
    TicketId;
}

/// An online service's client identifier, as registered: 3 to 64 of `a-z 0-9 - . _`, starting with a letter.
///
/// It can never look like a subject (43 characters of base64url with capitals), RFC 9700 section 4.15.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceId(String);

impl ServiceId {
    /// Reads a client identifier.
    ///
    /// # Errors
    /// When it has another length, another first character or a character outside the set.
    pub fn parse(text: &str) -> Result<Self, NotAServiceId> {
        let fits = (3..=64).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.' | '_'));
        if fits { Ok(Self(text.to_owned())) } else { Err(NotAServiceId) }
    }

    /// The identifier as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ServiceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Text that is not a client identifier.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("not a client identifier: 3 to 64 of a-z, 0-9, '-', '.', '_', starting with a letter")]
pub struct NotAServiceId;

/// A trace identifier: eight random bytes that join log lines, pages and refusals of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceId(pub [u8; 8]);

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_ordered_by_time_and_read_back() {
        let early = ResidentId::new(Millis(1_000), [255; 10]);
        let late = ResidentId::new(Millis(1_001), [0; 10]);
        assert!(early < late);
        assert_eq!(ResidentId::parse(&early.to_string()), Ok(early));
        assert_eq!(ResidentId::from_bytes(early.as_bytes()), Ok(early));
        assert_eq!(ResidentId::parse("{00000000-0000-7000-8000-000000000000}"), Err(NotAnId));
        assert_eq!(ResidentId::from_bytes(&[0; 15]), Err(NotAnId));
    }

    #[test]
    fn service_ids_refuse_what_could_be_a_subject() {
        assert!(ServiceId::parse("demo-service").is_ok());
        for bad in ["", "ab", "Demo", "1abc", "a b c", "a/b", &"a".repeat(65)] {
            assert!(ServiceId::parse(bad).is_err(), "{bad:?}");
        }
    }
}

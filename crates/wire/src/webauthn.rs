//! Passkeys: what a relying party checks, from bytes to a verdict (Web Authentication Level 3).
//!
//! [`registration::verify`] does every step of section 7.1 and [`assertion::verify`] every step of section 7.2, in the
//! order the standard lists them; each refusal is a [`Failure`] that knows its step. Nothing here keeps state: that a
//! challenge is used once, and that a credential id is new or belongs to the person, is for the caller (steps 7.1.26
//! and 7.2.6), who passes what it knows in.
//!
//! Only what an answer needs is accepted: canonical CBOR, no unknown members, no more bytes than a passkey takes.
//! There is no member that could carry a biometric sample.

pub mod assertion;
pub mod attestation;
pub mod authenticator_data;
pub mod cbor;
mod certificate;
pub mod client_data;
pub mod cose;
pub mod failure;
pub mod json;
pub mod registration;

pub use assertion::{Assertion, AssertionExpectation, StoredCredential};
pub use attestation::{AttestationKind, AttestationPolicy};
pub use failure::Failure;
pub use registration::{NewCredential, RegistrationExpectation};

/// Longest credential id a relying party may accept, in bytes (section 7.1 step 25).
pub const LONGEST_CREDENTIAL_ID: usize = 1023;
/// Shortest credential id in bytes (section 4, "Credential ID": at least 16 bytes).
pub const SHORTEST_CREDENTIAL_ID: usize = 16;
/// Longest user handle in bytes (section 4, "User Handle"); ours always has this length.
pub const LONGEST_USER_HANDLE: usize = 64;
/// Shortest challenge in bytes (section 13.4.3).
pub const SHORTEST_CHALLENGE: usize = 16;

/// The relying party as the ceremony must have seen it.
#[derive(Clone, Copy, Debug)]
pub struct RelyingParty<'a> {
    /// RP ID: a host name, for example `id.example.hk`.
    pub id: &'a str,
    /// Origins a ceremony may come from, in the ASCII serialisation of an origin, compared exactly.
    pub origins: &'a [String],
    /// Whether a page of another origin may frame ours during a ceremony.
    pub framing: Framing<'a>,
}

/// Whether ceremonies inside a frame of another origin are expected (section 13.4.9).
#[derive(Clone, Copy, Debug)]
pub enum Framing<'a> {
    /// Never: `crossOrigin: true` and any `topOrigin` are refused. What this platform uses.
    Never,
    /// Only under these top origins.
    Under(&'a [String]),
}

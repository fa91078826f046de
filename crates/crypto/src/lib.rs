//! Keys: the only crate that names a cryptographic library (aws-lc, and Argon2 which aws-lc lacks).
//!
//! Small on purpose: an auditor reads this crate to know every algorithm the platform can use. Nothing here does
//! I/O. Secrets are wiped on drop, have no `Display`, and a `Debug` that shows nothing.

pub mod aead;
pub mod backup;
pub mod digest;
pub mod hpke;
pub mod kdf;
pub mod mac;
pub mod ml_dsa;
pub mod passphrase;
pub mod pkcs11;
pub mod random;
pub mod recipient;
pub mod ring;
pub mod secret;
pub mod shares;
pub mod sign;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
mod wycheproof;

use thiserror::Error;

/// What can go wrong with a key. Deliberately poor in detail: a richer answer would be an oracle.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Error {
    /// The ciphertext, its place or its key is not the one it was sealed with.
    #[error("does not open: another key, another place, or changed bytes")]
    DoesNotOpen,
    /// A key's bytes are not a key of the expected kind.
    #[error("not a key of the expected kind")]
    NotAKey,
    /// The ring holds no such key.
    #[error("the key ring holds no such key")]
    NoSuchKey,
    /// The signature does not belong to message and key.
    #[error("the signature does not verify")]
    BadSignature,
    /// A key of that name is there already.
    #[error("there is such a key already")]
    Exists,
    /// The key store module cannot be loaded, has no such token, or refused.
    #[error("the key store module cannot be used: check its path and the token's name")]
    Module,
    /// A key's module does not answer any more. It is tried again with each call.
    #[error("the key store module does not answer; it is tried again with each call")]
    ModuleGone,
    /// A key that is to lie in the module does not.
    #[error(
        "a key that the key store module is to hold is not there: run `lionrock key init-module`, or take it out of `hold`"
    )]
    NotInModule,
    /// The module does not offer the algorithm.
    #[error("the key store module does not offer this algorithm")]
    Unsupported,
    /// The token's PIN is wrong, or locked after too many wrong ones.
    #[error("the PIN of the token is wrong, or the token is locked")]
    WrongPin,
    /// The library refused; a defect of ours or of the machine.
    #[error("the cryptographic library refused the operation")]
    Library,
}

impl From<aws_lc_rs::error::Unspecified> for Error {
    fn from(_: aws_lc_rs::error::Unspecified) -> Self {
        Self::Library
    }
}

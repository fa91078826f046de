//! JSON Object Signing and Encryption: what signing in needs, and nothing a header could widen.
//!
//! A token is read in two steps that cannot be swapped: [`jws::Compact::parse`] looks at the shape only, and
//! [`jws::Compact::verify`] hands the payload out after the signature held under a key *we* chose. Algorithms are a
//! closed list of the crypto crate; `none`, `jku`, `x5u`, an embedded `jwk` and `crit` do not exist here.
//!
//! Sources: RFC 7515 (JWS), RFC 7517 (JWK), RFC 7638 (thumbprint), RFC 7519 (JWT), RFC 8725 (best practice),
//! FAPI 2.0 Security Profile 5.4.

pub mod claims;
pub mod json;
pub mod jwe;
pub mod jwk;
pub mod jws;

pub use jwk::{Jwk, JwkSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lionrock_crypto::sign::Algorithm;

/// Bytes of a compact token or of a key set that are looked at; anything longer is refused unread.
pub const LARGEST: usize = 16 * 1024;

/// Why a token, key or key set is not accepted. The fault is always the sender's, except [`Error::Signing`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The algorithm is missing, unknown, `none`, or not one of those this place accepts.
    #[error("the algorithm is not accepted here")]
    Algorithm,
    /// A claim is missing or has the wrong JSON type; the name of the claim.
    #[error("claim {0:?} is missing or has the wrong type")]
    Claim(&'static str),
    /// An object names a member twice: two readers could see two documents.
    #[error("a member name occurs twice")]
    DuplicateMember,
    /// A header member that is refused; its name.
    #[error("header member {0:?} is not accepted")]
    Header(&'static str),
    /// The key is of a kind, size or use that is not accepted; what is wrong with it.
    #[error("key not accepted: {0}")]
    Key(&'static str),
    /// Not the expected syntax; which part.
    #[error("malformed: {0}")]
    Malformed(&'static str),
    /// The signature does not verify.
    #[error("the signature does not verify")]
    Signature,
    /// Our own key could not sign.
    #[error("signing failed")]
    Signing,
    /// Longer than [`LARGEST`].
    #[error("longer than {LARGEST} bytes")]
    TooLarge,
    /// The `typ` header is not the one this place accepts.
    #[error("the typ header is not the expected one")]
    Type,
    /// No key of the set fits the header's `kid` and `alg`.
    #[error("no key of the set fits the header")]
    UnknownKey,
}

/// The algorithm of a JOSE `alg` value; nothing for `none` and for every name that is not ours.
#[must_use]
pub fn algorithm(name: &str) -> Option<Algorithm> {
    Some(match name {
        // RFC 9864 gives Ed25519 its own name; older libraries say EdDSA.
        "EdDSA" | "Ed25519" => Algorithm::EdDsa,
        "ES256" => Algorithm::Es256,
        "ES384" => Algorithm::Es384,
        "PS256" => Algorithm::Ps256,
        "RS256" => Algorithm::Rs256,
        _ => return None,
    })
}

/// base64url without padding (RFC 7515 section 2).
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads base64url without padding, refusing every second spelling (padding, blanks, stray bits at the end).
///
/// # Errors
/// [`Error::Malformed`] naming `part`.
pub fn decode(text: &str, part: &'static str) -> Result<Vec<u8>, Error> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| Error::Malformed(part))
}

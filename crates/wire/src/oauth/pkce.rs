//! Proof key for code exchange, method S256 only (RFC 7636; RFC 9700 section 2.1.1).

use super::{Code, Problem};
use crate::jose;
use lionrock_crypto::digest::sha256;

/// The SHA-256 of a verifier, as sent with the authorization request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Challenge(pub [u8; 32]);

impl Challenge {
    /// Reads `code_challenge` and `code_challenge_method`.
    ///
    /// # Errors
    /// `invalid_request` when one is missing, the method is not `S256` (`plain` is what leaves it out means, RFC 7636 4.3),
    /// or the challenge is not 32 bytes in base64url.
    pub fn parse(challenge: Option<&str>, method: Option<&str>) -> Result<Self, Problem> {
        let problem = |text| Problem::new(Code::InvalidRequest, text);
        let challenge = challenge.ok_or(problem("code_challenge is missing: PKCE is required"))?;
        if method != Some("S256") {
            return Err(problem("code_challenge_method must be S256"));
        }
        jose::decode(challenge, "code_challenge")
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .map(Self)
            .ok_or(problem("code_challenge must be 43 characters of base64url"))
    }

    /// Whether `verifier` is one, and the one that was meant.
    #[must_use]
    pub fn admits(&self, verifier: &str) -> bool {
        let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        (43..=128).contains(&verifier.len())
            && verifier.bytes().all(unreserved)
            // Both sides are hashes of a secret the sender already knows: timing tells nothing.
            && sha256(verifier.as_bytes()) == self.0
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// RFC 7636 appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_vector_of_the_rfc_fits_and_its_neighbours_do_not() {
        let challenge = Challenge::parse(Some(CHALLENGE), Some("S256")).unwrap();
        assert!(challenge.admits(VERIFIER));
        assert!(!challenge.admits(&VERIFIER.to_uppercase()));
        assert!(!challenge.admits(CHALLENGE));
        assert!(!challenge.admits(""));
    }

    #[test]
    fn plain_missing_and_misshapen_challenges_are_refused() {
        for (challenge, method) in [
            (None, Some("S256")),
            (Some(CHALLENGE), None),
            (Some(CHALLENGE), Some("plain")),
            (Some(CHALLENGE), Some("s256")),
            (Some(&CHALLENGE[1..]), Some("S256")),
            (Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM="), Some("S256")),
        ] {
            assert!(Challenge::parse(challenge, method).is_err());
        }
    }

    #[test]
    fn a_verifier_that_is_too_short_is_none_even_if_its_hash_fits() {
        let challenge = Challenge(sha256(b"short"));
        assert!(!challenge.admits("short"));
    }
}

//! ML-DSA-44 (FIPS 204): signatures that a quantum computer does not forge, for cosigned checkpoints.

use crate::Error;
use aws_lc_rs::signature::{KeyPair as _, ML_DSA_44, ML_DSA_44_SIGNING, PqdsaKeyPair, UnparsedPublicKey};
use std::fmt;

/// Bytes of a public key.
pub const PUBLIC: usize = 1312;
/// Bytes of a signature.
pub const SIGNATURE: usize = 2420;

/// A private key.
pub struct MlDsaKey(PqdsaKeyPair);

impl MlDsaKey {
    /// The key of a 32-byte seed (FIPS 204 section 6.1): the same seed, the same key.
    ///
    /// # Errors
    /// [`Error::NotAKey`] when the library refuses the seed.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, Error> {
        PqdsaKeyPair::from_seed(&ML_DSA_44_SIGNING, seed).map(Self).map_err(|_| Error::NotAKey)
    }

    /// The public half, 1312 bytes.
    #[must_use]
    pub fn public(&self) -> Vec<u8> {
        self.0.public_key().as_ref().to_vec()
    }

    /// Signs a message, with an empty context: 2420 bytes.
    ///
    /// # Errors
    /// [`Error::Library`] when signing fails.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let mut signature = vec![0; SIGNATURE];
        let length = self.0.sign(message, &mut signature)?;
        signature.truncate(length);
        Ok(signature)
    }
}

impl fmt::Debug for MlDsaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MlDsaKey(…)")
    }
}

/// Verifies a signature.
///
/// # Errors
/// [`Error::BadSignature`] when it does not verify, or the key is no key.
pub fn verify(public: &[u8], message: &[u8], signature: &[u8]) -> Result<(), Error> {
    UnparsedPublicKey::new(&ML_DSA_44, public).verify(message, signature).map_err(|_| Error::BadSignature)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn signs_and_refuses_the_rest() {
        let key = MlDsaKey::from_seed(&[7; 32]).unwrap();
        assert_eq!(key.public(), MlDsaKey::from_seed(&[7; 32]).unwrap().public());
        assert_eq!(key.public().len(), PUBLIC);
        let mut signature = key.sign(b"message").unwrap();
        assert_eq!(signature.len(), SIGNATURE);
        assert_eq!(verify(&key.public(), b"message", &signature), Ok(()));
        assert_eq!(verify(&key.public(), b"massage", &signature), Err(Error::BadSignature));
        let other = MlDsaKey::from_seed(&[8; 32]).unwrap();
        assert_eq!(verify(&other.public(), b"message", &signature), Err(Error::BadSignature));
        assert_eq!(verify(&key.public()[1..], b"message", &signature), Err(Error::BadSignature));
        signature[100] ^= 1;
        assert_eq!(verify(&key.public(), b"message", &signature), Err(Error::BadSignature));
    }
}

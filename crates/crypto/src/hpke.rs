//! HPKE (RFC 9180), base mode, one suite: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM.
//!
//! Pages seal pictures with it to a proofing worker; the key pair lives as long as one custody.

use crate::Error;
use rustls::crypto::aws_lc_rs::hpke::DH_KEM_X25519_HKDF_SHA256_AES_256 as SUITE;
use rustls::crypto::hpke::{EncapsulatedSecret, Hpke, HpkePrivateKey, HpkePublicKey};
use std::fmt;
use zeroize::Zeroizing;

/// Bytes of a public key, and of the encapsulated key in front of a sealed message.
pub const KEY: usize = 32;

/// A receiver's key pair. The private half is wiped on drop.
pub struct KeyPair {
    public: [u8; KEY],
    private: HpkePrivateKey,
}

impl KeyPair {
    /// A fresh pair (aws-lc draws the randomness itself).
    ///
    /// # Errors
    /// [`Error::Library`] when key generation fails.
    pub fn generate() -> Result<Self, Error> {
        let (public, private) = SUITE.generate_key_pair().map_err(|_| Error::Library)?;
        Ok(Self { public: public.0.try_into().map_err(|_| Error::Library)?, private })
    }

    /// The pair of a known private key, for published vectors.
    #[must_use]
    pub fn from_parts(public: [u8; KEY], private: &[u8; KEY]) -> Self {
        Self { public, private: HpkePrivateKey::from(private.to_vec()) }
    }

    /// The public key.
    #[must_use]
    pub const fn public(&self) -> &[u8; KEY] {
        &self.public
    }

    /// Opens `encapsulated key ‖ ciphertext`, sealed to this pair under the same `info` and `aad`.
    ///
    /// # Errors
    /// [`Error::DoesNotOpen`] when anything differs.
    pub fn open(&self, info: &[u8], aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let (encapsulated, ciphertext) = sealed.split_first_chunk::<KEY>().ok_or(Error::DoesNotOpen)?;
        SUITE
            .open(&EncapsulatedSecret(encapsulated.to_vec()), info, aad, ciphertext, &self.private)
            .map(Zeroizing::new)
            .map_err(|_| Error::DoesNotOpen)
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("hpke::KeyPair(…)")
    }
}

/// Seals to a public key: returns `encapsulated key ‖ ciphertext`.
///
/// # Errors
/// [`Error::NotAKey`] when the public key is not a point (or of small order).
pub fn seal(public: &[u8; KEY], info: &[u8], aad: &[u8], plain: &[u8]) -> Result<Vec<u8>, Error> {
    let (encapsulated, ciphertext) =
        SUITE.seal(info, aad, plain, &HpkePublicKey(public.to_vec())).map_err(|_| Error::NotAKey)?;
    let mut out = encapsulated.0;
    out.extend(ciphertext);
    Ok(out)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn sealed_opens_only_with_key_info_and_aad() {
        let pair = KeyPair::generate().unwrap();
        let other = KeyPair::generate().unwrap();
        let sealed = seal(pair.public(), b"info", b"aad", b"picture").unwrap();
        assert_eq!(&**pair.open(b"info", b"aad", &sealed).unwrap(), b"picture");
        assert!(other.open(b"info", b"aad", &sealed).is_err());
        assert!(pair.open(b"info!", b"aad", &sealed).is_err());
        assert!(pair.open(b"info", b"aad!", &sealed).is_err());
        assert!(pair.open(b"info", b"aad", &sealed[..31]).is_err());
        assert!(pair.open(b"info", b"aad", &sealed[..sealed.len() - 1]).is_err());
    }

    #[test]
    fn small_order_keys_are_refused() {
        assert_eq!(seal(&[0; 32], b"", b"", b"x"), Err(Error::NotAKey));
    }
}

//! HPKE (RFC 9180), base mode, one suite: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM.
//!
//! Pages seal pictures with it to a proofing worker; the key pair lives as long as one custody.

use crate::Error;
use crate::secret::Secret;
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

    /// The private key, for a holder who keeps it in a file of their own.
    ///
    /// # Errors
    /// [`Error::NotAKey`] when it is not of this suite.
    pub fn private(&self) -> Result<Secret<KEY>, Error> {
        Secret::from_slice(self.private.secret_bytes())
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

    /// RFC 9180 appendix A.1.1: receiver, encapsulated key, info; sequence number 0.
    const PUBLIC: &str = "3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d";
    const PRIVATE: &str = "4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8";
    const ENCAPSULATED: &str = "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431";
    const INFO: &[u8] = b"Ode on a Grecian Urn";
    const PLAIN: &[u8] = b"Beauty is truth, truth beauty";
    const AAD: &[u8] = b"Count-0";

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    }

    #[test]
    fn the_published_vector_of_rfc_9180_opens() {
        use rustls::crypto::aws_lc_rs::hpke::DH_KEM_X25519_HKDF_SHA256_AES_128 as PUBLISHED;
        let sealed =
            bytes("f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a");
        let private = HpkePrivateKey::from(bytes(PRIVATE));
        let opened = PUBLISHED.open(&EncapsulatedSecret(bytes(ENCAPSULATED)), INFO, AAD, &sealed, &private);
        assert_eq!(opened.unwrap(), PLAIN);
    }

    /// Sealed by `crates/web/assets/js/seal.js` with the ephemeral key of the same appendix.
    #[test]
    fn what_the_page_seals_opens() {
        let sealed = "090b7dc225419f7da9e8b460becfbb96a26c7964d79b8010d397fa838530a32a397b14f5776db19ff5e57734e0";
        let pair = KeyPair::from_parts(bytes(PUBLIC).try_into().unwrap(), &bytes(PRIVATE).try_into().unwrap());
        let sealed = [bytes(ENCAPSULATED), bytes(sealed)].concat();
        assert_eq!(&**pair.open(INFO, AAD, &sealed).unwrap(), PLAIN);
    }
}

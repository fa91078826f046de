//! AES-256-GCM (NIST SP 800-38D), 96-bit nonces, 128-bit tags.

use crate::Error;
use crate::random::Entropy;
use crate::secret::Secret;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroizing;

/// Bytes of a nonce.
pub const NONCE: usize = 12;

/// A key for AES-256-GCM.
#[derive(Clone, Debug)]
pub struct Key(Secret<32>);

impl Key {
    /// A key from its bytes.
    #[must_use]
    pub const fn new(bytes: Secret<32>) -> Self {
        Self(bytes)
    }

    /// Seals under a nonce that must never be used twice with this key. Returns ciphertext and tag.
    ///
    /// # Errors
    /// [`Error::Library`] when the message is beyond GCM's limit.
    pub fn seal(&self, nonce: [u8; NONCE], aad: &[u8], plain: &[u8]) -> Result<Vec<u8>, Error> {
        let mut buffer = Vec::with_capacity(plain.len() + 16);
        buffer.extend_from_slice(plain);
        self.bound()?.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), &mut buffer)?;
        Ok(buffer)
    }

    /// Opens ciphertext and tag.
    ///
    /// # Errors
    /// [`Error::DoesNotOpen`] when key, nonce, associated data or bytes are not the sealed ones.
    pub fn open(&self, nonce: [u8; NONCE], aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let mut buffer = Zeroizing::new(sealed.to_vec());
        let length = self
            .bound()?
            .open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(aad), &mut buffer)
            .map_err(|_| Error::DoesNotOpen)?
            .len();
        buffer.truncate(length);
        Ok(buffer)
    }

    /// Seals under a random nonce, which is put in front of the ciphertext. For keys that seal few messages.
    ///
    /// # Errors
    /// As [`Key::seal`].
    pub fn seal_random(&self, entropy: &dyn Entropy, aad: &[u8], plain: &[u8]) -> Result<Vec<u8>, Error> {
        let nonce = entropy.array();
        let mut out = nonce.to_vec();
        out.extend(self.seal(nonce, aad, plain)?);
        Ok(out)
    }

    /// Opens what [`Key::seal_random`] made.
    ///
    /// # Errors
    /// As [`Key::open`].
    pub fn open_random(&self, aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE>().ok_or(Error::DoesNotOpen)?;
        self.open(*nonce, aad, rest)
    }

    /// The bytes, for wrapping this key under another.
    pub(crate) const fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }

    fn bound(&self) -> Result<LessSafeKey, Error> {
        Ok(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, self.0.expose())?))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::random::Seeded;

    #[test]
    fn nist_gcm_test_case_14() {
        // AES-256, zero key, zero nonce, sixteen zero bytes.
        let sealed = Key::new(Secret::new([0; 32])).seal([0; 12], b"", &[0; 16]).unwrap();
        assert_eq!(&sealed[..4], &[0xce, 0xa7, 0x40, 0x3d]);
        assert_eq!(&sealed[16..20], &[0xd0, 0xd1, 0xc8, 0xa7]);
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let key = Key::new(Secret::new([1; 32]));
        let sealed = key.seal_random(&Seeded::new(1), b"place", b"text").unwrap();
        assert_eq!(&**key.open_random(b"place", &sealed).unwrap(), b"text");
        assert_eq!(key.open_random(b"other", &sealed).unwrap_err(), Error::DoesNotOpen);
        for i in 0..sealed.len() {
            let mut spoilt = sealed.clone();
            spoilt[i] ^= 1;
            assert_eq!(key.open_random(b"place", &spoilt).unwrap_err(), Error::DoesNotOpen);
        }
        assert!(key.open_random(b"place", &sealed[..5]).is_err());
    }
}

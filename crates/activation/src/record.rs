//! What is sealed about a signing key: the key itself, and whose passkey alone may have it used.
//!
//! `1 ‖ nonce (12) ‖ ciphertext and tag`, AES-256-GCM under the activation key. Associated data binds realm and key id, so that a
//! record put in another key's place does not open.

use crate::message::Authenticator;
use lionrock_crypto::Error;
use lionrock_crypto::aead::Key;
use lionrock_crypto::random::Entropy;
use lionrock_crypto::sign::{Algorithm, SigningKey};
use lionrock_wire::webauthn::json::Base64Url;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

/// An opened record. Overwritten when dropped.
pub struct Record {
    /// Whose key it is.
    pub resident: String,
    /// The passkey that approves.
    pub authenticator: Authenticator,
    /// The key.
    pub key: SigningKey,
    pkcs8: Zeroizing<Vec<u8>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Plain {
    algorithm: String,
    authenticator: Authenticator,
    private_key: Base64Url,
    resident: String,
}

impl Drop for Plain {
    fn drop(&mut self) {
        self.private_key.0.zeroize();
    }
}

const VERSION: u8 = 1;

impl Record {
    /// A record of a fresh key.
    ///
    /// # Errors
    /// Of the library.
    pub fn make(algorithm: Algorithm, resident: &str, authenticator: Authenticator) -> Result<Self, Error> {
        let key = SigningKey::generate(algorithm)?;
        let pkcs8 = key.to_pkcs8()?;
        Ok(Self { resident: resident.to_owned(), authenticator, key, pkcs8 })
    }

    /// Seals the record for its place.
    ///
    /// # Errors
    /// Of the library.
    pub fn seal(&self, by: &Key, realm: &str, id: &str, entropy: &dyn Entropy) -> Result<Vec<u8>, Error> {
        let plain = Plain {
            algorithm: self.key.algorithm().name().to_owned(),
            authenticator: self.authenticator.clone(),
            private_key: Base64Url(self.pkcs8.to_vec()),
            resident: self.resident.clone(),
        };
        let plain = Zeroizing::new(serde_json::to_vec(&plain).map_err(|_| Error::NotAKey)?);
        let mut out = vec![VERSION];
        out.extend(by.seal_random(entropy, &place(realm, id), &plain)?);
        Ok(out)
    }

    /// Opens a record from its place.
    ///
    /// # Errors
    /// [`Error::DoesNotOpen`] when key, realm, id or bytes are not the sealed ones.
    pub fn open(by: &Key, realm: &str, id: &str, sealed: &[u8]) -> Result<Self, Error> {
        let sealed = sealed.strip_prefix(&[VERSION]).ok_or(Error::DoesNotOpen)?;
        let plain = by.open_random(&place(realm, id), sealed)?;
        let mut plain: Plain = serde_json::from_slice(&plain).map_err(|_| Error::DoesNotOpen)?;
        let algorithm = algorithm(&plain.algorithm).ok_or(Error::DoesNotOpen)?;
        let pkcs8 = Zeroizing::new(std::mem::take(&mut plain.private_key.0));
        let key = SigningKey::from_pkcs8(algorithm, &pkcs8)?;
        Ok(Self {
            resident: std::mem::take(&mut plain.resident),
            authenticator: plain.authenticator.clone(),
            key,
            pkcs8,
        })
    }
}

impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Record(…)")
    }
}

/// The algorithms residents sign with, by their JOSE names. RSA keys have 3072 bits.
#[must_use]
pub fn algorithm(name: &str) -> Option<Algorithm> {
    [Algorithm::Es256, Algorithm::Es384, Algorithm::Rs256].into_iter().find(|one| one.name() == name)
}

fn place(realm: &str, id: &str) -> Vec<u8> {
    [b"lionrock activation record v1\0", realm.as_bytes(), b"\0", id.as_bytes()].concat()
}

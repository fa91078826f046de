//! COSE public keys of passkeys (RFC 9052 section 7, RFC 9053, RFC 8230 for RSA; WebAuthn L3 section 5.8.5).

use lionrock_crypto::sign::{self, PublicKey};

use super::Failure;
use super::cbor::{self, Value};

/// COSE algorithms understood here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CoseAlgorithm {
    /// ECDSA on P-256 with SHA-256, −7.
    Es256,
    /// Ed25519, −8.
    EdDsa,
    /// ECDSA on P-384 with SHA-384, −35.
    Es384,
    /// RSASSA-PKCS1-v1_5 with SHA-256, −257.
    Rs256,
}

impl CoseAlgorithm {
    /// What this platform offers, best first.
    pub const OFFERED: &'static [Self] = &[Self::Es256, Self::EdDsa, Self::Rs256];

    /// The registered number.
    #[must_use]
    pub fn number(self) -> i64 {
        match self {
            Self::Es256 => -7,
            Self::EdDsa => -8,
            Self::Es384 => -35,
            Self::Rs256 => -257,
        }
    }

    /// The algorithm of a registered number.
    #[must_use]
    pub fn from_number(number: i64) -> Option<Self> {
        [Self::Es256, Self::EdDsa, Self::Es384, Self::Rs256].into_iter().find(|known| known.number() == number)
    }

    /// Verifies a signature in the encoding WebAuthn uses (section 6.5.5: ASN.1 for ECDSA).
    #[must_use]
    pub fn verify(self, key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
        let outcome = match self {
            Self::Es256 => key.verify_der(sign::Algorithm::Es256, message, signature),
            Self::Es384 => key.verify_der(sign::Algorithm::Es384, message, signature),
            Self::EdDsa => key.verify(sign::Algorithm::EdDsa, message, signature),
            Self::Rs256 => key.verify(sign::Algorithm::Rs256, message, signature),
        };
        outcome.is_ok()
    }
}

/// A public key with its algorithm, and the canonical bytes to keep.
#[derive(Clone, Debug)]
pub struct CoseKey {
    /// Algorithm the key is for.
    pub algorithm: CoseAlgorithm,
    /// The key.
    pub key: PublicKey,
    /// Canonical CBOR, as received.
    pub bytes: Vec<u8>,
}

impl CoseKey {
    /// Parses exactly one key, for example a stored one.
    ///
    /// # Errors
    /// [`Failure::PublicKey`] or [`Failure::Algorithm`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Failure> {
        let (key, rest) = Self::parse_first(bytes)?;
        if rest.is_empty() { Ok(key) } else { Err(Failure::PublicKey) }
    }

    /// Parses the key at the start and returns what follows.
    ///
    /// # Errors
    /// [`Failure::PublicKey`] or [`Failure::Algorithm`].
    pub fn parse_first(bytes: &[u8]) -> Result<(Self, &[u8]), Failure> {
        let (value, rest) = cbor::decode_first(bytes).map_err(|_| Failure::PublicKey)?;
        let number = value.int_key(3).and_then(Value::int).ok_or(Failure::PublicKey)?;
        let algorithm = CoseAlgorithm::from_number(number).ok_or(Failure::Algorithm)?;
        let key = match algorithm {
            CoseAlgorithm::Es256 => {
                shape(&value, 5, 2, Some(1))?;
                PublicKey::P256 { x: part(&value, -2)?, y: part(&value, -3)? }
            }
            CoseAlgorithm::Es384 => {
                shape(&value, 5, 2, Some(2))?;
                PublicKey::P384 { x: part(&value, -2)?, y: part(&value, -3)? }
            }
            CoseAlgorithm::EdDsa => {
                shape(&value, 4, 1, Some(6))?;
                PublicKey::Ed25519(part(&value, -2)?)
            }
            CoseAlgorithm::Rs256 => {
                shape(&value, 4, 3, None)?;
                let n = value.int_key(-1).and_then(Value::bytes).ok_or(Failure::PublicKey)?;
                let e = value.int_key(-2).and_then(Value::bytes).ok_or(Failure::PublicKey)?;
                // 2048 to 8192 bits, no leading zeros, and an exponent of at most four bytes.
                let sound = (256..=1024).contains(&n.len())
                    && (1..=4).contains(&e.len())
                    && n.first() != Some(&0)
                    && e.first() != Some(&0);
                if !sound {
                    return Err(Failure::PublicKey);
                }
                PublicKey::Rsa { n: n.to_vec(), e: e.to_vec() }
            }
        };
        let used = bytes.len() - rest.len();
        let bytes = bytes.get(..used).ok_or(Failure::PublicKey)?.to_vec();
        Ok((Self { algorithm, key, bytes }, rest))
    }

    /// Whether the signature is this key's over the message.
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.algorithm.verify(&self.key, message, signature)
    }
}

/// Exactly `entries` members, key type `kty`, curve `crv`: no optional parameter may come along (section 6.5.2).
fn shape(value: &Value, entries: usize, kty: i64, curve: Option<i64>) -> Result<(), Failure> {
    let members = value.entries().ok_or(Failure::PublicKey)?;
    let right_curve = curve.is_none_or(|curve| value.int_key(-1).and_then(Value::int) == Some(curve));
    let right_type = value.int_key(1).and_then(Value::int) == Some(kty);
    if members.len() == entries && right_type && right_curve { Ok(()) } else { Err(Failure::PublicKey) }
}

fn part<const N: usize>(value: &Value, label: i64) -> Result<[u8; N], Failure> {
    let bytes = value.int_key(label).and_then(Value::bytes).ok_or(Failure::PublicKey)?;
    bytes.try_into().map_err(|_| Failure::PublicKey)
}

//! Opening what somebody encrypted to a public key, in the two ways JOSE and JWE use: P-256 agreement and RSA-OAEP.

use crate::Error;
use crate::secret::Secret;
use aws_lc_rs::agreement::{self, ECDH_P256, PrivateKey, UnparsedPublicKey};
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use std::fmt;
use zeroize::Zeroizing;

/// A private key of a recipient.
pub struct RecipientKey(Kind);

enum Kind {
    P256(PrivateKey),
    Rsa(OaepPrivateDecryptingKey),
}

/// The numbers of an RSA private key, big-endian, as RFC 8017 section 3.2 names them.
#[derive(Clone, Copy)]
pub struct RsaNumbers<'a> {
    /// Modulus.
    pub n: &'a [u8],
    /// Public exponent.
    pub e: &'a [u8],
    /// Private exponent.
    pub d: &'a [u8],
    /// First prime.
    pub p: &'a [u8],
    /// Second prime.
    pub q: &'a [u8],
    /// d mod (p − 1).
    pub dp: &'a [u8],
    /// d mod (q − 1).
    pub dq: &'a [u8],
    /// Inverse of q mod p.
    pub qi: &'a [u8],
}

impl RecipientKey {
    /// Reads a PKCS #8 key: P-256, or RSA of 2048 bits and more.
    ///
    /// # Errors
    /// [`Error::NotAKey`].
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, Error> {
        if let Ok(key) = PrivateKey::from_private_key_der(&ECDH_P256, der) {
            return Ok(Self(Kind::P256(key)));
        }
        let key = PrivateDecryptingKey::from_pkcs8(der).map_err(|_| Error::NotAKey)?;
        if key.key_size_bits() < 2048 {
            return Err(Error::NotAKey);
        }
        Ok(Self(Kind::Rsa(OaepPrivateDecryptingKey::new(key)?)))
    }

    /// A P-256 key from its secret number.
    ///
    /// # Errors
    /// [`Error::NotAKey`] for zero and for numbers beyond the order of the curve.
    pub fn from_p256(secret: &[u8; 32]) -> Result<Self, Error> {
        PrivateKey::from_private_key(&ECDH_P256, secret).map(|key| Self(Kind::P256(key))).map_err(|_| Error::NotAKey)
    }

    /// An RSA key from its numbers.
    ///
    /// # Errors
    /// [`Error::NotAKey`] when they do not belong together.
    pub fn from_rsa(numbers: &RsaNumbers<'_>) -> Result<Self, Error> {
        Self::from_pkcs8(&pkcs8(numbers))
    }

    /// Is it an RSA key (else P-256)?
    #[must_use]
    pub const fn is_rsa(&self) -> bool {
        matches!(self.0, Kind::Rsa(_))
    }

    /// The shared secret with another P-256 key: the x coordinate (SP 800-56A section 5.7.1.2).
    ///
    /// # Errors
    /// [`Error::DoesNotOpen`] when the other key is no point of the curve, or ours is an RSA key.
    pub fn agree(&self, x: &[u8; 32], y: &[u8; 32]) -> Result<Secret<32>, Error> {
        let Kind::P256(key) = &self.0 else { return Err(Error::DoesNotOpen) };
        let point = UnparsedPublicKey::new(&ECDH_P256, [&[4], &x[..], y].concat());
        agreement::agree(key, point, Error::DoesNotOpen, Secret::from_slice)
    }

    /// A 256-bit key encrypted by RSA-OAEP with SHA-256 and MGF1 with SHA-256 (RFC 8017 section 7.1).
    ///
    /// # Errors
    /// [`Error::DoesNotOpen`], whatever is wrong.
    pub fn decrypt_key(&self, encrypted: &[u8]) -> Result<Secret<32>, Error> {
        let Kind::Rsa(key) = &self.0 else { return Err(Error::DoesNotOpen) };
        let mut plain = Zeroizing::new(vec![0; key.min_output_size()]);
        let opened = key.decrypt(&OAEP_SHA256_MGF1SHA256, encrypted, &mut plain, None);
        let opened = opened.map_err(|_| Error::DoesNotOpen)?;
        Secret::from_slice(opened).map_err(|_| Error::DoesNotOpen)
    }
}

impl fmt::Debug for RecipientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecipientKey({}, …)", if self.is_rsa() { "RSA" } else { "P-256" })
    }
}

/// PrivateKeyInfo (RFC 5208 section 5) around RSAPrivateKey (RFC 8017 appendix A.1.2).
fn pkcs8(numbers: &RsaNumbers<'_>) -> Zeroizing<Vec<u8>> {
    let RsaNumbers { n, e, d, p, q, dp, dq, qi } = *numbers;
    let mut key = Zeroizing::new(integer(&[0]));
    [n, e, d, p, q, dp, dq, qi].iter().for_each(|number| key.extend(Zeroizing::new(integer(number)).iter()));
    let key = Zeroizing::new(element(SEQUENCE, &key));
    let whole = Zeroizing::new([integer(&[0]), RSA_ENCRYPTION.to_vec(), element(OCTET_STRING, &key)].concat());
    Zeroizing::new(element(SEQUENCE, &whole))
}

fn integer(number: &[u8]) -> Vec<u8> {
    let first = number.iter().position(|&byte| byte != 0).unwrap_or(number.len().saturating_sub(1));
    let number = number.get(first..).unwrap_or_default();
    // A set first bit would make it negative.
    let sign: &[u8] = if number.first().is_none_or(|&byte| byte >= 0x80) { &[0] } else { &[] };
    element(INTEGER, &Zeroizing::new([sign, number].concat()))
}

/// Tag, length, content (X.690 section 8.1).
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let first = length.iter().position(|&byte| byte != 0).unwrap_or(length.len() - 1);
    let short = length.get(first..).unwrap_or_default();
    let mut out = vec![tag];
    if content.len() >= 0x80 {
        out.push(0x80 | u8::try_from(short.len()).unwrap_or(0));
    }
    out.extend_from_slice(short);
    out.extend_from_slice(content);
    out
}

const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const SEQUENCE: u8 = 0x30;
/// AlgorithmIdentifier of rsaEncryption with NULL parameters.
const RSA_ENCRYPTION: &[u8] =
    &[0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

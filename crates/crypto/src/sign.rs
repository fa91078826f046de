//! Signatures: ES256, ES384, Ed25519, and RSA of 3072 bits for those who can read nothing else.

use crate::Error;
use crate::pkcs11::ModulePair;
use aws_lc_rs::digest;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{self, KeySize};
use aws_lc_rs::signature::{
    self, ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_ASN1,
    ECDSA_P384_SHA384_FIXED, ECDSA_P384_SHA384_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RSA_PSS_2048_8192_SHA256, RSA_PSS_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use std::fmt;
use zeroize::Zeroizing;

/// A signature algorithm, by its JOSE name (RFC 7518, RFC 8037).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// Ed25519.
    EdDsa,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
}

impl Algorithm {
    /// The JOSE name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Ps256 => "PS256",
            Self::Rs256 => "RS256",
        }
    }
}

/// A private key that signs: in memory, or in a key store module.
pub struct SigningKey(Kind);

enum Kind {
    Ecdsa(Algorithm, EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(Algorithm, rsa::KeyPair),
    Module(ModulePair),
}

/// Bytes of the smallest RSA modulus that signs here: 3072 bits.
const RSA_LEAST: usize = 384;

impl SigningKey {
    /// A fresh key (aws-lc draws the randomness itself); RSA of 3072 bits, which takes a good part of a second.
    ///
    /// # Errors
    /// [`Error::Library`] when the library makes none.
    pub fn generate(algorithm: Algorithm) -> Result<Self, Error> {
        Ok(Self(match algorithm {
            Algorithm::Es256 => Kind::Ecdsa(algorithm, EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?),
            Algorithm::Es384 => Kind::Ecdsa(algorithm, EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING)?),
            Algorithm::EdDsa => Kind::Ed25519(Ed25519KeyPair::generate()?),
            Algorithm::Ps256 | Algorithm::Rs256 => Kind::Rsa(algorithm, rsa::KeyPair::generate(KeySize::Rsa3072)?),
        }))
    }

    /// Reads a key from PKCS#8 (RFC 5958).
    ///
    /// # Errors
    /// [`Error::NotAKey`] when the bytes are not a key of this algorithm, or RSA of fewer than 3072 bits.
    pub fn from_pkcs8(algorithm: Algorithm, der: &[u8]) -> Result<Self, Error> {
        let ecdsa = |kind| EcdsaKeyPair::from_pkcs8(kind, der).map_err(|_| Error::NotAKey);
        Ok(Self(match algorithm {
            Algorithm::Es256 => Kind::Ecdsa(algorithm, ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING)?),
            Algorithm::Es384 => Kind::Ecdsa(algorithm, ecdsa(&ECDSA_P384_SHA384_FIXED_SIGNING)?),
            Algorithm::EdDsa => Kind::Ed25519(Ed25519KeyPair::from_pkcs8(der).map_err(|_| Error::NotAKey)?),
            Algorithm::Ps256 | Algorithm::Rs256 => {
                let pair = rsa::KeyPair::from_pkcs8(der).map_err(|_| Error::NotAKey)?;
                if pair.public_modulus_len() < RSA_LEAST {
                    return Err(Error::NotAKey);
                }
                Kind::Rsa(algorithm, pair)
            }
        }))
    }

    /// A key that stays in its module.
    #[must_use]
    pub const fn in_module(pair: ModulePair) -> Self {
        Self(Kind::Module(pair))
    }

    /// An Ed25519 key from its 32-byte seed (RFC 8032), for published vectors and note keys.
    ///
    /// # Errors
    /// [`Error::NotAKey`] when the library refuses the seed.
    pub fn from_ed25519_seed(seed: &[u8; 32]) -> Result<Self, Error> {
        Ed25519KeyPair::from_seed_unchecked(seed).map(|pair| Self(Kind::Ed25519(pair))).map_err(|_| Error::NotAKey)
    }

    /// The key as PKCS#8, for sealing in the key ring.
    ///
    /// # Errors
    /// [`Error::Library`] when encoding fails, [`Error::NotAKey`] when the key lies in a module, which it never leaves.
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        let document = match &self.0 {
            Kind::Ecdsa(_, pair) => pair.to_pkcs8v1()?,
            Kind::Ed25519(pair) => pair.to_pkcs8v1()?,
            Kind::Rsa(_, pair) => {
                let der = AsDer::<Pkcs8V1Der<'_>>::as_der(pair)?;
                return Ok(Zeroizing::new(der.as_ref().to_vec()));
            }
            Kind::Module(_) => return Err(Error::NotAKey),
        };
        Ok(Zeroizing::new(document.as_ref().to_vec()))
    }

    /// The algorithm this key signs with.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        match &self.0 {
            Kind::Ecdsa(algorithm, _) | Kind::Rsa(algorithm, _) => *algorithm,
            Kind::Ed25519(_) => Algorithm::EdDsa,
            Kind::Module(pair) => pair.algorithm(),
        }
    }

    /// Signs a message. ECDSA signatures are `r ‖ s` of fixed length, as JOSE wants them (RFC 7518 section 3.4).
    ///
    /// # Errors
    /// [`Error::Library`] when signing fails, [`Error::ModuleGone`] when the key's module does not answer.
    #[expect(clippy::disallowed_methods, reason = "nonce and salt of a signature are the library's own affair")]
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(match &self.0 {
            Kind::Ecdsa(_, pair) => pair.sign(&SystemRandom::new(), message)?.as_ref().to_vec(),
            Kind::Ed25519(pair) => pair.try_sign(message)?.as_ref().to_vec(),
            Kind::Rsa(algorithm, pair) => {
                let padding: &dyn signature::RsaEncoding =
                    if *algorithm == Algorithm::Ps256 { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
                let mut bytes = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &SystemRandom::new(), message, &mut bytes)?;
                bytes
            }
            Kind::Module(pair) => pair.sign(message)?,
        })
    }

    /// Signs a message that is known by its digest alone: SHA-256, or SHA-384 for ES384. Whoever calls it trusts where the digest
    /// comes from.
    ///
    /// # Errors
    /// [`Error::NotAKey`] when the digest has another length, or the key signs no digests (Ed25519; keys in a module).
    pub fn sign_digest(&self, digest: &[u8]) -> Result<Vec<u8>, Error> {
        let kind = if self.algorithm() == Algorithm::Es384 { &digest::SHA384 } else { &digest::SHA256 };
        let digest = digest::Digest::import_less_safe(digest, kind).map_err(|_| Error::NotAKey)?;
        Ok(match &self.0 {
            Kind::Ecdsa(_, pair) => pair.sign_digest(&digest)?.as_ref().to_vec(),
            Kind::Rsa(algorithm, pair) => {
                let padding: &'static dyn signature::RsaEncoding =
                    if *algorithm == Algorithm::Ps256 { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
                let mut bytes = vec![0; pair.public_modulus_len()];
                pair.sign_digest(padding, &digest, &mut bytes)?;
                bytes
            }
            Kind::Ed25519(_) | Kind::Module(_) => return Err(Error::NotAKey),
        })
    }

    /// The public half.
    ///
    /// # Errors
    /// [`Error::Library`] when the library gives a point of another length than its curve has.
    pub fn public(&self) -> Result<PublicKey, Error> {
        match &self.0 {
            Kind::Ecdsa(Algorithm::Es384, pair) => {
                let (x, y) = coordinates::<48>(pair.public_key().as_ref())?;
                Ok(PublicKey::P384 { x, y })
            }
            Kind::Ecdsa(_, pair) => {
                let (x, y) = coordinates::<32>(pair.public_key().as_ref())?;
                Ok(PublicKey::P256 { x, y })
            }
            Kind::Ed25519(pair) => {
                Ok(PublicKey::Ed25519(pair.public_key().as_ref().try_into().map_err(|_| Error::Library)?))
            }
            Kind::Rsa(_, pair) => {
                let (n, e) = rsa_numbers(pair.public_key().as_ref()).ok_or(Error::Library)?;
                Ok(PublicKey::Rsa { n, e })
            }
            Kind::Module(pair) => Ok(pair.public()),
        }
    }
}

/// Modulus and exponent of `SEQUENCE { INTEGER, INTEGER }` (RFC 8017 appendix A.1.1), as the library writes it.
fn rsa_numbers(der: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    fn element(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
        let rest = der.strip_prefix(&[tag])?;
        let (first, rest) = rest.split_first()?;
        let (length, rest) = match usize::from(*first) {
            short @ 0..0x80 => (short, rest),
            long => {
                let (bytes, rest) = rest.split_at_checked(long & 0x7f).filter(|(bytes, _)| bytes.len() <= 3)?;
                (bytes.iter().fold(0, |all, byte| all << 8 | usize::from(*byte)), rest)
            }
        };
        rest.split_at_checked(length)
    }
    let plain = |bytes: &[u8]| bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
    let (inside, _) = element(0x30, der)?;
    let (n, rest) = element(0x02, inside)?;
    let (e, _) = element(0x02, rest)?;
    Some((plain(n), plain(e)))
}

/// `SEQUENCE { INTEGER, INTEGER }` of modulus and exponent (RFC 8017 appendix A.1.1), which are big-endian without leading zeros.
fn rsa_key(n: &[u8], e: &[u8]) -> Vec<u8> {
    fn element(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = content.len().to_be_bytes();
        let used: Vec<u8> = length.iter().copied().skip_while(|byte| *byte == 0).collect();
        let head = match (content.len(), u8::try_from(used.len())) {
            (0..0x80, _) | (_, Err(_)) => vec![tag, used.first().copied().unwrap_or_default()],
            (_, Ok(count)) => [&[tag, 0x80 | count][..], &used].concat(),
        };
        [head, content.to_vec()].concat()
    }
    let number = |bytes: &[u8]| {
        let sign: &[u8] = if bytes.first().is_some_and(|first| *first < 0x80) { &[] } else { &[0] };
        element(0x02, &[sign, bytes].concat())
    };
    element(0x30, &[number(n), number(e)].concat())
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, …)", self.algorithm().name())
    }
}

pub(crate) fn coordinates<const N: usize>(point: &[u8]) -> Result<([u8; N], [u8; N]), Error> {
    let rest = point.strip_prefix(&[4]).ok_or(Error::Library)?;
    let (x, y) = rest.split_at_checked(N).ok_or(Error::Library)?;
    Ok((x.try_into().map_err(|_| Error::Library)?, y.try_into().map_err(|_| Error::Library)?))
}

/// A public key of somebody's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PublicKey {
    /// Ed25519 (RFC 8032).
    Ed25519([u8; 32]),
    /// A point on P-256, big-endian coordinates.
    P256 {
        /// First coordinate.
        x: [u8; 32],
        /// Second coordinate.
        y: [u8; 32],
    },
    /// A point on P-384, big-endian coordinates.
    P384 {
        /// First coordinate.
        x: [u8; 48],
        /// Second coordinate.
        y: [u8; 48],
    },
    /// RSA, 2048 to 8192 bits; big-endian without leading zeros.
    Rsa {
        /// Modulus.
        n: Vec<u8>,
        /// Public exponent.
        e: Vec<u8>,
    },
}

impl PublicKey {
    /// Reads what [`PublicKey::bytes`] wrote of a key on a curve.
    ///
    /// # Errors
    /// [`Error::NotAKey`] when the bytes are none of this algorithm.
    pub fn from_bytes(algorithm: Algorithm, bytes: &[u8]) -> Result<Self, Error> {
        let half = |from: usize, to: usize| bytes.get(from..to).unwrap_or_default();
        let read = |part: &[u8]| <[u8; 32]>::try_from(part).map_err(|_| Error::NotAKey);
        let key = match (algorithm, bytes.len(), bytes.first()) {
            (Algorithm::EdDsa, 32, _) => Self::Ed25519(read(bytes)?),
            (Algorithm::Es256, 65, Some(4)) => Self::P256 { x: read(half(1, 33))?, y: read(half(33, 65))? },
            _ => return Err(Error::NotAKey),
        };
        if key.is_sound() { Ok(key) } else { Err(Error::NotAKey) }
    }

    /// Verifies a signature in the JOSE form (`r ‖ s` for ECDSA).
    ///
    /// # Errors
    /// [`Error::BadSignature`] when it does not verify, the algorithm is not the key's, or the key is no key.
    pub fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> Result<(), Error> {
        match (self, algorithm) {
            (Self::P256 { .. }, Algorithm::Es256) => self.check(&ECDSA_P256_SHA256_FIXED, message, signature),
            (Self::P384 { .. }, Algorithm::Es384) => self.check(&ECDSA_P384_SHA384_FIXED, message, signature),
            (Self::Ed25519(_), Algorithm::EdDsa) => self.check(&ED25519, message, signature),
            (Self::Rsa { n, e }, Algorithm::Ps256 | Algorithm::Rs256) => {
                let parameters =
                    if algorithm == Algorithm::Ps256 { &RSA_PSS_2048_8192_SHA256 } else { &RSA_PKCS1_2048_8192_SHA256 };
                RsaPublicKeyComponents { n, e }.verify(parameters, message, signature).map_err(|_| Error::BadSignature)
            }
            _ => Err(Error::BadSignature),
        }
    }

    /// Verifies a signature in the ASN.1 form that certificates and WebAuthn use for ECDSA; as [`PublicKey::verify`] otherwise.
    ///
    /// # Errors
    /// As [`PublicKey::verify`].
    pub fn verify_der(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> Result<(), Error> {
        match (self, algorithm) {
            (Self::P256 { .. }, Algorithm::Es256) => self.check(&ECDSA_P256_SHA256_ASN1, message, signature),
            (Self::P384 { .. }, Algorithm::Es384) => self.check(&ECDSA_P384_SHA384_ASN1, message, signature),
            _ => self.verify(algorithm, message, signature),
        }
    }

    /// Verifies a signature, of ECDSA in the JOSE form or of RSA, over a message that is known by its digest alone.
    ///
    /// # Errors
    /// As [`PublicKey::verify`]; also for Ed25519, which signs no digests.
    pub fn verify_digest(&self, algorithm: Algorithm, digest: &[u8], signature: &[u8]) -> Result<(), Error> {
        let (parameters, kind): (&'static dyn signature::VerificationAlgorithm, _) = match (self, algorithm) {
            (Self::P256 { .. }, Algorithm::Es256) => (&ECDSA_P256_SHA256_FIXED, &digest::SHA256),
            (Self::P384 { .. }, Algorithm::Es384) => (&ECDSA_P384_SHA384_FIXED, &digest::SHA384),
            (Self::Rsa { .. }, Algorithm::Rs256) => (&RSA_PKCS1_2048_8192_SHA256, &digest::SHA256),
            (Self::Rsa { .. }, Algorithm::Ps256) => (&RSA_PSS_2048_8192_SHA256, &digest::SHA256),
            _ => return Err(Error::BadSignature),
        };
        let digest = digest::Digest::import_less_safe(digest, kind).map_err(|_| Error::BadSignature)?;
        let bytes = if let Self::Rsa { n, e } = self { rsa_key(n, e) } else { self.bytes() };
        let key = UnparsedPublicKey::new(parameters, bytes);
        key.verify_digest(&digest, signature).map_err(|_| Error::BadSignature)
    }

    /// Whether the library accepts the key at all: the point is on its curve, the modulus of a permitted size.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        match self {
            Self::Ed25519(_) => UnparsedPublicKey::new(&ED25519, self.bytes()).parse().is_ok(),
            Self::P256 { .. } => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, self.bytes()).parse().is_ok(),
            Self::P384 { .. } => UnparsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, self.bytes()).parse().is_ok(),
            Self::Rsa { n, e } => {
                (256..=1024).contains(&n.len()) && n.first() != Some(&0) && (1..=8).contains(&e.len())
            }
        }
    }

    /// The uncompressed point, or the 32 bytes of Ed25519; the modulus of RSA.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Ed25519(key) => key.to_vec(),
            Self::P256 { x, y } => [&[4], &x[..], y].concat(),
            Self::P384 { x, y } => [&[4], &x[..], y].concat(),
            Self::Rsa { n, .. } => n.clone(),
        }
    }

    fn check(
        &self,
        algorithm: &'static dyn signature::VerificationAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), Error> {
        UnparsedPublicKey::new(algorithm, self.bytes()).verify(message, signature).map_err(|_| Error::BadSignature)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn keys_sign_read_back_and_refuse_the_rest() {
        for algorithm in [Algorithm::Es256, Algorithm::Es384, Algorithm::EdDsa, Algorithm::Rs256, Algorithm::Ps256] {
            let key = SigningKey::generate(algorithm).unwrap();
            let again = SigningKey::from_pkcs8(algorithm, &key.to_pkcs8().unwrap()).unwrap();
            let signature = again.sign(b"message").unwrap();
            let public = key.public().unwrap();
            assert!(public.is_sound());
            assert_eq!(public.verify(algorithm, b"message", &signature), Ok(()));
            assert_eq!(public.verify(algorithm, b"massage", &signature), Err(Error::BadSignature));
            let another = if algorithm == Algorithm::Rs256 { Algorithm::Ps256 } else { Algorithm::Rs256 };
            assert_eq!(public.verify(another, b"message", &signature), Err(Error::BadSignature));
            let other = SigningKey::generate(algorithm).unwrap().public().unwrap();
            assert_eq!(other.verify(algorithm, b"message", &signature), Err(Error::BadSignature));
        }
        let small = rsa::KeyPair::generate(KeySize::Rsa2048).unwrap();
        let small = AsDer::<Pkcs8V1Der<'_>>::as_der(&small).unwrap();
        assert_eq!(SigningKey::from_pkcs8(Algorithm::Rs256, small.as_ref()).unwrap_err(), Error::NotAKey);
        assert!(!PublicKey::P256 { x: [1; 32], y: [1; 32] }.is_sound());
    }

    #[test]
    fn a_digest_is_signed_as_its_message_would_be() {
        for (algorithm, digest) in [
            (Algorithm::Es256, crate::digest::sha256(b"message").to_vec()),
            (Algorithm::Es384, crate::digest::sha384(b"message").to_vec()),
            (Algorithm::Ps256, crate::digest::sha256(b"message").to_vec()),
            (Algorithm::Rs256, crate::digest::sha256(b"message").to_vec()),
        ] {
            let key = SigningKey::generate(algorithm).unwrap();
            let signature = key.sign_digest(&digest).unwrap();
            let public = key.public().unwrap();
            assert_eq!(public.verify(algorithm, b"message", &signature), Ok(()), "{algorithm:?}");
            assert_eq!(public.verify_digest(algorithm, &digest, &signature), Ok(()));
            let mut other = digest.clone();
            other[0] ^= 1;
            assert_eq!(public.verify_digest(algorithm, &other, &signature), Err(Error::BadSignature));
            assert_eq!(public.verify_digest(algorithm, &digest[1..], &signature), Err(Error::BadSignature));
            let another = if algorithm == Algorithm::Es256 { Algorithm::Rs256 } else { Algorithm::Es256 };
            assert_eq!(public.verify_digest(another, &digest, &signature), Err(Error::BadSignature));
            assert_eq!(key.sign_digest(&digest[1..]), Err(Error::NotAKey));
        }
    }

    #[test]
    fn rfc_8032_test_1() {
        let seed = [
            0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44, 0x49,
            0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60,
        ];
        let signature = SigningKey::from_ed25519_seed(&seed).unwrap().sign(b"").unwrap();
        assert_eq!(&signature[..4], &[0xe5, 0x56, 0x43, 0x00]);
    }
}

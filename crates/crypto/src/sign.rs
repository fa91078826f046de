//! Signatures: ES256, ES384, Ed25519; RSA to verify what others made, and to sign with a key in a module.

use crate::Error;
use crate::pkcs11::ModulePair;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    self, ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_ASN1,
    ECDSA_P384_SHA384_FIXED, ECDSA_P384_SHA384_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
    RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
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
    /// RSASSA-PSS with SHA-256: to verify, and to sign in a module.
    Ps256,
    /// RSASSA-PKCS1-v1_5 with SHA-256: to verify (authenticators), and to sign in a module.
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
    Module(ModulePair),
}

impl SigningKey {
    /// A fresh key (aws-lc draws the randomness itself).
    ///
    /// # Errors
    /// [`Error::NotAKey`] for RSA.
    pub fn generate(algorithm: Algorithm) -> Result<Self, Error> {
        Ok(Self(match algorithm {
            Algorithm::Es256 => Kind::Ecdsa(algorithm, EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?),
            Algorithm::Es384 => Kind::Ecdsa(algorithm, EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING)?),
            Algorithm::EdDsa => Kind::Ed25519(Ed25519KeyPair::generate()?),
            Algorithm::Ps256 | Algorithm::Rs256 => return Err(Error::NotAKey),
        }))
    }

    /// Reads a key from PKCS#8 (RFC 5958).
    ///
    /// # Errors
    /// [`Error::NotAKey`] when the bytes are not a key of this algorithm.
    pub fn from_pkcs8(algorithm: Algorithm, der: &[u8]) -> Result<Self, Error> {
        let ecdsa = |kind| EcdsaKeyPair::from_pkcs8(kind, der).map_err(|_| Error::NotAKey);
        Ok(Self(match algorithm {
            Algorithm::Es256 => Kind::Ecdsa(algorithm, ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING)?),
            Algorithm::Es384 => Kind::Ecdsa(algorithm, ecdsa(&ECDSA_P384_SHA384_FIXED_SIGNING)?),
            Algorithm::EdDsa => Kind::Ed25519(Ed25519KeyPair::from_pkcs8(der).map_err(|_| Error::NotAKey)?),
            Algorithm::Ps256 | Algorithm::Rs256 => return Err(Error::NotAKey),
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
            Kind::Module(_) => return Err(Error::NotAKey),
        };
        Ok(Zeroizing::new(document.as_ref().to_vec()))
    }

    /// The algorithm this key signs with.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        match &self.0 {
            Kind::Ecdsa(algorithm, _) => *algorithm,
            Kind::Ed25519(_) => Algorithm::EdDsa,
            Kind::Module(pair) => pair.algorithm(),
        }
    }

    /// Signs a message. ECDSA signatures are `r ‖ s` of fixed length, as JOSE wants them (RFC 7518 section 3.4).
    ///
    /// # Errors
    /// [`Error::Library`] when signing fails, [`Error::ModuleGone`] when the key's module does not answer.
    #[expect(clippy::disallowed_methods, reason = "the nonce of ECDSA is the library's own affair")]
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(match &self.0 {
            Kind::Ecdsa(_, pair) => pair.sign(&SystemRandom::new(), message)?.as_ref().to_vec(),
            Kind::Ed25519(pair) => pair.try_sign(message)?.as_ref().to_vec(),
            Kind::Module(pair) => pair.sign(message)?,
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
            Kind::Module(pair) => Ok(pair.public()),
        }
    }
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
        for algorithm in [Algorithm::Es256, Algorithm::Es384, Algorithm::EdDsa] {
            let key = SigningKey::generate(algorithm).unwrap();
            let again = SigningKey::from_pkcs8(algorithm, &key.to_pkcs8().unwrap()).unwrap();
            let signature = again.sign(b"message").unwrap();
            let public = key.public().unwrap();
            assert!(public.is_sound());
            assert_eq!(public.verify(algorithm, b"message", &signature), Ok(()));
            assert_eq!(public.verify(algorithm, b"massage", &signature), Err(Error::BadSignature));
            assert_eq!(public.verify(Algorithm::Rs256, b"message", &signature), Err(Error::BadSignature));
            let other = SigningKey::generate(algorithm).unwrap().public().unwrap();
            assert_eq!(other.verify(algorithm, b"message", &signature), Err(Error::BadSignature));
        }
        assert!(SigningKey::generate(Algorithm::Rs256).is_err());
        assert!(!PublicKey::P256 { x: [1; 32], y: [1; 32] }.is_sound());
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

//! Signature algorithms and public keys as certificates name them.

use crate::{Error, malformed};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5912::{
    ECDSA_WITH_SHA_256, ECDSA_WITH_SHA_384, ID_EC_PUBLIC_KEY, ID_SHA_256, ID_SHA_384, ID_SHA_512, RSA_ENCRYPTION,
    SECP_256_R_1, SECP_384_R_1, SHA_256_WITH_RSA_ENCRYPTION,
};
use const_oid::db::rfc8410::ID_ED_25519;
use der::asn1::{Any, BitString, UintRef};
use der::{Decode, Encode, Sequence};
use lionrock_crypto::digest::{sha256, sha384, sha512};
use lionrock_crypto::sign::{Algorithm, PublicKey, SigningKey};
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

/// Whoever signs: a key in memory, or one in a module behind the same type.
pub trait Signer {
    /// The algorithm of the signatures.
    fn algorithm(&self) -> Algorithm;
    /// The public half.
    ///
    /// # Errors
    /// When the key cannot be used.
    fn public(&self) -> Result<PublicKey, Error>;
    /// Signs a message, in the form JOSE wants (`r ‖ s`).
    ///
    /// # Errors
    /// When the key cannot be used.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error>;
}

impl Signer for SigningKey {
    fn algorithm(&self) -> Algorithm {
        Self::algorithm(self)
    }
    fn public(&self) -> Result<PublicKey, Error> {
        Ok(Self::public(self)?)
    }
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(Self::sign(self, message)?)
    }
}

/// `SEQUENCE { r INTEGER, s INTEGER }` (RFC 3279 section 2.2.3).
#[derive(Sequence)]
struct EcdsaSignature<'a> {
    r: UintRef<'a>,
    s: UintRef<'a>,
}

/// `SEQUENCE { modulus INTEGER, publicExponent INTEGER }` (RFC 8017 appendix A.1.1).
#[derive(Sequence)]
struct RsaPublicKey<'a> {
    n: UintRef<'a>,
    e: UintRef<'a>,
}

/// Signs, in the form certificates carry: ASN.1 for ECDSA.
///
/// # Errors
/// When the key cannot be used.
pub fn sign(signer: &dyn Signer, message: &[u8]) -> Result<BitString, Error> {
    let bytes = encode(signer.algorithm(), &signer.sign(message)?)?;
    BitString::from_bytes(&bytes).map_err(malformed("a signature"))
}

/// Turns a signature in the form JOSE wants into the one certificates carry: ASN.1 for ECDSA.
///
/// # Errors
/// [`Error::Malformed`].
pub fn encode(algorithm: Algorithm, raw: &[u8]) -> Result<Vec<u8>, Error> {
    if !matches!(algorithm, Algorithm::Es256 | Algorithm::Es384) {
        return Ok(raw.to_vec());
    }
    let (r, s) = raw.split_at_checked(raw.len() / 2).ok_or(Error::Malformed("a signature"))?;
    let whole = EcdsaSignature {
        r: UintRef::new(r).map_err(malformed("a signature"))?,
        s: UintRef::new(s).map_err(malformed("a signature"))?,
    };
    whole.to_der().map_err(malformed("a signature"))
}

/// The identifier of a signature algorithm.
///
/// # Errors
/// For algorithms that certificates here do not carry.
pub fn identifier(algorithm: Algorithm) -> Result<AlgorithmIdentifierOwned, Error> {
    let (oid, null) = match algorithm {
        Algorithm::Es256 => (ECDSA_WITH_SHA_256, false),
        Algorithm::Es384 => (ECDSA_WITH_SHA_384, false),
        Algorithm::EdDsa => (ID_ED_25519, false),
        Algorithm::Rs256 => (SHA_256_WITH_RSA_ENCRYPTION, true),
        Algorithm::Ps256 => return Err(Error::Algorithm("PS256 in certificates".to_owned())),
    };
    Ok(AlgorithmIdentifierOwned { oid, parameters: null.then(Any::null) })
}

/// Reads the identifier of a signature algorithm; parameters must be as its specification says.
///
/// # Errors
/// For anything else.
pub fn from_identifier(identifier: &AlgorithmIdentifierOwned) -> Result<Algorithm, Error> {
    let known = [Algorithm::Es256, Algorithm::Es384, Algorithm::EdDsa, Algorithm::Rs256];
    let found = known.into_iter().find(|one| self::identifier(*one).is_ok_and(|own| own == *identifier));
    found.ok_or_else(|| Error::Algorithm(identifier.oid.to_string()))
}

/// Verifies a signature in the form certificates carry.
///
/// # Errors
/// [`Error::BadSignature`], also when key and algorithm do not fit.
pub fn verify(
    key: &PublicKey,
    algorithm: &AlgorithmIdentifierOwned,
    message: &[u8],
    signature: &[u8],
) -> Result<(), Error> {
    key.verify_der(from_identifier(algorithm)?, message, signature).map_err(|_| Error::BadSignature)
}

/// A public key as certificates carry it.
///
/// # Errors
/// When the key is no key.
pub fn spki(key: &PublicKey) -> Result<SubjectPublicKeyInfoOwned, Error> {
    let curve =
        |oid: ObjectIdentifier| AlgorithmIdentifierOwned { oid: ID_EC_PUBLIC_KEY, parameters: Some(Any::from(&oid)) };
    let (algorithm, bytes) = match key {
        PublicKey::P256 { .. } => (curve(SECP_256_R_1), key.bytes()),
        PublicKey::P384 { .. } => (curve(SECP_384_R_1), key.bytes()),
        PublicKey::Ed25519(_) => (AlgorithmIdentifierOwned { oid: ID_ED_25519, parameters: None }, key.bytes()),
        PublicKey::Rsa { n, e } => {
            let numbers = RsaPublicKey {
                n: UintRef::new(n).map_err(malformed("an RSA key"))?,
                e: UintRef::new(e).map_err(malformed("an RSA key"))?,
            };
            let algorithm = AlgorithmIdentifierOwned { oid: RSA_ENCRYPTION, parameters: Some(Any::null()) };
            (algorithm, numbers.to_der().map_err(malformed("an RSA key"))?)
        }
    };
    let subject_public_key = BitString::from_bytes(&bytes).map_err(malformed("a public key"))?;
    Ok(SubjectPublicKeyInfoOwned { algorithm, subject_public_key })
}

/// The SHA-256 of a public key as certificates carry it: what tells keys apart.
///
/// # Errors
/// When the key is no key.
pub fn key_digest(key: &PublicKey) -> Result<[u8; 32], Error> {
    Ok(sha256(&spki(key)?.to_der().map_err(malformed("a public key"))?))
}

/// Reads the public key of a certificate.
///
/// # Errors
/// For curves and algorithms that are not offered, and for points that lie on no curve.
pub fn public_key(info: &SubjectPublicKeyInfoOwned) -> Result<PublicKey, Error> {
    let wrong = || Error::Malformed("a public key");
    let bytes = info.subject_public_key.as_bytes().ok_or_else(wrong)?;
    let curve = info.algorithm.parameters.as_ref().and_then(|any| any.decode_as::<ObjectIdentifier>().ok());
    let halves = || bytes.strip_prefix(&[4]).and_then(|rest| rest.split_at_checked(rest.len() / 2)).ok_or_else(wrong);
    let key = match (info.algorithm.oid, curve) {
        (ID_EC_PUBLIC_KEY, Some(SECP_256_R_1)) => {
            let (x, y) = halves()?;
            PublicKey::P256 { x: x.try_into().map_err(|_| wrong())?, y: y.try_into().map_err(|_| wrong())? }
        }
        (ID_EC_PUBLIC_KEY, Some(SECP_384_R_1)) => {
            let (x, y) = halves()?;
            PublicKey::P384 { x: x.try_into().map_err(|_| wrong())?, y: y.try_into().map_err(|_| wrong())? }
        }
        (ID_ED_25519, None) => PublicKey::Ed25519(bytes.try_into().map_err(|_| wrong())?),
        (RSA_ENCRYPTION, _) => {
            let numbers = RsaPublicKey::from_der(bytes).map_err(malformed("an RSA key"))?;
            PublicKey::Rsa { n: numbers.n.as_bytes().to_vec(), e: numbers.e.as_bytes().to_vec() }
        }
        (oid, _) => return Err(Error::Algorithm(oid.to_string())),
    };
    if key.is_sound() { Ok(key) } else { Err(wrong()) }
}

/// A digest algorithm of time-stamps and signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digest {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Digest {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Sha256, Self::Sha384, Self::Sha512];

    /// The object identifier.
    #[must_use]
    pub const fn oid(self) -> ObjectIdentifier {
        match self {
            Self::Sha256 => ID_SHA_256,
            Self::Sha384 => ID_SHA_384,
            Self::Sha512 => ID_SHA_512,
        }
    }

    /// The algorithm identifier, without parameters (RFC 5754 section 2).
    #[must_use]
    pub const fn identifier(self) -> AlgorithmIdentifierOwned {
        AlgorithmIdentifierOwned { oid: self.oid(), parameters: None }
    }

    /// Reads an algorithm identifier; parameters may be absent or NULL (RFC 5754 section 2).
    ///
    /// # Errors
    /// For anything else.
    pub fn from_identifier(identifier: &AlgorithmIdentifierOwned) -> Result<Self, Error> {
        let plain = identifier.parameters.as_ref().is_none_or(Any::is_null);
        let found = Self::ALL.into_iter().find(|one| plain && one.oid() == identifier.oid);
        found.ok_or_else(|| Error::Algorithm(identifier.oid.to_string()))
    }

    /// Bytes of a digest.
    #[must_use]
    pub const fn length(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// The digest of a message.
    #[must_use]
    pub fn of(self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => sha256(message).to_vec(),
            Self::Sha384 => sha384(message).to_vec(),
            Self::Sha512 => sha512(message).to_vec(),
        }
    }

    /// The digest a signature of this algorithm is made over.
    #[must_use]
    pub const fn of_signature(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Es384 => Self::Sha384,
            // RFC 8419 section 3.1.
            Algorithm::EdDsa => Self::Sha512,
            Algorithm::Es256 | Algorithm::Ps256 | Algorithm::Rs256 => Self::Sha256,
        }
    }
}

//! Key pairs in a module that sign: the platform's own signers, and any other key by its label.

use super::key::{guard, kept};
use super::{Module, Open, Trouble, gone, identity};
use crate::sign::{Algorithm, PublicKey};
use crate::{Error, digest};
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsPssParams};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use std::sync::Arc;

// Object identifiers of curves as CKA_EC_PARAMS wants them (RFC 5480 section 2.1.1.1, RFC 8410 section 3).
const P256: &[u8] = &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P384: &[u8] = &[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22];
const ED25519: &[u8] = &[0x06, 0x03, 0x2b, 0x65, 0x70];
const RSA_BITS: u64 = 3072;

/// A key pair in a module, private half not extractable.
#[derive(Clone, Debug)]
pub struct ModulePair {
    module: Arc<Module>,
    label: String,
    algorithm: Algorithm,
    public: PublicKey,
}

impl ModulePair {
    /// The pair of a label. A signature over a fixed text proves that both halves belong together.
    ///
    /// # Errors
    /// [`Error::NoSuchKey`] when the token holds none, [`Error::NotAKey`] when the private half could leave the module, the pair
    /// is of another kind, or there are several; [`Error::Module`].
    pub fn open(module: &Arc<Module>, label: &str, algorithm: Algorithm) -> Result<Self, Error> {
        let name = label.to_owned();
        let public = module.run(move |open| {
            let private = open.find(ObjectClass::PRIVATE_KEY, &name)?;
            guard(&open.session, private)?;
            let public = open.find(ObjectClass::PUBLIC_KEY, &name)?;
            read_public(open, public, algorithm)
        })?;
        let pair = Self { module: Arc::clone(module), label: label.to_owned(), algorithm, public };
        let text = b"lionrock: do both halves belong together?";
        let signature = pair.sign(text)?;
        pair.public.verify(algorithm, text, &signature).map_err(|_| Error::NotAKey)?;
        Ok(pair)
    }

    /// Makes the pair of a label; RSA of 3072 bits.
    ///
    /// # Errors
    /// [`Error::Exists`] when there is one; [`Error::Unsupported`] when the token does not offer the algorithm;
    /// [`Error::Module`].
    pub fn make(module: &Arc<Module>, label: &str, algorithm: Algorithm) -> Result<Self, Error> {
        if !Self::offered(module, algorithm)? {
            return Err(Error::Unsupported);
        }
        let name = label.to_owned();
        module.run(move |open| {
            let (generate, kind, public_part) = match algorithm {
                Algorithm::EdDsa => (Mechanism::EccEdwardsKeyPairGen, KeyType::EC_EDWARDS, curve(ED25519)),
                Algorithm::Es256 => (Mechanism::EccKeyPairGen, KeyType::EC, curve(P256)),
                Algorithm::Es384 => (Mechanism::EccKeyPairGen, KeyType::EC, curve(P384)),
                Algorithm::Ps256 | Algorithm::Rs256 => {
                    let parts = vec![Attribute::ModulusBits(RSA_BITS.into()), Attribute::PublicExponent(vec![1, 0, 1])];
                    (Mechanism::RsaPkcsKeyPairGen, KeyType::RSA, parts)
                }
            };
            for class in [ObjectClass::PRIVATE_KEY, ObjectClass::PUBLIC_KEY] {
                if !open.session.find_objects(&identity(class, &name))?.is_empty() {
                    return Err(Error::Exists.into());
                }
            }
            let mut public = identity(ObjectClass::PUBLIC_KEY, &name);
            public.extend([Attribute::KeyType(kind), Attribute::Token(true), Attribute::Verify(true)]);
            public.extend(public_part.iter().cloned());
            let mut private = identity(ObjectClass::PRIVATE_KEY, &name);
            private.extend(kept());
            private.extend([Attribute::KeyType(kind), Attribute::Sign(true)]);
            Ok(open.session.generate_key_pair(&generate, &public, &private).map(drop)?)
        })?;
        Self::open(module, label, algorithm)
    }

    /// Whether the token offers an algorithm.
    ///
    /// # Errors
    /// [`Error::Module`] when the token does not answer.
    pub fn offered(module: &Arc<Module>, algorithm: Algorithm) -> Result<bool, Error> {
        module.offers(match algorithm {
            Algorithm::EdDsa => MechanismType::EDDSA,
            Algorithm::Es256 | Algorithm::Es384 => MechanismType::ECDSA,
            Algorithm::Ps256 => MechanismType::SHA256_RSA_PKCS_PSS,
            Algorithm::Rs256 => MechanismType::SHA256_RSA_PKCS,
        })
    }

    /// The algorithm it signs with.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Its label in the token.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The public half, as it was read when the pair was opened.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        self.public.clone()
    }

    /// Signs a message; ECDSA as `r ‖ s` (RFC 7518 section 3.4).
    ///
    /// # Errors
    /// [`Error::ModuleGone`] when the token does not answer.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let (name, algorithm, message) = (self.label.clone(), self.algorithm, message.to_vec());
        let signature = self.module.run(move |open| {
            let pss =
                PkcsPssParams { hash_alg: MechanismType::SHA256, mgf: PkcsMgfType::MGF1_SHA256, s_len: 32.into() };
            // ECDSA gets the digest: every token can sign one, not every token can make one.
            let (mechanism, input) = match algorithm {
                Algorithm::EdDsa => {
                    (Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Ed25519)), message.to_vec())
                }
                Algorithm::Es256 => (Mechanism::Ecdsa, digest::sha256(&message).to_vec()),
                Algorithm::Es384 => (Mechanism::Ecdsa, digest::sha384(&message).to_vec()),
                Algorithm::Ps256 => (Mechanism::Sha256RsaPkcsPss(pss), message.to_vec()),
                Algorithm::Rs256 => (Mechanism::Sha256RsaPkcs, message.to_vec()),
            };
            let key = open.find(ObjectClass::PRIVATE_KEY, &name)?;
            Ok(open.session.sign(&mechanism, key, &input)?)
        });
        signature.map_err(gone)
    }
}

fn curve(parameters: &[u8]) -> Vec<Attribute> {
    vec![Attribute::EcParams(parameters.to_vec())]
}

fn read_public(open: &Open, key: ObjectHandle, algorithm: Algorithm) -> Result<PublicKey, Trouble> {
    let wrong = || Trouble::from(Error::NotAKey);
    if matches!(algorithm, Algorithm::Ps256 | Algorithm::Rs256) {
        let wanted = [AttributeType::Modulus, AttributeType::PublicExponent];
        let (mut n, mut e) = (None, None);
        for attribute in open.session.get_attributes(key, &wanted)? {
            match attribute {
                Attribute::Modulus(bytes) => n = Some(bytes),
                Attribute::PublicExponent(bytes) => e = Some(bytes),
                _ => {}
            }
        }
        let key = PublicKey::Rsa { n: n.ok_or_else(wrong)?, e: e.ok_or_else(wrong)? };
        return if key.is_sound() { Ok(key) } else { Err(wrong()) };
    }
    let (mut parameters, mut point) = (None, None);
    for attribute in open.session.get_attributes(key, &[AttributeType::EcParams, AttributeType::EcPoint])? {
        match attribute {
            Attribute::EcParams(bytes) => parameters = Some(bytes),
            Attribute::EcPoint(bytes) => point = Some(bytes),
            _ => {}
        }
    }
    let (parameters, point) = (parameters.ok_or_else(wrong)?, point.ok_or_else(wrong)?);
    let (wanted, length) = match algorithm {
        Algorithm::Es256 => (P256, 65),
        Algorithm::Es384 => (P384, 97),
        _ => (ED25519, 32),
    };
    // Most tokens wrap the point in an octet string (PKCS#11 section 2.3.3), some do not.
    let point = match point.as_slice() {
        [0x04, size, rest @ ..] if usize::from(*size) == rest.len() && rest.len() == length => rest,
        plain => plain,
    };
    // Edwards curves may also be given by name.
    let named = algorithm == Algorithm::EdDsa && parameters.ends_with(b"edwards25519");
    if parameters != wanted && !named {
        return Err(wrong());
    }
    let key = match (algorithm, point) {
        (Algorithm::EdDsa, bytes) => PublicKey::Ed25519(bytes.try_into().map_err(|_| wrong())?),
        (Algorithm::Es384, bytes) => {
            let (x, y) = crate::sign::coordinates::<48>(bytes)?;
            PublicKey::P384 { x, y }
        }
        (_, bytes) => {
            let (x, y) = crate::sign::coordinates::<32>(bytes)?;
            PublicKey::P256 { x, y }
        }
    };
    if key.is_sound() { Ok(key) } else { Err(wrong()) }
}

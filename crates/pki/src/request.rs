//! Certificate requests (PKCS#10, RFC 2986): how an online authority asks the offline root for its certificate.

use crate::algorithm::{self, Signer};
use crate::name::Subject;
use crate::{Error, malformed};
use der::asn1::{BitString, SetOfVec};
use der::{Decode, Encode, Sequence};
use lionrock_crypto::sign::PublicKey;
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::attr::Attribute;
use x509_cert::name::Name;

/// Longest request read.
pub const LONGEST: usize = 8 * 1024;

/// `CertificationRequestInfo`.
#[derive(Clone, Debug, Sequence)]
struct Info {
    version: u8,
    subject: Name,
    key: SubjectPublicKeyInfoOwned,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT")]
    attributes: SetOfVec<Attribute>,
}

/// `CertificationRequest`.
#[derive(Clone, Debug, Sequence)]
struct Whole {
    info: Info,
    algorithm: AlgorithmIdentifierOwned,
    signature: BitString,
}

/// A request whose signature was checked: the asker holds the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Who they say they are; the authority decides.
    pub subject: Name,
    /// Their key.
    pub key: PublicKey,
}

/// Makes a request, in DER.
///
/// # Errors
/// Of the name and of the key.
pub fn make(subject: &Subject, signer: &dyn Signer) -> Result<Vec<u8>, Error> {
    let info = Info {
        version: 0,
        subject: subject.name()?,
        key: algorithm::spki(&signer.public()?)?,
        attributes: SetOfVec::default(),
    };
    let message = info.to_der().map_err(malformed("a request"))?;
    let whole = Whole {
        info,
        algorithm: algorithm::identifier(signer.algorithm())?,
        signature: algorithm::sign(signer, &message)?,
    };
    whole.to_der().map_err(malformed("a request"))
}

/// Reads a request and checks that its sender holds the key.
///
/// # Errors
/// [`Error::Malformed`], [`Error::BadSignature`], [`Error::Algorithm`]; [`Error::Refused`] for one that is too long, or asks for extensions
/// or anything else: the profile alone says what a certificate carries.
pub fn read(der: &[u8]) -> Result<Request, Error> {
    if der.len() > LONGEST {
        return Err(Error::Refused("this certificate request is too long"));
    }
    let whole = Whole::from_der(der).map_err(malformed("a certificate request"))?;
    if !whole.info.attributes.is_empty() {
        return Err(Error::Refused("a certificate request may ask for nothing: its profile says what it gets"));
    }
    let key = algorithm::public_key(&whole.info.key)?;
    let message = whole.info.to_der().map_err(malformed("a certificate request"))?;
    let signature = whole.signature.as_bytes().ok_or(Error::BadSignature)?;
    algorithm::verify(&key, &whole.algorithm, &message, signature)?;
    Ok(Request { subject: whole.info.subject, key })
}

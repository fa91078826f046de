//! Signatures over content that lies elsewhere, or inside (RFC 5652), with the attributes of CAdES: the signing certificate is named
//! in what is signed (RFC 5035), and so are the algorithms (RFC 6211).
//!
//! Content is given by its digest, so a file of any size is signed in constant memory.

use crate::algorithm::{self, Digest, Signer};
use crate::certificate::{Certificate, date};
use crate::{Error, malformed};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5911::{
    ID_AA_SIGNING_CERTIFICATE_V_2, ID_CONTENT_TYPE, ID_DATA, ID_MESSAGE_DIGEST, ID_SIGNED_DATA,
};
use const_oid::db::rfc5912::RSA_ENCRYPTION;
use der::asn1::{Any, GeneralizedTime, OctetString, SetOfVec, UtcTime};
use der::{Decode, Encode, Sequence, Tag, TagNumber, Tagged};
use lionrock_crypto::sign::Algorithm;
use spki::AlgorithmIdentifierOwned;
use x509_cert::attr::Attribute;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;

/// Plain content (RFC 5652 section 4).
pub const DATA: ObjectIdentifier = ID_DATA;
/// Algorithm protection (RFC 6211 section 2).
const ALGORITHM_PROTECTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.52");
/// Signing time (RFC 5652 section 11.3).
const SIGNING_TIME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.5");
/// A status answer among the lists (RFC 5940 section 2), and its tag (RFC 5652 section 10.2.1).
const STATUS_ANSWER: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.16.2");
const OTHER: Tag = Tag::ContextSpecific { constructed: true, number: TagNumber(1) };
/// A time-stamp over the signature (RFC 3161 appendix A).
pub const TIME_STAMP: ObjectIdentifier = const_oid::db::rfc3161::ID_AA_TIME_STAMP_TOKEN;

#[derive(Clone, Debug, Sequence)]
pub(crate) struct ContentInfo {
    pub(crate) kind: ObjectIdentifier,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    pub(crate) content: Any,
}

#[derive(Clone, Debug, Sequence)]
struct Encapsulated {
    kind: ObjectIdentifier,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    content: Option<OctetString>,
}

#[derive(Clone, Debug, Sequence)]
struct SignedData {
    version: u8,
    digests: SetOfVec<AlgorithmIdentifierOwned>,
    content: Encapsulated,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", constructed = "true", optional = "true")]
    certificates: Option<SetOfVec<Any>>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", constructed = "true", optional = "true")]
    lists: Option<SetOfVec<Any>>,
    signers: SetOfVec<SignerInfo>,
}

#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
struct IssuerAndSerial {
    issuer: Name,
    serial: SerialNumber,
}

#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
struct SignerInfo {
    version: u8,
    signer: IssuerAndSerial,
    digest: AlgorithmIdentifierOwned,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", constructed = "true", optional = "true")]
    signed: Option<SetOfVec<Attribute>>,
    algorithm: AlgorithmIdentifierOwned,
    signature: OctetString,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", constructed = "true", optional = "true")]
    unsigned: Option<SetOfVec<Attribute>>,
}

impl der::ValueOrd for SignerInfo {
    fn value_cmp(&self, other: &Self) -> der::Result<std::cmp::Ordering> {
        Ok(self.to_der()?.cmp(&other.to_der()?))
    }
}

/// `ESSCertIDv2` (RFC 5035 section 4). SHA-256 is the default and so stays absent.
#[derive(Clone, Debug, Sequence)]
struct CertificateRef {
    #[asn1(optional = "true")]
    digest: Option<AlgorithmIdentifierOwned>,
    hash: OctetString,
    #[asn1(optional = "true")]
    issuer: Option<IssuerSerial>,
}

#[derive(Clone, Debug, Sequence)]
struct IssuerSerial {
    issuer: Vec<GeneralName>,
    serial: SerialNumber,
}

#[derive(Clone, Debug, Sequence)]
struct SigningCertificate {
    certificates: Vec<CertificateRef>,
    #[asn1(optional = "true")]
    policies: Option<Vec<Any>>,
}

/// `CMSAlgorithmProtection` (RFC 6211 section 2).
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
struct Protection {
    digest: AlgorithmIdentifierOwned,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", constructed = "true", optional = "true")]
    signature: Option<AlgorithmIdentifierOwned>,
}

/// What is to be signed.
#[derive(Clone, Debug)]
pub struct Content<'a> {
    /// What kind of thing it is; [`DATA`] for files.
    pub kind: ObjectIdentifier,
    /// Its digest, by the digest algorithm of the signature.
    pub digest: &'a [u8],
    /// The thing itself, when it travels inside.
    pub inside: Option<&'a [u8]>,
    /// A claimed time to be signed, Unix seconds; none in PDF (EN 319 142-1 section 6.3).
    pub claimed: Option<u64>,
}

/// Signs; the certificates go along, the signer's first.
///
/// # Errors
/// [`Error::Refused`] when the key is not the certificate's, or the digest has another length; of the key.
pub fn sign(content: &Content<'_>, chain: &[&Certificate], signer: &dyn Signer) -> Result<Vec<u8>, Error> {
    let own = chain.first().ok_or(Error::Refused("the signer's certificate is missing"))?;
    if own.key()? != signer.public()? {
        return Err(Error::Refused("the signing key is not the certificate's"));
    }
    let unsigned = Unsigned::new(content, chain, signer.algorithm())?;
    let signature = signer.sign(unsigned.message())?;
    unsigned.complete(&signature)
}

/// A signature that lacks only its last step, for keys that live elsewhere: they sign [`Unsigned::message`].
#[derive(Clone, Debug)]
pub struct Unsigned {
    info: SignerInfo,
    message: Vec<u8>,
    kind: ObjectIdentifier,
    inside: Option<Vec<u8>>,
    chain: Vec<Certificate>,
    algorithm: Algorithm,
}

impl Unsigned {
    /// Prepares; the signer's certificate is the first of the chain.
    ///
    /// # Errors
    /// [`Error::Refused`] when the chain is empty or the digest has another length; [`Error::Algorithm`].
    pub fn new(content: &Content<'_>, chain: &[&Certificate], algorithm: Algorithm) -> Result<Self, Error> {
        let own = chain.first().ok_or(Error::Refused("the signer's certificate is missing"))?;
        let digest = Digest::of_signature(algorithm);
        if content.digest.len() != digest.length() {
            return Err(Error::Refused("the digest is not of the signature's digest algorithm"));
        }
        let identifier = algorithm::identifier(algorithm)?;
        let signed = signed_attributes(content, own, digest, &identifier)?;
        let message = signed.to_der().map_err(malformed("signed attributes"))?;
        let info = SignerInfo {
            version: 1,
            signer: IssuerAndSerial { issuer: own.issuer().clone(), serial: own.serial_number() },
            digest: digest.identifier(),
            signed: Some(signed),
            algorithm: identifier,
            signature: OctetString::new(Vec::new()).map_err(malformed("a signature"))?,
            unsigned: None,
        };
        let chain = chain.iter().map(|one| (*one).clone()).collect();
        let inside = content.inside.map(<[u8]>::to_vec);
        Ok(Self { info, message, kind: content.kind, inside, chain, algorithm })
    }

    /// The signed attributes in DER: what the key signs, hashing it itself.
    #[must_use]
    pub fn message(&self) -> &[u8] {
        &self.message
    }

    /// Puts the key's signature in, in the form JOSE wants (`r ‖ s`), and checks it first: what does not verify never leaves.
    ///
    /// # Errors
    /// [`Error::BadSignature`] when it is not the certificate's key that signed this.
    pub fn complete(mut self, signature: &[u8]) -> Result<Vec<u8>, Error> {
        let wrong = malformed::<der::Error>;
        let own = self.chain.first().ok_or(Error::BadSignature)?;
        own.key()?.verify(self.algorithm, &self.message, signature).map_err(|_| Error::BadSignature)?;
        let bits = algorithm::encode(self.algorithm, signature)?;
        self.info.signature = OctetString::new(bits).map_err(wrong("a signature"))?;
        let mut certificates = SetOfVec::new();
        for certificate in &self.chain {
            certificates
                .insert(Any::from_der(certificate.der()).map_err(wrong("a certificate"))?)
                .map_err(wrong("a chain"))?;
        }
        let inside = self.inside.map(OctetString::new).transpose().map_err(wrong("content"))?;
        let data = SignedData {
            // 3 when the content is not plain data (RFC 5652 section 5.1).
            version: if self.kind == ID_DATA { 1 } else { 3 },
            digests: SetOfVec::try_from(vec![self.info.digest.clone()]).map_err(wrong("a signature"))?,
            content: Encapsulated { kind: self.kind, content: inside },
            certificates: Some(certificates),
            lists: None,
            signers: SetOfVec::try_from(vec![self.info]).map_err(wrong("a signature"))?,
        };
        wrap(&data)
    }
}

/// The same signature without the certificates that went along.
///
/// # Errors
/// [`Error::Malformed`].
pub fn without_certificates(der: &[u8]) -> Result<Vec<u8>, Error> {
    let whole = ContentInfo::from_der(der).map_err(malformed("a signature"))?;
    let data: SignedData = whole.content.decode_as().map_err(malformed("signed data"))?;
    wrap(&SignedData { certificates: None, ..data })
}

fn wrap(data: &SignedData) -> Result<Vec<u8>, Error> {
    let content = Any::encode_from(data).map_err(malformed("a signature"))?;
    ContentInfo { kind: ID_SIGNED_DATA, content }.to_der().map_err(malformed("a signature"))
}

fn signed_attributes(
    content: &Content<'_>,
    own: &Certificate,
    digest: Digest,
    algorithm: &AlgorithmIdentifierOwned,
) -> Result<SetOfVec<Attribute>, Error> {
    let hash = OctetString::new(Digest::Sha256.of(own.der())).map_err(malformed("a digest"))?;
    let named =
        IssuerSerial { issuer: vec![GeneralName::DirectoryName(own.issuer().clone())], serial: own.serial_number() };
    let reference = CertificateRef { digest: None, hash, issuer: Some(named) };
    let certificate = SigningCertificate { certificates: vec![reference], policies: None };
    let protection = Protection { digest: digest.identifier(), signature: Some(algorithm.clone()) };
    let message_digest = OctetString::new(content.digest).map_err(malformed("a digest"))?;
    let mut all = vec![
        attribute(ID_CONTENT_TYPE, &content.kind)?,
        attribute(ID_MESSAGE_DIGEST, &message_digest)?,
        attribute(ID_AA_SIGNING_CERTIFICATE_V_2, &certificate)?,
        attribute(ALGORITHM_PROTECTION, &protection)?,
    ];
    if let Some(claimed) = content.claimed {
        let moment = date(claimed)?;
        all.push(match UtcTime::from_date_time(moment) {
            Ok(short) => attribute(SIGNING_TIME, &short)?,
            Err(_) => attribute(SIGNING_TIME, &GeneralizedTime::from_date_time(moment))?,
        });
    }
    SetOfVec::try_from(all).map_err(malformed("signed attributes"))
}

fn attribute<V: Encode + Tagged>(oid: ObjectIdentifier, value: &V) -> Result<Attribute, Error> {
    let der = value.to_der().map_err(malformed("an attribute"))?;
    let any = Any::from_der(&der).map_err(malformed("an attribute"))?;
    Ok(Attribute { oid, values: SetOfVec::try_from(vec![any]).map_err(malformed("an attribute"))? })
}

/// Status answers and revocation lists that came along with a signature, in DER.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Revocation {
    /// Status answers.
    pub answers: Vec<Vec<u8>>,
    /// Revocation lists.
    pub lists: Vec<Vec<u8>>,
}

/// A signature that was read; nothing of it is proved yet.
#[derive(Clone, Debug)]
pub struct Signature {
    data: SignedData,
    info: SignerInfo,
    signed: SetOfVec<Attribute>,
    certificates: Vec<Certificate>,
}

impl Signature {
    /// Reads a signature with exactly one signer.
    ///
    /// # Errors
    /// [`Error::Malformed`]; [`Error::Refused`] for another number of signers, or one without signed attributes.
    pub fn read(der: &[u8]) -> Result<Self, Error> {
        let whole = ContentInfo::from_der(der).map_err(malformed("a signature"))?;
        if whole.kind != ID_SIGNED_DATA {
            return Err(Error::Malformed("signed data"));
        }
        let data: SignedData = whole.content.decode_as().map_err(malformed("signed data"))?;
        let mut signers = data.signers.iter();
        let (Some(info), None) = (signers.next(), signers.next()) else {
            return Err(Error::Refused("a signature has exactly one signer"));
        };
        let info = info.clone();
        let signed = info.signed.clone().ok_or(Error::Refused("the signer signed no attributes"))?;
        let certificates = data
            .certificates
            .iter()
            .flat_map(|set| set.iter())
            .map(|any| Certificate::from_der(&any.to_der().map_err(malformed("a certificate"))?));
        let certificates = certificates.collect::<Result<Vec<_>, _>>()?;
        Ok(Self { info, signed, certificates, data })
    }

    /// What kind of thing was signed.
    #[must_use]
    pub const fn kind(&self) -> ObjectIdentifier {
        self.data.content.kind
    }

    /// The thing that was signed, when it travels inside.
    #[must_use]
    pub fn inside(&self) -> Option<&[u8]> {
        self.data.content.content.as_ref().map(OctetString::as_bytes)
    }

    /// The certificates that came along, in no order.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// The digest algorithm of the content.
    ///
    /// # Errors
    /// [`Error::Algorithm`].
    pub fn digest(&self) -> Result<Digest, Error> {
        Digest::from_identifier(&self.info.digest)
    }

    /// The signature's own bytes: what a time-stamp over it covers.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.info.signature.as_bytes()
    }

    /// Adds an attribute that is not signed: a time-stamp, say.
    ///
    /// # Errors
    /// When the library refuses.
    pub fn with_unsigned(mut self, oid: ObjectIdentifier, value_der: &[u8]) -> Result<Vec<u8>, Error> {
        let any = Any::from_der(value_der).map_err(malformed("an attribute"))?;
        let values = SetOfVec::try_from(vec![any]).map_err(malformed("an attribute"))?;
        let mut unsigned = self.info.unsigned.take().unwrap_or_default();
        unsigned.insert(Attribute { oid, values }).map_err(malformed("an attribute"))?;
        self.info.unsigned = Some(unsigned);
        self.data.signers = SetOfVec::try_from(vec![self.info]).map_err(malformed("a signature"))?;
        wrap(&self.data)
    }

    /// The value of an attribute that is not signed, in DER.
    ///
    /// # Errors
    /// When the library refuses.
    pub fn unsigned(&self, oid: ObjectIdentifier) -> Result<Option<Vec<u8>>, Error> {
        let found = self.info.unsigned.iter().flat_map(|set| set.iter()).find(|one| one.oid == oid);
        let value = found.and_then(|one| one.values.iter().next());
        value.map(|any| any.to_der().map_err(malformed("an attribute"))).transpose()
    }

    /// The digest of the content as the signer signed it.
    ///
    /// # Errors
    /// [`Error::Malformed`], [`Error::BadSignature`] when there is none.
    pub fn message_digest(&self) -> Result<Vec<u8>, Error> {
        let any = single(&self.signed, ID_MESSAGE_DIGEST)?.ok_or(Error::BadSignature)?;
        let digest: OctetString = any.decode_as().map_err(malformed("a digest"))?;
        Ok(digest.as_bytes().to_vec())
    }

    /// Adds chains, status answers and lists (EN 319 122-1 section 5.5.2; RFC 5940), without doubles.
    ///
    /// # Errors
    /// When the library refuses.
    pub fn with_evidence(
        mut self,
        certificates: &[Certificate],
        answers: &[Vec<u8>],
        lists: &[Vec<u8>],
    ) -> Result<Vec<u8>, Error> {
        let wrong = malformed::<der::Error>;
        let mut all = self.data.certificates.take().unwrap_or_default();
        for certificate in certificates {
            let any = Any::from_der(certificate.der()).map_err(wrong("a certificate"))?;
            if !all.iter().any(|one| *one == any) {
                all.insert(any).map_err(wrong("a chain"))?;
            }
        }
        self.data.certificates = Some(all);
        let mut known = self.data.lists.take().unwrap_or_default();
        let mut add = |any: Any| {
            if known.iter().any(|one| *one == any) { Ok(()) } else { known.insert(any).map_err(wrong("evidence")) }
        };
        for list in lists {
            add(Any::from_der(list).map_err(wrong("a revocation list"))?)?;
        }
        for answer in answers {
            let mut content = STATUS_ANSWER.to_der().map_err(wrong("a status answer"))?;
            content.extend_from_slice(answer);
            add(Any::new(OTHER, content).map_err(wrong("a status answer"))?)?;
            // Version 5 when there is other than lists (RFC 5652 section 5.1).
            self.data.version = 5;
        }
        self.data.lists = (!known.is_empty()).then_some(known);
        wrap(&self.data)
    }

    /// The status answers and revocation lists that came along, in DER; nothing of them is proved.
    ///
    /// # Errors
    /// When the library refuses.
    pub fn revocation(&self) -> Result<Revocation, Error> {
        let Revocation { mut answers, mut lists } = Revocation::default();
        for any in self.data.lists.iter().flat_map(|set| set.iter()) {
            if any.tag() != OTHER {
                lists.push(any.to_der().map_err(malformed("a revocation list"))?);
                continue;
            }
            let name = STATUS_ANSWER.to_der().map_err(malformed("a status answer"))?;
            answers.extend(any.value().strip_prefix(name.as_slice()).map(<[u8]>::to_vec));
        }
        Ok(Revocation { answers, lists })
    }

    /// The claimed time, Unix seconds.
    ///
    /// # Errors
    /// [`Error::Malformed`].
    pub fn claimed(&self) -> Result<Option<u64>, Error> {
        let Some(any) = single(&self.signed, SIGNING_TIME)? else { return Ok(None) };
        let time: x509_cert::time::Time = any.decode_as().map_err(malformed("a signing time"))?;
        Ok(Some(time.to_unix_duration().as_secs()))
    }

    /// Checks everything that needs no trust: the content's digest, the attributes and the signature. Gives the certificate that
    /// signed; whether to trust it is the caller's question.
    ///
    /// # Errors
    /// [`Error::BadSignature`] when anything does not fit; [`Error::Refused`] when the signer's certificate is not there.
    pub fn check(&self, content_digest: &[u8]) -> Result<&Certificate, Error> {
        let digest = self.digest()?;
        let value = |oid| single(&self.signed, oid)?.ok_or(Error::BadSignature);
        let kind: ObjectIdentifier = value(ID_CONTENT_TYPE)?.decode_as().map_err(malformed("a content type"))?;
        let message_digest: OctetString = value(ID_MESSAGE_DIGEST)?.decode_as().map_err(malformed("a digest"))?;
        if kind != self.kind() || message_digest.as_bytes() != content_digest {
            return Err(Error::BadSignature);
        }
        if let Some(any) = single(&self.signed, ALGORITHM_PROTECTION)? {
            let protection: Protection = any.decode_as().map_err(malformed("algorithm protection"))?;
            if protection.digest != self.info.digest || protection.signature.as_ref() != Some(&self.info.algorithm) {
                return Err(Error::BadSignature);
            }
        }
        let reference: SigningCertificate =
            value(ID_AA_SIGNING_CERTIFICATE_V_2)?.decode_as().map_err(malformed("a signing certificate"))?;
        let reference = reference.certificates.first().ok_or(Error::BadSignature)?;
        let hash = reference.digest.as_ref().map_or(Ok(Digest::Sha256), Digest::from_identifier)?;
        let named = |one: &&Certificate| {
            *one.issuer() == self.info.signer.issuer && one.serial() == self.info.signer.serial.as_bytes()
        };
        let own =
            self.certificates.iter().find(named).ok_or(Error::Refused("the signer's certificate is not there"))?;
        if hash.of(own.der()) != reference.hash.as_bytes() {
            return Err(Error::BadSignature);
        }
        // Many signers name the key's algorithm alone (RFC 3370 section 3.2).
        let identifier = if self.info.algorithm.oid == RSA_ENCRYPTION && digest == Digest::Sha256 {
            algorithm::identifier(Algorithm::Rs256)?
        } else {
            self.info.algorithm.clone()
        };
        let algorithm = algorithm::from_identifier(&identifier)?;
        if Digest::of_signature(algorithm) != digest {
            return Err(Error::BadSignature);
        }
        let message = self.signed.to_der().map_err(malformed("signed attributes"))?;
        algorithm::verify(&own.key()?, &identifier, &message, self.bytes())?;
        Ok(own)
    }
}

/// The one value of a signed attribute; it must not stand twice or have several (RFC 5652 section 11).
fn single(set: &SetOfVec<Attribute>, oid: ObjectIdentifier) -> Result<Option<&Any>, Error> {
    let mut found = set.iter().filter(|one| one.oid == oid);
    let Some(first) = found.next() else { return Ok(None) };
    let mut values = first.values.iter();
    let value = values.next();
    if found.next().is_some() || values.next().is_some() || value.is_none() {
        return Err(Error::BadSignature);
    }
    Ok(value)
}

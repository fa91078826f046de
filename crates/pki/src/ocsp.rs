//! Status questions and answers (RFC 6960), with the nonce of RFC 9654.

use crate::algorithm::{self, Signer};
use crate::certificate::{Certificate, date, key_id, octets};
use crate::crl::Reason;
use crate::{Error, malformed};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5912::{ID_SHA_1, ID_SHA_256};
use const_oid::db::rfc6960::{ID_PKIX_OCSP_BASIC, ID_PKIX_OCSP_NONCE};
use der::asn1::{Any, BitString, GeneralizedTime, Null, OctetString};
use der::{Choice, Decode, Encode, Enumerated, Sequence};
use lionrock_crypto::digest::{sha1, sha256};
use spki::AlgorithmIdentifierOwned;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;

/// Most certificates one question may be about.
pub const MOST_QUESTIONS: usize = 16;
/// Longest question read.
pub const LONGEST_REQUEST: usize = 16 * 1024;
/// Lengths of a nonce that are answered (RFC 9654 section 2.1: 32 is what clients send, shorter ones are old, longer may be refused).
pub const NONCE: std::ops::RangeInclusive<usize> = 1..=128;

/// `CertID`: which certificate is meant, by digests of its issuer's name and key.
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
pub struct CertificateId {
    hash: AlgorithmIdentifierOwned,
    issuer_name: OctetString,
    issuer_key: OctetString,
    serial: SerialNumber,
}

impl CertificateId {
    /// The serial number asked for, big-endian.
    #[must_use]
    pub fn serial(&self) -> &[u8] {
        self.serial.as_bytes()
    }

    /// The whole id in DER: questions that are alike byte for byte get the same answer.
    ///
    /// # Errors
    /// When the library refuses.
    pub fn der(&self) -> Result<Vec<u8>, Error> {
        self.to_der().map_err(malformed("a certificate id"))
    }

    /// Whether the certificate meant is one of this issuer's.
    ///
    /// # Errors
    /// When the issuer's key cannot be read.
    pub fn is_of(&self, issuer: &Certificate) -> Result<bool, Error> {
        let digest = |bytes: &[u8]| match self.hash.oid {
            ID_SHA_256 => Some(sha256(bytes).to_vec()),
            // SHA-1 names the issuer here and proves nothing; old clients know no other (RFC 6960 section 4.3).
            ID_SHA_1 => Some(sha1(bytes).to_vec()),
            _ => None,
        };
        let name = issuer.subject().to_der().map_err(malformed("a name"))?;
        let info = algorithm::spki(&issuer.key()?)?;
        let key = info.subject_public_key.as_bytes().unwrap_or_default();
        Ok(digest(&name).as_deref() == Some(self.issuer_name.as_bytes())
            && digest(key).as_deref() == Some(self.issuer_key.as_bytes()))
    }

    /// The id of a certificate, with SHA-256.
    ///
    /// # Errors
    /// When the issuer's key cannot be read.
    pub fn of(certificate: &Certificate, issuer: &Certificate) -> Result<Self, Error> {
        let name = issuer.subject().to_der().map_err(malformed("a name"))?;
        let info = algorithm::spki(&issuer.key()?)?;
        let wrap = |bytes: &[u8]| OctetString::new(bytes).map_err(malformed("a digest"));
        Ok(Self {
            hash: AlgorithmIdentifierOwned { oid: ID_SHA_256, parameters: Some(Any::null()) },
            issuer_name: wrap(&sha256(&name))?,
            issuer_key: wrap(&sha256(info.subject_public_key.as_bytes().unwrap_or_default()))?,
            serial: certificate.serial_number(),
        })
    }
}

/// The digests by which questions name an issuer, made once: a busy service is asked about few of them.
#[derive(Clone, Debug)]
pub struct Issuer {
    sha1: (Vec<u8>, Vec<u8>),
    sha256: (Vec<u8>, Vec<u8>),
}

impl Issuer {
    /// Those of an issuer.
    ///
    /// # Errors
    /// When its key cannot be read.
    pub fn of(issuer: &Certificate) -> Result<Self, Error> {
        let name = issuer.subject().to_der().map_err(malformed("a name"))?;
        let info = algorithm::spki(&issuer.key()?)?;
        let key = info.subject_public_key.as_bytes().unwrap_or_default();
        Ok(Self {
            sha1: (sha1(&name).to_vec(), sha1(key).to_vec()),
            sha256: (sha256(&name).to_vec(), sha256(key).to_vec()),
        })
    }

    /// Whether a question means a certificate of this issuer's.
    #[must_use]
    pub fn is_meant(&self, id: &CertificateId) -> bool {
        let (name, key) = match id.hash.oid {
            ID_SHA_256 => &self.sha256,
            ID_SHA_1 => &self.sha1,
            _ => return false,
        };
        id.issuer_name.as_bytes() == name && id.issuer_key.as_bytes() == key
    }
}

#[derive(Clone, Debug, Sequence)]
struct Question {
    id: CertificateId,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    extensions: Option<Vec<Extension>>,
}

#[derive(Clone, Debug, Sequence)]
struct ToBeSignedRequest {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", default = "zero")]
    version: u8,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    requestor: Option<GeneralName>,
    questions: Vec<Question>,
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", optional = "true")]
    extensions: Option<Vec<Extension>>,
}

#[derive(Clone, Debug, Sequence)]
struct Request {
    body: ToBeSignedRequest,
    // Signatures of those who ask are not looked at: everybody may ask.
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    signature: Option<Any>,
}

const fn zero() -> u8 {
    0
}

/// What somebody asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// About which certificates.
    pub ids: Vec<CertificateId>,
    /// The nonce they want to find in the answer.
    pub nonce: Option<Vec<u8>>,
}

/// Reads a question.
///
/// # Errors
/// [`Error::Malformed`] when it is none; [`Error::Refused`] for one that is too long, empty, has a nonce of a forbidden length or a
/// critical extension.
pub fn read(der: &[u8]) -> Result<Asked, Error> {
    if der.len() > LONGEST_REQUEST {
        return Err(Error::Refused("this question is too long"));
    }
    let request = Request::from_der(der).map_err(malformed("a status question"))?;
    let body = request.body;
    if body.version != 0 || body.questions.is_empty() || body.questions.len() > MOST_QUESTIONS {
        return Err(Error::Refused("a question is about 1 to 16 certificates"));
    }
    let inner = body.questions.iter().flat_map(|one| one.extensions.iter().flatten());
    if inner.chain(body.extensions.iter().flatten()).any(|one| one.critical && one.extn_id != ID_PKIX_OCSP_NONCE) {
        return Err(Error::Refused("the question has a critical extension that is not understood"));
    }
    let nonce = body.extensions.iter().flatten().find(|one| one.extn_id == ID_PKIX_OCSP_NONCE);
    let nonce =
        nonce.map(|one| OctetString::from_der(one.extn_value.as_bytes()).map_err(malformed("a nonce"))).transpose()?;
    let nonce = nonce.map(|one| one.as_bytes().to_vec());
    if nonce.as_ref().is_some_and(|nonce| !NONCE.contains(&nonce.len())) {
        return Err(Error::Refused("a nonce has 1 to 128 bytes"));
    }
    Ok(Asked { ids: body.questions.into_iter().map(|one| one.id).collect(), nonce })
}

/// Makes a question about one certificate.
///
/// # Errors
/// When the issuer's key cannot be read.
pub fn ask(certificate: &Certificate, issuer: &Certificate, nonce: Option<&[u8; 32]>) -> Result<Vec<u8>, Error> {
    let questions = vec![Question { id: CertificateId::of(certificate, issuer)?, extensions: None }];
    let extensions = nonce.map(|nonce| nonce_extension(nonce).map(|one| vec![one])).transpose()?;
    let body = ToBeSignedRequest { version: 0, requestor: None, questions, extensions };
    Request { body, signature: None }.to_der().map_err(malformed("a status question"))
}

fn nonce_extension(nonce: &[u8]) -> Result<Extension, Error> {
    let value = OctetString::new(nonce).map_err(malformed("a nonce"))?;
    Ok(Extension { extn_id: ID_PKIX_OCSP_NONCE, critical: false, extn_value: octets(&value)? })
}

/// How a certificate stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Good.
    Good,
    /// Revoked or suspended, since when (Unix seconds) and why.
    Revoked(u64, Reason),
    /// Not one of this authority's.
    Unknown,
}

#[derive(Clone, Debug, Sequence)]
struct RevokedInfo {
    at: GeneralizedTime,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    reason: Option<Reason>,
}

#[derive(Clone, Debug, Choice)]
enum CertificateStatus {
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT")]
    Good(Null),
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", constructed = "true")]
    Revoked(RevokedInfo),
    #[asn1(context_specific = "2", tag_mode = "IMPLICIT")]
    Unknown(Null),
}

#[derive(Clone, Debug, Sequence)]
struct Single {
    id: CertificateId,
    status: CertificateStatus,
    this_update: GeneralizedTime,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    next_update: Option<GeneralizedTime>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    extensions: Option<Vec<Extension>>,
}

#[derive(Clone, Debug, Choice)]
enum Responder {
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", constructed = "true")]
    ByName(Name),
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", constructed = "true")]
    ByKey(OctetString),
}

#[derive(Clone, Debug, Sequence)]
struct Body {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", default = "zero")]
    version: u8,
    responder: Responder,
    produced_at: GeneralizedTime,
    singles: Vec<Single>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    extensions: Option<Vec<Extension>>,
}

#[derive(Clone, Debug, Sequence)]
struct Basic {
    body: Body,
    algorithm: AlgorithmIdentifierOwned,
    signature: BitString,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    certificates: Option<Vec<Any>>,
}

#[derive(Clone, Debug, Sequence)]
struct ResponseBytes {
    kind: ObjectIdentifier,
    response: OctetString,
}

/// `OCSPResponseStatus`: how the whole question was received (RFC 6960 section 4.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enumerated)]
#[repr(u32)]
pub enum Reception {
    /// An answer follows.
    Successful = 0,
    /// The question cannot be read.
    Malformed = 1,
    /// Something is wrong here.
    InternalError = 2,
    /// Ask again later.
    TryLater = 3,
    /// Not answered for you.
    Unauthorized = 6,
}

#[derive(Clone, Debug, Sequence)]
struct Response {
    reception: Reception,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    bytes: Option<ResponseBytes>,
}

/// The answer that says why there is none; unsigned, as the standard wants it.
///
/// # Errors
/// When the library refuses.
pub fn refuse(reception: Reception) -> Result<Vec<u8>, Error> {
    Response { reception, bytes: None }.to_der().map_err(malformed("a status answer"))
}

/// An answer to be signed.
#[derive(Clone, Debug)]
pub struct Answer {
    /// One status for each certificate asked about.
    pub singles: Vec<(CertificateId, Status)>,
    /// The nonce of the question.
    pub nonce: Option<Vec<u8>>,
    /// When it is made, Unix seconds.
    pub now: u64,
    /// Until when it may be used, Unix seconds.
    pub next: u64,
}

/// Signs an answer. `responder` is the certificate of the signing key and goes with it.
///
/// # Errors
/// [`Error::Refused`] when the key is not the responder's; of the key.
pub fn answer(answer: &Answer, responder: &Certificate, signer: &dyn Signer) -> Result<Vec<u8>, Error> {
    let own = signer.public()?;
    if responder.key()? != own {
        return Err(Error::Refused("the signing key is not the responder's"));
    }
    let moment = |seconds: u64| date(seconds).map(GeneralizedTime::from_date_time);
    let now = moment(answer.now)?;
    let singles = answer.singles.iter().map(|(id, status)| {
        let status = match status {
            Status::Good => CertificateStatus::Good(Null),
            Status::Revoked(at, reason) => {
                CertificateStatus::Revoked(RevokedInfo { at: moment(*at)?, reason: Some(*reason) })
            }
            Status::Unknown => CertificateStatus::Unknown(Null),
        };
        let next_update = Some(moment(answer.next)?);
        Ok(Single { id: id.clone(), status, this_update: now, next_update, extensions: None })
    });
    let body = Body {
        version: 0,
        responder: Responder::ByName(responder.subject().clone()),
        produced_at: now,
        singles: singles.collect::<Result<Vec<_>, Error>>()?,
        extensions: answer.nonce.as_deref().map(|nonce| nonce_extension(nonce).map(|one| vec![one])).transpose()?,
    };
    let message = body.to_der().map_err(malformed("a status answer"))?;
    let basic = Basic {
        body,
        algorithm: algorithm::identifier(signer.algorithm())?,
        signature: algorithm::sign(signer, &message)?,
        certificates: Some(vec![Any::from_der(responder.der()).map_err(malformed("a certificate"))?]),
    };
    let basic = basic.to_der().map_err(malformed("a status answer"))?;
    let bytes = ResponseBytes {
        kind: ID_PKIX_OCSP_BASIC,
        response: OctetString::new(basic).map_err(malformed("a status answer"))?,
    };
    let whole = Response { reception: Reception::Successful, bytes: Some(bytes) };
    whole.to_der().map_err(malformed("a status answer"))
}

/// Who may answer for an authority, besides itself: certificates that it issued for that use.
fn responder_key(basic: &Basic, issuer: &Certificate, now: u64) -> Result<lionrock_crypto::sign::PublicKey, Error> {
    let own = issuer.key()?;
    let is_named = |certificate: &Certificate| match &basic.body.responder {
        Responder::ByName(name) => Ok::<_, Error>(name == certificate.subject()),
        // The standard wants SHA-1 of the key here (RFC 6960 section 4.2.1); answers of ours name the responder.
        Responder::ByKey(id) => {
            let info = algorithm::spki(&certificate.key()?)?;
            let key = info.subject_public_key.as_bytes().unwrap_or_default();
            Ok(id.as_bytes() == sha1(key) || id.as_bytes() == key_id(&certificate.key()?)?)
        }
    };
    if is_named(issuer)? {
        return Ok(own);
    }
    for any in basic.certificates.iter().flatten() {
        let certificate = Certificate::from_der(&any.to_der().map_err(malformed("a certificate"))?)?;
        let purposes = certificate.extension::<x509_cert::ext::pkix::ExtendedKeyUsage>()?;
        let may = purposes.is_some_and(|(_, all)| all.0.contains(&const_oid::db::rfc5280::ID_KP_OCSP_SIGNING));
        let (first, last) = certificate.validity();
        let stands = certificate.issuer() == issuer.subject() && (first..=last).contains(&now);
        if may && stands && is_named(&certificate)? && certificate.verify(&own).is_ok() {
            return certificate.key();
        }
    }
    Err(Error::Refused("whoever answered may not answer for this authority"))
}

/// What an answer says about one certificate, whoever asked and whenever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examined {
    /// How it stood.
    pub status: Status,
    /// As of when, Unix seconds.
    pub from: u64,
    /// Until when the answer may be used, Unix seconds.
    pub until: Option<u64>,
}

/// Reads an answer about one certificate and checks who answered and for which certificate; whether its time is right is the caller's
/// question. For judging what was signed long ago.
///
/// # Errors
/// [`Error::Malformed`], [`Error::BadSignature`]; [`Error::Refused`] with the reason.
pub fn examine(der: &[u8], certificate: &Certificate, issuer: &Certificate) -> Result<Examined, Error> {
    let response = Response::from_der(der).map_err(malformed("a status answer"))?;
    let bytes = response.bytes.filter(|_| response.reception == Reception::Successful);
    let bytes =
        bytes.filter(|bytes| bytes.kind == ID_PKIX_OCSP_BASIC).ok_or(Error::Refused("there is no answer in it"))?;
    let basic = Basic::from_der(bytes.response.as_bytes()).map_err(malformed("a status answer"))?;
    let seconds = |time: &GeneralizedTime| time.to_unix_duration().as_secs();
    for single in &basic.body.singles {
        if single.id.serial() != certificate.serial() || !single.id.is_of(issuer)? {
            continue;
        }
        let key = responder_key(&basic, issuer, seconds(&basic.body.produced_at))?;
        let message = basic.body.to_der().map_err(malformed("a status answer"))?;
        let signature = basic.signature.as_bytes().ok_or(Error::BadSignature)?;
        algorithm::verify(&key, &basic.algorithm, &message, signature)?;
        let status = match &single.status {
            CertificateStatus::Good(_) => Status::Good,
            CertificateStatus::Revoked(info) => {
                Status::Revoked(seconds(&info.at), info.reason.unwrap_or(Reason::PrivilegeWithdrawn))
            }
            CertificateStatus::Unknown(_) => Status::Unknown,
        };
        return Ok(Examined {
            status,
            from: seconds(&single.this_update),
            until: single.next_update.as_ref().map(seconds),
        });
    }
    Err(Error::Refused("the answer is about another certificate"))
}

/// Reads an answer about one certificate and checks everything: who answered, for which certificate, when, and the nonce.
///
/// # Errors
/// [`Error::Malformed`], [`Error::BadSignature`]; [`Error::Refused`] with the reason.
pub fn check(
    der: &[u8],
    certificate: &Certificate,
    issuer: &Certificate,
    nonce: Option<&[u8; 32]>,
    now: u64,
) -> Result<Status, Error> {
    let response = Response::from_der(der).map_err(malformed("a status answer"))?;
    let bytes = response.bytes.filter(|_| response.reception == Reception::Successful);
    let bytes =
        bytes.filter(|bytes| bytes.kind == ID_PKIX_OCSP_BASIC).ok_or(Error::Refused("there is no answer in it"))?;
    let basic = Basic::from_der(bytes.response.as_bytes()).map_err(malformed("a status answer"))?;
    let key = responder_key(&basic, issuer, now)?;
    let message = basic.body.to_der().map_err(malformed("a status answer"))?;
    let signature = basic.signature.as_bytes().ok_or(Error::BadSignature)?;
    algorithm::verify(&key, &basic.algorithm, &message, signature)?;
    if let Some(nonce) = nonce {
        let wanted = nonce_extension(nonce)?;
        if !basic.body.extensions.iter().flatten().any(|one| *one == wanted) {
            return Err(Error::Refused("the answer is to another question: its nonce is not ours"));
        }
    }
    for single in &basic.body.singles {
        if single.id.serial() != certificate.serial() || !single.id.is_of(issuer)? {
            continue;
        }
        let seconds = |time: &GeneralizedTime| time.to_unix_duration().as_secs();
        let fresh =
            seconds(&single.this_update) <= now && single.next_update.as_ref().is_some_and(|next| now <= seconds(next));
        if !fresh {
            return Err(Error::Refused("the answer is not of today"));
        }
        return Ok(match &single.status {
            CertificateStatus::Good(_) => Status::Good,
            CertificateStatus::Revoked(info) => {
                Status::Revoked(seconds(&info.at), info.reason.unwrap_or(Reason::PrivilegeWithdrawn))
            }
            CertificateStatus::Unknown(_) => Status::Unknown,
        });
    }
    Err(Error::Refused("the answer is about another certificate"))
}

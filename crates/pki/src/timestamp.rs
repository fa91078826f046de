//! Time-stamps (RFC 3161, updated by RFC 5816): a digest existed at a time.

use crate::algorithm::{Digest, Signer};
use crate::certificate::{Certificate, date};
use crate::cms::{self, Signature};
use crate::{Error, malformed};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc3161::ID_CT_TST_INFO;
use const_oid::db::rfc5280::ID_KP_TIME_STAMPING;
use der::asn1::{Any, BitString, GeneralizedTime, Int, OctetString};
use der::{Decode, Encode, Sequence};
use spki::AlgorithmIdentifierOwned;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::ExtendedKeyUsage;
use x509_cert::ext::pkix::name::GeneralName;

/// Longest question read.
pub const LONGEST_REQUEST: usize = 4 * 1024;
/// Most bytes of a nonce.
const LONGEST_NONCE: usize = 32;

#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
struct Imprint {
    algorithm: AlgorithmIdentifierOwned,
    hash: OctetString,
}

#[derive(Clone, Debug, Sequence)]
struct Request {
    version: u8,
    imprint: Imprint,
    #[asn1(optional = "true")]
    policy: Option<ObjectIdentifier>,
    #[asn1(optional = "true")]
    nonce: Option<Int>,
    #[asn1(default = "no")]
    certificate: bool,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", constructed = "true", optional = "true")]
    extensions: Option<Vec<Extension>>,
}

const fn no() -> bool {
    false
}

/// `PKIFailureInfo`, as far as time-stamping uses it (RFC 3161 section 2.4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The digest algorithm is not accepted.
    BadAlgorithm = 0,
    /// The question is not one.
    BadRequest = 2,
    /// It cannot be read.
    BadDataFormat = 5,
    /// The clock is doubtful.
    TimeNotAvailable = 14,
    /// Another policy was asked for.
    UnacceptedPolicy = 15,
    /// An extension was asked for that is not offered.
    UnacceptedExtension = 16,
    /// Something is wrong here.
    SystemFailure = 25,
}

impl Failure {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::BadAlgorithm,
        Self::BadRequest,
        Self::BadDataFormat,
        Self::TimeNotAvailable,
        Self::UnacceptedPolicy,
        Self::UnacceptedExtension,
        Self::SystemFailure,
    ];
}

/// What somebody wants stamped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The digest algorithm.
    pub digest: Digest,
    /// The digest.
    pub hash: Vec<u8>,
    /// The policy they want.
    pub policy: Option<ObjectIdentifier>,
    /// Their nonce, as a DER integer's bytes.
    pub nonce: Option<Vec<u8>>,
    /// Whether the certificate shall come along.
    pub certificate: bool,
}

/// Reads a question.
///
/// # Errors
/// The failure to answer with.
pub fn read(der: &[u8]) -> Result<Asked, Failure> {
    if der.len() > LONGEST_REQUEST {
        return Err(Failure::BadRequest);
    }
    let request = Request::from_der(der).map_err(|_| Failure::BadDataFormat)?;
    if request.version != 1 {
        return Err(Failure::BadRequest);
    }
    if request.extensions.is_some() {
        return Err(Failure::UnacceptedExtension);
    }
    let digest = Digest::from_identifier(&request.imprint.algorithm).map_err(|_| Failure::BadAlgorithm)?;
    let hash = request.imprint.hash.as_bytes().to_vec();
    if hash.len() != digest.length() {
        return Err(Failure::BadDataFormat);
    }
    let nonce = request.nonce.map(|nonce| nonce.as_bytes().to_vec());
    if nonce.as_ref().is_some_and(|nonce| nonce.len() > LONGEST_NONCE) {
        return Err(Failure::BadRequest);
    }
    Ok(Asked { digest, hash, policy: request.policy, nonce, certificate: request.certificate })
}

/// Makes a question; the answer shall carry the certificate.
///
/// # Errors
/// [`Error::Refused`] when the digest has another length.
pub fn ask(digest: Digest, hash: &[u8], nonce: Option<&[u8; 16]>) -> Result<Vec<u8>, Error> {
    if hash.len() != digest.length() {
        return Err(Error::Refused("the digest has another length"));
    }
    let imprint = imprint(digest, hash)?;
    let nonce = nonce.map(|nonce| integer(nonce)).transpose()?;
    let request = Request { version: 1, imprint, policy: None, nonce, certificate: true, extensions: None };
    request.to_der().map_err(malformed("a time-stamp question"))
}

fn imprint(digest: Digest, hash: &[u8]) -> Result<Imprint, Error> {
    Ok(Imprint { algorithm: digest.identifier(), hash: OctetString::new(hash).map_err(malformed("a digest"))? })
}

/// A positive integer of these bytes.
fn integer(bytes: &[u8]) -> Result<Int, Error> {
    let plain: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
    let mut content = plain;
    if content.first().is_none_or(|first| first & 0x80 != 0) {
        content.insert(0, 0);
    }
    Int::new(&content).map_err(malformed("an integer"))
}

#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
struct Accuracy {
    #[asn1(optional = "true")]
    seconds: Option<u32>,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", optional = "true")]
    millis: Option<u16>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    micros: Option<u16>,
}

/// `TSTInfo`.
#[derive(Clone, Debug, Sequence)]
struct Info {
    version: u8,
    policy: ObjectIdentifier,
    imprint: Imprint,
    serial: Int,
    time: GeneralizedTime,
    #[asn1(optional = "true")]
    accuracy: Option<Accuracy>,
    #[asn1(default = "no")]
    ordering: bool,
    #[asn1(optional = "true")]
    nonce: Option<Int>,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    authority: Option<GeneralName>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", constructed = "true", optional = "true")]
    extensions: Option<Vec<Extension>>,
}

#[derive(Clone, Debug, Sequence)]
struct StatusInfo {
    status: u8,
    #[asn1(optional = "true")]
    text: Option<Vec<String>>,
    #[asn1(optional = "true")]
    failure: Option<BitString>,
}

#[derive(Clone, Debug, Sequence)]
struct Response {
    status: StatusInfo,
    #[asn1(optional = "true")]
    token: Option<Any>,
}

/// The answer that says why there is no token.
///
/// # Errors
/// When the library refuses.
pub fn refuse(failure: Failure, text: &str) -> Result<Vec<u8>, Error> {
    let bit = failure as usize;
    let mut bytes = vec![0_u8; bit / 8 + 1];
    if let Some(last) = bytes.last_mut() {
        *last = 0x80 >> (bit % 8);
    }
    let unused = 7 - u8::try_from(bit % 8).unwrap_or(0);
    let failure = BitString::new(unused, bytes).map_err(malformed("a failure"))?;
    let status = StatusInfo { status: 2, text: Some(vec![text.to_owned()]), failure: Some(failure) };
    Response { status, token: None }.to_der().map_err(malformed("a time-stamp answer"))
}

/// A stamp to be made.
#[derive(Clone, Debug)]
pub struct Stamp {
    /// Under which policy.
    pub policy: ObjectIdentifier,
    /// 128 random bits.
    pub serial: [u8; 16],
    /// Now, Unix seconds.
    pub now: u64,
    /// How far the clock may be off, in milliseconds.
    pub accuracy_ms: u32,
}

/// Stamps what was asked: a token, in DER.
///
/// # Errors
/// [`Error::Refused`] when the certificate is not for time-stamping alone, or the key is not its; of the key.
pub fn stamp(asked: &Asked, stamp: &Stamp, chain: &[&Certificate], signer: &dyn Signer) -> Result<Vec<u8>, Error> {
    let own = chain.first().ok_or(Error::Refused("the time-stamping certificate is missing"))?;
    for_stamping(own)?;
    let seconds = stamp.accuracy_ms / 1000;
    let millis = u16::try_from(stamp.accuracy_ms % 1000).unwrap_or(0);
    let info = Info {
        version: 1,
        policy: asked.policy.unwrap_or(stamp.policy),
        imprint: imprint(asked.digest, &asked.hash)?,
        serial: integer(&stamp.serial)?,
        time: GeneralizedTime::from_date_time(date(stamp.now)?),
        accuracy: Some(Accuracy {
            seconds: (seconds > 0).then_some(seconds),
            millis: (millis > 0).then_some(millis),
            micros: None,
        }),
        ordering: false,
        nonce: asked.nonce.as_deref().map(Int::new).transpose().map_err(malformed("a nonce"))?,
        authority: None,
        extensions: None,
    };
    if info.policy != stamp.policy {
        return Err(Error::Refused("another policy was asked for"));
    }
    let inside = info.to_der().map_err(malformed("a time-stamp"))?;
    let digest = Digest::of_signature(signer.algorithm()).of(&inside);
    let content =
        cms::Content { kind: ID_CT_TST_INFO, digest: &digest, inside: Some(&inside), claimed: Some(stamp.now) };
    let token = cms::sign(&content, chain, signer)?;
    // Whoever did not ask for certificates gets none (RFC 3161 section 2.4.1).
    if asked.certificate { Ok(token) } else { cms::without_certificates(&token) }
}

/// The digest algorithm of what a token stamps.
///
/// # Errors
/// [`Error::Malformed`], [`Error::Algorithm`].
pub fn digest_of(token: &[u8]) -> Result<Digest, Error> {
    let signature = Signature::read(token)?;
    let inside = signature.inside().ok_or(Error::Malformed("a time-stamp"))?;
    let info = Info::from_der(inside).map_err(malformed("a time-stamp"))?;
    Digest::from_identifier(&info.imprint.algorithm)
}

/// The answer that carries a token.
///
/// # Errors
/// When the library refuses.
pub fn grant(token: &[u8]) -> Result<Vec<u8>, Error> {
    let status = StatusInfo { status: 0, text: None, failure: None };
    let token = Some(Any::from_der(token).map_err(malformed("a token"))?);
    Response { status, token }.to_der().map_err(malformed("a time-stamp answer"))
}

/// Why an answer carries no token: `None` when it carries one, or does not say.
///
/// # Errors
/// [`Error::Malformed`].
pub fn failure(der: &[u8]) -> Result<Option<Failure>, Error> {
    let response = Response::from_der(der).map_err(malformed("a time-stamp answer"))?;
    let Some(bits) = response.status.failure else { return Ok(None) };
    let set = |failure: &Failure| bits.bits().nth(*failure as usize) == Some(true);
    Ok(Failure::ALL.into_iter().find(set))
}

/// The token of an answer.
///
/// # Errors
/// [`Error::Malformed`]; [`Error::Refused`] when there is none in it.
pub fn token(der: &[u8]) -> Result<Vec<u8>, Error> {
    let response = Response::from_der(der).map_err(malformed("a time-stamp answer"))?;
    let token = response.token.filter(|_| response.status.status <= 1);
    token.ok_or(Error::Refused("no time-stamp was granted"))?.to_der().map_err(malformed("a token"))
}

/// The digest algorithm a token is over; nothing of it is proved yet.
///
/// # Errors
/// [`Error::Malformed`]; [`Error::Algorithm`].
pub fn imprint_of(token: &[u8]) -> Result<Digest, Error> {
    let signature = Signature::read(token)?;
    let inside = signature.inside().filter(|_| signature.kind() == ID_CT_TST_INFO);
    let info = Info::from_der(inside.ok_or(Error::Malformed("a time-stamp"))?).map_err(malformed("a time-stamp"))?;
    Digest::from_identifier(&info.imprint.algorithm)
}

/// A time-stamp whose signature was checked; whether to trust its certificate is the caller's question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// When, Unix seconds.
    pub at: u64,
    /// Serial number, big-endian.
    pub serial: Vec<u8>,
    /// Policy.
    pub policy: ObjectIdentifier,
    /// Who stamped.
    pub certificate: Certificate,
}

/// Who stamped a token and when, its own signature checked; whether it is over anything at hand is not.
///
/// # Errors
/// As [`check`], but for the digest.
pub fn look(token: &[u8]) -> Result<Checked, Error> {
    let signature = Signature::read(token)?;
    let inside = signature.inside().ok_or(Error::Malformed("a time-stamp"))?;
    let info = Info::from_der(inside).map_err(malformed("a time-stamp"))?;
    check(token, Digest::from_identifier(&info.imprint.algorithm)?, info.imprint.hash.as_bytes(), None)
}

/// Checks a token over a digest.
///
/// # Errors
/// [`Error::Malformed`], [`Error::BadSignature`]; [`Error::Refused`] for another digest, another nonce, or a certificate that is not for
/// time-stamping or was not valid then.
pub fn check(token: &[u8], digest: Digest, hash: &[u8], nonce: Option<&[u8; 16]>) -> Result<Checked, Error> {
    let signature = Signature::read(token)?;
    if signature.kind() != ID_CT_TST_INFO {
        return Err(Error::Malformed("a time-stamp"));
    }
    let inside = signature.inside().ok_or(Error::Malformed("a time-stamp"))?;
    let own = signature.check(&signature.digest()?.of(inside))?;
    for_stamping(own)?;
    let info = Info::from_der(inside).map_err(malformed("a time-stamp"))?;
    if info.version != 1
        || Digest::from_identifier(&info.imprint.algorithm)? != digest
        || info.imprint.hash.as_bytes() != hash
    {
        return Err(Error::Refused("this time-stamp is over something else"));
    }
    if let Some(nonce) = nonce
        && info.nonce != Some(integer(nonce)?)
    {
        return Err(Error::Refused("this time-stamp answers another question: its nonce is not ours"));
    }
    let at = info.time.to_unix_duration().as_secs();
    let (first, last) = own.validity();
    if !(first..=last).contains(&at) {
        return Err(Error::Refused("the time-stamp lies outside its certificate's validity"));
    }
    Ok(Checked { at, serial: info.serial.as_bytes().to_vec(), policy: info.policy, certificate: own.clone() })
}

/// RFC 3161 section 2.3: extended key usage is critical and is time-stamping alone.
fn for_stamping(certificate: &Certificate) -> Result<(), Error> {
    let usage = certificate.extension::<ExtendedKeyUsage>()?;
    match usage {
        Some((true, purposes)) if purposes.0 == [ID_KP_TIME_STAMPING] => Ok(()),
        _ => Err(Error::Refused("this certificate is not for time-stamping alone")),
    }
}

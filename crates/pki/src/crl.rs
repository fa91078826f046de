//! Revocation lists (RFC 5280 section 5): full ones, of one authority, with a number and a time of the next.

use crate::algorithm::{self, Signer};
use crate::certificate::{Certificate, key_id, octets, time};
use crate::{Error, malformed};
use const_oid::AssociatedOid;
use der::asn1::{BitString, OctetString, Uint};
use der::{Decode, DecodePem, Encode, EncodePem, Enumerated, Sequence};
use lionrock_crypto::sign::PublicKey;
use spki::AlgorithmIdentifierOwned;
use x509_cert::crl::{CertificateList, RevokedCert};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, CrlNumber};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::time::Time;

/// Object identifier of the reason of an entry (RFC 5280 section 5.3.1).
const REASON: const_oid::ObjectIdentifier = const_oid::db::rfc5280::ID_CE_CRL_REASONS;

/// Why a certificate is good no more (RFC 5280 section 5.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Enumerated)]
#[repr(u32)]
pub enum Reason {
    /// Somebody else may have the key.
    KeyCompromise = 1,
    /// The authority's key may be somebody else's.
    AuthorityCompromise = 2,
    /// The name or another fact changed.
    AffiliationChanged = 3,
    /// Another certificate took its place.
    Superseded = 4,
    /// The account was closed.
    CessationOfOperation = 5,
    /// Suspended: may come back.
    Hold = 6,
    /// A right was withdrawn.
    PrivilegeWithdrawn = 9,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::KeyCompromise,
        Self::AuthorityCompromise,
        Self::AffiliationChanged,
        Self::Superseded,
        Self::CessationOfOperation,
        Self::Hold,
        Self::PrivilegeWithdrawn,
    ];

    /// The name in RFC 5280, the stable word of commands and records.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::KeyCompromise => "keyCompromise",
            Self::AuthorityCompromise => "cACompromise",
            Self::AffiliationChanged => "affiliationChanged",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessationOfOperation",
            Self::Hold => "certificateHold",
            Self::PrivilegeWithdrawn => "privilegeWithdrawn",
        }
    }

    /// Reads the stable word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.word() == word)
    }
}

/// A certificate that is good no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its serial number, big-endian.
    pub serial: Vec<u8>,
    /// Since when, Unix seconds.
    pub at: u64,
    /// Why.
    pub reason: Reason,
}

/// A list to be signed.
#[derive(Clone, Debug)]
pub struct List {
    /// One more with each list of the authority.
    pub number: u64,
    /// When it is made, Unix seconds.
    pub now: u64,
    /// When the next one is there at the latest, Unix seconds.
    pub next: u64,
    /// All certificates that are good no more and not yet expired.
    pub entries: Vec<Entry>,
}

/// `TBSCertList`, version 2.
#[derive(Sequence)]
struct ToBeSigned {
    version: u8,
    signature: AlgorithmIdentifierOwned,
    issuer: Name,
    this_update: Time,
    next_update: Time,
    #[asn1(optional = "true")]
    revoked: Option<Vec<RevokedCert>>,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    extensions: Vec<Extension>,
}

#[derive(Sequence)]
struct Signed {
    to_be_signed: ToBeSigned,
    signature_algorithm: AlgorithmIdentifierOwned,
    signature: BitString,
}

/// Signs a list of `issuer`, in DER.
///
/// # Errors
/// [`Error::Refused`] when the key is not the issuer's, or the next list is not later; of the key.
pub fn sign(list: &List, issuer: &Certificate, signer: &dyn Signer) -> Result<Vec<u8>, Error> {
    let own = signer.public()?;
    if issuer.key()? != own {
        return Err(Error::Refused("the signing key is not the issuer's"));
    }
    if list.next <= list.now {
        return Err(Error::Refused("the next list must come later than this one"));
    }
    let mut entries = list.entries.clone();
    entries.sort_by(|a, b| a.serial.cmp(&b.serial));
    entries.dedup_by(|a, b| a.serial == b.serial);
    let revoked = entries.iter().map(revoked).collect::<Result<Vec<_>, _>>()?;
    let key_identifier = Some(OctetString::new(key_id(&own)?).map_err(malformed("a key identifier"))?);
    let authority = AuthorityKeyIdentifier { key_identifier, ..Default::default() };
    let number = CrlNumber(Uint::new(&list.number.to_be_bytes()).map_err(malformed("a number"))?);
    let extension = |extn_id, extn_value| Extension { extn_id, critical: false, extn_value };
    let to_be_signed = ToBeSigned {
        version: 1,
        signature: algorithm::identifier(signer.algorithm())?,
        issuer: issuer.subject().clone(),
        this_update: time(list.now)?,
        next_update: time(list.next)?,
        // An empty list of entries must be absent (RFC 5280 section 5.1.2.6).
        revoked: (!revoked.is_empty()).then_some(revoked),
        extensions: vec![
            extension(AuthorityKeyIdentifier::OID, octets(&authority)?),
            extension(CrlNumber::OID, octets(&number)?),
        ],
    };
    let message = to_be_signed.to_der().map_err(malformed("a revocation list"))?;
    let signature_algorithm = to_be_signed.signature.clone();
    let signature = algorithm::sign(signer, &message)?;
    Signed { to_be_signed, signature_algorithm, signature }.to_der().map_err(malformed("a revocation list"))
}

fn revoked(entry: &Entry) -> Result<RevokedCert, Error> {
    let reason = Extension { extn_id: REASON, critical: false, extn_value: octets(&entry.reason)? };
    Ok(RevokedCert {
        serial_number: SerialNumber::new(&entry.serial).map_err(malformed("a serial number"))?,
        revocation_date: time(entry.at)?,
        crl_entry_extensions: Some(vec![reason]),
    })
}

/// A list that was read and whose signature was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Its number, when it has one.
    pub number: Option<u64>,
    /// When it was made, Unix seconds.
    pub made: u64,
    /// When the next one is due, Unix seconds.
    pub next: u64,
    /// Serial numbers, since when, and why (none: not said).
    pub entries: Vec<(Vec<u8>, u64, Option<Reason>)>,
}

/// Reads a list and checks that `issuer` signed it and that it is of use at `now`.
///
/// # Errors
/// [`Error::Malformed`], [`Error::BadSignature`]; [`Error::Refused`] for another issuer, a critical extension that is not understood, or
/// a list whose time is over or not yet come.
pub fn check(der: &[u8], issuer: &Certificate, now: u64) -> Result<Checked, Error> {
    let list = examine(der, issuer)?;
    if now < list.made || now > list.next {
        return Err(Error::Refused("this list is not of today"));
    }
    Ok(list)
}

/// The same, whatever the time is: for judging what was signed long ago.
///
/// # Errors
/// As [`check`], but for the times.
pub fn examine(der: &[u8], issuer: &Certificate) -> Result<Checked, Error> {
    let list: CertificateList = CertificateList::from_der(der).map_err(malformed("a revocation list"))?;
    let body = &list.tbs_cert_list;
    if body.issuer != *issuer.subject() {
        return Err(Error::Refused("this list is another authority's"));
    }
    verify(&list, &issuer.key()?)?;
    let extensions = body.crl_extensions.as_deref().unwrap_or_default();
    if extensions.iter().any(|one| one.critical) {
        return Err(Error::Refused("this list has a critical extension that is not understood"));
    }
    let seconds = |time: &Time| time.to_unix_duration().as_secs();
    let made = seconds(&body.this_update);
    let next = body
        .next_update
        .as_ref()
        .map(seconds)
        .ok_or(Error::Refused("this list does not say when the next one is due"))?;
    let number = extensions.iter().find(|one| one.extn_id == CrlNumber::OID).and_then(|one| {
        let number = CrlNumber::from_der(one.extn_value.as_bytes()).ok()?;
        number.0.as_bytes().iter().try_fold(0_u64, |all, byte| all.checked_mul(256)?.checked_add(u64::from(*byte)))
    });
    let entries = body.revoked_certificates.iter().flatten().map(|one| {
        let reason = one.crl_entry_extensions.iter().flatten().find(|extension| extension.extn_id == REASON);
        let reason = reason.and_then(|extension| Reason::from_der(extension.extn_value.as_bytes()).ok());
        (one.serial_number.as_bytes().to_vec(), seconds(&one.revocation_date), reason)
    });
    Ok(Checked { number, made, next, entries: entries.collect() })
}

fn verify(list: &CertificateList, key: &PublicKey) -> Result<(), Error> {
    let message = list.tbs_cert_list.to_der().map_err(malformed("a revocation list"))?;
    let signature = list.signature.as_bytes().ok_or(Error::BadSignature)?;
    if list.signature_algorithm != list.tbs_cert_list.signature {
        return Err(Error::BadSignature);
    }
    algorithm::verify(key, &list.signature_algorithm, &message, signature)
}

/// A list as PEM.
///
/// # Errors
/// [`Error::Malformed`].
pub fn to_pem(der: &[u8]) -> Result<String, Error> {
    let list: CertificateList = CertificateList::from_der(der).map_err(malformed("a revocation list"))?;
    list.to_pem(der::pem::LineEnding::LF).map_err(malformed("a revocation list"))
}

/// A list from PEM, as DER.
///
/// # Errors
/// [`Error::Malformed`].
pub fn from_pem(pem: &str) -> Result<Vec<u8>, Error> {
    let list: CertificateList = CertificateList::from_pem(pem).map_err(malformed("a revocation list"))?;
    list.to_der().map_err(malformed("a revocation list"))
}

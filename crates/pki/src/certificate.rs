//! Certificates, made from a profile (RFC 5280 section 4). The lint runs before the signature: what does not pass is never signed.

use crate::algorithm::{self, Signer};
use crate::lint;
use crate::name::Subject;
use crate::profile::Profile;
use crate::{Error, malformed};
use const_oid::AssociatedOid;
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5912::{ID_AD_CA_ISSUERS, ID_AD_OCSP};
use const_oid::db::rfc6960::ID_PKIX_OCSP_NOCHECK;
use der::asn1::{BitString, GeneralizedTime, Ia5String, Null, OctetString, UtcTime};
use der::{DateTime, Decode, DecodePem, Encode, EncodePem, Sequence};
use lionrock_crypto::digest::sha256;
use lionrock_crypto::sign::PublicKey;
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use std::time::Duration;
use x509_cert::Certificate as Parsed;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::certpolicy::PolicyInformation;
use x509_cert::ext::pkix::crl::dp::DistributionPoint;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{
    AccessDescription, AuthorityInfoAccessSyntax, AuthorityKeyIdentifier, BasicConstraints, CertificatePolicies,
    CrlDistributionPoints, ExtendedKeyUsage, KeyUsage, SubjectAltName, SubjectKeyIdentifier,
};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::time::{Time, Validity};

/// Random bytes of a serial number: 128 bits.
pub const SERIAL_BYTES: usize = 16;

/// A certificate in DER, with what is often asked of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    parsed: Parsed,
}

/// Its number alone: a certificate can name a person, and what is written by `{:?}` ends in logs.
impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let number: String = self.serial().iter().map(|byte| format!("{byte:02x}")).collect();
        write!(f, "Certificate({number})")
    }
}

/// What is asked to be certified.
#[derive(Clone, Debug)]
pub struct Order {
    /// What for.
    pub profile: Profile,
    /// About whom.
    pub subject: Subject,
    /// Their key.
    pub key: PublicKey,
    /// 128 random bits.
    pub serial: [u8; SERIAL_BYTES],
    /// First second, Unix time.
    pub from: u64,
    /// Last second, Unix time.
    pub until: u64,
    /// Policies, the most specific first.
    pub policies: Vec<ObjectIdentifier>,
    /// Host names; for [`Profile::InternalTls`] alone.
    pub hosts: Vec<String>,
    /// Where status and issuer are found; not for the root.
    pub places: Places,
}

/// Where a certificate says that its status and its issuer are found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// The status service.
    pub ocsp: Option<String>,
    /// The revocation list.
    pub crl: Option<String>,
    /// The issuer's certificate.
    pub issuer: Option<String>,
}

/// `TBSCertificate` (RFC 5280 section 4.1), version 3.
#[derive(Clone, Debug, Sequence)]
pub(crate) struct ToBeSigned {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    version: u8,
    serial_number: SerialNumber,
    signature: AlgorithmIdentifierOwned,
    issuer: Name,
    validity: Validity,
    subject: Name,
    subject_public_key_info: SubjectPublicKeyInfoOwned,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT")]
    extensions: Vec<Extension>,
}

/// `SEQUENCE { toBeSigned, signatureAlgorithm, signature }`.
#[derive(Sequence)]
struct Signed {
    to_be_signed: ToBeSigned,
    signature_algorithm: AlgorithmIdentifierOwned,
    signature: BitString,
}

/// Issues a certificate. `issuer` is none for a root, which signs itself.
///
/// # Errors
/// [`Error::Lint`] with all reasons when the certificate must not exist; of the key.
pub fn issue(order: &Order, issuer: Option<&Certificate>, signer: &dyn Signer) -> Result<Certificate, Error> {
    let own = signer.public()?;
    let subject = order.subject.name()?;
    let (issuer_name, issuer_key) = match issuer {
        Some(issuer) => (issuer.subject().clone(), issuer.key()?),
        None => (subject.clone(), order.key.clone()),
    };
    if issuer_key != own {
        return Err(Error::Refused("the signing key is not the issuer's"));
    }
    let to_be_signed = ToBeSigned {
        version: 2,
        serial_number: serial(&order.serial)?,
        signature: algorithm::identifier(signer.algorithm())?,
        issuer: issuer_name,
        validity: Validity::new(time(order.from)?, time(order.until)?),
        subject,
        subject_public_key_info: algorithm::spki(&order.key)?,
        extensions: extensions(order, &own)?,
    };
    let faults = lint::order(order, issuer, signer.algorithm());
    if !faults.is_empty() {
        return Err(Error::Lint(faults));
    }
    let message = to_be_signed.to_der().map_err(malformed("a certificate"))?;
    let signature_algorithm = to_be_signed.signature.clone();
    let signature = algorithm::sign(signer, &message)?;
    let der = Signed { to_be_signed, signature_algorithm, signature }.to_der().map_err(malformed("a certificate"))?;
    let made = Certificate::from_der(&der)?;
    made.verify(&own)?;
    Ok(made)
}

/// A serial number of 128 random bits: positive, its highest bit clear and the next one set, so that its length never varies.
fn serial(random: &[u8; SERIAL_BYTES]) -> Result<SerialNumber, Error> {
    let mut bytes = *random;
    if let Some(first) = bytes.first_mut() {
        *first = (*first & 0x7f) | 0x40;
    }
    SerialNumber::new(&bytes).map_err(malformed("a serial number"))
}

/// UTCTime until 2049, GeneralizedTime from then on (RFC 5280 section 4.1.2.5).
pub(crate) fn time(seconds: u64) -> Result<Time, Error> {
    let moment = date(seconds)?;
    Ok(match UtcTime::from_date_time(moment) {
        Ok(short) => Time::UtcTime(short),
        Err(_) => Time::GeneralTime(GeneralizedTime::from_date_time(moment)),
    })
}

pub(crate) fn date(seconds: u64) -> Result<DateTime, Error> {
    DateTime::from_unix_duration(Duration::from_secs(seconds)).map_err(malformed("a time"))
}

/// The key identifier: the first 160 bits of SHA-256 over the key (RFC 7093 section 2, method 1).
pub(crate) fn key_id(key: &PublicKey) -> Result<Vec<u8>, Error> {
    let info = algorithm::spki(key)?;
    let bits = info.subject_public_key.as_bytes().unwrap_or_default();
    Ok(sha256(bits).into_iter().take(20).collect())
}

fn extensions(order: &Order, issuer_key: &PublicKey) -> Result<Vec<Extension>, Error> {
    let mut all = Vec::new();
    let profile = order.profile;
    if profile != Profile::Root {
        let key_identifier = Some(OctetString::new(key_id(issuer_key)?).map_err(malformed("a key identifier"))?);
        add(&mut all, false, &AuthorityKeyIdentifier { key_identifier, ..Default::default() })?;
    }
    let own = OctetString::new(key_id(&order.key)?).map_err(malformed("a key identifier"))?;
    add(&mut all, false, &SubjectKeyIdentifier(own))?;
    let usage = profile.key_usage().iter().copied().fold(Default::default(), |all, one| all | one);
    add(&mut all, true, &KeyUsage(usage))?;
    if profile.is_authority() {
        add(&mut all, true, &BasicConstraints { ca: true, path_len_constraint: profile.path_length() })?;
    }
    let (purposes, critical) = profile.extended_key_usage();
    if !purposes.is_empty() {
        add(&mut all, critical, &ExtendedKeyUsage(purposes.to_vec()))?;
    }
    if !order.policies.is_empty() {
        let policy = |oid: &ObjectIdentifier| PolicyInformation { policy_identifier: *oid, policy_qualifiers: None };
        add(&mut all, false, &CertificatePolicies(order.policies.iter().map(policy).collect()))?;
    }
    if !order.hosts.is_empty() {
        let names =
            order.hosts.iter().map(|host| ia5(host).map(GeneralName::DnsName)).collect::<Result<Vec<_>, _>>()?;
        add(&mut all, false, &SubjectAltName(names))?;
    }
    if let Some(crl) = &order.places.crl {
        let name = DistributionPointName::FullName(vec![GeneralName::UniformResourceIdentifier(ia5(crl)?)]);
        let point = DistributionPoint { distribution_point: Some(name), reasons: None, crl_issuer: None };
        add(&mut all, false, &CrlDistributionPoints(vec![point]))?;
    }
    let mut access = Vec::new();
    for (method, place) in [(ID_AD_OCSP, &order.places.ocsp), (ID_AD_CA_ISSUERS, &order.places.issuer)] {
        if let Some(place) = place {
            let access_location = GeneralName::UniformResourceIdentifier(ia5(place)?);
            access.push(AccessDescription { access_method: method, access_location });
        }
    }
    if !access.is_empty() {
        add(&mut all, false, &AuthorityInfoAccessSyntax(access))?;
    }
    if profile == Profile::Ocsp {
        let extn_value = octets(&Null)?;
        all.push(Extension { extn_id: ID_PKIX_OCSP_NOCHECK, critical: false, extn_value });
    }
    Ok(all)
}

fn add<E: Encode + AssociatedOid>(all: &mut Vec<Extension>, critical: bool, value: &E) -> Result<(), Error> {
    all.push(Extension { extn_id: E::OID, critical, extn_value: octets(value)? });
    Ok(())
}

pub(crate) fn octets<E: Encode>(value: &E) -> Result<OctetString, Error> {
    let der = value.to_der().map_err(malformed("an extension"))?;
    OctetString::new(der).map_err(malformed("an extension"))
}

fn ia5(text: &str) -> Result<Ia5String, Error> {
    Ia5String::new(text).map_err(|_| Error::Refused("addresses are ASCII"))
}

impl Certificate {
    /// Reads DER.
    ///
    /// # Errors
    /// [`Error::Malformed`].
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        let parsed = Parsed::from_der(der).map_err(malformed("a certificate"))?;
        Ok(Self { der: der.to_vec(), parsed })
    }

    /// Reads one PEM block.
    ///
    /// # Errors
    /// [`Error::Malformed`].
    pub fn from_pem(pem: &str) -> Result<Self, Error> {
        let parsed = Parsed::from_pem(pem).map_err(malformed("a certificate in PEM"))?;
        let der = parsed.to_der().map_err(malformed("a certificate"))?;
        Ok(Self { der, parsed })
    }

    /// As DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// As PEM.
    ///
    /// # Errors
    /// When the library refuses.
    pub fn to_pem(&self) -> Result<String, Error> {
        self.parsed.to_pem(der::pem::LineEnding::LF).map_err(malformed("a certificate"))
    }

    /// About whom.
    #[must_use]
    pub fn subject(&self) -> &Name {
        self.parsed.tbs_certificate().subject()
    }

    /// By whom.
    #[must_use]
    pub fn issuer(&self) -> &Name {
        self.parsed.tbs_certificate().issuer()
    }

    /// The serial number, big-endian.
    #[must_use]
    pub fn serial(&self) -> &[u8] {
        self.parsed.tbs_certificate().serial_number().as_bytes()
    }

    /// The serial number as it stands in lists and questions.
    #[must_use]
    pub fn serial_number(&self) -> SerialNumber {
        self.parsed.tbs_certificate().serial_number().clone()
    }

    /// The certified key.
    ///
    /// # Errors
    /// For keys that are not offered here.
    pub fn key(&self) -> Result<PublicKey, Error> {
        algorithm::public_key(self.parsed.tbs_certificate().subject_public_key_info())
    }

    /// First and last second, Unix time.
    #[must_use]
    pub fn validity(&self) -> (u64, u64) {
        let validity = self.parsed.tbs_certificate().validity();
        (validity.not_before.to_unix_duration().as_secs(), validity.not_after.to_unix_duration().as_secs())
    }

    /// An extension of a kind, and whether it is critical.
    ///
    /// # Errors
    /// [`Error::Malformed`] when it cannot be read, or stands twice.
    pub fn extension<'a, T: Decode<'a> + AssociatedOid>(&'a self) -> Result<Option<(bool, T)>, Error> {
        let all = self.parsed.tbs_certificate().extensions().map_or(&[][..], Vec::as_slice);
        let mut found = all.iter().filter(|one| one.extn_id == T::OID);
        let Some(first) = found.next() else { return Ok(None) };
        if found.next().is_some() {
            return Err(Error::Malformed("a certificate: an extension stands twice"));
        }
        let value = T::from_der(first.extn_value.as_bytes()).map_err(malformed("an extension"))?;
        Ok(Some((first.critical, value)))
    }

    /// Whether it may sign other certificates: basic constraints say so (RFC 5280, section 4.2.1.9).
    #[must_use]
    pub fn is_authority(&self) -> bool {
        self.extension::<BasicConstraints>().is_ok_and(|found| found.is_some_and(|(_, constraints)| constraints.ca))
    }

    /// All extensions by name.
    pub fn extension_names(&self) -> impl Iterator<Item = (ObjectIdentifier, bool)> + '_ {
        self.parsed.tbs_certificate().extensions().into_iter().flatten().map(|one| (one.extn_id, one.critical))
    }

    /// Whether this key signed it.
    ///
    /// # Errors
    /// [`Error::BadSignature`]; [`Error::Algorithm`].
    pub fn verify(&self, issuer: &PublicKey) -> Result<(), Error> {
        let message = self.parsed.tbs_certificate().to_der().map_err(malformed("a certificate"))?;
        let signature = self.parsed.signature().as_bytes().ok_or(Error::BadSignature)?;
        algorithm::verify(issuer, self.parsed.signature_algorithm(), &message, signature)
    }
}

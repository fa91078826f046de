//! A development certification authority: for the demo, sandboxes and tests. Production uses real certificates.
//!
//! Its certificate is constrained to the names it was made for, so that a browser that trusts it trusts it for nothing
//! else.

use std::net::IpAddr;

use jiff::civil::Date;
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, NameConstraints, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, RsaKeySize,
};
use zeroize::Zeroizing;

/// Days a server certificate is valid.
const SERVER_DAYS: i64 = 397;
/// Years the authority is valid.
const AUTHORITY_YEARS: i64 = 10;

/// Key of a server certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ServerKey {
    /// ECDSA on P-256.
    #[default]
    EcdsaP256,
    /// RSA of 2048 bits, for clients that know nothing newer.
    Rsa2048,
}

/// Certificates could not be made: the names are no names, or the key is no key.
#[derive(Debug, thiserror::Error)]
#[error("a development certificate cannot be made: {0}")]
pub struct AuthorityError(String);

impl From<rcgen::Error> for AuthorityError {
    fn from(error: rcgen::Error) -> Self {
        Self(error.to_string())
    }
}

/// A certificate with its key.
pub struct Identity {
    /// Certificate, then those above it up to but without the root, PEM.
    pub chain_pem: String,
    /// Private key, PKCS#8 PEM.
    pub key_pem: Zeroizing<String>,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity(…)")
    }
}

/// The authority.
pub struct Authority {
    names: Vec<String>,
    born: Date,
    key: KeyPair,
    certificate_pem: String,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Authority({:?})", self.names)
    }
}

impl Authority {
    /// A new authority for these host names and addresses.
    ///
    /// # Errors
    /// When a name is none.
    pub fn create(names: &[&str], today: Date) -> Result<Self, AuthorityError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let certificate_pem = parameters(&names, today)?.self_signed(&key)?.pem();
        Ok(Self { names, born: today, key, certificate_pem })
    }

    /// The authority kept earlier by [`Authority::certificate_pem`] and [`Authority::key_pem`], with the names it was made for.
    ///
    /// # Errors
    /// When the key is no key.
    pub fn reopen(names: &[&str], certificate_pem: &str, key_pem: &str, today: Date) -> Result<Self, AuthorityError> {
        Ok(Self {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            born: today,
            key: KeyPair::from_pem(key_pem)?,
            certificate_pem: certificate_pem.to_owned(),
        })
    }

    /// Its certificate: what clients are told to trust.
    #[must_use]
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// Its key, PKCS#8 PEM.
    #[must_use]
    pub fn key_pem(&self) -> Zeroizing<String> {
        Zeroizing::new(self.key.serialize_pem())
    }

    /// A certificate for a TLS server under these host names and addresses.
    ///
    /// # Errors
    /// When a name is none or the key cannot be made.
    pub fn server(&self, names: &[&str], kind: ServerKey, today: Date) -> Result<Identity, AuthorityError> {
        let key = match kind {
            ServerKey::EcdsaP256 => KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?,
            ServerKey::Rsa2048 => KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)?,
        };
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut parameters = CertificateParams::new(names.clone())?;
        parameters.distinguished_name.push(DnType::CommonName, names.first().map_or("lionrock", String::as_str));
        valid(&mut parameters, today, SERVER_DAYS)?;
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        parameters.use_authority_key_identifier_extension = true;
        let issuer = Issuer::new(self::parameters(&self.names, self.born)?, &self.key);
        let certificate = parameters.signed_by(&key, &issuer)?;
        Ok(Identity { chain_pem: certificate.pem(), key_pem: Zeroizing::new(key.serialize_pem()) })
    }
}

fn parameters(names: &[String], today: Date) -> Result<CertificateParams, AuthorityError> {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, "Lionrock development authority (not for production)");
    valid(&mut parameters, today, 365 * AUTHORITY_YEARS)?;
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let permitted_subtrees = names.iter().map(|name| subtree(name)).collect();
    parameters.name_constraints = Some(NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() });
    Ok(parameters)
}

fn subtree(name: &str) -> GeneralSubtree {
    match name.parse::<IpAddr>() {
        Ok(address @ IpAddr::V4(_)) => GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(address, 32)),
        Ok(address) => GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(address, 128)),
        Err(_) => GeneralSubtree::DnsName(name.to_owned()),
    }
}

pub(crate) fn valid(parameters: &mut CertificateParams, today: Date, days: i64) -> Result<(), AuthorityError> {
    let moment = |shift: i64| {
        let date = today.checked_add(jiff::Span::new().days(shift)).map_err(|e| AuthorityError(e.to_string()))?;
        let small = |n: i8| u8::try_from(n).unwrap_or(1);
        Ok::<_, AuthorityError>(rcgen::date_time_ymd(i32::from(date.year()), small(date.month()), small(date.day())))
    };
    // A day early: clocks of neighbours differ.
    parameters.not_before = moment(-1)?;
    parameters.not_after = moment(days)?;
    Ok(())
}

//! A maker of software security keys: an attestation root of its own and a batch certificate, so that a relying party can ask for
//! attested keys in a rehearsal. Its word proves nothing to anybody who does not configure its root.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::civil::Date;
use lionrock_crypto::sign::{Algorithm, SigningKey};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, DnValue, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
};
use serde::{Deserialize, Serialize};
use std::fmt;

use crate::authority::{AuthorityError, valid};

/// Years the root is valid.
const YEARS: i64 = 10;
/// id-fido-gen-ce-aaguid (WebAuthn L3 section 8.2.1).
const FIDO_AAGUID: [u64; 10] = [1, 3, 6, 1, 4, 1, 45724, 1, 1, 4];

/// A maker with one model.
#[derive(Clone, Serialize, Deserialize)]
pub struct Maker {
    /// Model of its authenticators (AAGUID).
    pub model: [u8; 16],
    /// Root certificate, PEM: what a relying party is told to trust.
    pub root_pem: String,
    /// Batch certificate, DER, base64url.
    batch: String,
    /// Its key, PKCS#8, base64url.
    key: String,
}

impl fmt::Debug for Maker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Maker(…)")
    }
}

impl Maker {
    /// A new maker, with a new root.
    ///
    /// # Errors
    /// When the certificates cannot be made.
    pub fn create(model: [u8; 16], today: Date) -> Result<Self, AuthorityError> {
        let root_key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let root = || -> Result<CertificateParams, AuthorityError> {
            let mut root = CertificateParams::default();
            root.distinguished_name = named("Rehearsal attestation root (not for production)", None);
            root.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
            root.key_usages = vec![KeyUsagePurpose::KeyCertSign];
            valid(&mut root, today, 365 * YEARS)?;
            Ok(root)
        };
        let root_pem = root()?.self_signed(&root_key)?.pem();
        let issuer = Issuer::new(root()?, &root_key);
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut batch = CertificateParams::default();
        batch.distinguished_name = named("Rehearsal software key", Some("Authenticator Attestation"));
        batch.is_ca = IsCa::ExplicitNoCa;
        let content = [&[0x04, 0x10], &model[..]].concat();
        batch.custom_extensions = vec![CustomExtension::from_oid_content(&FIDO_AAGUID, content)];
        valid(&mut batch, today, 365 * YEARS - 1)?;
        let batch = batch.signed_by(&key, &issuer)?;
        Ok(Self {
            model,
            root_pem,
            batch: URL_SAFE_NO_PAD.encode(batch.der()),
            key: URL_SAFE_NO_PAD.encode(key.serialize_der()),
        })
    }

    /// The batch certificate, DER.
    #[must_use]
    pub fn batch(&self) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(&self.batch).unwrap_or_default()
    }

    /// The root certificate, DER.
    #[must_use]
    pub fn root(&self) -> Vec<u8> {
        use rustls_pki_types::CertificateDer;
        use rustls_pki_types::pem::PemObject as _;
        CertificateDer::from_pem_slice(self.root_pem.as_bytes()).map(|der| der.to_vec()).unwrap_or_default()
    }

    /// The batch key's signature, `r ‖ s`.
    ///
    /// # Errors
    /// When the key cannot be used.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, lionrock_crypto::Error> {
        let key = URL_SAFE_NO_PAD.decode(&self.key).unwrap_or_default();
        SigningKey::from_pkcs8(Algorithm::Es256, &key)?.sign(message)
    }
}

/// Country, organisation, unit and name, as section 8.2.1 wants them.
fn named(name: &str, unit: Option<&str>) -> DistinguishedName {
    let mut all = DistinguishedName::new();
    if let Ok(country) = "HK".try_into() {
        all.push(DnType::CountryName, DnValue::PrintableString(country));
    }
    all.push(DnType::OrganizationName, "Lionrock rehearsal");
    if let Some(unit) = unit {
        all.push(DnType::OrganizationalUnitName, unit);
    }
    all.push(DnType::CommonName, name);
    all
}

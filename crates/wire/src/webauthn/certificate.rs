//! The few fields of an attestation certificate that section 8.2.1 of WebAuthn L3 asks about.
//!
//! Reads only, and only DER. Whether the chain leads to an accepted root is another's question
//! ([`super::attestation::ChainJudge`]).

use lionrock_crypto::sign::PublicKey;

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OID: u8 = 0x06;
const BOOLEAN: u8 = 0x01;

/// 2.5.4.6, 2.5.4.10, 2.5.4.11, 2.5.4.3.
const COUNTRY: &[u8] = &[0x55, 4, 6];
const ORGANISATION: &[u8] = &[0x55, 4, 10];
const UNIT: &[u8] = &[0x55, 4, 11];
const COMMON_NAME: &[u8] = &[0x55, 4, 3];
/// 2.5.29.19 basicConstraints.
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
/// 1.3.6.1.4.1.45724.1.1.4 id-fido-gen-ce-aaguid.
const FIDO_AAGUID: &[u8] = &[0x2b, 6, 1, 4, 1, 0x82, 0xe5, 0x1c, 1, 1, 4];
/// 1.2.840.10045.2.1 with 1.2.840.10045.3.1.7 and 1.3.132.0.34; 1.3.101.112; 1.2.840.113549.1.1.1.
const EC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
const P384: &[u8] = &[0x2b, 0x81, 4, 0, 0x22];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];

/// An attestation certificate, as far as it is read.
pub(super) struct Certificate {
    version_3: bool,
    subject: Vec<(Vec<u8>, Vec<u8>)>,
    is_authority: Option<bool>,
    /// Model named in the certificate.
    pub(super) aaguid: Option<[u8; 16]>,
    /// Key that signs attestations.
    pub(super) key: PublicKey,
}

impl Certificate {
    /// Reads DER; `None` for anything not understood.
    pub(super) fn parse(der: &[u8]) -> Option<Self> {
        let mut outer = Der(der);
        let mut certificate = outer.enter(SEQUENCE)?;
        outer.end()?;
        let mut tbs = certificate.enter(SEQUENCE)?;
        let version_3 = tbs.enter(0xa0)?.take(INTEGER)? == [2];
        tbs.take(INTEGER)?; // serial number
        tbs.take(SEQUENCE)?; // signature algorithm
        tbs.take(SEQUENCE)?; // issuer
        tbs.take(SEQUENCE)?; // validity
        let subject = names(tbs.enter(SEQUENCE)?)?;
        let key = public_key(tbs.enter(SEQUENCE)?)?;
        let mut is_authority = None;
        let mut aaguid = None;
        while !tbs.0.is_empty() {
            let (tag, content) = tbs.next()?;
            if tag != 0xa3 {
                continue; // issuerUniqueID, subjectUniqueID
            }
            let mut extensions = Der(content).enter(SEQUENCE)?;
            while !extensions.0.is_empty() {
                let mut extension = extensions.enter(SEQUENCE)?;
                let oid = extension.take(OID)?;
                let (mut tag, mut content) = extension.next()?;
                let mut critical = false;
                if tag == BOOLEAN {
                    critical = content == [0xff];
                    (tag, content) = extension.next()?;
                }
                if tag != OCTET_STRING {
                    return None;
                }
                if oid == BASIC_CONSTRAINTS {
                    let mut constraints = Der(content).enter(SEQUENCE)?;
                    let authority = !constraints.0.is_empty() && constraints.take(BOOLEAN) == Some(&[0xff]);
                    is_authority = Some(authority);
                } else if oid == FIDO_AAGUID {
                    // Two OCTET STRINGs deep, and never critical (section 8.2.1).
                    let inner = Der(content).take(OCTET_STRING)?;
                    if critical {
                        return None;
                    }
                    aaguid = Some(inner.try_into().ok()?);
                }
            }
        }
        Some(Self { version_3, subject, is_authority, aaguid, key })
    }

    /// Section 8.2.1: version 3, the four subject fields, not an authority.
    pub(super) fn meets_packed_profile(&self) -> bool {
        let field = |oid: &[u8]| self.subject.iter().find(|(known, _)| known == oid).map(|(_, value)| value.as_slice());
        self.version_3
            && field(COUNTRY).is_some_and(|country| country.len() == 2)
            && field(ORGANISATION).is_some_and(|name| !name.is_empty())
            && field(UNIT) == Some(b"Authenticator Attestation")
            && field(COMMON_NAME).is_some_and(|name| !name.is_empty())
            && self.is_authority == Some(false)
    }
}

fn names(mut name: Der<'_>) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
    let mut fields = Vec::new();
    while !name.0.is_empty() {
        let mut set = name.enter(SET)?;
        while !set.0.is_empty() {
            let mut attribute = set.enter(SEQUENCE)?;
            let oid = attribute.take(OID)?.to_vec();
            let (_, value) = attribute.next()?;
            fields.push((oid, value.to_vec()));
        }
    }
    Some(fields)
}

fn public_key(mut info: Der<'_>) -> Option<PublicKey> {
    let mut algorithm = info.enter(SEQUENCE)?;
    let oid = algorithm.take(OID)?;
    let bits = info.take(BIT_STRING)?.strip_prefix(&[0])?;
    match oid {
        EC_KEY => {
            let curve = algorithm.take(OID)?;
            let point = bits.strip_prefix(&[4])?;
            let (x, y) = point.split_at_checked(point.len() / 2)?;
            match curve {
                P256 => Some(PublicKey::P256 { x: x.try_into().ok()?, y: y.try_into().ok()? }),
                P384 => Some(PublicKey::P384 { x: x.try_into().ok()?, y: y.try_into().ok()? }),
                _ => None,
            }
        }
        ED25519 => Some(PublicKey::Ed25519(bits.try_into().ok()?)),
        RSA => {
            let mut key = Der(bits).enter(SEQUENCE)?;
            let n = key.take(INTEGER)?;
            let e = key.take(INTEGER)?;
            Some(PublicKey::Rsa { n: n.strip_prefix(&[0]).unwrap_or(n).to_vec(), e: e.to_vec() })
        }
        _ => None,
    }
}

/// The rest of a DER structure.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// Next tag and content.
    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81 => {
                let (&length, rest) = rest.split_first()?;
                (usize::from(length), rest)
            }
            0x82 => {
                let (length, rest) = rest.split_first_chunk::<2>()?;
                (usize::from(u16::from_be_bytes(*length)), rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, content))
    }

    /// Content of the next element, which must have this tag.
    fn take(&mut self, expected: u8) -> Option<&'a [u8]> {
        let (tag, content) = self.next()?;
        (tag == expected).then_some(content)
    }

    /// Inside of the next element, which must have this tag.
    fn enter(&mut self, expected: u8) -> Option<Der<'a>> {
        self.take(expected).map(Der)
    }

    /// Nothing may follow.
    fn end(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

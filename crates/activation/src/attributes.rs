//! Signed attributes (RFC 5652 section 5.3), looked at with the fewest possible rules: which digest and which certificate do they
//! name? Anything that is not plain DER of exactly the attributes we make is refused; nothing is guessed.

/// Attributes that may stand in what is signed: 1.2.840.113549.1.9.x, as DER contents.
const CONTENT_TYPE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x03];
const MESSAGE_DIGEST: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04];
const SIGNING_TIME: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x05];
const ALGORITHM_PROTECTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x34];
const SIGNING_CERTIFICATE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x02, 0x2f];
/// Plain content: 1.2.840.113549.1.7.1.
const DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OBJECT: u8 = 0x06;
const OCTETS: u8 = 0x04;

/// What attributes commit to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named<'a> {
    /// The digest of the document.
    pub digest: &'a [u8],
    /// SHA-256 of the signer's certificate.
    pub certificate: &'a [u8],
}

/// Reads the DER of signed attributes, the outer SET included. `None` unless they are of plain data, with one message digest and one
/// signing certificate named by SHA-256 first, and nothing but signing time and algorithm protection beside.
#[must_use]
pub fn read(der: &[u8]) -> Option<Named<'_>> {
    let mut all = whole(SET, der)?;
    let (mut kind, mut digest, mut certificate, mut seen) = (None, None, None, Vec::new());
    while !all.is_empty() {
        let (mut attribute, rest) = take(SEQUENCE, all)?;
        all = rest;
        let (oid, values) = take(OBJECT, attribute)?;
        attribute = whole(SET, values)?;
        if seen.contains(&oid) {
            return None;
        }
        seen.push(oid);
        match oid {
            CONTENT_TYPE => kind = Some(whole(OBJECT, attribute)?),
            MESSAGE_DIGEST => digest = Some(whole(OCTETS, attribute)?),
            SIGNING_CERTIFICATE => certificate = Some(first_certificate(attribute)?),
            SIGNING_TIME | ALGORITHM_PROTECTION => {}
            _ => return None,
        }
    }
    (kind == Some(DATA)).then_some(())?;
    Some(Named { digest: digest?, certificate: certificate? })
}

/// `SigningCertificateV2` (RFC 5035 section 3): the hash of the first certificate, by SHA-256, which is the default and so absent.
fn first_certificate(value: &[u8]) -> Option<&[u8]> {
    let (list, _policies) = take(SEQUENCE, whole(SEQUENCE, value)?)?;
    let (first, _others) = take(SEQUENCE, list)?;
    let (hash, _issuer) = take(OCTETS, first)?;
    (hash.len() == 32).then_some(hash)
}

/// The contents of the one value that the bytes are.
fn whole(tag: u8, bytes: &[u8]) -> Option<&[u8]> {
    let (contents, rest) = take(tag, bytes)?;
    rest.is_empty().then_some(contents)
}

/// The contents of the value in front, and what follows it. Lengths in their shortest form only, up to 65,535.
fn take(tag: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = bytes.strip_prefix(&[tag])?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match *first {
        short @ 0..=0x7f => (usize::from(short), rest),
        0x81 => {
            let (byte, rest) = rest.split_first()?;
            (usize::from(*byte).checked_sub(0x80)? + 0x80, rest)
        }
        0x82 => {
            let (two, rest) = rest.split_first_chunk::<2>()?;
            (usize::from(u16::from_be_bytes(*two)).checked_sub(0x100)? + 0x100, rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

//! Formats of certificates: X.509 profiles, certificate requests, revocation lists, OCSP, time-stamps, CMS. Bytes and types, no
//! I/O, no clock, no randomness: times, serial numbers and nonces are arguments, and so is whoever signs.
//!
//! | module | what it makes and reads | source |
//! | --- | --- | --- |
//! | [`profile`] | what each use of a certificate may carry | RFC 5280, ETSI EN 319 412-2, CA/B practice |
//! | [`certificate`] | certificates, from a profile | RFC 5280 section 4 |
//! | [`lint`] | what is wrong with a certificate before it is signed | RFC 5280, RFC 9618 |
//! | [`request`] | certificate requests (PKCS#10) | RFC 2986 |
//! | [`crl`] | revocation lists | RFC 5280 section 5 |
//! | [`ocsp`] | status questions and answers | RFC 6960, RFC 9654 |
//! | [`timestamp`] | time-stamp questions and tokens | RFC 3161, RFC 5816 |
//! | [`evidence`] | one time-stamp over many digests | RFC 4998 |
//! | [`cms`] | detached signatures | RFC 5652, RFC 5035 |
//! | [`pdf`] | what a PDF is made of, in constant memory | ISO 32000-2 |
//! | [`jades`] | signatures of data in JSON | ETSI TS 119 182-1 |
//! | [`validation`] | what a signature is worth | ETSI EN 319 102-1 |
//! | [`pades`] | signatures in PDFs: made, kept valid, judged | ETSI EN 319 142-1 |

pub mod algorithm;
pub mod certificate;
pub mod cms;
pub mod crl;
pub mod evidence;
pub mod jades;
pub mod lint;
pub mod name;
pub mod ocsp;
pub mod pades;
pub mod pdf;
pub mod profile;
pub mod request;
pub mod timestamp;
pub mod validation;

pub use const_oid::ObjectIdentifier;
use thiserror::Error as ThisError;

/// Why bytes are not what they should be, or something cannot be made.
#[derive(Clone, Debug, ThisError, PartialEq, Eq)]
pub enum Error {
    /// Not the DER of what was expected.
    #[error("not the DER of {0}")]
    Malformed(&'static str),
    /// An algorithm that is not offered here.
    #[error("algorithm not supported: {0}")]
    Algorithm(String),
    /// A certificate that must not be signed, with all reasons.
    #[error("this certificate must not be signed: {}", .0.join("; "))]
    Lint(Vec<String>),
    /// The signature does not verify.
    #[error("the signature does not verify")]
    BadSignature,
    /// Something of the question cannot be granted.
    #[error("{0}")]
    Refused(&'static str),
    /// The key failed.
    #[error(transparent)]
    Key(#[from] lionrock_crypto::Error),
    /// A PDF is not read.
    #[error(transparent)]
    Pdf(#[from] pdf::Refusal),
    /// A file could not be read.
    #[error("the file cannot be read: {0}")]
    Io(std::io::ErrorKind),
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error.kind())
    }
}

/// The bytes inside a PEM block of a label (RFC 7468). OpenSSL calls its CMS blocks `PKCS7` too.
///
/// # Errors
/// [`Error::Malformed`] when it is none, or of another label.
pub fn unwrap_pem(pem: &[u8], label: &str) -> Result<Vec<u8>, Error> {
    let (found, bytes) = der::pem::decode_vec(pem).map_err(malformed("PEM"))?;
    let same = found == label || (label == "CMS" && found == "PKCS7");
    if same { Ok(bytes) } else { Err(Error::Malformed("PEM of this label")) }
}

/// A PEM block of a label (RFC 7468).
///
/// # Errors
/// [`Error::Malformed`] when the library refuses.
pub fn to_pem(label: &'static str, der: &[u8]) -> Result<String, Error> {
    der::pem::encode_string(label, der::pem::LineEnding::LF, der).map_err(malformed("PEM"))
}

/// Turns an error of the DER library into one that names what was read.
pub(crate) fn malformed<E>(what: &'static str) -> impl FnOnce(E) -> Error {
    move |_| Error::Malformed(what)
}

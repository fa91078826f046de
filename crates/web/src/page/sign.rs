//! The views of signing: the page of a request, and what was signed.

use askama::Template;

use super::Frame;
use crate::view;

/// A request for a signature.
#[derive(Template)]
#[template(path = "sign.html")]
pub struct Sign {
    /// Frame; title key `sign-title`.
    pub frame: Frame,
    /// The word in the address.
    pub handle: String,
    /// Who asks.
    pub service: String,
    /// What the service is for.
    pub purpose: String,
    /// The part of it that asks.
    pub department: Option<String>,
    /// What is to be signed.
    pub title: String,
    /// The file.
    pub file_name: String,
    /// Its size in KiB, rounded up.
    pub size: u64,
    /// SHA-256 of the file.
    pub sha256: Option<String>,
    /// Whether we have the document.
    pub seen: bool,
    /// Whether it is drawn here.
    pub drawn: bool,
    /// Pages: number from 0, number from 1, words.
    pub pages: Vec<(u64, u64, String)>,
    /// Pages that are not drawn here.
    pub more_pages: u64,
    /// What it does beside being read, in words.
    pub findings: Vec<String>,
    /// Whether it is not signed here.
    pub refused: bool,
    /// Documents known by their digests.
    pub documents: Vec<Digest>,
    /// Where the signature will be seen.
    pub seal: Option<Seal>,
    /// What it sounds like.
    pub warning: Option<String>,
    /// The code both sides show.
    pub check_code: String,
    /// The four digits.
    pub legacy_code: Option<String>,
    /// Why this account cannot sign now.
    pub hindrance: Option<String>,
    /// Whether a certificate is what is missing.
    pub enrol: bool,
    /// Whom the certificate names, and its number.
    pub certificate: Option<(String, String)>,
    /// Until when.
    pub until: String,
}

/// Where a signature will be seen.
pub struct Seal {
    /// The name on it.
    pub name: String,
    /// The field it fills.
    pub field: Option<String>,
    /// On which page; the first is 1.
    pub page: u64,
}

/// A document known by its digest.
pub struct Digest {
    /// What the service calls it.
    pub name: String,
    /// Hexadecimal.
    pub digest: String,
}

/// It is signed.
#[derive(Template)]
#[template(path = "signed.html")]
pub struct Signed {
    /// Frame; title key `sign-done-title`.
    pub frame: Frame,
    /// The signature's id.
    pub signature: String,
}

/// What the person signed.
#[derive(Template)]
#[template(path = "account/signatures.html")]
pub struct Signatures {
    /// Frame; title key `signatures-title`.
    pub frame: Frame,
    /// Whether the account is Plus.
    pub plus: bool,
    /// Until when a recovery makes the person wait.
    pub cooling: Option<String>,
    /// Whether there is a passkey that cannot leave its device.
    pub device_bound: bool,
    /// Whether certificates are issued here.
    pub authority: bool,
    /// The certificate.
    pub own: Option<Own>,
    /// Signatures, newest first.
    pub lines: Vec<Line>,
}

/// The signing certificate.
pub struct Own {
    /// Whom it names.
    pub name: String,
    /// Its serial number.
    pub number: String,
    /// Of the key.
    pub algorithm: String,
    /// Its last day.
    pub until: String,
    /// Whether it is in force.
    pub good: bool,
}

/// One signature.
pub struct Line {
    /// Its id.
    pub id: String,
    /// When.
    pub at: String,
    /// For which service.
    pub service: String,
    /// What it was called.
    pub title: String,
    /// Whether the document was seen here.
    pub seen: bool,
    /// How many documents.
    pub documents: usize,
}

view!(Sign, Signed, Signatures);

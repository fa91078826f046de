//! The view of what a signed document is worth.

use askama::Template;

use super::Frame;
use crate::view;

/// Asks for a document; after it was judged, says what came of it.
#[derive(Template)]
#[template(path = "verify.html")]
pub struct Verify {
    /// Frame; title key `verify-title` or `verify-result-title`.
    pub frame: Frame,
    /// What came of it.
    pub shown: Option<Shown>,
}

/// What a document is worth.
pub struct Shown {
    /// The file's name, as the visitor's device sent it.
    pub name: String,
    /// `passed`, `open` or `failed`.
    pub outcome: &'static str,
    /// The same in one sentence.
    pub headline: String,
    /// Why it is not a yes.
    pub why: Option<String>,
    /// In the words of EN 319 102-1.
    pub indication: String,
    /// In the words of EN 319 102-1.
    pub sub_indication: String,
    /// How many signed.
    pub count: usize,
    /// How many pages a PDF has.
    pub pages: Option<u64>,
    /// Each of them, the oldest first.
    pub signatures: Vec<Signed>,
}

/// One signature.
pub struct Signed {
    /// It is a time-stamp over the document.
    pub stamp: bool,
    /// `passed`, `open` or `failed`.
    pub outcome: &'static str,
    /// The same in a word.
    pub word: String,
    /// Why it is not a yes.
    pub why: Option<String>,
    /// Who signed.
    pub signer: String,
    /// Who certified them.
    pub issuer: String,
    /// When it was at the latest, proved.
    pub proved: Option<String>,
    /// When the signer says it was.
    pub claimed: Option<String>,
    /// What for, in the signer's words.
    pub reason: Option<String>,
    /// Its level.
    pub level: String,
    /// What was changed since.
    pub since: Vec<Line>,
    /// Fields filled in since.
    pub fields: String,
    /// SHA-256 of the certificate.
    pub certificate: String,
    /// In the words of EN 319 102-1.
    pub indication: String,
    /// In the words of EN 319 102-1.
    pub sub_indication: String,
}

/// One kind of change.
pub struct Line {
    /// The stable word.
    pub word: String,
    /// The sentence.
    pub text: String,
}

view!(Verify);

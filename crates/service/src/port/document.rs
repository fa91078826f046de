//! The port to whoever reads documents that strangers sent: a process without files, network or time to spare.

use super::Answering;
use serde::{Deserialize, Serialize};
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;
use thiserror::Error;

/// A document, as it was sent.
pub type Document = Arc<dyn Readable>;

/// Bytes that are read by their place, so that a document need not lie in memory. Reading blocks: it is done where threads may wait.
pub trait Readable: Send + Sync {
    /// How many bytes there are.
    fn length(&self) -> u64;

    /// Bytes from a place on, at most so many, at least one unless the end is reached.
    ///
    /// # Errors
    /// When they cannot be read.
    fn read_at(&self, at: u64, most: usize) -> io::Result<Vec<u8>>;
}

impl Readable for Vec<u8> {
    fn length(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, at: u64, most: usize) -> io::Result<Vec<u8>> {
        let rest = usize::try_from(at).ok().and_then(|at| self.get(at..)).unwrap_or_default();
        Ok(rest.get(..most.min(rest.len())).unwrap_or_default().to_vec())
    }
}

/// A document as a file with a place in it.
pub struct Reading<'a> {
    of: &'a dyn Readable,
    at: u64,
}

impl<'a> Reading<'a> {
    /// From the first byte on.
    #[must_use]
    pub fn new(of: &'a dyn Readable) -> Self {
        Self { of, at: 0 }
    }
}

impl Read for Reading<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let found = self.of.read_at(self.at, buffer.len())?;
        let place = buffer.get_mut(..found.len()).ok_or(io::ErrorKind::InvalidData)?;
        place.copy_from_slice(&found);
        self.at += found.len() as u64;
        Ok(found.len())
    }
}

impl Seek for Reading<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::End(by) => self.of.length().checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = place.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

/// Fonts that seals are drawn with, each letter by the first that has it.
pub type Letters = Arc<Vec<Vec<u8>>>;

/// Largest document that is judged, and largest that is held whole by whoever draws it, in bytes; of a larger one each page is taken out by itself.
pub const LARGEST: usize = 32 * 1024 * 1024;
/// Largest signature that lies beside its content, in bytes.
pub const LARGEST_SIGNATURE: usize = 64 * 1024;

/// Why a document was not read.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum DocumentError {
    /// It is refused; the text says what is wrong with it.
    #[error("{0}")]
    Refused(String),
    /// Whoever read it was ended: it took too long, too much memory, or did what it must not.
    #[error("reading this document took too long or too much")]
    Lost,
    /// Nobody can read now: too many are waiting, or this machine cannot confine a reader.
    #[error("nobody can read documents now")]
    Unavailable,
}

/// What a document is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inspection {
    /// How many pages it has.
    pub pages: u64,
    /// What it does beside being read, by the words of `lionrock_pki::pdf::Finding`.
    pub findings: Vec<String>,
    /// Those of them for which it is not signed here: what is seen may differ from what is signed.
    pub refused: Vec<String>,
}

/// A page as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// The picture, PNG.
    pub png: Vec<u8>,
}

/// Whom to trust.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchors {
    /// Certificates in DER.
    pub certificates: Vec<Vec<u8>>,
    /// Policies, dotted; any when empty.
    pub policies: Vec<String>,
    /// Now, Unix seconds.
    pub now: u64,
}

/// What the signatures of a document are worth; words of ETSI EN 319 102-1. Members stand in alphabetical order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// `cms` or `pdf`.
    pub form: String,
    /// `TOTAL-PASSED`, `INDETERMINATE` or `TOTAL-FAILED`, of the whole document.
    pub indication: String,
    /// Bytes.
    pub length: u64,
    /// Pages of a PDF.
    pub pages: Option<u64>,
    /// The signatures, the oldest first.
    pub signatures: Vec<Signature>,
    /// Why, when it is not a yes.
    pub sub_indication: Option<String>,
    /// The same in plain words.
    pub why: String,
}

/// One signature of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// SHA-256 of the certificate, hexadecimal.
    pub certificate: Option<String>,
    /// Kinds of changes since: `kept`, `signed`, `filled`, `described`, `annotated`, `other`.
    pub changes: Vec<String>,
    /// When the signer says it was, Unix seconds.
    pub claimed_at: Option<u64>,
    /// The name of its field in a PDF.
    pub field: Option<String>,
    /// Form fields filled in since.
    pub fields: Vec<String>,
    /// Why changes since are forbidden.
    pub forbidden: Option<String>,
    /// `signature` or `time-stamp`.
    pub form: String,
    /// Its own indication.
    pub indication: String,
    /// Who issued the certificate.
    pub issuer: Option<String>,
    /// `B-B`, `B-T`, `B-LT` or `B-LTA`.
    pub level: String,
    /// When it was at the latest, proved by a time-stamp; Unix seconds.
    pub proved_at: Option<u64>,
    /// What for, in the signer's words.
    pub reason: Option<String>,
    /// Who signed, by the certificate.
    pub signer: Option<String>,
    /// Its own sub-indication.
    pub sub_indication: Option<String>,
    /// The same in plain words.
    pub why: String,
}

/// Reads documents.
pub trait DocumentReader: Send + Sync {
    /// What a PDF is, and what it does beside being read.
    fn inspect(&self, document: Document) -> Answering<'_, Result<Inspection, DocumentError>>;

    /// A page as a picture of this width in pixels; the first page is 0.
    fn draw(&self, document: Document, page: u64, width: u16) -> Answering<'_, Result<Picture, DocumentError>>;

    /// The text of a page, in the order of its content, for those who do not see it.
    fn text(&self, document: Document, page: u64) -> Answering<'_, Result<String, DocumentError>>;

    /// What its signatures are worth. With `signature`, a signature in CMS that lies beside it.
    fn judge(
        &self,
        document: Document,
        signature: Option<Vec<u8>>,
        anchors: Anchors,
    ) -> Answering<'_, Result<Judgement, DocumentError>>;

    /// Fonts for the seals of visible signatures; without any no seal is drawn.
    fn letters(&self) -> Letters {
        Letters::default()
    }
}

/// Nobody reads here: commands beside a server, and tests of other journeys.
#[derive(Clone, Copy, Debug)]
pub struct Absent;

impl DocumentReader for Absent {
    fn inspect(&self, _: Document) -> Answering<'_, Result<Inspection, DocumentError>> {
        Box::pin(async { Err(DocumentError::Unavailable) })
    }

    fn draw(&self, _: Document, _: u64, _: u16) -> Answering<'_, Result<Picture, DocumentError>> {
        Box::pin(async { Err(DocumentError::Unavailable) })
    }

    fn text(&self, _: Document, _: u64) -> Answering<'_, Result<String, DocumentError>> {
        Box::pin(async { Err(DocumentError::Unavailable) })
    }

    fn judge(&self, _: Document, _: Option<Vec<u8>>, _: Anchors) -> Answering<'_, Result<Judgement, DocumentError>> {
        Box::pin(async { Err(DocumentError::Unavailable) })
    }
}

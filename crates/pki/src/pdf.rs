//! What a PDF is made of (ISO 32000-2 section 7.5), read on `Read + Seek` in constant memory: a file of any size costs the size of its
//! cross-reference tables and of one object.
//!
//! This reader trusts nothing and repairs nothing. Where other readers guess (a damaged table, an object that is not where the table
//! says), it refuses: what is signed and what is shown must be the same thing for everybody.

mod document;
mod excerpt;
mod inspect;
mod lexer;
mod object;
mod page;
mod source;
mod text;
mod update;
mod xref;

pub use document::Document;
pub use excerpt::{MOST_BYTES as MOST_EXCERPT, excerpt};
pub use inspect::{Finding, Inspection};
pub use object::{Dictionary, Id, Object, Stream};
pub use page::Page;
pub use source::{Appended, Part, Source};
pub use text::{date, read_date, read_text, text};
pub use update::Update;
pub use xref::{Entry, Kind, Section};

pub(crate) use object::put;
pub(crate) use source::{Shared, read_at};

use thiserror::Error as ThisError;

/// Most objects of a file.
pub const MOST_OBJECTS: usize = 1_000_000;
/// Most pages of a file.
pub const MOST_PAGES: u64 = 100_000;
/// Most revisions (cross-reference sections) of a file.
pub const MOST_SECTIONS: usize = 512;
/// Longest object that is not a stream, in bytes.
pub const LONGEST_OBJECT: usize = 4 * 1024 * 1024;
/// Most bytes a packed stream may grow to when it is opened here.
pub const LONGEST_STREAM: usize = 16 * 1024 * 1024;
/// Deepest nesting of arrays, dictionaries and trees.
pub const DEEPEST: usize = 64;
/// Most values in one object.
pub const MOST_VALUES: usize = 200_000;

/// Why a file is not read.
#[derive(Clone, Copy, Debug, ThisError, PartialEq, Eq)]
pub enum Refusal {
    /// It does not begin and end as a PDF.
    #[error("this is not a PDF")]
    NotAPdf,
    /// Something in it is not where or what it should be.
    #[error("this PDF is damaged: {0}")]
    Damaged(&'static str),
    /// It is encrypted: nobody can see what would be signed.
    #[error("this PDF is encrypted; save it without a password and try again")]
    Encrypted,
    /// It points to itself.
    #[error("this PDF refers to itself in a circle")]
    Circle,
    /// Nested deeper than [`DEEPEST`].
    #[error("this PDF is nested too deeply")]
    TooDeep,
    /// More objects than [`MOST_OBJECTS`].
    #[error("this PDF has too many objects")]
    TooManyObjects,
    /// More pages than [`MOST_PAGES`].
    #[error("this PDF has too many pages")]
    TooManyPages,
    /// More revisions than [`MOST_SECTIONS`].
    #[error("this PDF has been changed too many times")]
    TooManyRevisions,
    /// One object is longer than is read here.
    #[error("an object of this PDF is too large")]
    ObjectTooLarge,
    /// A compression or an arrangement that is not read here.
    #[error("this PDF uses something that is not supported: {0}")]
    Unsupported(&'static str),
    /// Whoever certified it allows no more changes (DocMDP, ISO 32000-2 section 12.8.2.2).
    #[error("this PDF is certified and allows no further signature")]
    Closed,
    /// There is no such page.
    #[error("this PDF has no such page")]
    NoSuchPage,
    /// The signature field is not there, or is signed already.
    #[error("this PDF has no such empty signature field")]
    NoSuchField,
    /// An earlier signature locks the field (FieldMDP, ISO 32000-2 section 12.8.2.4).
    #[error("an earlier signature of this PDF locks this field")]
    Locked,
    /// The picture of the signature would lie outside of its page, or be too small to be seen.
    #[error("the picture of the signature does not lie on its page")]
    OutsidePage,
}

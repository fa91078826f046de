//! Signatures in PDFs (ETSI EN 319 142-1): made, kept valid for decades, judged.
//!
//! Everything that is made here is *appended*: the functions read a file and give the bytes to put after it. A file is read in one pass of
//! small pieces, whatever its size.
//!
//! ```text
//! prepare ─digest─▶ cms::Unsigned ─message─▶ the key ─▶ time-stamp ─▶ complete   B-B, B-T
//!                                                                        │
//!                             add_dss (chains, status answers, lists) ◀──┘        B-LT
//!                             prepare_timestamp ─▶ the authority ─▶ complete      B-LTA
//!                             standing ─▶ renew ─▶ the authority ─▶ finish        again before it ages
//! ```

mod change;
mod field;
mod prepare;
mod renew;
mod seal;
mod store;
mod validate;

pub use change::{Change, Changes};
pub use prepare::{Prepared, complete, prepare, prepare_timestamp};
pub use renew::{Aging, Round, Standing, renew, standing};
pub use seal::{Words, seal};
pub use store::{Material, add_dss};
pub use validate::{Form, Found, Report, validate};

use crate::algorithm::Digest;

/// Bytes kept free for a signature with chain and time-stamp.
pub const ROOM: usize = 16 * 1024;
/// Most bytes that may be kept free.
pub const MOST_ROOM: usize = 256 * 1024;

/// What a signature says of itself, in the PDF around the signature proper.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The digest algorithm of the signature to come: [`Digest::of_signature`].
    pub digest: Digest,
    /// Who signs, for readers that show it.
    pub name: Option<String>,
    /// What for.
    pub reason: Option<String>,
    /// Where.
    pub location: Option<String>,
    /// When it is said to be made, Unix seconds (`/M`); the time-stamp proves it.
    pub claimed: u64,
    /// An empty signature field to fill; a new one when none is named.
    pub field: Option<String>,
    /// Where it is seen; nowhere when none.
    pub seen: Option<Seen>,
    /// Bytes kept free for the signature: [`ROOM`] is enough for one chain and one time-stamp.
    pub room: usize,
}

impl Wish {
    /// An invisible signature without words.
    #[must_use]
    pub const fn plain(digest: Digest, claimed: u64) -> Self {
        Self { digest, name: None, reason: None, location: None, claimed, field: None, seen: None, room: ROOM }
    }
}

/// A picture on a page that shows a signature.
#[derive(Clone, Debug)]
pub struct Seen {
    /// On which page; the first is 0.
    pub page: u64,
    /// Left, bottom, width and height on the page, in points.
    pub place: [u16; 4],
    /// What is drawn.
    pub drawing: Drawing,
}

/// Something drawn, in operators of page content (ISO 32000-2 annex A).
#[derive(Clone, Debug)]
pub struct Drawing {
    /// Width and height of what is drawn, in points.
    pub size: [u16; 2],
    /// The operators; they may use the base fonts `F1` (Helvetica) and no other resource.
    pub operators: Vec<u8>,
    /// The same in words, for those who do not see it.
    pub words: String,
}

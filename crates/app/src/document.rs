//! Documents that strangers sent are read in a process of their own, one for each question: no files, no network, no processes, little
//! memory and little time. Whatever a document does to it, the server only hears that it ended.
//!
//! ```text
//! reader ──memory file as standard input──▶ child: sandbox, then pki's reader or the renderer ──one answer──▶ reader
//! ```
//!
//! A document larger than [`LARGEST`](lionrock_service::port::document::LARGEST) stays where it is: standard input is a pair of sockets, by which
//! the child asks for bytes by their place, and a page is taken out of the document before it is drawn.

#![allow(clippy::disallowed_methods, reason = "processes stand at the edge: they keep a deadline")]

pub mod child;
pub mod distant;
mod draw;
pub mod judge;
mod reader;

pub use reader::Reader;

use lionrock_service::port::document::Anchors;
use serde::{Deserialize, Serialize};

/// The first argument of a child.
pub const VERB: &str = "document-reader";

/// What a child is asked, as its second argument.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Ask {
    /// What the document is.
    Inspect,
    /// A page as a picture.
    Draw {
        /// The first is 0.
        page: u64,
        /// In pixels.
        width: u16,
    },
    /// The text of a page.
    Text {
        /// The first is 0.
        page: u64,
    },
    /// What its signatures are worth.
    Judge {
        /// A signature beside it, base64.
        signature: Option<String>,
        /// Whom to trust.
        anchors: Anchors,
    },
    /// A planted fault, in tests: takes memory, time or files without end.
    Misbehave(String),
}

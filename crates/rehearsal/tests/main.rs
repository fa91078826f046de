//! The rehearsal, seen from outside.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

mod pictures;
mod residents;

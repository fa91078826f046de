//! The card: finding it, straightening it, reading it.

pub(crate) mod anchors;
pub(crate) mod codes;
pub(crate) mod consistency;
pub(crate) mod fields;
pub(crate) mod find;
pub(crate) mod place;
pub(crate) mod quality;
pub(crate) mod read;
pub(crate) mod template;

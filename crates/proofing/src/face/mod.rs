//! Faces: where they are, which way they look, whether two are the same.

pub(crate) mod detect;
pub(crate) mod embed;
pub(crate) mod look;
pub(crate) mod quality;

//! Text: where lines are, and what they say.

pub(crate) mod find;
pub(crate) mod read;

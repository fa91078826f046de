//! The systems we call, and the only place that opens outgoing connections: the card registry, the mail system, time
//! servers; and the question whether a cloud answers.

pub mod client;
pub mod clock;
pub mod mail;
pub mod metadata;
pub mod push;
pub mod registry;

//! The systems we call, and the only place that opens outgoing connections: the card registry, the mail system.

pub mod client;
pub mod mail;
pub mod registry;

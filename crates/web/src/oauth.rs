//! OpenID Connect over HTTP: what services' software calls (`machine`, `publish`) and where browsers arrive (`authorize`, `consent`).

pub mod authorize;
pub mod consent;
mod guesses;
pub mod machine;
pub mod publish;

pub(crate) use guesses::Guesses;

//! OAuth 2.0 and OpenID Connect on the wire: parameters, credentials, answers and errors, as bytes ↔ types.
//!
//! Nothing here knows a client, a clock or a database: which request is allowed is decided by `service::oidc`.
//!
//! Sources: RFC 6749, RFC 6750, RFC 7636 (PKCE), RFC 8414 and OpenID Connect Discovery, RFC 9126 (PAR), RFC 9207 (`iss`),
//! OpenID Connect Core 1.0, FAPI 2.0 Security Profile, RFC 9396 (`authorization_details`) with the type of the Cloud Signature
//! Consortium's API 2.0.

pub mod answer;
pub mod authorization;
pub mod credential;
pub mod details;
pub mod discovery;
pub mod error;
pub mod parameters;
pub mod pkce;

pub use credential::Credential;
pub use error::{Code, Problem};
pub use parameters::Parameters;

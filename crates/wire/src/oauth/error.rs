//! The error codes of the protocols and the shapes they are sent in.

use serde_json::{Value, json};

/// An error code of a registry of RFC 6749, RFC 6750, RFC 9126, RFC 9101, RFC 9396 or OpenID Connect Core.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "each is named after its code, which RFC 6749 and its neighbours define")]
pub enum Code {
    AccessDenied,
    AccountSelectionRequired,
    ConsentRequired,
    InsufficientScope,
    InvalidAuthorizationDetails,
    InteractionRequired,
    InvalidClient,
    InvalidGrant,
    InvalidRequest,
    InvalidRequestUri,
    InvalidScope,
    InvalidToken,
    LoginRequired,
    RegistrationNotSupported,
    RequestNotSupported,
    RequestUriNotSupported,
    ServerError,
    TemporarilyUnavailable,
    UnauthorizedClient,
    UnsupportedGrantType,
    UnsupportedResponseType,
}

impl Code {
    /// The code as sent.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccessDenied => "access_denied",
            Self::AccountSelectionRequired => "account_selection_required",
            Self::ConsentRequired => "consent_required",
            Self::InsufficientScope => "insufficient_scope",
            Self::InvalidAuthorizationDetails => "invalid_authorization_details",
            Self::InteractionRequired => "interaction_required",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::InvalidRequest => "invalid_request",
            Self::InvalidRequestUri => "invalid_request_uri",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidToken => "invalid_token",
            Self::LoginRequired => "login_required",
            Self::RegistrationNotSupported => "registration_not_supported",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
        }
    }

    /// The HTTP status of a JSON answer with this code (RFC 6749 section 5.2, RFC 6750 section 3.1).
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidClient | Self::InvalidToken => 401,
            Self::InsufficientScope => 403,
            Self::ServerError => 500,
            Self::TemporarilyUnavailable => 503,
            _ => 400,
        }
    }
}

/// One error as a client reads it. The description is ours, in English, for engineers, and never repeats input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}: {description}", code.as_str())]
pub struct Problem {
    /// The registered code.
    pub code: Code,
    /// What is wrong and what to send instead; ASCII without quotes or backslashes (RFC 6749 section 5.2).
    pub description: &'static str,
}

impl Problem {
    /// A problem of this kind.
    #[must_use]
    pub const fn new(code: Code, description: &'static str) -> Self {
        Self { code, description }
    }

    /// `{"error", "error_description"}` (RFC 6749 section 5.2).
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({"error": self.code.as_str(), "error_description": self.description})
    }

    /// The `WWW-Authenticate` value for a protected resource (RFC 6750 section 3).
    #[must_use]
    pub fn challenge(&self, realm: &str) -> String {
        format!(
            "Bearer realm=\"{realm}\", error=\"{}\", error_description=\"{}\"",
            self.code.as_str(),
            self.description
        )
    }
}

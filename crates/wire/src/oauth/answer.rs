//! What our endpoints answer when all is well.

use serde::Serialize;

/// The answer to a pushed request (RFC 9126 section 2.2), sent with 201.
#[derive(Debug, Clone, Serialize)]
pub struct Pushed {
    /// The code that the person is shown too, where something is to be signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check_code: Option<String>,
    /// Where the browser takes it from.
    pub request_uri: String,
    /// Seconds.
    pub expires_in: i64,
}

/// The answer of the token endpoint (RFC 6749 section 5.1, OpenID Connect Core 3.1.3.3).
#[derive(Clone, Serialize)]
pub struct Tokens {
    /// Opaque; good at userinfo, or at the Cloud Signature Consortium's API.
    pub access_token: String,
    /// What was granted, where details were asked for (RFC 9396 section 7).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_details: Option<serde_json::Value>,
    /// Seconds.
    pub expires_in: i64,
    /// Who signed in, signed by us; empty and not sent when nobody was asked to sign in.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id_token: String,
    /// What was granted, which can be less than what was asked for.
    pub scope: String,
    /// `Bearer`.
    pub token_type: &'static str,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Tokens")
            .field("scope", &self.scope)
            .field("expires_in", &self.expires_in)
            .finish_non_exhaustive()
    }
}

/// The claims of an ID Token (OpenID Connect Core section 2). Personal claims are never in it: they are read at userinfo.
#[derive(Debug, Clone, Serialize)]
pub struct IdToken {
    /// Issuer.
    pub iss: String,
    /// The person's pseudonym at this one client.
    pub sub: String,
    /// The client, as a single string.
    pub aud: String,
    /// Seconds since 1970.
    pub exp: i64,
    /// Seconds since 1970.
    pub iat: i64,
    /// When the person used their passkey; seconds since 1970.
    pub auth_time: i64,
    /// How strong that was (`phrh`: phishing-resistant, bound to a device; `phr`: phishing-resistant).
    pub acr: String,
    /// How it was done (RFC 8176).
    pub amr: Vec<String>,
    /// The client's own value, returned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
}

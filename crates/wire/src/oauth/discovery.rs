//! What we can do, for machines to read (OpenID Connect Discovery section 3, RFC 8414 section 2, RFC 9126 section 5,
//! RFC 9207 section 3).

use serde_json::{Value, json};

/// The document served at `/.well-known/openid-configuration` and `/.well-known/oauth-authorization-server`.
///
/// `plain` says whether any client uses the plain profile: only then its weaker ways are announced.
#[must_use]
pub fn document(issuer: &str, scopes: &[&str], claims: &[&str], plain: bool) -> Value {
    let at = |path: &str| format!("{issuer}{path}");
    let methods: &[&str] =
        if plain { &["private_key_jwt", "client_secret_basic", "none"] } else { &["private_key_jwt"] };
    json!({
        "issuer": issuer,
        "authorization_endpoint": at("/oauth/authorize"),
        "token_endpoint": at("/oauth/token"),
        "userinfo_endpoint": at("/oauth/userinfo"),
        "jwks_uri": at("/oauth/jwks"),
        "pushed_authorization_request_endpoint": at("/oauth/par"),
        // Some clients of the plain profile may do without; each client's own profile says.
        "require_pushed_authorization_requests": !plain,
        "authorization_response_iss_parameter_supported": true,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "code_challenge_methods_supported": ["S256"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": ["ES256", "EdDSA", "PS256"],
        "acr_values_supported": ["phr", "phrh"],
        "scopes_supported": scopes,
        "claims_supported": claims,
        "claim_types_supported": ["normal"],
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "ui_locales_supported": ["en", "zh-Hant", "zh-Hans"],
    })
}

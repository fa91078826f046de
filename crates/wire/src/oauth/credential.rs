//! How a client says who it is (RFC 6749 section 2.3, RFC 7523 section 2.2, OpenID Connect Core section 9).

use super::{Code, Parameters, Problem};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;
use url::form_urlencoded;

/// What a client sent to show who it is; unproved until `service::oidc` has checked it.
#[derive(Clone, PartialEq, Eq)]
pub enum Credential {
    /// `private_key_jwt`: a JWS, not yet looked into.
    Assertion {
        /// The compact JWS.
        assertion: String,
        /// `client_id` beside it, which then has to be the same.
        client_id: Option<String>,
    },
    /// No secret: a public client naming itself.
    None {
        /// The name.
        client_id: String,
    },
    /// `client_secret_basic`.
    Secret {
        /// The user part of the header.
        client_id: String,
        /// The password part.
        secret: String,
    },
}

impl Credential {
    /// Finds the one credential of a request.
    ///
    /// # Errors
    /// `invalid_request` for two credentials at once (RFC 6749 section 2.3) or an assertion of an unknown type,
    /// `invalid_client` for a header that cannot be read, a secret in the body, or nothing at all.
    pub fn find(header: Option<&str>, parameters: &Parameters) -> Result<Self, Problem> {
        let assertion = parameters.get("client_assertion");
        let stated = parameters.get("client_id").map(str::to_owned);
        if parameters.has("client_secret") {
            return Err(Problem::new(
                Code::InvalidClient,
                "secrets are not accepted in the body: send them by HTTP Basic",
            ));
        }
        match (header, assertion) {
            (Some(_), Some(_)) => Err(Problem::new(Code::InvalidRequest, "more than one way of client authentication")),
            (Some(header), None) => {
                let (client_id, secret) = basic(header)
                    .ok_or(Problem::new(Code::InvalidClient, "the Authorization header is not readable HTTP Basic"))?;
                if stated.is_some_and(|stated| stated != client_id) {
                    return Err(Problem::new(Code::InvalidRequest, "client_id is not the client that authenticated"));
                }
                Ok(Self::Secret { client_id, secret })
            }
            (None, Some(assertion)) => {
                if parameters.get("client_assertion_type") != Some(JWT_BEARER) {
                    return Err(Problem::new(
                        Code::InvalidRequest,
                        "client_assertion_type must be the jwt-bearer type of RFC 7523",
                    ));
                }
                Ok(Self::Assertion { assertion: assertion.to_owned(), client_id: stated })
            }
            (None, None) => stated
                .map(|client_id| Self::None { client_id })
                .ok_or(Problem::new(Code::InvalidClient, "no client authentication was sent")),
        }
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Assertion { .. } => "Credential::Assertion(…)",
            Self::None { .. } => "Credential::None",
            Self::Secret { .. } => "Credential::Secret(…)",
        })
    }
}

/// The access token of a request to a protected resource: from the header only (RFC 6750 section 2.1, FAPI 5.3.4).
///
/// # Errors
/// Nothing when no token was sent; otherwise `invalid_request` when it is not `Bearer` with a token of the right alphabet.
pub fn bearer(header: Option<&str>) -> Result<Option<&str>, Problem> {
    let Some(header) = header else {
        return Ok(None);
    };
    let Some((scheme, token)) = header.split_once(' ') else {
        return Ok(None);
    };
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Ok(None);
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    if token.is_empty() || token.len() > 512 || !token.bytes().all(allowed) {
        return Err(Problem::new(Code::InvalidRequest, "the Authorization header holds no readable bearer token"));
    }
    Ok(Some(token))
}

/// User and password, each form-encoded before the base64 (RFC 6749 section 2.3.1).
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, rest) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") || rest.len() > 1024 {
        return None;
    }
    let pair = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
    let (user, password) = pair.split_once(':')?;
    let read = |text: &str| -> Option<String> {
        // A form decoder splits at & and =; escaped here, they stay part of the one value.
        let whole = text.replace('&', "%26").replace('=', "%3D");
        let (name, _) = form_urlencoded::parse(whole.as_bytes()).next()?;
        (!name.contains('\u{fffd}')).then(|| name.into_owned())
    };
    Some((read(user)?, read(password)?))
}

/// The only `client_assertion_type` (RFC 7523 section 2.2).
pub const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn find(header: Option<&str>, body: &str) -> Result<Credential, Code> {
        Credential::find(header, &Parameters::parse(body).unwrap()).map_err(|it| it.code)
    }

    fn encoded(pair: &str) -> String {
        format!("Basic {}", STANDARD.encode(pair))
    }

    #[test]
    fn basic_is_form_encoded_inside() {
        let header = encoded("a%3Ab:p+q%26r=s&t");
        let Ok(Credential::Secret { client_id, secret }) = find(Some(&header), "") else {
            unreachable!("a readable header was refused")
        };
        assert_eq!((client_id.as_str(), secret.as_str()), ("a:b", "p q&r=s&t"));
    }

    #[test]
    fn one_credential_and_no_more() {
        let header = encoded("a:b");
        let assertion =
            "client_assertion=x&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";
        assert_eq!(find(Some(&header), assertion), Err(Code::InvalidRequest));
        assert_eq!(find(Some(&header), "client_id=other"), Err(Code::InvalidRequest));
        assert_eq!(find(None, "client_assertion=x"), Err(Code::InvalidRequest));
        assert_eq!(find(None, "client_id=a&client_secret=b"), Err(Code::InvalidClient));
        assert_eq!(find(None, ""), Err(Code::InvalidClient));
        assert!(matches!(find(None, assertion), Ok(Credential::Assertion { .. })));
        assert!(matches!(find(None, "client_id=a"), Ok(Credential::None { .. })));
    }

    #[test]
    fn unreadable_headers_are_no_credentials() {
        for header in ["Basic", "Basic !!!", "Basic YQ==", "Digest YTpi", "Bearer abc", ""] {
            assert_eq!(find(Some(header), ""), Err(Code::InvalidClient), "{header}");
        }
    }

    #[test]
    fn secrets_do_not_show_in_debug_output() {
        let shown = format!("{:?}", find(Some(&encoded("a:hunter2")), ""));
        assert!(!shown.contains("hunter2"));
    }

    #[test]
    fn bearer_tokens_come_from_the_header_alone() {
        assert_eq!(bearer(Some("Bearer abc")), Ok(Some("abc")));
        assert_eq!(bearer(Some("bearer abc")), Ok(Some("abc")));
        assert_eq!(bearer(Some("Basic abc")), Ok(None));
        assert_eq!(bearer(None), Ok(None));
        for header in ["Bearer ", "Bearer a b", "Bearer \u{e9}"] {
            assert!(bearer(Some(header)).is_err(), "{header}");
        }
    }
}

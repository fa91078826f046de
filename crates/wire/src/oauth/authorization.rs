//! Values of an authorization request (RFC 6749 section 4.1.1, OpenID Connect Core section 3.1.2.1).

use super::{Code, Problem};
use std::collections::BTreeSet;

/// The `scope` value as a set of names (RFC 6749 section 3.3).
///
/// # Errors
/// `invalid_scope` for an empty list, a character outside the alphabet, or more than 32 names.
pub fn scopes(text: &str) -> Result<BTreeSet<String>, Problem> {
    let allowed = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    let names: BTreeSet<String> = text.split(' ').map(str::to_owned).collect();
    if names.len() > 32 || names.iter().any(|name| name.is_empty() || !name.bytes().all(allowed)) {
        return Err(Problem::new(Code::InvalidScope, "scope must be names divided by single blanks"));
    }
    Ok(names)
}

/// What `prompt` asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Prompt {
    /// `consent`: ask again even if approved before.
    pub consent: bool,
    /// `login`: authenticate again even in a session.
    pub login: bool,
    /// `none`: answer at once, without any page.
    pub none: bool,
}

impl Prompt {
    /// Reads `prompt`. `select_account` asks to authenticate, because the passkey is how a person chooses here.
    ///
    /// # Errors
    /// `invalid_request` for an unknown value and for `none` beside another (OpenID Connect Core 3.1.2.1).
    pub fn parse(text: Option<&str>) -> Result<Self, Problem> {
        let mut prompt = Self::default();
        for word in text.into_iter().flat_map(|text| text.split(' ')) {
            match word {
                "consent" => prompt.consent = true,
                "login" | "select_account" => prompt.login = true,
                "none" => prompt.none = true,
                _ => return Err(Problem::new(Code::InvalidRequest, "prompt has an unknown value")),
            }
        }
        if prompt.none && (prompt.consent || prompt.login) {
            return Err(Problem::new(Code::InvalidRequest, "prompt none stands alone or not at all"));
        }
        Ok(prompt)
    }
}

/// Reads `max_age`: whole seconds since the person last authenticated.
///
/// # Errors
/// `invalid_request` when it is no plain number of at most nine digits.
pub fn max_age(text: Option<&str>) -> Result<Option<i64>, Problem> {
    let Some(text) = text else { return Ok(None) };
    if text.len() <= 9
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && let Ok(seconds) = text.parse()
    {
        return Ok(Some(seconds));
    }
    Err(Problem::new(Code::InvalidRequest, "max_age must be a number of seconds"))
}

/// The handle of a `request_uri` we gave out (RFC 9126 section 2.2): its 32 random bytes.
///
/// # Errors
/// `invalid_request_uri` for anything we cannot have given out; no other URI is ever fetched.
pub fn handle(request_uri: &str) -> Result<[u8; 32], Problem> {
    request_uri
        .strip_prefix(REQUEST_URI)
        .and_then(|rest| crate::jose::decode(rest, "request_uri").ok())
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or(Problem::new(Code::InvalidRequestUri, "request_uri is not one that was given out here"))
}

/// The `request_uri` of a handle.
#[must_use]
pub fn request_uri(handle: &[u8; 32]) -> String {
    format!("{REQUEST_URI}{}", crate::jose::encode(handle))
}

const REQUEST_URI: &str = "urn:ietf:params:oauth:request_uri:";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn scopes_are_names_and_nothing_else() {
        assert_eq!(scopes("openid email openid").unwrap().len(), 2);
        for text in ["", " openid", "openid  email", "openid\temail", "open\"id", "é"] {
            assert!(scopes(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn prompt_none_stands_alone() {
        assert!(Prompt::parse(Some("none")).unwrap().none);
        assert!(Prompt::parse(Some("login consent")).unwrap().consent);
        assert_eq!(Prompt::parse(None).unwrap(), Prompt::default());
        for text in ["none login", "None", "", "create"] {
            assert!(Prompt::parse(Some(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn ages_are_plain_numbers() {
        assert_eq!(max_age(Some("0")), Ok(Some(0)));
        assert_eq!(max_age(None), Ok(None));
        for text in ["-1", "+1", "1.5", "1e3", "9999999999", " 1"] {
            assert!(max_age(Some(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn only_our_own_request_uris_are_read() {
        assert_eq!(handle(&request_uri(&[7; 32])), Ok([7; 32]));
        for uri in
            ["https://evil.example/r", "urn:ietf:params:oauth:request_uri:", "urn:ietf:params:oauth:request_uri:AAAA"]
        {
            assert_eq!(handle(uri).unwrap_err().code, Code::InvalidRequestUri);
        }
    }
}

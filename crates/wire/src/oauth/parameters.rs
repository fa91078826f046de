//! Query strings and form bodies: every name once, every value UTF-8, nothing without bounds.

use super::{Code, Problem};
use std::collections::BTreeMap;
use url::form_urlencoded;

/// The parameters of one request (RFC 6749 sections 3.1 and 3.2, appendix B).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parameters {
    values: BTreeMap<String, String>,
}

impl Parameters {
    /// Reads `application/x-www-form-urlencoded` text. A parameter without a value counts as left out (RFC 6749 3.1).
    ///
    /// # Errors
    /// `invalid_request` for a name that occurs twice, text that is no UTF-8, more than 64 parameters or 32 KiB.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        if text.len() > LARGEST {
            return Err(Problem::new(Code::InvalidRequest, "the request is too long"));
        }
        let mut values = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            // The decoder puts U+FFFD where the bytes were no UTF-8, and no honest parameter holds one.
            if name.contains('\u{fffd}') || value.contains('\u{fffd}') || value.contains('\0') {
                return Err(Problem::new(Code::InvalidRequest, "a parameter is not UTF-8 text"));
            }
            if values.len() >= MOST {
                return Err(Problem::new(Code::InvalidRequest, "too many parameters"));
            }
            if values.insert(name.into_owned(), value.into_owned()).is_some() {
                return Err(Problem::new(Code::InvalidRequest, "a parameter occurs more than once"));
            }
        }
        values.retain(|_, value| !value.is_empty());
        Ok(Self { values })
    }

    /// The value, if the parameter was sent with one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// Whether the parameter was sent with a value.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// The value of a parameter that must be there.
    ///
    /// # Errors
    /// `invalid_request` with `missing` as its description.
    pub fn required(&self, name: &str, missing: &'static str) -> Result<&str, Problem> {
        self.get(name).ok_or(Problem::new(Code::InvalidRequest, missing))
    }
}

/// Adds parameters to a redirect URI, keeping the query it was registered with (RFC 6749 section 4.1.2).
#[must_use]
pub fn extend(uri: &str, pairs: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs {
        query.append_pair(name, value);
    }
    let join = if !uri.contains('?') {
        "?"
    } else if uri.ends_with(['?', '&']) {
        ""
    } else {
        "&"
    };
    format!("{uri}{join}{}", query.finish())
}

const LARGEST: usize = 32 * 1024;
const MOST: usize = 64;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_name_counts_once_whatever_its_spelling() {
        for text in ["a=1&a=1", "a=1&%61=2", "scope=openid&scope=", "a=&a="] {
            assert_eq!(Parameters::parse(text).unwrap_err().code, Code::InvalidRequest, "{text}");
        }
    }

    #[test]
    fn empty_means_left_out_and_plus_means_blank() {
        let read = Parameters::parse("scope=openid+profile&state=&nonce=%E9%A6%99").unwrap();
        assert_eq!(read.get("scope"), Some("openid profile"));
        assert!(!read.has("state"));
        assert_eq!(read.get("nonce"), Some("香"));
    }

    #[test]
    fn bytes_that_are_no_text_and_floods_are_refused() {
        assert!(Parameters::parse("a=%ff").is_err());
        assert!(Parameters::parse("a=%00").is_err());
        assert!(Parameters::parse(&"x".repeat(40_000)).is_err());
        let many: String = (0..65).map(|n| format!("p{n}=1&")).collect();
        assert!(Parameters::parse(&many).is_err());
    }

    #[test]
    fn answers_keep_the_registered_query() {
        let pairs = [("code", "a b&c"), ("iss", "https://id")];
        assert_eq!(extend("https://a/cb", &pairs), "https://a/cb?code=a+b%26c&iss=https%3A%2F%2Fid");
        assert_eq!(extend("https://a/cb?x=1", &[("e", "1")]), "https://a/cb?x=1&e=1");
    }
}

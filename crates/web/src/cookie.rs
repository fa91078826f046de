//! Cookies: seven names, one set of attributes, read once per request.
//!
//! Every cookie is `__Host-` (RFC 6265bis section 4.1.3.2): secure, no domain, path `/`, so no other host or plain-text page can set one.

use http::{HeaderMap, HeaderValue, header};

/// The signed-in resident's session.
pub const SESSION: &str = "__Host-session";
/// The signed-in officer's session: of the staff house, worth nothing elsewhere.
pub const BADGE: &str = "__Host-staff";
/// A registration under way.
pub const REGISTRATION: &str = "__Host-registration";
/// This browser, before anybody is known: binds forms and flows to it.
pub const BROWSER: &str = "__Host-browser";
/// The request of an online service that waits for somebody who registers first.
pub const WAITING: &str = "__Host-waiting";
/// A device that is a kiosk, or asks to be one.
pub const KIOSK: &str = "__Host-kiosk";
/// The language chosen.
pub const LANGUAGE: &str = "__Host-language";

/// The value of the first cookie called `name`, when it is of plain token characters and at most 256 of them.
pub fn read(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
        .filter(|value| !value.is_empty() && value.len() <= 256 && value.bytes().all(is_token))
}

/// A `Set-Cookie` value that lives `seconds`; none means until the browser closes. `value` must be of token characters (base64url, uuid, tag).
pub fn set(name: &str, value: &str, seconds: Option<u32>) -> HeaderValue {
    let age = seconds.map(|s| format!("; Max-Age={s}")).unwrap_or_default();
    let line = format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax{age}");
    HeaderValue::from_str(&line).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// A `Set-Cookie` value that removes the cookie.
pub fn clear(name: &str) -> HeaderValue {
    set(name, "", Some(0))
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn odd_cookies_are_not_read() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, "a=1; __Host-session=abc_-9".parse().unwrap());
        headers.append(header::COOKIE, "__Host-language=\"zh\"".parse().unwrap());
        assert_eq!(read(&headers, SESSION).as_deref(), Some("abc_-9"));
        assert_eq!(read(&headers, LANGUAGE), None);
        assert_eq!(read(&headers, BROWSER), None);
    }

    #[test]
    fn every_cookie_is_secure_and_out_of_reach_of_script() {
        let line = set(SESSION, "x", Some(60));
        assert_eq!(line.to_str().unwrap(), "__Host-session=x; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=60");
    }
}

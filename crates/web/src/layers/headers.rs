//! Security headers of every answer. What a handler has set itself stays.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::Visit;

const FIXED: [(HeaderName, &str); 10] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    // Not no-referrer: that would turn the Origin of our own forms into "null".
    (header::REFERRER_POLICY, "same-origin"),
    (header::STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), PERMISSIONS),
    (HeaderName::from_static("reporting-endpoints"), "policy=\"/csp-report\""),
];

/// Scripts, styles and pictures of our own origin only; nothing inline; framed by nobody.
const CONTENT_POLICY: &str = concat!(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; connect-src 'self'; ",
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'; ",
    "report-uri /csp-report; report-to policy"
);

/// Everything off but passkeys of our own pages.
const PERMISSIONS: &str = concat!(
    "camera=(), microphone=(), geolocation=(), display-capture=(), payment=(), usb=(), ",
    "publickey-credentials-create=(self), publickey-credentials-get=(self)"
);

/// Adds what is missing.
pub(super) fn complete(visit: &Visit, headers: &mut HeaderMap) {
    // One growth instead of several: these and what follows.
    headers.reserve(FIXED.len() + 4);
    for (name, value) in FIXED {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html")) {
        headers.entry(header::CONTENT_LANGUAGE).or_insert(HeaderValue::from_static(visit.say.tag()));
        headers.append(header::VARY, HeaderValue::from_static("cookie, accept-language"));
    }
    if let Ok(trace) = HeaderValue::from_str(&visit.caller.trace.to_string()) {
        headers.insert(HeaderName::from_static("x-trace-id"), trace);
    }
}

/// The same policy with one more origin a form may lead to (a browser applies `form-action` to the redirect that answers a form).
pub(crate) fn content_policy_leading_to(origin: &str) -> Option<HeaderValue> {
    let policy = CONTENT_POLICY.replace("form-action 'self'", &format!("form-action 'self' {origin}"));
    HeaderValue::from_str(&policy).ok().filter(|_| !origin.contains([';', ',', ' ', '\'']))
}

/// The same permissions with the camera for our own page.
pub(crate) fn permissions_with_camera() -> HeaderValue {
    HeaderValue::from_str(&PERMISSIONS.replace("camera=()", "camera=(self)"))
        .unwrap_or(HeaderValue::from_static(PERMISSIONS))
}

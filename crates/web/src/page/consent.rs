//! The consent page: who asks, why, which values, what you may choose.

use askama::Template;

use super::Frame;
use crate::view;

/// Asks for a release. The script posts `{"request", "version", "fields": [..]}` to `/oauth/consent/options`, then the
/// `AuthenticationResponseJSON` to `/oauth/consent?request=…`, which answers `page::next(redirect)`. "Do not share" is a form to `/oauth/consent/decline`. Pass the answer through `page::leading_to(origin of the redirect URI)`.
#[derive(Template)]
#[template(path = "oauth/consent.html")]
pub struct Consent {
    /// Frame; title key `consent-title`.
    pub frame: Frame,
    /// Name of the service in the visitor's language.
    pub service: String,
    /// Host the visitor is sent to afterwards.
    pub host: String,
    /// Why, in the visitor's language; as the service declared it.
    pub purpose: String,
    /// What is asked for. May be empty: then only the pseudonym is given.
    pub fields: Vec<Asked>,
    /// The request, sent back as `request` in every call.
    pub request: String,
    /// Whether the service wants to see the signing certificate and to ask for signatures.
    pub signing: bool,
    /// Whether the service is marked as plain profile.
    pub plain: bool,
    /// The version of the record the values come from, sent back as `version`.
    pub version: i64,
}

/// One field asked for.
pub struct Asked {
    /// The stable word (`Field::word`), value of the checkbox `fields`; its name is text key `field-WORD`.
    pub word: &'static str,
    /// The value that would be given, as people write it.
    pub value: String,
    /// Whether the service cannot do without.
    pub required: bool,
}

view!(Consent);

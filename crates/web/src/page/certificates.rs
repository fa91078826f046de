//! The view of the certificates in a person's name.

use askama::Template;

use super::Frame;
use crate::view;

/// The certificates, newest first.
#[derive(Template)]
#[template(path = "account/certificates.html")]
pub struct Certificates {
    /// Frame; title key `certificates-title`.
    pub frame: Frame,
    /// All of them.
    pub certificates: Vec<Certificate>,
}

/// One certificate.
pub struct Certificate {
    /// Its serial number, as in `/account/certificates/{serial}/revoke`.
    pub serial: String,
    /// The same in groups of four, for people.
    pub number: String,
    /// What it is for.
    pub kind: String,
    /// How it stands, in words.
    pub standing: String,
    /// Why it is not good.
    pub ground: Option<String>,
    /// Since when it is not good.
    pub since: Option<String>,
    /// Its first day.
    pub from: String,
    /// Its last day.
    pub until: String,
    /// Whether it can be revoked.
    pub can_end: bool,
    /// Whether it is in force.
    pub is_good: bool,
    /// Whether the person can end its suspension.
    pub can_resume: bool,
    /// Whether officers suspended it.
    pub held_by_us: bool,
}

view!(Certificates);

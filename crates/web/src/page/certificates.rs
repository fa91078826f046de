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

/// The authority's desk, for certification officers.
#[derive(Template)]
#[template(path = "staff/certificates.html")]
pub struct Desk {
    /// Frame; title key `authority-title`.
    pub frame: Frame,
    /// The serial number that was looked for.
    pub serial: String,
    /// The certificate of it.
    pub found: Option<Found>,
    /// What waits for a second person.
    pub open: Vec<Open>,
    /// Words of the reasons to revoke.
    pub grounds: Vec<&'static str>,
}

/// A certificate that was looked for.
pub struct Found {
    /// Its serial number.
    pub serial: String,
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
    /// Whether it is in force.
    pub is_good: bool,
    /// Whether it is suspended.
    pub is_held: bool,
    /// Whether it is no person's, so that it may be taken along.
    pub public: bool,
}

/// A signed proposal that waits.
pub struct Open {
    /// Its reference, as in `/certificates/proposals/{reference}/approve`.
    pub reference: String,
    /// When it was signed.
    pub at: String,
    /// What was signed.
    pub lines: Vec<(String, String)>,
    /// Whether the one who looks may be the second.
    pub may_decide: bool,
}

view!(Desk);

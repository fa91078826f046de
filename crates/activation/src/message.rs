//! Orders to a chamber and its answers: JSON, strict, bounded.

use crate::text::Form;
use lionrock_wire::webauthn::json::Base64Url;
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

/// What a chamber is opened with, once.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    /// The activation key: 32 bytes.
    pub key: Base64Url,
    /// Origins a passkey may have been used on.
    pub origins: Vec<String>,
    /// The realm.
    pub realm: String,
    /// WebAuthn relying-party id.
    pub rp_id: String,
}

impl Drop for Opening {
    fn drop(&mut self) {
        self.key.0.zeroize();
    }
}

impl std::fmt::Debug for Opening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Opening({}, …)", self.realm)
    }
}

/// A passkey bound to one device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authenticator {
    /// Credential id.
    pub id: Base64Url,
    /// COSE key.
    pub public_key: Base64Url,
    /// Counter seen last.
    pub sign_count: u32,
    /// WebAuthn user handle of the account.
    pub user_handle: Base64Url,
}

/// The answer of a passkey (WebAuthn L3 section 5.2.2), as it came from the browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Passkey {
    /// Authenticator data.
    pub authenticator_data: Base64Url,
    /// Client data, the exact bytes.
    pub client_data: Base64Url,
    /// Credential id.
    pub id: Base64Url,
    /// Signature over both.
    pub signature: Base64Url,
    /// User handle, when it came along.
    pub user_handle: Option<Base64Url>,
}

/// Make a key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrol {
    /// The passkey that approves now and shall approve signatures.
    pub authenticator: Authenticator,
    /// Its answer.
    pub passkey: Passkey,
    /// Canonical [`Enrolment`](crate::Enrolment).
    pub text: Base64Url,
}

/// Sign.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sign {
    /// What goes under the key, one for each document of the text: signed attributes in DER, or empty for an exact digest.
    pub messages: Vec<Base64Url>,
    /// The passkey's answer.
    pub passkey: Passkey,
    /// The sealed record.
    pub record: Base64Url,
    /// Canonical [`Activation`](crate::Activation).
    pub text: Base64Url,
}

/// From server to chamber.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// Make a key.
    Enrol(Box<Enrol>),
    /// Sign.
    Sign(Box<Sign>),
}

/// A key was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrolled {
    /// The public half: `x ‖ y`, or `length of n (4) ‖ n ‖ e`.
    pub public_key: Base64Url,
    /// The sealed record.
    pub record: Base64Url,
    /// Request for a certificate (PKCS#10): whoever sends it holds the key.
    pub request: Base64Url,
}

/// Signatures were made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signed {
    /// The record as it is to be kept from now on: its counter is the one of this approval.
    pub record: Base64Url,
    /// One for each document, in the form of JOSE (`r ‖ s` for ECDSA).
    pub signatures: Vec<Base64Url>,
}

/// From chamber to server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// A key was made.
    Enrolled(Box<Enrolled>),
    /// Signatures were made.
    Signed(Box<Signed>),
    /// Nothing was signed; the word of a [`Refusal`](crate::Refusal).
    Refused(String),
    /// The process that was to answer ended; nothing was signed.
    Lost,
    /// The chamber stands, with what protects its process.
    Ready(Vec<(String, bool)>),
}

/// Whether a message of this form goes with a document.
#[must_use]
pub const fn carries(form: Form) -> bool {
    matches!(form, Form::Attributes)
}

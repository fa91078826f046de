//! What a resident's passkey signs: canonical texts, whose SHA-256 is the challenge of the ceremony.
//!
//! JSON without spaces, members in alphabetical order, digests in lower-case hexadecimal. A text that does not come back byte for
//! byte when it is read and written again is refused, so there is one text for one meaning.

use lionrock_crypto::digest::sha256;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Longest text, in bytes: a thousand documents and room.
pub const LONGEST: usize = 256 * 1024;
/// Most documents of one approval.
pub const MOST_DOCUMENTS: usize = 1_000;

/// Bytes, written in lower-case hexadecimal.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hex(pub Vec<u8>);

impl std::fmt::Display for Hex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::fmt::Debug for Hex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl From<[u8; 32]> for Hex {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes.to_vec())
    }
}

impl Hex {
    /// Reads lower-case hexadecimal.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        };
        if !text.len().is_multiple_of(2) {
            return None;
        }
        let pair = |two: &[u8]| Some(digit(*two.first()?)? << 4 | digit(*two.get(1)?)?);
        text.as_bytes().chunks(2).map(pair).collect::<Option<Vec<u8>>>().map(Self)
    }
}

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("not lower-case hexadecimal"))
    }
}

/// How a document's digest goes into its signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Form {
    /// Inside signed attributes (RFC 5652 section 5.3), as its message digest: PAdES, CAdES, CMS.
    #[serde(rename = "attributes")]
    Attributes,
    /// It is the digest of exactly what is signed: JAdES, and digests that a service brings.
    #[serde(rename = "exact")]
    Exact,
}

/// One document of an approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// Its digest, by the digest algorithm of the signing key: SHA-256, or SHA-384 for ES384.
    pub digest: Hex,
    /// How it is signed.
    pub form: Form,
}

/// The word at the end of an activation text, which no other text of ours has.
pub const ACTIVATION: &str = "lionrock activation v1";

/// The approval of one act of signing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Activation {
    /// SHA-256 of the signer's certificate, DER.
    pub certificate: Hex,
    /// What is signed, in order.
    pub documents: Vec<Document>,
    /// Id of the signing key.
    pub key: String,
    /// 32 random bytes, good for one act.
    pub nonce: Hex,
    /// The realm the key belongs to.
    pub realm: String,
    /// For which service.
    pub service: String,
    /// SHA-256 of what the person was shown, in its canonical form.
    pub shown: Hex,
    /// When it was shown, Unix milliseconds.
    pub time: i64,
    /// [`ACTIVATION`].
    pub v: String,
}

/// The word at the end of an enrolment text.
pub const ENROLMENT: &str = "lionrock enrolment v1";

/// The approval of making a signing key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrolment {
    /// `ES256`, `ES384` or `RS256`.
    pub algorithm: String,
    /// SHA-256 of the credential id of the passkey that shall approve signatures.
    pub authenticator: Hex,
    /// Id of the new key.
    pub key: String,
    /// 32 random bytes, good for one act.
    pub nonce: Hex,
    /// The realm the key shall belong to.
    pub realm: String,
    /// Whose key it shall be.
    pub resident: String,
    /// The name in the request for its certificate: a reference of the authority's.
    pub subject: String,
    /// When it was shown, Unix milliseconds.
    pub time: i64,
    /// [`ENROLMENT`].
    pub v: String,
}

/// The canonical bytes of a text.
#[must_use]
pub fn canonical<T: Serialize>(text: &T) -> Vec<u8> {
    // A struct of strings, numbers and lists can always be written.
    serde_json::to_vec(text).unwrap_or_default()
}

/// What the passkey is asked to sign: SHA-256 of the canonical bytes.
#[must_use]
pub fn challenge<T: Serialize>(text: &T) -> [u8; 32] {
    sha256(&canonical(text))
}

/// Reads a text; `None` unless its bytes are the canonical ones.
#[must_use]
pub fn read<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    if bytes.len() > LONGEST {
        return None;
    }
    let text: T = serde_json::from_slice(bytes).ok()?;
    (canonical(&text) == bytes).then_some(text)
}

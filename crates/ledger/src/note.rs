//! Signed notes (C2SP signed-note): text, an empty line, and signature lines that begin with an em dash.
//!
//! Only Ed25519 (signature type 1) is known here. Signatures of other keys stay in the note and are ignored,
//! so a log may carry cosignatures this program has never heard of.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lionrock_crypto::digest::Sha256;
use lionrock_crypto::sign::{Algorithm, PublicKey, SigningKey};

/// Most signatures a note may carry (the specification asks for at least 16).
pub const MOST_SIGNATURES: usize = 64;
/// Largest note in bytes.
pub const LARGEST: usize = 512 * 1024;

/// A public key with its name: who may sign. As text (`vkey`) `name+id+base64(0x01 ‖ key)`.
#[derive(Clone, Debug)]
pub struct Verifier {
    name: String,
    id: u32,
    key: [u8; 32],
}

impl Verifier {
    /// A verifier of an Ed25519 public key (32 bytes, RFC 8032).
    pub fn new(name: &str, key: [u8; 32]) -> Result<Verifier, Error> {
        if !is_name(name) {
            return Err(Error::Name);
        }
        Ok(Verifier { name: name.to_owned(), id: id_of(name, &key), key })
    }

    /// Reads a verifier key such as `example.com/foo+530d903a+AekyeRrm…`.
    pub fn parse(vkey: &str) -> Result<Verifier, Error> {
        let (name, rest) = vkey.split_once('+').ok_or(Error::Key)?;
        let (id, key) = rest.split_once('+').ok_or(Error::Key)?;
        let bytes = STANDARD.decode(key).map_err(|_| Error::Key)?;
        let (&kind, key) = bytes.split_first().ok_or(Error::Key)?;
        if kind != ED25519 {
            return Err(Error::KeyType(kind));
        }
        let verifier = Verifier::new(name, key.try_into().map_err(|_| Error::Key)?)?;
        if id == format!("{:08x}", verifier.id) { Ok(verifier) } else { Err(Error::KeyId) }
    }

    /// The key's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key's id: first four bytes of `SHA-256(name ‖ 0x0A ‖ 0x01 ‖ key)`.
    pub fn id(&self) -> u32 {
        self.id
    }

    fn holds(&self, text: &str, signature: &[u8]) -> bool {
        PublicKey::Ed25519(self.key).verify(Algorithm::EdDsa, text.as_bytes(), signature).is_ok()
    }
}

impl PartialEq for Verifier {
    fn eq(&self, other: &Verifier) -> bool {
        (&self.name, self.key) == (&other.name, other.key)
    }
}

impl Eq for Verifier {}

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut key = vec![ED25519];
        key.extend_from_slice(&self.key);
        write!(f, "{}+{:08x}+{}", self.name, self.id, STANDARD.encode(key))
    }
}

/// Signs `text`, which ends in a newline, with an Ed25519 key under `verifier`'s name and id.
pub fn sign(text: &str, verifier: &Verifier, key: &SigningKey) -> Result<String, Error> {
    if !text.ends_with('\n') || has_control(text) {
        return Err(Error::Text);
    }
    let signature = key.sign(text.as_bytes()).map_err(|_| Error::Signing)?;
    if !verifier.holds(text, &signature) {
        return Err(Error::Signing);
    }
    let mut bytes = verifier.id.to_be_bytes().to_vec();
    bytes.extend_from_slice(&signature);
    Ok(format!("{text}\n{DASH}{} {}\n", verifier.name, STANDARD.encode(bytes)))
}

/// Opens a note: its text, once at least one of `known` signed it and no signature of a known key fails.
pub fn open<'n>(note: &'n [u8], known: &[Verifier]) -> Result<&'n str, Error> {
    let (text, signatures) = parse(note)?;
    let mut signed = false;
    for signature in signatures {
        let mine = known.iter().find(|key| key.name == signature.name && key.id == signature.id);
        if let Some(key) = mine {
            if !key.holds(text, &signature.bytes) {
                return Err(Error::Signature(key.name.clone()));
            }
            signed = true;
        }
    }
    if signed { Ok(text) } else { Err(Error::Unsigned) }
}

/// One signature line, not yet verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature<'n> {
    /// Name of the key.
    pub name: &'n str,
    /// Id of the key.
    pub id: u32,
    /// The signature without the id.
    pub bytes: Vec<u8>,
}

/// Takes a note apart without verifying anything: for showing who signed, never for trusting the text.
pub fn parse(note: &[u8]) -> Result<(&str, Vec<Signature<'_>>), Error> {
    if note.len() > LARGEST {
        return Err(Error::TooLarge);
    }
    let note = std::str::from_utf8(note).map_err(|_| Error::Text)?;
    if has_control(note) {
        return Err(Error::Text);
    }
    // The last empty line divides: the text keeps its newline, the empty line belongs to neither.
    let end = note.rfind("\n\n").ok_or(Error::Form)?;
    let (text, rest) = note.split_at(end + 1);
    let lines = rest.strip_prefix('\n').and_then(|lines| lines.strip_suffix('\n')).ok_or(Error::Form)?;
    let signatures = lines.split('\n').map(signature).collect::<Result<Vec<_>, _>>()?;
    if signatures.len() > MOST_SIGNATURES {
        return Err(Error::TooLarge);
    }
    Ok((text, signatures))
}

/// The same note with the signature lines of `keep` alone: the text is as it was, so those signatures hold as before. Nothing is
/// verified.
pub fn shortened(note: &str, keep: &[Verifier]) -> Result<String, Error> {
    let (text, signatures) = parse(note.as_bytes())?;
    let lines = note.get(text.len() + 1..).unwrap_or_default().lines();
    let kept =
        signatures.iter().zip(lines).filter(|(one, _)| keep.iter().any(|key| key.name == one.name && key.id == one.id));
    let kept: String = kept.flat_map(|(_, line)| [line, "\n"]).collect();
    if kept.is_empty() { Err(Error::Unsigned) } else { Ok(format!("{text}\n{kept}")) }
}

/// Why a note, name or key is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not text, an empty line, and signature lines.
    #[error("this is not a signed note: it needs text, an empty line and signature lines")]
    Form,
    /// Not a verifier key.
    #[error("this is not a verifier key of the form name+id+key")]
    Key,
    /// The id is not that of the name and key.
    #[error("the id inside the verifier key does not belong to its name and key")]
    KeyId,
    /// Another signature algorithm.
    #[error("keys of signature type {0} are not known to this program, only Ed25519 (type 1)")]
    KeyType(u8),
    /// Not a name.
    #[error("the name of a key is not empty and has no space and no plus sign")]
    Name,
    /// A known key's signature does not hold.
    #[error("the signature of {0} does not hold")]
    Signature(String),
    /// Our own key did not sign.
    #[error("the key could not sign, or is not the key of this name")]
    Signing,
    /// Not UTF-8, or control characters.
    #[error("a note is UTF-8 text without control characters, ending in a newline")]
    Text,
    /// Over our limits.
    #[error("the note is larger than 512 KiB or has more than 64 signatures")]
    TooLarge,
    /// Nobody known signed.
    #[error("no known key signed this")]
    Unsigned,
}

fn signature(line: &str) -> Result<Signature<'_>, Error> {
    let (name, bytes) = line.strip_prefix(DASH).and_then(|rest| rest.split_once(' ')).ok_or(Error::Form)?;
    let bytes = STANDARD.decode(bytes).map_err(|_| Error::Form)?;
    let (&id, bytes) = bytes.split_first_chunk::<4>().ok_or(Error::Form)?;
    if !is_name(name) || bytes.is_empty() {
        return Err(Error::Form);
    }
    Ok(Signature { name, id: u32::from_be_bytes(id), bytes: bytes.to_vec() })
}

pub(crate) fn is_name(name: &str) -> bool {
    !name.is_empty() && !has_control(name) && !name.contains(|c: char| c.is_whitespace() || c == '+')
}

fn has_control(text: &str) -> bool {
    text.bytes().any(|byte| byte < 0x20 && byte != b'\n')
}

fn id_of(name: &str, key: &[u8; 32]) -> u32 {
    let mut digest = Sha256::default();
    digest.update(name.as_bytes());
    digest.update(&[b'\n', ED25519]);
    digest.update(key);
    let [a, b, c, d, ..] = digest.finish();
    u32::from_be_bytes([a, b, c, d])
}

const DASH: &str = "\u{2014} ";
const ED25519: u8 = 1;

//! Cosignatures (C2SP tlog-cosignature): a witness says when it saw a checkpoint as the largest, consistent one.
//!
//! Ed25519 (signature type 4) over `cosignature/v1`, the time and the note's text; ML-DSA-44 (type 6) over a structure of
//! cosigner, time, origin, size and root. Both begin with the time, eight bytes.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lionrock_crypto::digest::Sha256;
use lionrock_crypto::ml_dsa::{self, MlDsaKey};
use lionrock_crypto::sign::{Algorithm, PublicKey, SigningKey};

use crate::checkpoint::Checkpoint;
use crate::note::{self, Signature};

/// A public key that cosigns, with its name. As text (`vkey`) `name+id+base64(type ‖ key)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosigner {
    name: String,
    id: u32,
    key: Key,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Key {
    Ed25519([u8; 32]),
    MlDsa44(Vec<u8>),
}

/// A cosignature that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosigned {
    /// Who.
    pub name: String,
    /// `Ed25519` or `ML-DSA-44`.
    pub algorithm: &'static str,
    /// When, Unix seconds; 0 from a cosigner who says nothing about the time.
    pub time: u64,
}

impl Cosigner {
    /// The cosigner of an Ed25519 key.
    ///
    /// # Errors
    /// [`note::Error::Name`].
    pub fn ed25519(name: &str, key: [u8; 32]) -> Result<Cosigner, note::Error> {
        Cosigner::new(name, Key::Ed25519(key))
    }

    /// The cosigner of an ML-DSA-44 key.
    ///
    /// # Errors
    /// [`note::Error::Name`]; [`note::Error::Key`] when the key does not have 1312 bytes.
    pub fn ml_dsa_44(name: &str, key: Vec<u8>) -> Result<Cosigner, note::Error> {
        if key.len() != ml_dsa::PUBLIC {
            return Err(note::Error::Key);
        }
        Cosigner::new(name, Key::MlDsa44(key))
    }

    fn new(name: &str, key: Key) -> Result<Cosigner, note::Error> {
        // The length of names is one byte in what ML-DSA signs.
        if !note::is_name(name) || name.len() > 255 {
            return Err(note::Error::Name);
        }
        Ok(Cosigner { name: name.to_owned(), id: id_of(name, &key), key })
    }

    /// Reads a verifier key of type 4 or 6.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(vkey: &str) -> Result<Cosigner, note::Error> {
        let (name, rest) = vkey.split_once('+').ok_or(note::Error::Key)?;
        let (id, key) = rest.split_once('+').ok_or(note::Error::Key)?;
        let bytes = STANDARD.decode(key).map_err(|_| note::Error::Key)?;
        let (&kind, key) = bytes.split_first().ok_or(note::Error::Key)?;
        let cosigner = match kind {
            ED25519 => Cosigner::ed25519(name, key.try_into().map_err(|_| note::Error::Key)?)?,
            ML_DSA_44 => Cosigner::ml_dsa_44(name, key.to_vec())?,
            other => return Err(note::Error::KeyType(other)),
        };
        if id == format!("{:08x}", cosigner.id) { Ok(cosigner) } else { Err(note::Error::KeyId) }
    }

    /// The key's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key's id: first four bytes of `SHA-256(name ‖ 0x0A ‖ type ‖ key)`.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// `Ed25519` or `ML-DSA-44`.
    #[must_use]
    pub fn algorithm(&self) -> &'static str {
        match self.key {
            Key::Ed25519(_) => "Ed25519",
            Key::MlDsa44(_) => "ML-DSA-44",
        }
    }

    fn made(&self, signature: &Signature<'_>) -> bool {
        signature.name == self.name && signature.id == self.id
    }

    /// When this cosigner signed the checkpoint whose note has this text.
    fn check(&self, text: &str, signature: &[u8]) -> Result<u64, note::Error> {
        let failed = || note::Error::Signature(self.name.clone());
        let (time, signature) = signature.split_first_chunk::<8>().ok_or_else(failed)?;
        let time = u64::from_be_bytes(*time);
        if i64::try_from(time).is_err() {
            return Err(failed());
        }
        let checkpoint = Checkpoint::parse(text).map_err(|_| note::Error::Form)?;
        let held = match &self.key {
            Key::Ed25519(key) => {
                PublicKey::Ed25519(*key).verify(Algorithm::EdDsa, plain(text, time).as_bytes(), signature)
            }
            Key::MlDsa44(key) => {
                let message = structure(&self.name, time, &checkpoint).ok_or_else(failed)?;
                ml_dsa::verify(key, &message, signature)
            }
        };
        held.map(|()| time).map_err(|_| failed())
    }
}

impl fmt::Display for Cosigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut key = vec![type_of(&self.key)];
        key.extend_from_slice(bytes_of(&self.key));
        write!(f, "{}+{:08x}+{}", self.name, self.id, STANDARD.encode(key))
    }
}

/// A key that cosigns.
#[derive(Debug)]
pub enum Secret<'k> {
    /// For type 4.
    Ed25519(&'k SigningKey),
    /// For type 6.
    MlDsa44(&'k MlDsaKey),
}

/// The signature line of a cosigner over the text of a checkpoint's note, at `time` (Unix seconds).
///
/// # Errors
/// [`note::Error::Signing`] when the key cannot sign or is not the cosigner's; [`note::Error::Form`] when the text is no
/// checkpoint.
pub fn sign(text: &str, cosigner: &Cosigner, key: &Secret<'_>, time: u64) -> Result<String, note::Error> {
    let checkpoint = Checkpoint::parse(text).map_err(|_| note::Error::Form)?;
    let signature = match key {
        Secret::Ed25519(key) => key.sign(plain(text, time).as_bytes()),
        Secret::MlDsa44(key) => key.sign(&structure(&cosigner.name, time, &checkpoint).ok_or(note::Error::Signing)?),
    };
    let signature = signature.map_err(|_| note::Error::Signing)?;
    let timed = [&time.to_be_bytes(), signature.as_slice()].concat();
    cosigner.check(text, &timed).map_err(|_| note::Error::Signing)?;
    let bytes = [&cosigner.id.to_be_bytes(), timed.as_slice()].concat();
    Ok(format!("\u{2014} {} {}\n", cosigner.name, STANDARD.encode(bytes)))
}

/// The cosignatures of known cosigners that a note carries. Whether the log signed it is asked of [`Checkpoint::open`].
///
/// # Errors
/// When the note is none, or the cosignature of a known cosigner does not hold: that is worse than none.
pub fn cosigned(note: &[u8], known: &[Cosigner]) -> Result<Vec<Cosigned>, note::Error> {
    let (text, signatures) = note::parse(note)?;
    let mut found: Vec<Cosigned> = Vec::new();
    for signature in &signatures {
        for cosigner in known.iter().filter(|cosigner| cosigner.made(signature)) {
            let time = cosigner.check(text, &signature.bytes)?;
            found.push(Cosigned { name: cosigner.name.clone(), algorithm: cosigner.algorithm(), time });
        }
    }
    Ok(found)
}

/// The lines among `answer` that are cosignatures of `known` over the note's text and hold; all others are left out
/// (C2SP tlog-witness: unknown keys are ignored).
#[must_use]
pub fn keep(text: &str, answer: &str, known: &[Cosigner]) -> Vec<(Cosigned, String)> {
    let mut kept = Vec::new();
    for line in answer.lines() {
        let whole = format!("{text}\n{line}\n");
        match cosigned(whole.as_bytes(), known) {
            Ok(found) => kept.extend(found.into_iter().map(|one| (one, format!("{line}\n")))),
            Err(_) => continue,
        }
    }
    kept
}

fn plain(text: &str, time: u64) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

/// What ML-DSA-44 signs: label, cosigner, time, origin, the entries from 0 to the size, root. `None` for names too long.
fn structure(name: &str, time: u64, checkpoint: &Checkpoint) -> Option<Vec<u8>> {
    let mut bytes = b"subtree/v1\n\0".to_vec();
    bytes.push(u8::try_from(name.len()).ok()?);
    bytes.extend_from_slice(name.as_bytes());
    bytes.extend_from_slice(&time.to_be_bytes());
    bytes.push(u8::try_from(checkpoint.origin.len()).ok()?);
    bytes.extend_from_slice(checkpoint.origin.as_bytes());
    bytes.extend_from_slice(&0u64.to_be_bytes());
    bytes.extend_from_slice(&checkpoint.size.to_be_bytes());
    bytes.extend_from_slice(&checkpoint.root.0);
    Some(bytes)
}

fn id_of(name: &str, key: &Key) -> u32 {
    let mut digest = Sha256::default();
    digest.update(name.as_bytes());
    digest.update(&[b'\n', type_of(key)]);
    digest.update(bytes_of(key));
    let [a, b, c, d, ..] = digest.finish();
    u32::from_be_bytes([a, b, c, d])
}

const fn type_of(key: &Key) -> u8 {
    match key {
        Key::Ed25519(_) => ED25519,
        Key::MlDsa44(_) => ML_DSA_44,
    }
}

fn bytes_of(key: &Key) -> &[u8] {
    match key {
        Key::Ed25519(key) => key,
        Key::MlDsa44(key) => key,
    }
}

const ED25519: u8 = 4;
const ML_DSA_44: u8 = 6;

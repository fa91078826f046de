//! Sealing a backup to its custodian: whoever makes it cannot open it.
//!
//! Each file has a random key of its own, sealed by HPKE to the custodian's public key together with the file's header.
//! The content is cut into chunks after the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár, CRYPTO 2015): the nonce
//! of a chunk is its number and whether it is the last, its associated data the digest of the header. So a chunk that was
//! changed, moved, repeated, left out or added does not open, and neither does a file that was cut.

use crate::aead::{Key, NONCE};
use crate::digest::sha256;
use crate::hpke::{self, KEY, KeyPair};
use crate::random::Entropy;
use crate::secret::Secret;
use crate::{Error, kdf};
use std::fmt;
use zeroize::Zeroizing;

/// Plain bytes of every chunk but the last, which has as many or fewer.
pub const CHUNK: usize = 64 * 1024;
/// Bytes a sealed chunk is longer than its content.
pub const TAG: usize = 16;
/// Bytes of the sealed key of a file.
pub const SEALED_KEY: usize = KEY + 32 + TAG;

/// The public half of a custodian's key: what a server may know.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Custodian([u8; KEY]);

impl Custodian {
    /// The custodian of a public key.
    #[must_use]
    pub const fn new(public: [u8; KEY]) -> Self {
        Self(public)
    }

    /// The public key.
    #[must_use]
    pub const fn public(&self) -> &[u8; KEY] {
        &self.0
    }

    /// The first bytes of a digest of the key: names it, and finds a mistyped one before anything is sealed to it.
    #[must_use]
    pub fn id(&self) -> [u8; 8] {
        let digest = sha256(&[&b"lionrock custodian v1\0"[..], &self.0].concat());
        digest.first_chunk().copied().unwrap_or_default()
    }

    /// Seals a short message to this custodian, bound to `context`.
    ///
    /// # Errors
    /// [`Error::NotAKey`] when the public key is no point.
    pub fn seal(&self, context: &[u8], plain: &[u8]) -> Result<Vec<u8>, Error> {
        hpke::seal(&self.0, MESSAGE, context, plain)
    }
}

impl fmt::Debug for Custodian {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Custodian(")?;
        self.id().iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

/// Opens what [`Custodian::seal`] made.
///
/// # Errors
/// [`Error::DoesNotOpen`] when key, context or bytes are others.
pub fn open_message(pair: &KeyPair, context: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
    pair.open(MESSAGE, context, sealed)
}

const MESSAGE: &[u8] = b"lionrock custodian message v1";
const FILE: &[u8] = b"lionrock backup file v1";

/// Seals one file, chunk after chunk.
pub struct Sealer(Stream);

impl Sealer {
    /// Begins a file; the second answer is its sealed key, [`SEALED_KEY`] bytes, to be written behind the header.
    ///
    /// # Errors
    /// [`Error::NotAKey`] when the custodian's key is no point.
    pub fn begin(custodian: &Custodian, header: &[u8], entropy: &dyn Entropy) -> Result<(Self, Vec<u8>), Error> {
        let secret = Secret::<32>::random(entropy);
        let sealed = hpke::seal(custodian.public(), FILE, header, secret.expose())?;
        Ok((Self(Stream::new(&secret, header, &sealed)?), sealed))
    }

    /// Seals the next chunk: exactly [`CHUNK`] bytes, unless it is the last. After the last nothing can be sealed.
    ///
    /// # Errors
    /// [`Error::Library`] for a chunk of another size, after the last, or beyond 2³² chunks.
    pub fn chunk(&mut self, plain: &[u8], last: bool) -> Result<Vec<u8>, Error> {
        let fits = if last { plain.len() <= CHUNK } else { plain.len() == CHUNK };
        if !fits {
            return Err(Error::Library);
        }
        let nonce = self.0.nonce(last).ok_or(Error::Library)?;
        self.0.key.seal(nonce, &self.0.bound, plain)
    }
}

/// Opens one file, chunk after chunk.
pub struct Opener(Stream);

impl Opener {
    /// Begins to read a file with the custodian's private key.
    ///
    /// # Errors
    /// [`Error::DoesNotOpen`] when it was sealed to another custodian, or the header is not the sealed one.
    pub fn begin(pair: &KeyPair, header: &[u8], sealed: &[u8]) -> Result<Self, Error> {
        let secret = Secret::from_slice(&pair.open(FILE, header, sealed)?)?;
        Ok(Self(Stream::new(&secret, header, sealed)?))
    }

    /// Opens the next chunk; `last` says that nothing follows it in the file.
    ///
    /// # Errors
    /// [`Error::DoesNotOpen`] for any chunk but exactly this one.
    pub fn chunk(&mut self, sealed: &[u8], last: bool) -> Result<Zeroizing<Vec<u8>>, Error> {
        let nonce = self.0.nonce(last).ok_or(Error::DoesNotOpen)?;
        self.0.key.open(nonce, &self.0.bound, sealed)
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(…)")
    }
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opener(…)")
    }
}

struct Stream {
    key: Key,
    /// Digest of header and sealed key: every chunk belongs to this file alone.
    bound: [u8; 32],
    /// Number of the next chunk; none after the last.
    next: Option<u32>,
}

impl Stream {
    fn new(secret: &Secret<32>, header: &[u8], sealed_key: &[u8]) -> Result<Self, Error> {
        let bound = sha256(&[&sha256(header)[..], &sha256(sealed_key)].concat());
        let key = kdf::hkdf_sha256(secret.expose(), FILE, &[&bound])?;
        Ok(Self { key: Key::new(Secret::new(key)), bound, next: Some(0) })
    }

    /// Seven zero bytes, the number, whether it is the last. The key is this file's alone, so no nonce comes twice.
    fn nonce(&mut self, last: bool) -> Option<[u8; NONCE]> {
        let number = self.next?;
        self.next = if last { None } else { number.checked_add(1) };
        let mut nonce = [0; NONCE];
        let (_, tail) = nonce.split_at_mut(NONCE - 5);
        tail.iter_mut().zip(number.to_be_bytes().into_iter().chain([u8::from(last)])).for_each(|(to, from)| *to = from);
        Some(nonce)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::random::System;

    const HEADER: &[u8] = b"{\"realm\":\"test-demo\"}";

    fn sealed(pair: &KeyPair, chunks: &[&[u8]]) -> (Vec<u8>, Vec<Vec<u8>>) {
        let (mut sealer, key) = Sealer::begin(&Custodian::new(*pair.public()), HEADER, &System).unwrap();
        let last = chunks.len() - 1;
        let chunks = chunks.iter().enumerate().map(|(at, plain)| sealer.chunk(plain, at == last).unwrap()).collect();
        (key, chunks)
    }

    fn open(pair: &KeyPair, header: &[u8], key: &[u8], chunks: &[Vec<u8>]) -> Result<Vec<u8>, Error> {
        let mut opener = Opener::begin(pair, header, key)?;
        let mut whole = Vec::new();
        for (at, chunk) in chunks.iter().enumerate() {
            whole.extend(opener.chunk(chunk, at + 1 == chunks.len())?.iter());
        }
        Ok(whole)
    }

    #[test]
    fn a_file_opens_for_its_custodian_alone() {
        let (pair, other) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let full = vec![7; CHUNK];
        let (key, chunks) = sealed(&pair, &[&full, &full, b"end"]);
        assert_eq!(key.len(), SEALED_KEY);
        assert_eq!(open(&pair, HEADER, &key, &chunks).unwrap().len(), 2 * CHUNK + 3);
        assert_eq!(open(&other, HEADER, &key, &chunks), Err(Error::DoesNotOpen));
        assert_eq!(open(&pair, b"{\"realm\":\"production\"}", &key, &chunks), Err(Error::DoesNotOpen));
        let (key, empty) = sealed(&pair, &[b""]);
        assert_eq!(open(&pair, HEADER, &key, &empty).unwrap(), b"");
    }

    #[test]
    fn no_chunk_can_be_changed_moved_repeated_left_out_or_added() {
        let pair = KeyPair::generate().unwrap();
        let (one, two) = (vec![1; CHUNK], vec![2; CHUNK]);
        let (key, good) = sealed(&pair, &[&one, &two, b"end"]);
        let refused = |chunks: &[Vec<u8>]| open(&pair, HEADER, &key, chunks) == Err(Error::DoesNotOpen);
        let (a, b, c) = (good[0].clone(), good[1].clone(), good[2].clone());
        assert!(refused(&[b.clone(), a.clone(), c.clone()]), "moved");
        assert!(refused(&[a.clone(), a.clone(), b.clone(), c.clone()]), "repeated");
        assert!(refused(&[a.clone(), c.clone()]), "left out");
        assert!(refused(&[a.clone(), b.clone()]), "cut at a chunk");
        assert!(refused(&[a.clone(), b.clone(), c.clone(), c.clone()]), "added");
        assert!(refused(&[a.clone(), b.clone(), c[..c.len() - 1].to_vec()]), "cut inside a chunk");
        for at in [0, 5, CHUNK, CHUNK + TAG - 1] {
            let mut changed = b.clone();
            changed[at] ^= 1;
            assert!(refused(&[a.clone(), changed, c.clone()]), "changed at {at}");
        }
        let (_, foreign) = sealed(&pair, &[&one, &two, b"end"]);
        assert!(refused(&[a, foreign[1].clone(), c]), "of another file");
        let mut key = key;
        key[40] ^= 1;
        assert!(open(&pair, HEADER, &key, &good).is_err(), "another key");
    }

    #[test]
    fn a_sealer_ends_with_its_last_chunk() {
        let pair = KeyPair::generate().unwrap();
        let (mut sealer, _) = Sealer::begin(&Custodian::new(*pair.public()), HEADER, &System).unwrap();
        assert!(sealer.chunk(b"short", false).is_err(), "only the last chunk is short");
        assert!(sealer.chunk(b"end", true).is_ok());
        assert!(sealer.chunk(b"more", true).is_err());
    }

    #[test]
    fn messages_open_in_their_context_alone() {
        let pair = KeyPair::generate().unwrap();
        let sealed = Custodian::new(*pair.public()).seal(b"entry 7", b"body").unwrap();
        assert_eq!(&**open_message(&pair, b"entry 7", &sealed).unwrap(), b"body");
        assert!(open_message(&pair, b"entry 8", &sealed).is_err());
    }
}

//! The signature dictionary with a gap, the digest of everything around the gap, and what goes into it (ISO 32000-2 section 12.8.1).

use super::{MOST_ROOM, ROOM, Wish, field};
use crate::Error;
use crate::algorithm::Digest;
use crate::pdf::{self, Dictionary, Document, Object, Source, Update};
use lionrock_crypto::digest::Stream as Hash;
use std::io::SeekFrom;

/// Digits of a place in the byte range, so that it can be filled in later.
const DIGITS: usize = 10;
/// Bytes of a file that are held at once while it is hashed.
const PIECE: usize = 64 * 1024;

/// A revision that waits for its signature.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// What is appended.
    tail: Vec<u8>,
    /// Where in `tail` the gap begins, with its `<`.
    gap: usize,
    /// Bytes of the signature at most.
    room: usize,
    digest: Vec<u8>,
}

impl Prepared {
    /// The digest of all but the gap, by the algorithm that was wished for.
    #[must_use]
    pub fn digest(&self) -> &[u8] {
        &self.digest
    }
}

/// Prepares a signature: appended to the file, with a gap.
///
/// # Errors
/// [`Error::Pdf`] when the file cannot be read, is encrypted, or allows no further signature.
pub fn prepare(file: &mut dyn Source, wish: &Wish) -> Result<Prepared, Error> {
    let mut document = Document::open(file)?;
    // Time-stamps and what proves signatures are kept may be added to a closed document too.
    field::closed(&mut document)?;
    let mut words = Dictionary::default();
    words.set("Type", Object::name("Sig"));
    words.set("Filter", Object::name("Adobe.PPKLite"));
    words.set("SubFilter", Object::name("ETSI.CAdES.detached"));
    words.set("M", pdf::date(wish.claimed));
    for (key, value) in [("Name", &wish.name), ("Reason", &wish.reason), ("Location", &wish.location)] {
        if let Some(value) = value {
            words.set(key, pdf::text(value));
        }
    }
    if let Some(name) = &wish.field
        && let Some(lock) = field::lock(&mut document, name)?
    {
        words.set("Reference", lock);
    }
    gap(&mut document, words, wish)
}

/// Prepares a time-stamp over the whole document (EN 319 142-1 section 5.4.3); [`complete`] puts the authority's token in.
///
/// # Errors
/// As [`prepare`].
pub fn prepare_timestamp(file: &mut dyn Source, digest: Digest) -> Result<Prepared, Error> {
    let mut document = Document::open(file)?;
    let mut words = Dictionary::default();
    words.set("Type", Object::name("DocTimeStamp"));
    words.set("Filter", Object::name("Adobe.PPKLite"));
    words.set("SubFilter", Object::name("ETSI.RFC3161"));
    gap(&mut document, words, &Wish { room: ROOM, ..Wish::plain(digest, 0) })
}

fn gap(document: &mut Document<'_>, words: Dictionary, wish: &Wish) -> Result<Prepared, Error> {
    if wish.room == 0 || wish.room > MOST_ROOM {
        return Err(Error::Refused("the room for a signature is 1 byte to 256 KiB"));
    }
    let mut update = Update::new(document)?;
    let own = update.fresh();
    field::attach(document, &mut update, own, wish)?;
    let mut body = Vec::new();
    words.write(&mut body);
    body.truncate(body.len() - 2);
    body.extend_from_slice(b"/ByteRange ");
    let range_at = body.len();
    let range_length = "[0   ]".len() + 3 * DIGITS;
    body.extend(std::iter::repeat_n(b' ', range_length));
    body.extend_from_slice(b"/Contents ");
    let gap_at = body.len();
    body.push(b'<');
    body.extend(std::iter::repeat_n(b'0', 2 * wish.room));
    body.extend_from_slice(b">>>");
    let base = document.length();
    let body_at = update.raw(own, &body);
    let mut tail = update.finish(document);
    let before = body_at + gap_at as u64;
    let after = before + 2 * wish.room as u64 + 2;
    let whole = base + tail.len() as u64;
    let range = format!("[0 {before} {after} {}]", whole - after);
    let range = format!("{range:<range_length$}");
    let inside = |at: usize| {
        usize::try_from(body_at - base).map(|body| body + at).map_err(|_| Error::Refused("the file is too large"))
    };
    let range_at = inside(range_at)?;
    let place = tail.get_mut(range_at..range_at + range_length).filter(|_| range.len() == range_length);
    place.ok_or(Error::Refused("the file is too large"))?.copy_from_slice(range.as_bytes());
    let gap = inside(gap_at)?;
    let mut hash = Hash::new(kind(wish.digest));
    file_to(document.source(), base, &mut hash)?;
    hash.update(tail.get(..gap).unwrap_or_default());
    hash.update(tail.get(gap + 2 * wish.room + 2..).unwrap_or_default());
    Ok(Prepared { tail, gap, room: wish.room, digest: hash.finish() })
}

/// The name of an algorithm in the cryptographic crate.
pub(crate) const fn kind(digest: Digest) -> lionrock_crypto::digest::Kind {
    use lionrock_crypto::digest::Kind;
    match digest {
        Digest::Sha256 => Kind::Sha256,
        Digest::Sha384 => Kind::Sha384,
        Digest::Sha512 => Kind::Sha512,
    }
}

/// Hashes the first `length` bytes of a file, piece by piece.
fn file_to(source: &mut dyn Source, length: u64, hash: &mut Hash) -> Result<(), Error> {
    range_to(source, 0, length, hash)
}

/// Hashes a range of a file, piece by piece.
pub(crate) fn range_to(source: &mut dyn Source, from: u64, length: u64, hash: &mut Hash) -> Result<(), Error> {
    source.seek(SeekFrom::Start(from))?;
    let mut piece = vec![0; PIECE];
    let mut left = length;
    while left > 0 {
        let most = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
        let window = piece.get_mut(..most).unwrap_or_default();
        source.read_exact(window)?;
        hash.update(window);
        left -= most as u64;
    }
    Ok(())
}

/// Puts the signature, or the time-stamp, into the gap; gives the bytes to append.
///
/// # Errors
/// [`Error::Refused`] when it does not fit: prepare again with more room.
pub fn complete(prepared: Prepared, signature: &[u8]) -> Result<Vec<u8>, Error> {
    if signature.is_empty() || signature.len() > prepared.room {
        return Err(Error::Refused("the signature does not fit into the room kept for it"));
    }
    let Prepared { mut tail, gap, .. } = prepared;
    let digits = signature.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    for (place, digit) in tail.iter_mut().skip(gap + 1).zip(digits) {
        *place = if digit < 10 { b'0' + digit } else { b'a' + digit - 10 };
    }
    Ok(tail)
}

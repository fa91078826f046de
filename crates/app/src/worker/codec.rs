//! Bytes of the messages between parent and worker: lengths first, limits always, nothing guessed.

use std::io::{Error, ErrorKind, Read, Result, Write};
use zeroize::Zeroizing;

/// A frame's body may not be longer than this: one sealed picture and its label.
pub const FRAME_BYTES: usize = lionrock_model::custody::PICTURE_BYTES + 4096;

/// Writes one frame: four bytes of length (big-endian), one of kind, the body.
///
/// # Errors
/// When the pipe is gone, or the body is over [`FRAME_BYTES`].
pub fn write_frame(to: &mut impl Write, kind: u8, body: &[u8]) -> Result<()> {
    to.write_all(&head(kind, body)?)?;
    to.write_all(body)?;
    to.flush()
}

/// The five bytes before a body.
///
/// # Errors
/// When the body is over [`FRAME_BYTES`].
pub fn head(kind: u8, body: &[u8]) -> Result<[u8; 5]> {
    if body.len() > FRAME_BYTES {
        return Err(Error::new(ErrorKind::InvalidInput, "frame too long"));
    }
    let length = u32::try_from(body.len()).map_err(|_| ErrorKind::InvalidInput)?;
    let [a, b, c, d] = length.to_be_bytes();
    Ok([a, b, c, d, kind])
}

/// Length and kind from the five bytes before a body.
///
/// # Errors
/// When the length is over [`FRAME_BYTES`].
pub fn parse_head(head: [u8; 5]) -> Result<(usize, u8)> {
    let [a, b, c, d, kind] = head;
    let length = usize::try_from(u32::from_be_bytes([a, b, c, d])).map_err(|_| ErrorKind::InvalidData)?;
    if length > FRAME_BYTES {
        return Err(Error::new(ErrorKind::InvalidData, "frame too long"));
    }
    Ok((length, kind))
}

/// Reads one frame; `None` when the other side closed the pipe between frames. The body is overwritten when dropped.
///
/// # Errors
/// When the pipe breaks inside a frame, or a length is over [`FRAME_BYTES`].
pub fn read_frame(from: &mut impl Read) -> Result<Option<(u8, Zeroizing<Vec<u8>>)>> {
    let mut head = [0; 5];
    match from.read_exact(&mut head) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let (length, kind) = parse_head(head)?;
    let mut body = Zeroizing::new(vec![0; length]);
    from.read_exact(&mut body)?;
    Ok(Some((kind, body)))
}

/// Puts values into a body.
#[derive(Default)]
pub struct Writer(pub Zeroizing<Vec<u8>>);

impl Writer {
    /// One byte.
    pub fn byte(&mut self, value: u8) -> &mut Self {
        self.0.push(value);
        self
    }

    /// Four bytes, big-endian.
    pub fn number(&mut self, value: u32) -> &mut Self {
        self.0.extend_from_slice(&value.to_be_bytes());
        self
    }

    /// Eight bytes, big-endian.
    pub fn long(&mut self, value: u64) -> &mut Self {
        self.0.extend_from_slice(&value.to_be_bytes());
        self
    }

    /// Bytes of a known number, as they are.
    pub fn raw(&mut self, value: &[u8]) -> &mut Self {
        self.0.extend_from_slice(value);
        self
    }

    /// Text or bytes with their length in four bytes before them.
    pub fn bytes(&mut self, value: &[u8]) -> &mut Self {
        self.number(u32::try_from(value.len()).unwrap_or(u32::MAX)).raw(value)
    }
}

/// Takes values out of a body; every method is `None` when the body does not hold what is asked for.
pub struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    /// One byte.
    pub fn byte(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    /// Four bytes, big-endian.
    pub fn number(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    /// Eight bytes, big-endian.
    pub fn long(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    /// A fixed number of bytes.
    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    /// Bytes with their length before them.
    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    /// Text with its length before it.
    pub fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    /// `Some` when nothing is left over.
    #[must_use]
    pub fn end(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

//! Compressed streams inside other bytes: gzip, zlib (PNG pictures too) and zstd by how they begin, members of zip archives
//! by their heads, and streams of deflate without any head where a file or a page begins.

use super::Starts;
use flate2::{Decompress, FlushDecompress, Status};
use std::io::Read;

/// More than this of one stream is not looked at.
const MOST: usize = 64 << 20;

/// A stream shorter than this when opened can hold no secret of use.
const LEAST: usize = 8;

const PAGE: usize = 4096;

/// Calls back with the kind, the beginning and the opened bytes of every stream that begins in `bytes`. A stream cut off
/// or overwritten at its end gives what comes before.
pub fn each(bytes: &[u8], mut found: impl FnMut(&'static str, usize, &[u8])) {
    let starts =
        Starts::of([[0x1F, 0x8B], [0x78, 0x01], [0x78, 0x5E], [0x78, 0x9C], [0x78, 0xDA], [0x28, 0xB5], *b"PK"]);
    // Blocks of large PNG pictures repeat their head; one stream is opened once.
    let mut told = |kind, offset, opened: Option<Vec<u8>>| {
        if let Some(opened) = opened.filter(|opened| opened.len() >= LEAST) {
            found(kind, offset, &opened);
        }
    };
    starts.visit(bytes, |offset, pair| {
        let rest = &bytes[offset..];
        match pair {
            [0x1F, _] => told("gzip", offset, gzip(rest)),
            [0x28, _] => told("zstd", offset, zstd(rest)),
            [b'P', _] => told("zip", offset, zip(rest)),
            _ => told("zlib", offset, png(bytes, offset).or_else(|| inflate(rest, true))),
        }
    });
    for offset in (0..bytes.len()).step_by(PAGE) {
        let page = &bytes[offset..];
        // The first three bits: is it the last block, and of which of three kinds. Stored blocks lie there in clear.
        let kind = page[0] >> 1 & 3;
        if (kind == 1 || kind == 2) && page.iter().take(16).any(|byte| *byte != 0) {
            told("deflate", offset, inflate(page, false).filter(|opened| opened.len() >= 64));
        }
    }
}

/// Opens deflate, with the head of zlib or without; what comes before a fault counts.
fn inflate(bytes: &[u8], zlib: bool) -> Option<Vec<u8>> {
    let mut engine = Decompress::new(zlib);
    let mut opened = Vec::new();
    // Most beginnings are none: a small look first, before memory is taken.
    let mut part = vec![0; 512];
    loop {
        let (read, made) = (engine.total_in() as usize, engine.total_out());
        let outcome = engine.decompress(bytes.get(read..)?, &mut part, FlushDecompress::None);
        let fresh = (engine.total_out() - made) as usize;
        opened.extend_from_slice(&part[..fresh]);
        let going = matches!(outcome, Ok(Status::Ok)) && (fresh > 0 || engine.total_in() as usize > read);
        if !going || opened.len() > MOST {
            return Some(opened);
        }
        part.resize(1 << 16, 0);
    }
}

/// The picture data of a PNG whose first data block holds this offset: the stream goes on from block to block.
fn png(bytes: &[u8], offset: usize) -> Option<Vec<u8>> {
    let mut at = offset.checked_sub(8)?;
    let mut data = Vec::new();
    while bytes.get(at + 4..at + 8)? == b"IDAT" {
        let length = u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?) as usize;
        let end = (at + 8).checked_add(length)?;
        data.extend_from_slice(bytes.get(at + 8..end.min(bytes.len()))?);
        at = end + 4;
        if data.len() > MOST || bytes.get(at + 4..at + 8).is_none() {
            break;
        }
    }
    (!data.is_empty()).then(|| inflate(&data, true)).flatten()
}

/// Opens gzip: the head is stepped over, the rest is deflate.
fn gzip(bytes: &[u8]) -> Option<Vec<u8>> {
    let &[_, _, 8, flags, ..] = bytes else { return None };
    if flags & 0xE0 != 0 {
        return None;
    }
    let mut at = 10;
    if flags & 4 != 0 {
        at += 2 + usize::from(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
    }
    // A name and a remark, each ended by a zero.
    for flag in [8, 16] {
        if flags & flag != 0 {
            at += bytes.get(at..)?.iter().take(4096).position(|byte| *byte == 0)? + 1;
        }
    }
    if flags & 2 != 0 {
        at += 2;
    }
    inflate(bytes.get(at..)?, false)
}

/// Opens a member of a zip archive that is kept as deflate.
fn zip(bytes: &[u8]) -> Option<Vec<u8>> {
    if bytes.get(..4)? != b"PK\x03\x04" || bytes.get(8..10)? != [8, 0] {
        return None;
    }
    let length = |at: usize| Some(usize::from(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?)));
    inflate(bytes.get(30 + length(26)? + length(28)?..)?, false)
}

fn zstd(bytes: &[u8]) -> Option<Vec<u8>> {
    if bytes.get(..4)? != [0x28, 0xB5, 0x2F, 0xFD] {
        return None;
    }
    let mut stream = ruzstd::decoding::StreamingDecoder::new(bytes).ok()?;
    let mut opened = Vec::new();
    let mut part = vec![0; 1 << 16];
    while let Ok(read) = stream.read(&mut part) {
        opened.extend_from_slice(&part[..read]);
        if read == 0 || opened.len() > MOST {
            break;
        }
    }
    Some(opened)
}

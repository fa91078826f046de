//! Names and contents of the published files (C2SP tlog-tiles): hashes in tiles of 256, entries in bundles
//! of 256, and one changing file, the checkpoint.

use std::fmt;

use crate::hash::Hash;

/// Is this the name of one of the files of text?
#[must_use]
pub fn is_text(path: &str) -> bool {
    matches!(path, CHECKPOINT | KEY | WITNESSED | COSIGNERS)
}

/// Hashes in a full tile, entries in a full bundle.
pub const WIDTH: usize = 256;
/// Levels of tiles that can exist below 2⁶⁴ entries.
pub const LEVELS: u8 = 8;
/// Name of the checkpoint's file.
pub const CHECKPOINT: &str = "checkpoint";
/// Name of the file with the log's verifier key, a convenience beside tlog-tiles: whoever kept the key trusts
/// the kept one.
pub const KEY: &str = "vkey";
/// Name of the file with the newest checkpoint that witnesses cosigned, a convenience beside tlog-tiles.
pub const WITNESSED: &str = "witnessed";
/// Name of the file with the verifier keys of the log's own ML-DSA-44 cosigner and of its witnesses, one a line.
pub const COSIGNERS: &str = "cosigners";
/// Longest entry in bytes: its length is written in two.
pub const LONGEST_ENTRY: usize = u16::MAX as usize;

/// A tile or bundle: one file that never changes once published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Resource {
    /// Level of hashes, or the entries themselves.
    pub level: Level,
    /// Which one in its level, from 0.
    pub index: u64,
    /// How many hashes or entries: 1 to 256.
    pub width: u16,
}

/// What a [`Resource`] holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Level {
    /// Entries, see [`entries_of`].
    Entries,
    /// Hashes: level 0 of entries, level n of full tiles of level n − 1.
    Hashes(u8),
}

impl Resource {
    /// The full tile of hashes.
    pub fn full(level: u8, index: u64) -> Resource {
        Resource { level: Level::Hashes(level), index, width: FULL }
    }

    /// The bundle of entries beside this tile of level 0; `None` for the levels above.
    pub fn entries(self) -> Option<Resource> {
        (self.level == Level::Hashes(0)).then_some(Resource { level: Level::Entries, ..self })
    }

    /// Does it hold fewer than 256?
    pub fn is_partial(self) -> bool {
        self.width < FULL
    }

    /// The full tile or bundle this partial one grows into.
    pub fn when_full(self) -> Resource {
        Resource { width: FULL, ..self }
    }

    /// Reads a path as [`Resource`] writes it, such as `tile/0/x001/067.p/12`. Exactly one spelling of each
    /// is accepted, so no other path can be reached through it.
    pub fn parse(path: &str) -> Option<Resource> {
        let rest = path.strip_prefix("tile/")?;
        let (level, rest) = rest.split_once('/')?;
        let level = match level {
            "entries" => Level::Entries,
            number => Level::Hashes(number.parse().ok().filter(|&level| level < LEVELS)?),
        };
        let (index, width) = match rest.split_once(".p/") {
            Some((index, width)) => (index, width.parse().ok().filter(|width| (1..FULL).contains(width))?),
            None => (rest, FULL),
        };
        let index = index.split('/').try_fold(0u64, |index, part| {
            let digits = part.strip_prefix('x').unwrap_or(part);
            let number: u64 = (digits.len() == 3).then(|| digits.parse().ok())??;
            index.checked_mul(1000)?.checked_add(number)
        })?;
        Some(Resource { level, index, width }).filter(|resource| resource.to_string() == path)
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.level {
            Level::Entries => f.write_str("tile/entries")?,
            Level::Hashes(level) => write!(f, "tile/{level}")?,
        }
        let mut scale = 1u64;
        while self.index / scale >= 1000 {
            scale *= 1000;
        }
        while scale > 1 {
            write!(f, "/x{:03}", self.index / scale % 1000)?;
            scale /= 1000;
        }
        write!(f, "/{:03}", self.index % 1000)?;
        if self.is_partial() { write!(f, ".p/{}", self.width) } else { Ok(()) }
    }
}

/// Number of levels a tree of this size has tiles in.
pub fn levels(size: u64) -> u8 {
    (0..LEVELS).take_while(|&level| size >> (8 * u32::from(level)) > 0).count() as u8
}

/// Hashes in the partial tile of a level in a tree of this size; 0 when there is none.
pub fn width_at(level: u8, size: u64) -> u64 {
    (size >> (8 * u32::from(level))) % WIDTH as u64
}

/// The partial tile of a level in a tree of this size, if there is one.
pub fn partial(level: u8, size: u64) -> Option<Resource> {
    let width = u16::try_from(width_at(level, size)).ok().filter(|&width| width > 0)?;
    Some(Resource { level: Level::Hashes(level), index: size >> (8 * u32::from(level)) >> 8, width })
}

/// The tile of `level` number `index` as it stands in a tree of this size: full, partial, or not there.
pub fn at(level: u8, index: u64, size: u64) -> Option<Resource> {
    let hashes = size >> (8 * u32::from(level));
    let width = hashes.checked_sub(index.checked_mul(WIDTH as u64)?)?.min(WIDTH as u64);
    let width = u16::try_from(width).ok().filter(|&width| width > 0)?;
    Some(Resource { level: Level::Hashes(level), index, width })
}

/// The hashes of a tile one after the other.
pub fn bytes_of(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

/// Reads the hashes of a tile; `None` when there are not exactly `width`.
pub fn hashes_of(bytes: &[u8], width: u16) -> Option<Vec<Hash>> {
    let (hashes, rest) = bytes.as_chunks::<{ Hash::LENGTH }>();
    (rest.is_empty() && hashes.len() == usize::from(width)).then(|| hashes.iter().copied().map(Hash).collect())
}

/// Appends an entry to a bundle: its length in two bytes, big-endian, then the entry. `false`, and nothing
/// written, when it is longer than [`LONGEST_ENTRY`].
#[must_use]
pub fn push_entry(bundle: &mut Vec<u8>, entry: &[u8]) -> bool {
    let Ok(length) = u16::try_from(entry.len()) else { return false };
    bundle.extend_from_slice(&length.to_be_bytes());
    bundle.extend_from_slice(entry);
    true
}

/// Reads the entries of a bundle; `None` when there are not exactly `width` or bytes are left over.
pub fn entries_of(bytes: &[u8], width: u16) -> Option<Vec<&[u8]>> {
    let mut entries = Vec::with_capacity(usize::from(width));
    let mut rest = bytes;
    for _ in 0..width {
        let (length, tail) = rest.split_first_chunk::<2>()?;
        let (entry, tail) = tail.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        entries.push(entry);
        rest = tail;
    }
    rest.is_empty().then_some(entries)
}

/// Index of the tile that the last hash of a level stands in.
pub(crate) fn index_of_last(level: u8, size: u64) -> u64 {
    ((size >> (8 * u32::from(level))).saturating_sub(1)) >> 8
}

const FULL: u16 = WIDTH as u16;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn paths_follow_tlog_tiles() {
        let path = |level, index, width| Resource { level, index, width }.to_string();
        assert_eq!(path(Level::Hashes(0), 1_234_067, 256), "tile/0/x001/x234/067");
        assert_eq!(path(Level::Hashes(2), 0, 1), "tile/2/000.p/1");
        assert_eq!(path(Level::Entries, 273, 112), "tile/entries/273.p/112");
        assert_eq!(path(Level::Entries, 999_999, 256), "tile/entries/x999/999");
        assert_eq!(path(Level::Hashes(0), 1_000_000, 256), "tile/0/x001/x000/000");
    }

    #[test]
    fn only_the_one_spelling_is_read() {
        for good in [
            "tile/0/000",
            "tile/entries/x001/067.p/255",
            "tile/7/x001/x234/067",
            "tile/0/x018/x446/x744/x073/x709/x551/615",
        ] {
            assert_eq!(Resource::parse(good).unwrap().to_string(), good);
        }
        for bad in [
            "checkpoint",
            "tile",
            "tile/",
            "tile/0",
            "tile/0/",
            "tile/00/000",
            "tile/8/000",
            "tile/-1/000",
            "tile/+1/000",
            "tile/0/0",
            "tile/0/0000",
            "tile/0/x000/000",
            "tile/0/001/000",
            "tile/0/x001",
            "tile/0/x001/x000",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/01",
            "tile/0/000.p/",
            "tile/0/000.p",
            "tile/0/+01",
            "tile/0/../000",
            "tile/entries/../../../etc/passwd",
            "/tile/0/000",
            "tile//0/000",
            "tile/0/000/",
            "tile/0/000.p/1/",
            "tile/0/000.p/1.p/1",
            "tile/0/\u{661}\u{661}\u{661}",
            "tile/0/%2e%2e",
            "tile/0/000\0",
            "TILE/0/000",
            "tile/0/x018/x446/x744/x073/x709/x551/616",
        ] {
            assert_eq!(Resource::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn example_of_the_specification() {
        // "a tree of size 70,000 will be represented by 273 full level 0 tiles, one partial level 0 tile of width 112,
        // one full level 1 tile, one partial level 1 tile of width 17, and one partial level 2 tile of width 1"
        let size = 70_000;
        assert_eq!(levels(size), 3);
        let partials: Vec<_> = (0..3).filter_map(|level| partial(level, size)).map(|r| (r.index, r.width)).collect();
        assert_eq!(partials, [(273, 112), (1, 17), (0, 1)]);
        assert!(!at(0, 272, size).unwrap().is_partial());
        assert_eq!(at(0, 273, size).unwrap().width, 112);
        assert_eq!(at(0, 274, size), None);
        assert!(!at(1, 0, size).unwrap().is_partial());
        assert_eq!((partial(0, 256), partial(1, 256).unwrap().width), (None, 1));
    }

    #[test]
    fn bundles_are_exact() {
        let mut bundle = Vec::new();
        assert!(push_entry(&mut bundle, b"one") && push_entry(&mut bundle, b""));
        assert_eq!(bundle, b"\0\x03one\0\0");
        assert_eq!(entries_of(&bundle, 2).unwrap(), [b"one".as_slice(), b""]);
        assert_eq!((entries_of(&bundle, 1), entries_of(&bundle, 3)), (None, None));
        assert_eq!(entries_of(&bundle[..4], 1), None);
        assert!(!push_entry(&mut bundle, &vec![0; 65_536]));
    }
}

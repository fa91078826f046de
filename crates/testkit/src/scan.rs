//! Looks for planted secrets wherever a machine can keep bytes: files, files deleted but still open, raw block devices,
//! swap, memory of processes, and inside compressed streams found in any of these.
//!
//! [`Needles`] are what is looked for, in every form software likes to give a value; [`files`], [`device`], [`swap`] and
//! [`memory`] are the places; [`Volume`] is a file system of its own for one test, so that blocks of unlinked files are
//! seen too.

pub mod forms;
pub mod memory;
mod places;
pub mod streams;
mod volume;

pub(crate) use places::list;
pub use places::{Looked, deleted_but_open, device, files, left_by_crashes, swap};
pub use volume::Volume;

use std::collections::HashMap;

/// Where a secret was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leak {
    /// The file, device or process.
    pub place: String,
    /// Position of the first byte in that place, or in the stream that was opened there.
    pub offset: u64,
    /// Which secret.
    pub what: String,
    /// In which form; streams that were opened come first: `zlib > raw`.
    pub form: String,
}

/// Everything that is looked for, by two bytes of it: one look at each byte is enough, however many there are.
#[derive(Clone, Debug, Default)]
pub struct Needles {
    all: Vec<Needle>,
    by_pair: HashMap<[u8; 2], Vec<usize>>,
}

#[derive(Clone, Debug)]
struct Needle {
    what: String,
    form: &'static str,
    bytes: Vec<u8>,
    /// Where the pair stands that it is found by: the first that is not empty, as most of a device is.
    pair: usize,
}

/// A needle of fewer bytes would be found by chance.
pub const LEAST: usize = 6;

/// Streams inside streams inside streams are not opened further.
const DEPTH: usize = 2;

impl Needles {
    /// Adds bytes, in every form of [`forms::of_bytes`].
    ///
    /// # Panics
    /// When there are fewer than [`LEAST`].
    #[must_use]
    pub fn bytes(mut self, what: &str, bytes: &[u8]) -> Self {
        for (form, bytes) in forms::of_bytes(bytes) {
            self.add(what, form, bytes);
        }
        self
    }

    /// Adds neighbouring numbers of a vector, such as a face embedding, in every width of [`forms::of_floats`].
    ///
    /// # Panics
    /// When there are too few of them.
    #[must_use]
    pub fn floats(mut self, what: &str, numbers: &[f32]) -> Self {
        for (form, bytes) in forms::of_floats(numbers) {
            self.add(what, form, bytes);
        }
        self
    }

    /// Adds bytes in this one form.
    ///
    /// # Panics
    /// When there are fewer than [`LEAST`].
    #[must_use]
    pub fn exactly(mut self, what: &str, form: &'static str, bytes: Vec<u8>) -> Self {
        self.add(what, form, bytes);
        self
    }

    fn add(&mut self, what: &str, form: &'static str, bytes: Vec<u8>) {
        assert!(bytes.len() >= LEAST, "a canary of fewer than 6 bytes is found by chance");
        let pair = bytes.windows(2).position(|pair| pair != [0, 0]).unwrap_or(0);
        self.by_pair.entry([bytes[pair], bytes[pair + 1]]).or_default().push(self.all.len());
        self.all.push(Needle { what: what.to_owned(), form, bytes, pair });
    }

    /// The bytes of the longest needle.
    #[must_use]
    pub fn longest(&self) -> usize {
        self.all.iter().map(|needle| needle.bytes.len()).max().unwrap_or(0)
    }

    /// Every occurrence in these bytes as they are.
    #[must_use]
    pub fn plain(&self, place: &str, bytes: &[u8]) -> Vec<Leak> {
        let mut leaks = Vec::new();
        let starts = Starts::of(self.by_pair.keys().copied());
        starts.visit(bytes, |found, pair| {
            for needle in self.by_pair.get(&pair).into_iter().flatten().map(|index| &self.all[*index]) {
                let Some(offset) = found.checked_sub(needle.pair) else { continue };
                if bytes[offset..].starts_with(&needle.bytes) {
                    leaks.push(Leak {
                        place: place.to_owned(),
                        offset: offset as u64,
                        what: needle.what.clone(),
                        form: needle.form.to_owned(),
                    });
                }
            }
        });
        leaks
    }

    /// Every occurrence in these bytes, as they are and inside every compressed stream that begins among them.
    #[must_use]
    pub fn search(&self, place: &str, bytes: &[u8]) -> Vec<Leak> {
        let mut leaks = self.plain(place, bytes);
        self.open(place, bytes, "", DEPTH, &mut leaks);
        leaks
    }

    fn open(&self, place: &str, bytes: &[u8], above: &str, depth: usize, leaks: &mut Vec<Leak>) {
        if depth == 0 {
            return;
        }
        streams::each(bytes, |kind, offset, opened| {
            let path = format!("{above}{kind} > ");
            for leak in self.plain(place, opened) {
                leaks.push(Leak { offset: offset as u64 + leak.offset, form: format!("{path}{}", leak.form), ..leak });
            }
            self.open(place, opened, &path, depth - 1, leaks);
        });
    }
}

/// A table of the pairs of bytes at which something may begin.
pub(crate) struct Starts(Vec<bool>);

impl Starts {
    pub(crate) fn of(pairs: impl IntoIterator<Item = [u8; 2]>) -> Self {
        let mut table = vec![false; 1 << 16];
        for [first, second] in pairs {
            table[usize::from(first) << 8 | usize::from(second)] = true;
        }
        Self(table)
    }

    /// Calls back at every place where one of the pairs stands.
    pub(crate) fn visit(&self, bytes: &[u8], mut at: impl FnMut(usize, [u8; 2])) {
        const PAGE: usize = 4096;
        for (page, part) in bytes.chunks(PAGE).enumerate() {
            let start = page * PAGE;
            // Most of a device and much of a memory is empty.
            if !self.0[0] && part == &[0; PAGE][..part.len()] {
                continue;
            }
            let end = (start + PAGE + 1).min(bytes.len());
            for (offset, pair) in bytes[start..end].windows(2).enumerate() {
                if self.0[usize::from(pair[0]) << 8 | usize::from(pair[1])] {
                    at(start + offset, [pair[0], pair[1]]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;

//! Looks for planted words in every byte of every file of a folder.
//!
//! A canary is a piece of personal data made up for one test. After a journey it may be nowhere under the data folder:
//! not in the database, its write-ahead log, the logs or the backups, neither raw nor in the encodings software likes.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

/// Where a canary was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leak {
    /// The file.
    pub file: PathBuf,
    /// Position of the first byte.
    pub offset: usize,
    /// Which canary: its position in the list given.
    pub canary: usize,
    /// Raw, hex or base64.
    pub form: &'static str,
}

/// Every occurrence of every canary under `folder`, hidden files and all. Canaries shorter than 6 bytes are refused: they
/// would be found by chance.
///
/// # Panics
/// When a canary is too short, or the folder cannot be read.
#[must_use]
pub fn scan(folder: &Path, canaries: &[&[u8]]) -> Vec<Leak> {
    let mut files = Vec::new();
    list(folder, &mut files);
    let needles = Needles::new(canaries);
    // Sockets and files that vanish while we look hold nothing to read.
    let read = files.into_iter().filter_map(|file| std::fs::read(&file).ok().map(|bytes| (file, bytes)));
    read.flat_map(|(file, bytes)| needles.find(&file, &bytes)).collect()
}

/// Every occurrence of every canary in bytes that are in no file; `name` stands for the file.
///
/// # Panics
/// When a canary is too short.
#[must_use]
pub fn scan_bytes(name: &str, bytes: &[u8], canaries: &[&[u8]]) -> Vec<Leak> {
    Needles::new(canaries).find(Path::new(name), bytes)
}

/// All forms of all canaries, by their first two bytes: one look at each byte is enough, however many there are.
struct Needles(HashMap<[u8; 2], Vec<Needle>>);

struct Needle {
    canary: usize,
    form: &'static str,
    bytes: Vec<u8>,
}

impl Needles {
    fn new(canaries: &[&[u8]]) -> Self {
        let mut needles: HashMap<[u8; 2], Vec<Needle>> = HashMap::new();
        for (canary, word) in canaries.iter().enumerate() {
            for (form, bytes) in forms(word) {
                let [first, second, ..] = bytes[..] else { continue };
                needles.entry([first, second]).or_default().push(Needle { canary, form, bytes });
            }
        }
        Self(needles)
    }

    fn find(&self, file: &Path, bytes: &[u8]) -> Vec<Leak> {
        let mut possible = vec![false; 1 << 16];
        for [first, second] in self.0.keys() {
            possible[usize::from(*first) << 8 | usize::from(*second)] = true;
        }
        let mut leaks = Vec::new();
        for (offset, pair) in bytes.windows(2).enumerate() {
            if !possible[usize::from(pair[0]) << 8 | usize::from(pair[1])] {
                continue;
            }
            for needle in self.0.get(pair).into_iter().flatten() {
                if bytes[offset..].starts_with(&needle.bytes) {
                    leaks.push(Leak { file: file.to_owned(), offset, canary: needle.canary, form: needle.form });
                }
            }
        }
        leaks.sort();
        leaks
    }
}

/// How many bytes lie under `folder`: proof that a scan looked at something.
#[must_use]
pub fn weight(folder: &Path) -> u64 {
    let mut files = Vec::new();
    list(folder, &mut files);
    files.iter().filter_map(|file| file.metadata().ok()).map(|about| about.len()).sum()
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).expect("a folder that can be read");
    for entry in entries.flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            list(&entry.path(), files);
        } else if kind.is_file() {
            files.push(entry.path());
        }
    }
}

/// The bytes as they are, as UTF-16, as hexadecimal and as base64 beginning at each of the three places of a group.
fn forms(canary: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    assert!(canary.len() >= 6, "a canary of fewer than 6 bytes is found by chance");
    let mut forms = vec![
        ("raw", canary.to_vec()),
        ("hex", canary.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect()),
        ("hex capitals", canary.iter().flat_map(|byte| format!("{byte:02X}").into_bytes()).collect()),
    ];
    if let Ok(text) = std::str::from_utf8(canary) {
        forms.push(("utf-16", text.encode_utf16().flat_map(u16::to_le_bytes).collect()));
        forms.push(("percent", percent(text)));
        forms.push(("json", escaped(text)));
    }
    for shift in 0..3 {
        forms.push(("base64", base64(canary, shift, b"+/")));
        forms.push(("base64url", base64(canary, shift, b"-_")));
    }
    // Plain letters look the same in several encodings: the first name is enough.
    let mut seen = BTreeSet::new();
    forms.retain(|(_, bytes)| seen.insert(bytes.clone()));
    forms
}

/// URL encoding of everything that is not a letter or digit.
fn percent(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            out.push(byte);
        } else {
            out.extend(format!("%{byte:02X}").bytes());
        }
    }
    out
}

/// JSON with `\uXXXX` for everything outside ASCII.
fn escaped(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for unit in text.encode_utf16() {
        match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii() => out.push(byte),
            _ => out.extend(format!("\\u{unit:04x}").bytes()),
        }
    }
    out
}

/// The letters that depend on the canary alone when `shift` other bytes stand before it in its base64 group.
fn base64(canary: &[u8], shift: usize, last: &[u8; 2]) -> Vec<u8> {
    let alphabet: Vec<u8> = (b'A'..=b'Z').chain(b'a'..=b'z').chain(b'0'..=b'9').chain(*last).collect();
    let bit = |position: usize| -> Option<u8> {
        let byte = (position / 8).checked_sub(shift).and_then(|index| canary.get(index))?;
        Some((byte >> (7 - position % 8)) & 1)
    };
    (0..(canary.len() + shift) * 8 / 6)
        .filter_map(|letter| (0..6).map(|place| bit(letter * 6 + place)).try_fold(0, |sum, bit| Some(sum << 1 | bit?)))
        .filter_map(|index: u8| alphabet.get(usize::from(index)).copied())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CANARY: &[u8] = "CHAN Tai Man 陳大文".as_bytes();
    /// `CANARY` behind 0, 1 and 2 other bytes, encoded by another program (coreutils' base64).
    const ENCODED: [&str; 3] =
        ["Q0hBTiBUYWkgTWFuIOmZs+Wkp+aWhw==", "eENIQU4gVGFpIE1hbiDpmbPlpKfmloc=", "eHhDSEFOIFRhaSBNYW4g6Zmz5aSn5paH"];

    #[test]
    fn every_planted_form_is_found() {
        let hex: String = CANARY.iter().map(|byte| format!("{byte:02x}")).collect();
        let text = std::str::from_utf8(CANARY).expect("text");
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let plants: Vec<(&str, Vec<u8>)> = vec![
            ("raw", CANARY.to_vec()),
            ("hex", hex.clone().into_bytes()),
            ("hex capitals", hex.to_uppercase().into_bytes()),
            ("utf-16", wide),
            ("percent", b"CHAN%20Tai%20Man%20%E9%99%B3%E5%A4%A7%E6%96%87".to_vec()),
            ("json", b"CHAN Tai Man \\u9673\\u5927\\u6587".to_vec()),
            ("base64", ENCODED[0].into()),
            ("base64", ENCODED[1].into()),
            ("base64", ENCODED[2].into()),
            ("base64url", ENCODED[0].replace('+', "-").replace('/', "_").into()),
        ];
        for (form, plant) in plants {
            let folder = tempfile::tempdir().expect("a folder");
            let deep = folder.path().join(".hidden/deep");
            std::fs::create_dir_all(&deep).expect("a folder");
            let mut bytes = vec![0xA5; 4097];
            bytes.extend(&plant);
            bytes.extend([0; 100]);
            std::fs::write(deep.join("store.db-wal"), bytes).expect("a file");
            let leaks = scan(folder.path(), &[b"somebody else", CANARY]);
            assert!(leaks.iter().any(|leak| leak.form == form && leak.canary == 1), "{form} was not found: {leaks:?}");
            assert!(leaks.iter().all(|leak| leak.offset >= 4097 && leak.canary == 1));
        }
    }

    #[test]
    fn clean_files_are_clean() {
        let folder = tempfile::tempdir().expect("a folder");
        let noise: Vec<u8> = (0..1_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        std::fs::write(folder.path().join("noise"), noise).expect("a file");
        assert_eq!(scan(folder.path(), &[CANARY]), []);
        assert_eq!(weight(folder.path()), 1_000_000);
    }

    #[test]
    #[should_panic(expected = "fewer than 6 bytes")]
    fn short_canaries_are_refused() {
        drop(scan(Path::new("."), &[b"A123"]));
    }
}

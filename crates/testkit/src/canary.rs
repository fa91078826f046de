//! Looks for planted words in every byte of every file of a folder.
//!
//! A canary is a piece of personal data made up for one test. After a journey it may be nowhere under the data folder:
//! not in the database, its write-ahead log, the logs or the backups, neither raw nor in the encodings software likes. What
//! [`crate::scan`] knows of forms and streams is used here for words.

use crate::scan::{Needles, list};
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
    /// Raw, hex, base64 …; inside which streams, if any.
    pub form: String,
}

/// Every occurrence of every canary under `folder`, hidden files and all. Canaries shorter than 6 bytes are refused: they
/// would be found by chance.
///
/// # Panics
/// When a canary is too short, or the folder cannot be read.
#[must_use]
pub fn scan(folder: &Path, canaries: &[&[u8]]) -> Vec<Leak> {
    let needles = needles(canaries);
    // Sockets and files that vanish while we look hold nothing to read.
    let read = list(folder).into_iter().filter_map(|file| std::fs::read(&file).ok().map(|bytes| (file, bytes)));
    read.flat_map(|(file, bytes)| find(&needles, &file, &bytes)).collect()
}

/// Every occurrence of every canary in bytes that are in no file; `name` stands for the file.
///
/// # Panics
/// When a canary is too short.
#[must_use]
pub fn scan_bytes(name: &str, bytes: &[u8], canaries: &[&[u8]]) -> Vec<Leak> {
    find(&needles(canaries), Path::new(name), bytes)
}

/// Each canary is called by its position in the list.
fn needles(canaries: &[&[u8]]) -> Needles {
    let numbered = canaries.iter().enumerate();
    numbered.fold(Needles::default(), |all, (number, canary)| all.bytes(&number.to_string(), canary))
}

fn find(needles: &Needles, file: &Path, bytes: &[u8]) -> Vec<Leak> {
    let found = needles.search("", bytes).into_iter().map(|leak| Leak {
        file: file.to_owned(),
        offset: leak.offset as usize,
        canary: leak.what.parse().unwrap_or(usize::MAX),
        form: leak.form,
    });
    let mut leaks: Vec<Leak> = found.collect();
    leaks.sort();
    leaks
}

/// How many bytes lie under `folder`: proof that a scan looked at something.
#[must_use]
pub fn weight(folder: &Path) -> u64 {
    list(folder).iter().filter_map(|file| file.metadata().ok()).map(|about| about.len()).sum()
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

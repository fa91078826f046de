//! Places of a machine that keep bytes: files, deleted files that are still open, raw devices, swap, what crashes leave.

use super::{Leak, Needles};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// What came of looking.
#[derive(Clone, Debug, Default)]
pub struct Looked {
    /// Every secret found.
    pub leaks: Vec<Leak>,
    /// Bytes looked at: proof that there was something to look at.
    pub bytes: u64,
    /// What could not be read.
    pub unreadable: Vec<String>,
}

impl Looked {
    /// Puts two looks together.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.leaks.extend(other.leaks);
        self.bytes += other.bytes;
        self.unreadable.extend(other.unreadable);
        self
    }

    pub(super) fn at(&mut self, needles: &Needles, place: &str, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.leaks.extend(needles.search(place, bytes));
    }
}

/// Every file under a folder, hidden ones too.
///
/// # Panics
/// When the folder cannot be read.
#[must_use]
pub fn files(folder: &Path, needles: &Needles) -> Looked {
    let mut looked = Looked::default();
    for file in list(folder) {
        // Sockets and files that vanish while we look hold nothing to read.
        if let Ok(bytes) = std::fs::read(&file) {
            looked.at(needles, &file.display().to_string(), &bytes);
        }
    }
    looked
}

/// Every regular file under a folder.
///
/// # Panics
/// When the folder cannot be read.
pub(crate) fn list(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    assert!(folder.is_dir(), "{} is no folder", folder.display());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                Ok(kind) if kind.is_file() => found.push(entry.path()),
                _ => {}
            }
        }
    }
    found.sort();
    found
}

/// Files that a process still holds open although their names are gone, and files that never had one.
#[must_use]
pub fn deleted_but_open(pid: u32, needles: &Needles) -> Looked {
    let mut looked = Looked::default();
    let Ok(open) = std::fs::read_dir(format!("/proc/{pid}/fd")) else {
        looked.unreadable.push(format!("open files of process {pid}"));
        return looked;
    };
    for descriptor in open.flatten().map(|entry| entry.path()) {
        let target = std::fs::read_link(&descriptor).unwrap_or_default().display().to_string();
        let regular = std::fs::metadata(&descriptor).is_ok_and(|about| about.is_file());
        if regular && target.ends_with(" (deleted)") {
            match std::fs::read(&descriptor) {
                Ok(bytes) => looked.at(needles, &format!("process {pid}: {target}"), &bytes),
                Err(_) => looked.unreadable.push(format!("process {pid}: {target}")),
            }
        }
    }
    looked
}

/// Bytes read at once from a device, and how much of the last part is looked at again with the next, for streams that
/// begin there.
pub(super) const PART: usize = 128 << 20;
const OVERLAP: usize = 4 << 20;

/// Every block of a device or of an image of one, whether a file owns it or not.
#[must_use]
pub fn device(path: &Path, needles: &Needles) -> Looked {
    let mut looked = Looked::default();
    let Ok(mut file) = File::open(path) else {
        looked.unreadable.push(path.display().to_string());
        return looked;
    };
    let mut held = Vec::new();
    loop {
        let before = held.len();
        let read = file.by_ref().take(PART as u64).read_to_end(&mut held).unwrap_or(0);
        if read == 0 {
            return looked;
        }
        looked.at(needles, &path.display().to_string(), &held);
        looked.bytes -= before as u64;
        held.drain(..held.len().saturating_sub(OVERLAP));
    }
}

/// Every device and file that this machine swaps to, where it may be read.
#[must_use]
pub fn swap(needles: &Needles) -> Looked {
    let list = std::fs::read_to_string("/proc/swaps").unwrap_or_default();
    let devices = list.lines().skip(1).filter_map(|line| line.split_whitespace().next());
    devices.map(|path| device(Path::new(path), needles)).fold(Looked::default(), Looked::and)
}

/// Where programs put the memory of those that die.
const CRASHES: [&str; 5] =
    ["/var/crash", "/var/lib/apport/coredump", "/var/lib/systemd/coredump", "/var/spool/abrt", "/var/tmp/abrt"];

/// What crashed programs left in the places for it, since the file `since` was made.
#[must_use]
pub fn left_by_crashes(since: &Path, needles: &Needles) -> Looked {
    let made = |path: &Path| path.metadata().and_then(|about| about.modified()).ok();
    let (begin, mut looked) = (made(since), Looked::default());
    let folders = CRASHES.into_iter().map(Path::new).filter(|folder| folder.is_dir());
    for file in folders.flat_map(list).filter(|file| made(file) >= begin) {
        if let Ok(bytes) = std::fs::read(&file) {
            looked.at(needles, &file.display().to_string(), &bytes);
        }
    }
    looked
}

//! The memory of running processes: everything a debugger could save as a core file.
//!
//! A forced core of a process is its writable mappings, read through the same door a debugger uses (`/proc/PID/mem`). So
//! this is a forced core without a file. A process that made itself undumpable, as proofing workers do, is read only
//! with the right to trace every process (root): [`scan`] says when it may not.

use super::places::Looked;
use super::{Leak, Needles};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// A mapping of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// First address.
    pub start: u64,
    /// The address behind the last.
    pub end: u64,
    /// `heap`, `stack`, a file, or nothing.
    pub name: String,
}

/// Mappings of a process that can have been written to: all but read-only parts of files.
///
/// # Errors
/// When the process is gone or may not be looked at.
pub fn mappings(pid: u32) -> io::Result<Vec<Mapping>> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/maps"))?;
    Ok(text.lines().filter_map(parse).collect())
}

fn parse(line: &str) -> Option<Mapping> {
    let mut parts = line.split_whitespace();
    let (range, rights) = (parts.next()?, parts.next()?);
    let name = parts.nth(3).unwrap_or_default();
    let (start, end) = range.split_once('-')?;
    let of_kernel = name.starts_with("[v");
    let only_file = name.starts_with('/') && !rights.contains('w');
    let readable = rights.starts_with('r') && !of_kernel && !only_file;
    let address = |text| u64::from_str_radix(text, 16).ok();
    readable.then_some(Mapping { start: address(start)?, end: address(end)?, name: name.to_owned() })
}

/// Looks through the whole memory of a process.
///
/// # Errors
/// When the process is gone or may not be looked at.
pub fn scan(pid: u32, needles: &Needles) -> io::Result<Looked> {
    let mut looked = Looked::default();
    walk(pid, |mapping, bytes| {
        let place = format!("memory of process {pid}, {:x} {}", mapping.start, mapping.name);
        looked.at(needles, place.trim_end(), bytes);
    })?;
    Ok(looked)
}

/// Saves the memory of a process as a debugger's forced core would, mapping behind mapping.
///
/// # Errors
/// When the process is gone or may not be looked at, or the file cannot be written.
pub fn core(pid: u32, to: &Path) -> io::Result<()> {
    let file = File::create(to)?;
    let mut at = 0;
    let mut outcome = Ok(());
    walk(pid, |_, bytes| {
        if outcome.is_ok() {
            outcome = file.write_all_at(bytes, at);
        }
        at += bytes.len() as u64;
    })?;
    outcome
}

fn walk(pid: u32, mut each: impl FnMut(&Mapping, &[u8])) -> io::Result<()> {
    let memory = File::open(format!("/proc/{pid}/mem"))?;
    let mut bytes = Vec::new();
    for mapping in mappings(pid)? {
        bytes.clear();
        bytes.resize((mapping.end - mapping.start) as usize, 0);
        let mut read = 0;
        while read < bytes.len() {
            match memory.read_at(&mut bytes[read..], mapping.start + read as u64) {
                // A page that was never touched, or is gone since: the rest may be there.
                Ok(0) | Err(_) => read = (read / 4096 + 1) * 4096,
                Ok(count) => read += count,
            }
        }
        each(&mapping, &bytes);
    }
    Ok(())
}

/// Whether this process may read the memory of processes that made themselves undumpable.
#[must_use]
pub fn sees_everything() -> bool {
    const SYS_PTRACE: u32 = 19;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let set = status.lines().find_map(|line| line.strip_prefix("CapEff:")).unwrap_or_default();
    u64::from_str_radix(set.trim(), 16).is_ok_and(|set| set >> SYS_PTRACE & 1 == 1)
}

/// The processes that `root` started, and those they started, `root` first.
#[must_use]
pub fn family(root: u32) -> Vec<u32> {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let parents: Vec<(u32, u32)> = numbers.filter_map(|pid| Some((pid, parent(pid)?))).collect();
    let mut all = vec![root];
    let mut next = 0;
    while let Some(&one) = all.get(next) {
        all.extend(parents.iter().filter(|(_, parent)| *parent == one).map(|(pid, _)| *pid));
        next += 1;
    }
    all
}

/// The parent of a process that lives; none of one that only waits to be noticed dead.
fn parent(pid: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before it may hold anything, a bracket and blanks too.
    let mut rest = stat.rsplit_once(')')?.1.split_whitespace();
    let state = rest.next()?;
    rest.next()?.parse().ok().filter(|_| state != "Z")
}

/// The words a process was started with.
#[must_use]
pub fn command_line(pid: u32) -> String {
    let words = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&words).replace('\0', " ").trim_end().to_owned()
}

/// Whether a thread of the process has this name.
#[must_use]
pub fn has_thread(pid: u32, name: &str) -> bool {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    tasks.into_iter().any(|task| std::fs::read_to_string(task.path().join("comm")).is_ok_and(|own| own.trim() == name))
}

/// Leaks of this form among others.
#[must_use]
pub fn of_form<'a>(leaks: &'a [Leak], form: &str) -> Vec<&'a Leak> {
    leaks.iter().filter(|leak| leak.form == form).collect()
}

//! What the machine itself must not do with memory: put it on a disk, hand it to another process, or to somebody when a
//! process dies. Looked at under a root folder, so that tests can show every kind of machine.

use super::sandbox::{LOCKED_MEMORY, Protection};
use std::fs::{read_dir, read_to_string};
use std::path::Path;

/// One condition, as found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Stable name: see [`NAMES`].
    pub name: &'static str,
    /// Whether it is fulfilled.
    pub held: bool,
    /// What was found.
    pub found: String,
    /// What to do when it is broken.
    pub mend: &'static str,
}

impl Condition {
    /// As one line of what a worker reports.
    #[must_use]
    pub fn protection(&self) -> Protection {
        Protection { name: self.name.to_owned(), held: self.held }
    }
}

/// Names of the conditions, in order.
pub const NAMES: [&str; 7] = [
    "swap-off",
    "core-pattern",
    "no-crash-reporter",
    "ptrace-restricted",
    "lockable-memory",
    "no-hibernation",
    "no-checkpointing",
];

/// Looks at the machine whose `proc`, `sys`, `etc` and `usr` lie under `root`.
#[must_use]
pub fn conditions(root: &Path) -> Vec<Condition> {
    vec![
        swap(root),
        core_pattern(root),
        crash_reporter(root),
        ptrace(root),
        lockable_memory(root),
        hibernation(root),
        checkpointing(root),
    ]
}

/// The conditions that are broken.
#[must_use]
pub fn broken(root: &Path) -> Vec<Condition> {
    conditions(root).into_iter().filter(|condition| !condition.held).collect()
}

fn text(root: &Path, path: &str) -> Option<String> {
    read_to_string(root.join(path)).ok().map(|text| text.trim().to_owned())
}

/// Devices that memory is swapped to. The first line of the list is a heading; no list means a kernel without swap.
fn swaps(root: &Path) -> Vec<String> {
    let list = text(root, "proc/swaps").unwrap_or_default();
    list.lines().skip(1).filter_map(|line| line.split_whitespace().next().map(str::to_owned)).collect()
}

fn swap(root: &Path) -> Condition {
    let readable: Vec<String> = swaps(root).into_iter().filter(|device| !forgets_its_key(root, device)).collect();
    Condition {
        name: "swap-off",
        held: readable.is_empty(),
        found: if readable.is_empty() { "none that outlives a boot".to_owned() } else { readable.join(", ") },
        mend: "swapoff -a and take swap and zram out of /etc/fstab and the zram generator, or encrypt swap with a key from /dev/urandom in /etc/crypttab (plain mode)",
    }
}

/// A device of dm-crypt in plain mode whose table entry takes a fresh random key at each boot.
fn forgets_its_key(root: &Path, device: &str) -> bool {
    let Some(node) = device.strip_prefix("/dev/").filter(|node| node.starts_with("dm-")) else { return false };
    let about = |file: &str| text(root, &format!("sys/class/block/{node}/dm/{file}")).unwrap_or_default();
    let (uuid, name) = (about("uuid"), about("name"));
    let table = text(root, "etc/crypttab").unwrap_or_default();
    let random = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()).any(|entry| {
        matches!(entry.as_slice(), [target, _, key, ..] if *target == name && ["/dev/urandom", "/dev/random"].contains(key))
    });
    uuid.starts_with("CRYPT-PLAIN-") && random
}

/// A pattern that begins with a bar starts a program with the dead process's memory on its standard input, whatever the
/// process's own limit says.
fn core_pattern(root: &Path) -> Condition {
    let pattern = text(root, "proc/sys/kernel/core_pattern").unwrap_or_default();
    let program = pattern.strip_prefix('|').map(|rest| rest.split_whitespace().next().unwrap_or_default());
    Condition {
        name: "core-pattern",
        held: program.is_none_or(|program| program.ends_with("/false") || program.ends_with("/true")),
        found: if pattern.is_empty() { "none".to_owned() } else { pattern },
        mend: "sysctl -w kernel.core_pattern='|/bin/false' and keep it in /etc/sysctl.d",
    }
}

/// Programs that collect the memory of what dies, as the kernel names running ones (at most 15 letters).
const REPORTERS: [&str; 6] = ["abrtd", "abrt-dump-journ", "apport", "kdumpctl", "systemd-coredum", "whoopsie"];

/// Programs that write a running process to files.
const CHECKPOINTERS: [&str; 2] = ["criu", "criu-ns"];

fn crash_reporter(root: &Path) -> Condition {
    let mut found = running(root, &REPORTERS);
    if text(root, "sys/kernel/kexec_crash_loaded").as_deref() == Some("1") {
        found.push("a crash kernel that saves all memory".to_owned());
    }
    Condition {
        name: "no-crash-reporter",
        held: found.is_empty(),
        found: said(&found),
        mend: "stop and remove apport, abrt, whoopsie, systemd-coredump and kdump on hosts that take pictures",
    }
}

fn ptrace(root: &Path) -> Condition {
    let scope = text(root, "proc/sys/kernel/yama/ptrace_scope");
    let level: u8 = scope.as_deref().and_then(|scope| scope.parse().ok()).unwrap_or(0);
    Condition {
        name: "ptrace-restricted",
        held: level >= 1,
        found: scope.map_or_else(|| "this kernel has no Yama".to_owned(), |scope| format!("ptrace_scope {scope}")),
        mend: "boot a kernel with Yama (lsm=...,yama) and sysctl -w kernel.yama.ptrace_scope=2",
    }
}

/// The right to lock memory whatever the limit: bit 14 of the capabilities.
const IPC_LOCK: u32 = 14;

fn lockable_memory(root: &Path) -> Condition {
    let limits = text(root, "proc/self/limits").unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max locked memory")).unwrap_or_default();
    let hard = line.split_whitespace().nth(1).unwrap_or("0").to_owned();
    let status = text(root, "proc/self/status").unwrap_or_default();
    let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:")).unwrap_or_default();
    let may = u64::from_str_radix(effective.trim(), 16).is_ok_and(|set| set >> IPC_LOCK & 1 == 1);
    let enough = hard == "unlimited" || hard.parse::<u64>().is_ok_and(|bytes| bytes >= LOCKED_MEMORY);
    Condition {
        name: "lockable-memory",
        held: enough || may,
        found: format!("hard limit {hard}{}", if may { ", and the right to go beyond" } else { "" }),
        mend: "LimitMEMLOCK=1G in the unit file, or a memlock line of 1048576 in /etc/security/limits.d",
    }
}

fn hibernation(root: &Path) -> Condition {
    let states = text(root, "sys/power/state").unwrap_or_default();
    let disk = text(root, "sys/power/disk").unwrap_or_default();
    let can = states.split_whitespace().any(|state| state == "disk") && !disk.contains("[disabled]");
    // Without any swap there is nowhere to put the memory.
    let nowhere = swaps(root).is_empty() && text(root, "sys/power/resume").is_none_or(|device| device == "0:0");
    Condition {
        name: "no-hibernation",
        held: !can || nowhere,
        found: if can { format!("states: {states}") } else { "this kernel cannot".to_owned() },
        mend: "boot with nohibernate, and systemctl mask hibernate.target hybrid-sleep.target",
    }
}

fn checkpointing(root: &Path) -> Condition {
    let mut found = running(root, &CHECKPOINTERS);
    let places = ["usr/sbin/criu", "usr/bin/criu", "usr/local/sbin/criu", "usr/local/bin/criu"];
    found.extend(places.into_iter().filter(|place| root.join(place).exists()).map(|place| format!("/{place}")));
    Condition {
        name: "no-checkpointing",
        held: found.is_empty(),
        found: said(&found),
        mend: "remove criu from hosts that take pictures",
    }
}

/// Which of these programs run.
fn running(root: &Path, names: &[&str]) -> Vec<String> {
    let processes = read_dir(root.join("proc")).into_iter().flatten().flatten();
    let names_of = processes.filter_map(|process| read_to_string(process.path().join("comm")).ok());
    let mut found: Vec<String> =
        names_of.map(|name| name.trim().to_owned()).filter(|name| names.contains(&name.as_str())).collect();
    found.sort();
    found.dedup();
    found
}

fn said(found: &[String]) -> String {
    if found.is_empty() { "none".to_owned() } else { found.join(", ") }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests own their folders")]
mod tests {
    use super::*;

    /// A machine that fulfils everything.
    const SOUND: [(&str, &str); 8] = [
        ("proc/swaps", "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"),
        ("proc/sys/kernel/core_pattern", "core\n"),
        ("proc/sys/kernel/yama/ptrace_scope", "1\n"),
        (
            "proc/self/limits",
            "Limit   Soft Limit   Hard Limit   Units\nMax locked memory   8388608   1073741824   bytes\n",
        ),
        ("proc/self/status", "Name:\tlionrock\nCapEff:\t0000000000000000\n"),
        ("proc/7/comm", "lionrock\n"),
        ("sys/power/state", "freeze mem\n"),
        ("sys/kernel/kexec_crash_loaded", "0\n"),
    ];

    fn with(changes: &[(&str, &str)]) -> Vec<&'static str> {
        let root = tempfile::tempdir().unwrap();
        for (file, content) in SOUND.iter().chain(changes) {
            let path = root.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        let found = conditions(root.path());
        assert_eq!(found.iter().map(|one| one.name).collect::<Vec<_>>(), NAMES);
        assert!(found.iter().all(|one| !one.found.is_empty() && !one.mend.is_empty()));
        broken(root.path()).into_iter().map(|one| one.name).collect()
    }

    const HEADING: &str = "Filename\tType\tSize\tUsed\tPriority\n";

    #[test]
    fn a_sound_machine_is_sound() {
        assert_eq!(with(&[]), [""; 0]);
    }

    #[test]
    fn each_broken_condition_is_named() {
        let zram = format!("{HEADING}/dev/zram0 partition 4194300 0 100\n");
        let file = format!("{HEADING}/swapfile file 4194300 0 -2\n");
        let low = "Max locked memory   8388608   8388608   bytes\n";
        for (changes, expected) in [
            (vec![("proc/swaps", zram.as_str())], "swap-off"),
            (vec![("proc/swaps", file.as_str())], "swap-off"),
            (vec![("proc/sys/kernel/core_pattern", "|/usr/share/apport/apport -p%p\n")], "core-pattern"),
            (vec![("proc/sys/kernel/core_pattern", "|/usr/lib/systemd/systemd-coredump %P\n")], "core-pattern"),
            (vec![("proc/9/comm", "systemd-coredum\n")], "no-crash-reporter"),
            (vec![("sys/kernel/kexec_crash_loaded", "1\n")], "no-crash-reporter"),
            (vec![("proc/sys/kernel/yama/ptrace_scope", "0\n")], "ptrace-restricted"),
            (vec![("proc/self/limits", low)], "lockable-memory"),
            (
                vec![
                    ("sys/power/state", "freeze mem disk\n"),
                    ("sys/power/disk", "[platform] shutdown\n"),
                    ("sys/power/resume", "254:2\n"),
                ],
                "no-hibernation",
            ),
            (vec![("proc/11/comm", "criu\n")], "no-checkpointing"),
            (vec![("usr/sbin/criu", "")], "no-checkpointing"),
        ] {
            assert_eq!(with(&changes), [expected], "{changes:?}");
        }
    }

    #[test]
    fn what_only_looks_bad_is_allowed() {
        let low = ("proc/self/limits", "Max locked memory   8388608   8388608   bytes\n");
        // The right to lock memory stands for the limit.
        assert_eq!(with(&[low, ("proc/self/status", "CapEff:\t0000000000004000\n")]), [""; 0]);
        assert_eq!(with(&[("proc/sys/kernel/core_pattern", "|/bin/false\n")]), [""; 0]);
        assert_eq!(with(&[("sys/power/state", "freeze mem disk\n"), ("sys/power/disk", "[disabled]\n")]), [""; 0]);
        assert_eq!(with(&[("proc/sys/kernel/yama/ptrace_scope", "3\n")]), [""; 0]);
    }

    #[test]
    fn encrypted_swap_passes_only_with_a_key_that_is_forgotten() {
        let swap = format!("{HEADING}/dev/dm-1 partition 4194300 0 -2\n");
        let on = |uuid: &str, key: &str| {
            let table = format!("swap0 /dev/vda2 {key} swap,plain\n");
            with(&[
                ("proc/swaps", &swap),
                ("sys/class/block/dm-1/dm/uuid", uuid),
                ("sys/class/block/dm-1/dm/name", "swap0\n"),
                ("etc/crypttab", &table),
            ])
        };
        assert_eq!(on("CRYPT-PLAIN-swap0\n", "/dev/urandom"), [""; 0]);
        assert_eq!(on("CRYPT-PLAIN-swap0\n", "/etc/keys/swap.key"), ["swap-off"]);
        assert_eq!(on("CRYPT-LUKS2-0a-swap0\n", "/dev/urandom"), ["swap-off"]);
        assert_eq!(on("LVM-abc\n", "/dev/urandom"), ["swap-off"]);
    }
}

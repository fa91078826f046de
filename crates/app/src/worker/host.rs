//! What the machine itself must not do with memory: put it on a disk, or hand it to somebody when a process dies.

use super::sandbox::Protection;
use std::fs::read_to_string;

/// Names of the conditions, as reported beside the protections.
pub const NAMES: [&str; 3] = ["swap-off", "no-crash-collector", "no-hibernation"];

/// Looks at the machine; to be called before files are given up.
#[must_use]
pub fn conditions() -> Vec<Protection> {
    let read = |path: &str| read_to_string(path).unwrap_or_default();
    judge(&read("/proc/swaps"), &read("/proc/sys/kernel/core_pattern"), &read("/sys/power/disk"))
}

/// `swaps` and `core_pattern` as the kernel shows them; `disk` is empty where the kernel cannot hibernate.
fn judge(swaps: &str, core_pattern: &str, disk: &str) -> Vec<Protection> {
    let held = |name: &str, held| Protection { name: name.to_owned(), held };
    // The first line is a heading; an empty file means that the kernel has no swap at all.
    let swap_off = swaps.lines().skip(1).all(|line| line.trim().is_empty());
    // A pattern that begins with a bar starts a program with the dead process's memory on its standard input.
    let no_collector = !core_pattern.trim_start().starts_with('|');
    let no_hibernation = disk.trim().is_empty() || disk.contains("[disabled]") || swap_off;
    vec![held("swap-off", swap_off), held("no-crash-collector", no_collector), held("no-hibernation", no_hibernation)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(swaps: &str, core_pattern: &str, disk: &str) -> Vec<String> {
        judge(swaps, core_pattern, disk).into_iter().filter(|one| !one.held).map(|one| one.name).collect()
    }

    #[test]
    fn each_condition_is_seen() {
        let heading = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n";
        let swap = format!("{heading}/dev/zram0 partition 4194300 0 100\n");
        assert_eq!(broken(heading, "core\n", ""), Vec::<String>::new());
        assert_eq!(broken("", "core", "[disabled]\n"), Vec::<String>::new());
        assert_eq!(broken(&swap, "core", ""), ["swap-off"]);
        assert_eq!(broken(heading, "|/usr/share/apport/apport %p\n", ""), ["no-crash-collector"]);
        assert_eq!(broken(&swap, "core", "[platform] shutdown reboot\n"), ["swap-off", "no-hibernation"]);
    }
}

//! Proof from inside: a process confined as a worker is tries what a worker must not do.
//!
//! Each probe is a process of its own, because most of them end it. `lionrock proofing-worker --self-test` runs them
//! all; `lionrock doctor` shows the same table.

use super::sandbox::{Protection, close_calls, close_files, close_memory};
use rustix::process::{DumpableBehavior, dumpable_behavior};
use rustix::thread::no_new_privs;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Command, Stdio, exit};

/// A forbidden act, or the honest control.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Stable name, also the argument.
    pub name: &'static str,
    /// Whether the list of system calls is installed; without it the other protections must hold alone.
    pub filtered: bool,
    /// What must come of it.
    pub expected: Outcome,
}

/// What came of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The act succeeded.
    Done,
    /// The act was refused with an error and the process went on.
    Refused,
    /// The kernel killed the process.
    Killed,
    /// The probe could not be run.
    Unknown,
}

/// Every probe. The first is the control: arithmetic on memory must go on working.
pub const PROBES: [Probe; 12] = [
    Probe { name: "compute", filtered: true, expected: Outcome::Done },
    Probe { name: "open-write", filtered: true, expected: Outcome::Killed },
    Probe { name: "open-read", filtered: true, expected: Outcome::Refused },
    Probe { name: "socket", filtered: true, expected: Outcome::Killed },
    Probe { name: "execute", filtered: true, expected: Outcome::Killed },
    Probe { name: "spawn", filtered: true, expected: Outcome::Killed },
    Probe { name: "thread", filtered: true, expected: Outcome::Killed },
    Probe { name: "dump", filtered: false, expected: Outcome::Refused },
    Probe { name: "new-rights", filtered: false, expected: Outcome::Refused },
    Probe { name: "open-write", filtered: false, expected: Outcome::Refused },
    Probe { name: "open-read", filtered: false, expected: Outcome::Refused },
    Probe { name: "execute", filtered: false, expected: Outcome::Refused },
];

/// Runs every probe by starting `program` again; pairs of probe and what came of it.
#[must_use]
pub fn run_all(program: &Path) -> Vec<(Probe, Outcome)> {
    PROBES.into_iter().map(|probe| (probe, run(program, probe))).collect()
}

fn run(program: &Path, probe: Probe) -> Outcome {
    let mut command = Command::new(program);
    command.args(["proofing-worker", "--self-test", probe.name]);
    if !probe.filtered {
        command.arg("--without-filter");
    }
    let ended = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    match ended {
        Ok(status) if status.signal() == Some(libc::SIGSYS) => Outcome::Killed,
        Ok(status) if status.code() == Some(0) => Outcome::Done,
        Ok(status) if status.code() == Some(1) => Outcome::Refused,
        _ => Outcome::Unknown,
    }
}

/// The inside of one probe: confines this process as a worker is confined, tries, and ends with 0 (done) or 1 (refused).
#[expect(clippy::disallowed_methods, reason = "it tries what a worker must not be able to do")]
pub fn attempt(name: &str, filtered: bool) -> ! {
    std::panic::set_hook(Box::new(|_| exit(2)));
    let _ = confine(filtered);
    let done = match name {
        "compute" => (0..1000_u64).map(|n| n * n).sum::<u64>() > 0 && vec![1_u8; 1 << 20].iter().all(|byte| *byte == 1),
        "open-write" => std::fs::File::create(std::env::temp_dir().join("lionrock-probe")).is_ok(),
        "open-read" => std::fs::File::open("/etc/hostname").is_ok() || std::fs::read_dir("/").is_ok(),
        "socket" => std::net::UdpSocket::bind("127.0.0.1:0").is_ok(),
        // Asks the kernel, whatever the calls that set it answered.
        "dump" => dumpable_behavior().is_ok_and(|how| how != DumpableBehavior::NotDumpable),
        "new-rights" => !no_new_privs().unwrap_or(false),
        // Only returns when it was refused.
        "execute" => {
            let _ = Command::new("/bin/true").exec();
            false
        }
        "spawn" => Command::new("/bin/true").status().is_ok(),
        "thread" => std::thread::Builder::new().spawn(|| ()).is_ok(),
        _ => exit(2),
    };
    exit(i32::from(!done))
}

/// Takes every protection and reports them; the doctor calls it in a process of its own.
#[must_use]
pub fn confine(filtered: bool) -> Vec<Protection> {
    let mut taken = close_memory();
    taken.extend(close_files());
    if filtered {
        taken.extend(close_calls());
    }
    taken
}

/// Runs every probe and prints a table; ends with 0 when all came out as they must.
pub fn report() -> ! {
    use std::io::Write;
    let Ok(program) = std::env::current_exe() else { exit(2) };
    let mut table = String::new();
    let mut sound = true;
    for (probe, outcome) in run_all(&program) {
        let held = outcome == probe.expected;
        sound &= held;
        let how = if probe.filtered { "" } else { " (without the system-call filter)" };
        let sign = if held { "✓" } else { "✗" };
        table.push_str(&format!("{sign} {}{how}: {outcome:?}, must be {:?}\n", probe.name, probe.expected));
    }
    let written = std::io::stdout().write_all(table.as_bytes()).is_ok();
    exit(i32::from(!(sound && written)))
}

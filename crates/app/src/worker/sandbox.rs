//! What a proofing worker takes away from itself before it sees a picture.
//!
//! Every step can only be taken, never undone, and is inherited by the worker's threads. Protections that this
//! kernel or container cannot give are reported, not hidden: a production realm refuses to go on without any of
//! them, a test realm goes on and says so (design, section 6).

use super::filter;
use landlock::{ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetStatus, Scope};
use rustix::mm::{MlockAllFlags, mlockall};
use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit};
use rustix::thread::{CapabilitySet, CapabilitySets, capabilities, set_capabilities, set_no_new_privs};

/// One thing the worker cannot do any more, and whether the system really took it away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protection {
    /// Stable name, for reports: see [`NAMES`].
    pub name: String,
    /// Whether it holds.
    pub held: bool,
}

/// Every protection, in the order in which they are taken.
pub const NAMES: [&str; 9] = [
    "memory-locked",
    "not-dumpable",
    "no-core-dump",
    "no-file-growth",
    "no-new-privileges",
    "no-capabilities",
    "no-files-landlock",
    "no-new-descriptors",
    "system-call-filter",
];

/// Locked memory a worker may need: weights, pictures and the working space of the networks, in bytes.
pub const LOCKED_MEMORY: u64 = 1 << 30;

/// Address space of a worker, in bytes: a decoder that asks for more ends the worker, not the machine.
const ADDRESS_SPACE: u64 = 4 << 30;

/// Processor seconds of a worker; the kernel ends it beyond, should both watchdogs fail.
const PROCESSOR_SECONDS: u64 = 150;

/// First third, before the models are read: memory locked, never dumped, no growing file, no new rights.
#[must_use]
pub fn close_memory() -> Vec<Protection> {
    // A belt without a name of its own: a worker that runs wild is ended by the kernel.
    let both = Rlimit { current: Some(PROCESSOR_SECONDS), maximum: Some(PROCESSOR_SECONDS) };
    let _ = setrlimit(Resource::Cpu, both);
    close_memory_for_good()
}

/// As [`close_memory`], for a process that lives as long as the server.
#[must_use]
pub fn close_memory_for_good() -> Vec<Protection> {
    let named = |name: &str, held: bool| Protection { name: name.to_owned(), held };
    let limit = |resource, value| {
        let both = Rlimit { current: Some(value), maximum: Some(value) };
        setrlimit(resource, both).is_ok()
    };
    let locked = lock_memory();
    let not_dumpable = set_dumpable_behavior(DumpableBehavior::NotDumpable).is_ok();
    let no_core = limit(Resource::Core, 0);
    let no_growth = limit(Resource::Fsize, 0);
    let no_new = set_no_new_privs(true).is_ok();
    let _ = limit(Resource::As, ADDRESS_SPACE);
    vec![
        named("memory-locked", locked),
        named("not-dumpable", not_dumpable),
        named("no-core-dump", no_core),
        named("no-file-growth", no_growth),
        named("no-new-privileges", no_new),
    ]
}

/// Second third, after the bytes of the models are in memory: no capability, no file, no new descriptor.
///
/// Must be called by the only thread; threads started later inherit it.
#[must_use]
pub fn close_files() -> Vec<Protection> {
    let named = |name: &str, held: bool| Protection { name: name.to_owned(), held };
    let capabilities = drop_capabilities();
    let landlock = landlock();
    let descriptors = setrlimit(Resource::Nofile, Rlimit { current: Some(0), maximum: Some(0) }).is_ok();
    vec![
        named("no-capabilities", capabilities),
        named("no-files-landlock", landlock),
        named("no-new-descriptors", descriptors),
    ]
}

/// Last third, when every thread is running: the list of system calls, for all of them. No thread can be added.
#[must_use]
pub fn close_calls() -> Vec<Protection> {
    vec![Protection { name: "system-call-filter".to_owned(), held: filter::install() }]
}

/// Locks every page, present and future, as soon as it is touched. Only tried when the limit leaves room, because
/// with `MCL_FUTURE` and too small a limit the next allocation would fail in the middle of a judgement.
fn lock_memory() -> bool {
    let hard = getrlimit(Resource::Memlock).maximum;
    if hard.is_none_or(|bytes| bytes >= LOCKED_MEMORY) {
        let _ = setrlimit(Resource::Memlock, Rlimit { current: hard, maximum: hard });
    } else if !may_lock_beyond_limit() {
        return false;
    }
    mlockall(MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT).is_ok()
}

fn may_lock_beyond_limit() -> bool {
    capabilities(None).is_ok_and(|sets| sets.effective.contains(CapabilitySet::IPC_LOCK))
}

/// Gives up every capability; the right to lock memory stays when the lock of future pages depends on it.
fn drop_capabilities() -> bool {
    let limited = getrlimit(Resource::Memlock).current.is_some_and(|bytes| bytes < LOCKED_MEMORY);
    let kept = if limited && may_lock_beyond_limit() { CapabilitySet::IPC_LOCK } else { CapabilitySet::empty() };
    let sets = CapabilitySets { effective: kept, permitted: kept, inheritable: CapabilitySet::empty() };
    set_capabilities(None, sets).is_ok()
}

/// No file, no TCP, no abstract socket or signal to the outside: a rule set without a single rule.
/// `true` only when every file right this kernel knows is taken away.
fn landlock() -> bool {
    let abi = ABI::V5;
    let closed = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(abi))
        .and_then(|rules| rules.handle_access(AccessNet::from_all(abi)))
        .and_then(|rules| rules.scope(Scope::from_all(ABI::V6)))
        .and_then(landlock::Ruleset::create)
        .and_then(|rules| rules.restrict_self());
    closed.is_ok_and(|status| status.ruleset != RulesetStatus::NotEnforced && status.no_new_privs)
}

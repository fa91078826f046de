//! The worker's list of system calls: what arithmetic on memory needs, and nothing else.
//!
//! Three answers. On the list: done. Looking at a file: refused with `EACCES`, so that a library that only peeks at
//! `/proc` goes on without it. Anything else (opening for writing, sockets, processes and threads, tracing): the kernel
//! kills the worker, whatever code asked for it.

use libc::c_long;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    apply_filter_all_threads,
};
use std::collections::BTreeMap;

type Rules = BTreeMap<c_long, Vec<SeccompRule>>;

/// Installs the filter on every thread of this process. `false` when the kernel does not take it.
pub fn install() -> bool {
    // The soft refusals go first: the second filter no longer lets filters be installed.
    let programs = soft_refusals().and_then(|soft| Some((soft, allowed()?)));
    programs.is_some_and(|(soft, strict)| {
        apply_filter_all_threads(&soft).is_ok() && apply_filter_all_threads(&strict).is_ok()
    })
}

/// Calls answered with an error number instead of death.
fn soft_refusals() -> Option<BpfProgram> {
    let mut peeking: Rules = BTreeMap::new();
    for call in LOOKING {
        peeking.insert(*call, Vec::new());
    }
    compile(peeking, SeccompAction::Allow, SeccompAction::Errno(u32::try_from(libc::EACCES).ok()?))
}

/// The list itself; everything beside it kills.
fn allowed() -> Option<BpfProgram> {
    let mut rules: Rules = BTreeMap::new();
    for call in PLAIN.iter().chain(LOOKING) {
        rules.insert(*call, Vec::new());
    }
    // Memory may be mapped and protected, never made executable.
    for call in [libc::SYS_mmap, libc::SYS_mprotect] {
        rules.insert(call, vec![masked(2, bits(libc::PROT_EXEC)?, 0)?]);
    }
    // Reading open is let through to the soft refusal above; any wish to write is not.
    let writing = bits(libc::O_ACCMODE | libc::O_CREAT | libc::O_TRUNC | libc::O_APPEND)?;
    rules.insert(libc::SYS_openat, vec![masked(2, writing, 0)?]);
    #[cfg(target_arch = "x86_64")]
    rules.insert(libc::SYS_open, vec![masked(1, writing, 0)?]);
    // Naming a thread, and reading a limit.
    rules.insert(libc::SYS_prctl, vec![equal(0, bits(libc::PR_SET_NAME)?)?]);
    rules.insert(
        libc::SYS_prlimit64,
        vec![
            SeccompRule::new(vec![SeccompCondition::new(2, SeccompCmpArgLen::Qword, SeccompCmpOp::Eq, 0).ok()?])
                .ok()?,
        ],
    );
    compile(rules, SeccompAction::KillProcess, SeccompAction::Allow)
}

fn compile(rules: Rules, otherwise: SeccompAction, matched: SeccompAction) -> Option<BpfProgram> {
    let target = std::env::consts::ARCH.try_into().ok()?;
    SeccompFilter::new(rules, otherwise, matched, target).ok()?.try_into().ok()
}

fn bits(flags: libc::c_int) -> Option<u64> {
    u64::try_from(flags).ok()
}

fn masked(argument: u8, mask: u64, value: u64) -> Option<SeccompRule> {
    condition(argument, SeccompCmpOp::MaskedEq(mask), value)
}

fn equal(argument: u8, value: u64) -> Option<SeccompRule> {
    condition(argument, SeccompCmpOp::Eq, value)
}

fn condition(argument: u8, how: SeccompCmpOp, value: u64) -> Option<SeccompRule> {
    SeccompRule::new(vec![SeccompCondition::new(argument, SeccompCmpArgLen::Dword, how, value).ok()?]).ok()
}

/// Looking at files and directories.
const LOOKING: &[c_long] = &[
    libc::SYS_openat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_readlinkat,
    libc::SYS_faccessat,
    libc::SYS_getcwd,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_open,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_stat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_readlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_access,
];

/// Memory, the two pipes, threads among themselves, time, chance, and the end.
const PLAIN: &[c_long] = &[
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_readv,
    libc::SYS_writev,
    libc::SYS_close,
    libc::SYS_lseek,
    libc::SYS_fstat,
    libc::SYS_fcntl,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_brk,
    libc::SYS_futex,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_membarrier,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_getrandom,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_tgkill,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    libc::SYS_exit,
    libc::SYS_exit_group,
];

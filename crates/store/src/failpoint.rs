//! Named places where a test can end or delay the program. Release builds have none.
//!
//! A test starts the program with `LIONROCK_FAIL_POINT=NAME=ACTION[@COUNT]`: `abort` ends it at once as a power cut would,
//! `sleep` stops this thread for a second; COUNT is the how-manieth visit (default 1). The list of names is the list of calls.

/// Marks a place. Does nothing unless the environment names it, and nothing at all in a release build.
#[cfg(not(debug_assertions))]
#[inline(always)]
pub const fn reach(_name: &str) {}

/// Marks a place. Does nothing unless the environment names it, and nothing at all in a release build.
#[cfg(debug_assertions)]
pub fn reach(name: &str) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};
    static PLAN: OnceLock<Option<(String, String, u32)>> = OnceLock::new();
    static VISITS: AtomicU32 = AtomicU32::new(0);

    let Some((wanted, action, count)) = PLAN.get_or_init(plan) else { return };
    if wanted != name || VISITS.fetch_add(1, Ordering::SeqCst) + 1 != *count {
        return;
    }
    match action.as_str() {
        "abort" => std::process::abort(),
        "sleep" => std::thread::sleep(std::time::Duration::from_secs(1)),
        _ => {}
    }
}

#[cfg(debug_assertions)]
#[expect(clippy::disallowed_methods, reason = "a test's way into a child process; absent from release builds")]
fn plan() -> Option<(String, String, u32)> {
    let text = std::env::var("LIONROCK_FAIL_POINT").ok()?;
    let (name, action) = text.split_once('=')?;
    let (action, count) = action.split_once('@').unwrap_or((action, "1"));
    Some((name.to_owned(), action.to_owned(), count.parse().ok()?))
}

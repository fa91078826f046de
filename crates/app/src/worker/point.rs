//! Fail points inside a worker: a confined process can start no thread and write no file, so a held thread shows itself
//! by its name alone. Release builds have none.

/// Marks a place in the worker, as [`lionrock_store::failpoint::reach`] does in the server. True when what is held here
/// is to be leaked: a planted fault, for tests of the tests.
#[cfg(not(debug_assertions))]
#[inline(always)]
pub const fn reach(_name: &str) -> bool {
    false
}

/// Marks a place in the worker, as [`lionrock_store::failpoint::reach`] does in the server. True when what is held here
/// is to be leaked: a planted fault, for tests of the tests.
#[cfg(debug_assertions)]
pub fn reach(name: &str) -> bool {
    use lionrock_store::failpoint::{self, Action, HELD};
    match failpoint::due(name) {
        Some(Action::Abort) => std::process::abort(),
        Some(Action::Hang) => {
            if let Ok(held) = std::ffi::CString::new(HELD) {
                let _ = rustix::thread::set_name(&held);
            }
            failpoint::hold()
        }
        Some(Action::Leak) => true,
        Some(Action::Pause | Action::Sleep) | None => false,
    }
}

//! Named places where a test can end, hold or delay the program. Release builds have none.
//!
//! A test starts the program with `LIONROCK_FAIL_POINT=[FIRST>]NAME=ACTION[@COUNT]`: `abort` ends it at once as a power cut
//! would; `hang` names this thread [`HELD`] and holds it for ever, so that the test can look at the program and kill it
//! from outside; `pause` does the same until the file named by `LIONROCK_FAIL_POINT_GO` exists; `sleep` stops this thread for
//! a second. COUNT is the how-manieth visit (default 1). With FIRST the point
//! counts only on a thread that has passed that place before. The list of names is the list of calls.

/// The name of a thread that is held, as `/proc/PID/task/TID/comm` shows it.
pub const HELD: &str = "fail-point";

/// What to do at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// End the program as a power cut would.
    Abort,
    /// Hold for ever.
    Hang,
    /// Give away what is held here: a planted leak, for tests of the tests.
    Leak,
    /// Hold until a file is there.
    Pause,
    /// Stop for a second.
    Sleep,
}

/// Marks a place. Does nothing unless the environment names it, and nothing at all in a release build.
#[cfg(not(debug_assertions))]
#[inline(always)]
pub const fn reach(_name: &str) {}

/// Marks a place. Does nothing unless the environment names it, and nothing at all in a release build.
#[cfg(debug_assertions)]
pub fn reach(name: &str) {
    match due(name) {
        Some(Action::Abort) => std::process::abort(),
        Some(Action::Sleep) => std::thread::sleep(std::time::Duration::from_secs(1)),
        Some(Action::Hang) => {
            drop(std::thread::Builder::new().name(HELD.to_owned()).spawn(|| hold()));
            hold()
        }
        Some(Action::Pause) => {
            drop(std::thread::Builder::new().name(HELD.to_owned()).spawn(pause));
            pause();
        }
        Some(Action::Leak) | None => {}
    }
}

/// The plan of this process, for a child that is to follow it too; none in a release build.
#[cfg(not(debug_assertions))]
#[must_use]
pub const fn plan() -> Option<(&'static str, String)> {
    None
}

/// The plan of this process, for a child that is to follow it too; none in a release build.
#[cfg(debug_assertions)]
#[must_use]
#[expect(clippy::disallowed_methods, reason = "a test's way into a child process; absent from release builds")]
pub fn plan() -> Option<(&'static str, String)> {
    std::env::var(VARIABLE).ok().map(|plan| (VARIABLE, plan))
}

/// What is to be done at this visit of a place: for places that must do it in their own way. None in a release build.
#[cfg(not(debug_assertions))]
#[must_use]
#[inline(always)]
pub const fn due(_name: &str) -> Option<Action> {
    None
}

/// What is to be done at this visit of a place: for places that must do it in their own way. None in a release build.
#[cfg(debug_assertions)]
#[must_use]
pub fn due(name: &str) -> Option<Action> {
    use std::cell::Cell;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};
    static PLAN: OnceLock<Option<Plan>> = OnceLock::new();
    static VISITS: AtomicU32 = AtomicU32::new(0);
    thread_local! {
        static PASSED: Cell<bool> = const { Cell::new(false) };
    }

    let Plan { first, wanted, action, count } = PLAN.get_or_init(Plan::read).as_ref()?;
    if first.as_deref() == Some(name) {
        PASSED.set(true);
    }
    let counts = wanted == name && (first.is_none() || PASSED.get());
    (counts && VISITS.fetch_add(1, Ordering::SeqCst) + 1 == *count).then_some(*action)
}

/// Holds this thread for ever.
#[cfg(debug_assertions)]
pub fn hold() -> ! {
    loop {
        std::thread::sleep(std::time::Duration::from_secs(60));
    }
}

#[cfg(debug_assertions)]
#[expect(clippy::disallowed_methods, reason = "a test's way into a child process; absent from release builds")]
fn pause() {
    let go = std::env::var("LIONROCK_FAIL_POINT_GO").unwrap_or_default();
    while !std::path::Path::new(&go).exists() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

#[cfg(debug_assertions)]
const VARIABLE: &str = "LIONROCK_FAIL_POINT";

#[cfg(debug_assertions)]
struct Plan {
    first: Option<String>,
    wanted: String,
    action: Action,
    count: u32,
}

#[cfg(debug_assertions)]
impl Plan {
    fn read() -> Option<Self> {
        let (_, text) = plan()?;
        let (place, action) = text.split_once('=')?;
        let (first, wanted) = match place.split_once('>') {
            Some((first, wanted)) => (Some(first.to_owned()), wanted),
            None => (None, place),
        };
        let (action, count) = action.split_once('@').unwrap_or((action, "1"));
        let action = match action {
            "abort" => Action::Abort,
            "hang" => Action::Hang,
            "leak" => Action::Leak,
            "pause" => Action::Pause,
            "sleep" => Action::Sleep,
            _ => return None,
        };
        Some(Self { first, wanted: wanted.to_owned(), action, count: count.parse().ok()? })
    }
}

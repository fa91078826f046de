//! A clock that moves only when told to.

use lionrock_model::time::Millis;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// A shared clock; clones show the same time.
#[derive(Clone, Debug)]
pub struct Clock(Arc<AtomicI64>);

impl Clock {
    /// 2026-11-23T00:00:00Z, an arbitrary working day.
    #[must_use]
    pub fn new() -> Self {
        Self::at(Millis(1_795_392_000_000))
    }

    /// A clock that shows `now`.
    #[must_use]
    pub fn at(now: Millis) -> Self {
        Self(Arc::new(AtomicI64::new(now.0)))
    }

    /// The time it shows.
    #[must_use]
    pub fn now(&self) -> Millis {
        Millis(self.0.load(Ordering::SeqCst))
    }

    /// Moves it forward and gives the new time.
    pub fn advance(&self, span: Duration) -> Millis {
        let millis = i64::try_from(span.as_millis()).expect("a span of less than 292 million years");
        Millis(self.0.fetch_add(millis, Ordering::SeqCst) + millis)
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

//! The only place that reads the clock and hands out the system's randomness.

use lionrock_model::time::Millis;
use lionrock_service::Caller;
use lionrock_service::caller::System;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// The system's time.
#[allow(clippy::disallowed_methods)]
#[must_use]
pub fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// The platform's own caller, for jobs and commands.
#[must_use]
pub fn platform_caller() -> Caller {
    Caller::platform(now(), Arc::new(System))
}

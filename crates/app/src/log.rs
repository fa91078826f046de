//! Log lines: structured, to standard error, without personal data.

use crate::config::LogFormat;
use crate::diagnosis::standing::Counting;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

/// Starts logging; later calls do nothing.
pub fn start(format: LogFormat, quiet: bool) {
    let level = if quiet { LevelFilter::WARN } else { LevelFilter::INFO };
    // Libraries speak at WARN and above only: what they log at lower levels can hold requests.
    let targets = Targets::new()
        .with_default(LevelFilter::WARN)
        .with_target("lionrock", level)
        .with_target("lionrock_app", level)
        .with_target("lionrock_gateway", level)
        .with_target("lionrock_service", level)
        .with_target("lionrock_store", level)
        .with_target("lionrock_web", level)
        .with_target("lionrock_rehearsal", level);
    let registry = tracing_subscriber::registry().with(targets).with(Counting);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Json => registry.with(lines.json().flatten_event(true)).try_init(),
        LogFormat::Text => registry.with(lines.with_ansi(false).with_target(false)).try_init(),
    };
    drop(started);
}

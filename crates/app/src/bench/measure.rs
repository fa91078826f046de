//! What the operating system and the server say of a running server.

use anyhow::{Context, Result};
use lionrock_rehearsal::http::Browser;
use std::time::Duration;

/// A reading of a server process.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reading {
    /// User and system time.
    pub cpu: Duration,
    /// Durable commits of the store.
    pub fsyncs: f64,
    /// Peak resident memory, megabytes.
    pub peak_rss_mb: f64,
}

/// Reads a server process by its number and its metrics.
///
/// # Errors
/// When the process is gone or shows no metrics.
pub async fn read(pid: u32, issuer: &str, browser: &Browser) -> Result<Reading> {
    let (cpu, peak_rss_mb) = process(pid)?;
    let metrics = browser.get(&format!("{issuer}/metrics")).await?.text();
    let fsyncs = metrics.lines().find_map(|line| line.strip_prefix("lionrock_store_fsyncs_total "));
    Ok(Reading {
        cpu,
        fsyncs: fsyncs.and_then(|text| text.trim().parse().ok()).context("no store figures in /metrics")?,
        peak_rss_mb,
    })
}

/// Processor time and peak resident memory (megabytes) of a process.
///
/// # Errors
/// When the process is gone.
pub fn process(pid: u32) -> Result<(Duration, f64)> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).context("the server is gone")?;
    // After the name in brackets; user and system time are the 14th and 15th fields of the whole line.
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 = after_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).context("the server is gone")?;
    let peak =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")).and_then(|rest| rest.split_whitespace().next());
    let peak = peak.and_then(|text| text.parse::<f64>().ok()).context("no peak memory")?;
    // Linux counts in hundredths of a second (USER_HZ) on every platform it serves.
    Ok((Duration::from_millis(ticks * 10), peak / 1024.0))
}

//! What the operating system and the server say of a running server.

use anyhow::{Context, Result};
use lionrock_crypto::sign::{Algorithm, SigningKey};
use lionrock_rehearsal::http::Browser;
use std::time::{Duration, Instant};

/// A reading of a server process.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reading {
    /// User and system time.
    pub cpu: Duration,
    /// Durable commits of the store.
    pub fsyncs: f64,
    /// Writes that ran again after a lost race.
    pub retries: f64,
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
    let counted = |name: &str| {
        let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
        value.context("no store figures in /metrics")
    };
    Ok(Reading {
        cpu,
        fsyncs: counted("lionrock_store_fsyncs_total ")?,
        retries: counted("lionrock_store_retries_total ")?,
        peak_rss_mb,
    })
}

/// Microseconds that one ES256 signature takes here: to make, to verify. The quickest of several goes, so that
/// whatever else runs on the machine does not count.
///
/// # Errors
/// When the library refuses.
#[allow(clippy::disallowed_methods, reason = "a bench reads the clock to measure")]
pub fn signatures() -> Result<(f64, f64)> {
    const GOES: u32 = 20;
    const ROUNDS: u32 = 100;
    let key = SigningKey::generate(Algorithm::Es256)?;
    let (public, message) = (key.public()?, [0_u8; 256]);
    let signature = key.sign(&message)?;
    let each = |work: &dyn Fn() -> Result<(), lionrock_crypto::Error>| -> Result<f64> {
        let mut quickest = Duration::MAX;
        for _ in 0..GOES {
            let begun = Instant::now();
            for _ in 0..ROUNDS {
                work()?;
            }
            quickest = quickest.min(begun.elapsed());
        }
        Ok(quickest.as_secs_f64() * 1e6 / f64::from(ROUNDS))
    };
    let made = each(&|| key.sign(&message).map(drop))?;
    let verified = each(&|| public.verify(Algorithm::Es256, &message, &signature))?;
    Ok((made, verified))
}

/// Processor time of this process: in a bench, of the load generator.
///
/// # Errors
/// When the system does not say.
pub fn own_cpu() -> Result<Duration> {
    Ok(process(std::process::id())?.0)
}

/// As [`process`], with the processes it started added up.
///
/// # Errors
/// When one of them is gone.
pub fn family(pid: u32) -> Result<(Duration, f64)> {
    let (mut cpu, mut memory) = process(pid)?;
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    for child in children.split_whitespace().filter_map(|child| child.parse().ok()) {
        let (more_cpu, more_memory) = process(child)?;
        cpu += more_cpu;
        memory += more_memory;
    }
    Ok((cpu, memory))
}

/// From here on the kernel counts the most memory of this process anew.
///
/// # Errors
/// When this kernel does not.
pub fn forget_most() -> Result<()> {
    std::fs::write("/proc/self/clear_refs", "5").context("this kernel does not count the most memory anew")
}

/// The most memory of this process since [`forget_most`], in MB.
///
/// # Errors
/// When the kernel does not say.
pub fn most() -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
    Ok(most.trim().trim_end_matches("kB").trim().parse::<f64>()? / 1_000.0)
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

//! Failed client credentials, counted by client and by network.
//!
//! Whoever guesses is stopped; the service itself, calling from its own network, is not: a stranger cannot lock it out.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;

use lionrock_model::time::Millis;

/// Failures within the last minutes.
#[derive(Debug, Default)]
pub struct Guesses(Mutex<HashMap<(String, IpAddr), Failures>>);

#[derive(Clone, Copy, Debug)]
struct Failures {
    since: Millis,
    count: u32,
}

impl Guesses {
    /// Whether `client` may be tried from `address` once more.
    pub fn admit(&self, client: &str, address: Option<IpAddr>, now: Millis) -> bool {
        let Some(key) = key(client, address) else { return true };
        let seen = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        seen.get(&key).is_none_or(|failures| failures.count < MOST || now.since(failures.since) >= WINDOW)
    }

    /// Notes a failure.
    pub fn note(&self, client: &str, address: Option<IpAddr>, now: Millis) {
        let Some(key) = key(client, address) else { return };
        let mut seen = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if seen.len() >= REMEMBERED {
            seen.retain(|_, failures| now.since(failures.since) < WINDOW);
        }
        if seen.len() >= REMEMBERED && !seen.contains_key(&key) {
            // A flood of made-up clients must not use up memory; the rate of all requests holds it anyhow.
            return;
        }
        let failures = seen.entry(key).or_insert(Failures { since: now, count: 0 });
        if now.since(failures.since) >= WINDOW {
            *failures = Failures { since: now, count: 0 };
        }
        failures.count += 1;
    }
}

fn key(client: &str, address: Option<IpAddr>) -> Option<(String, IpAddr)> {
    // Longer names are no clients of ours, whatever they say.
    let client: String = client.chars().take(64).collect();
    address.map(|address| (client, crate::network_of(address)))
}

/// Failures of one client from one network within the window.
const MOST: u32 = 20;
const WINDOW: Duration = Duration::from_secs(60);
const REMEMBERED: usize = 10_000;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn who_guesses_is_stopped_and_nobody_else() {
        let guesses = Guesses::default();
        let (stranger, own): (IpAddr, IpAddr) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        for _ in 0..MOST {
            assert!(guesses.admit("shop", Some(stranger), Millis(0)));
            guesses.note("shop", Some(stranger), Millis(0));
        }
        assert!(!guesses.admit("shop", Some(stranger), Millis(59_999)));
        assert!(guesses.admit("shop", Some(own), Millis(59_999)), "the service itself goes on");
        assert!(guesses.admit("library", Some(stranger), Millis(59_999)));
        assert!(guesses.admit("shop", Some(stranger), Millis(60_000)));
    }

    #[test]
    fn a_flood_of_names_is_not_remembered_without_end() {
        let guesses = Guesses::default();
        for n in 0..REMEMBERED + 100 {
            guesses.note(&n.to_string(), Some("192.0.2.1".parse().unwrap()), Millis(0));
        }
        assert_eq!(guesses.0.lock().unwrap().len(), REMEMBERED);
        guesses.note("later", Some("192.0.2.1".parse().unwrap()), Millis(60_000));
        assert_eq!(guesses.0.lock().unwrap().len(), 1);
    }
}

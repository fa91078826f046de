//! How often one address may ask. Nothing here counts per account, so a stranger cannot use it to lock a resident out: they only slow themselves down.

use std::net::IpAddr;
use std::num::NonZeroU32;

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::EdgeSettings;

/// Forgotten addresses are swept once so many are kept.
const SWEEP: usize = 50_000;

/// Two allowances per address: requests of any kind, and state changes.
pub(crate) struct Rates {
    requests: DefaultKeyedRateLimiter<IpAddr>,
    changes: DefaultKeyedRateLimiter<IpAddr>,
}

impl Rates {
    pub(crate) fn new(settings: &EdgeSettings) -> Self {
        let at_least_one = |n: u32| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        let requests = Quota::per_second(at_least_one(settings.requests_per_second))
            .allow_burst(at_least_one(settings.request_burst));
        let changes = Quota::per_minute(at_least_one(settings.changes_per_minute))
            .allow_burst(at_least_one(settings.change_burst));
        Self { requests: RateLimiter::dashmap(requests), changes: RateLimiter::dashmap(changes) }
    }

    /// Whether `address` may ask once more.
    pub(crate) fn admits(&self, address: IpAddr, change: bool) -> bool {
        let network = crate::network_of(address);
        if self.requests.len() > SWEEP {
            self.requests.retain_recent();
            self.changes.retain_recent();
        }
        self.requests.check_key(&network).is_ok() && (!change || self.changes.check_key(&network).is_ok())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_noisy_address_slows_only_itself() {
        let settings = EdgeSettings { change_burst: 2, changes_per_minute: 1, ..EdgeSettings::default() };
        let rates = Rates::new(&settings);
        let (noisy, calm): (IpAddr, IpAddr) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        assert!(rates.admits(noisy, true) && rates.admits(noisy, true));
        assert!(!rates.admits(noisy, true));
        assert!(rates.admits(noisy, false), "reading goes on");
        assert!(rates.admits(calm, true));
    }
}

//! Counts open connections, all together and per address, so that one address cannot take every place.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// The places of a house and who sits in them.
#[derive(Clone)]
pub(super) struct Guests {
    inner: Arc<Mutex<Seats>>,
    all: usize,
    each: usize,
}

#[derive(Default)]
struct Seats {
    taken: usize,
    by_network: HashMap<IpAddr, usize>,
}

/// One place; given back when dropped.
pub(super) struct Place {
    guests: Guests,
    network: IpAddr,
}

impl Guests {
    /// `all` places, at most `each` for one address.
    pub(super) fn new(all: usize, each: usize) -> Self {
        Self { inner: Arc::default(), all, each }
    }

    /// A place for a connection from `address`, or none.
    pub(super) fn admit(&self, address: IpAddr) -> Option<Place> {
        let network = crate::network_of(address);
        let mut seats = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let here = seats.by_network.get(&network).copied().unwrap_or(0);
        if seats.taken >= self.all || here >= self.each {
            return None;
        }
        seats.taken += 1;
        seats.by_network.insert(network, here + 1);
        Some(Place { guests: self.clone(), network })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut seats = self.guests.inner.lock().unwrap_or_else(PoisonError::into_inner);
        seats.taken = seats.taken.saturating_sub(1);
        let left = seats.by_network.get(&self.network).copied().unwrap_or(0).saturating_sub(1);
        if left == 0 {
            seats.by_network.remove(&self.network);
        } else {
            seats.by_network.insert(self.network, left);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn one_address_cannot_take_every_place_and_places_come_back() {
        let guests = Guests::new(3, 2);
        let (one, other): (IpAddr, IpAddr) = ("2001:db8::1".parse().unwrap(), "192.0.2.7".parse().unwrap());
        let neighbour: IpAddr = "2001:db8::ffff".parse().unwrap();
        let first = guests.admit(one).unwrap();
        let _second = guests.admit(neighbour).unwrap();
        assert!(guests.admit(one).is_none(), "a /64 network counts as one");
        let _third = guests.admit(other).unwrap();
        assert!(guests.admit(other).is_none(), "the house is full");
        drop(first);
        assert!(guests.admit(one).is_some());
    }
}

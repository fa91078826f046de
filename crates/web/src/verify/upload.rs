//! Documents on their way in: a place first, then the bytes, no more than are read here and no slower than a poor connection.
//!
//! Whoever comes while all places are taken is told so before a byte is read. A place is lent for as long as the bytes keep coming: at
//! any moment it is given back after a grace and what the bytes so far are worth at [`PACE`], and after twenty seconds in any case. One
//! network has [`OF_ONE`] of the places, so that a single stranger leaves room for the others.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use futures_util::StreamExt as _;
use http::{HeaderMap, header};
use lionrock_model::document::DocumentRefusal;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

/// Documents on their way in at once.
pub const PLACES: usize = 8;
/// Of these, for one network.
pub const OF_ONE: usize = 3;

/// How slowly a document may come.
#[derive(Clone, Copy)]
pub(super) struct Pace {
    /// What every sender has before the pace counts.
    grace: Duration,
    /// Bytes a second, once the grace is over.
    bytes: u64,
    /// From the first byte to the last.
    longest: Duration,
}

/// As a poor connection has it.
pub(super) const PACE: Pace =
    Pace { grace: Duration::from_secs(4), bytes: 64 * 1024, longest: Duration::from_secs(20) };

/// The places.
pub(crate) struct Uploads {
    places: Arc<Semaphore>,
    of_networks: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

impl Default for Uploads {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(PLACES)), of_networks: Arc::default() }
    }
}

/// A place; given back when it is dropped.
pub(super) struct Place {
    _permit: OwnedSemaphorePermit,
    network: Option<IpAddr>,
    of_networks: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

impl Uploads {
    /// A place for a sender, if there is one now.
    pub(super) fn enter(&self, address: Option<IpAddr>) -> Result<Place, DocumentRefusal> {
        let network = address.map(crate::network_of);
        let permit = Arc::clone(&self.places).try_acquire_owned().map_err(|_| DocumentRefusal::Busy)?;
        if let Some(network) = network {
            let mut taken = self.of_networks.lock().unwrap_or_else(PoisonError::into_inner);
            let own = taken.entry(network).or_default();
            if *own >= OF_ONE {
                return Err(DocumentRefusal::Busy);
            }
            *own += 1;
        }
        Ok(Place { _permit: permit, network, of_networks: Arc::clone(&self.of_networks) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(network) = self.network else { return };
        let mut taken = self.of_networks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = taken.get_mut(&network) {
            *own -= 1;
            if *own == 0 {
                taken.remove(&network);
            }
        }
    }
}

/// Reads a body of at most `most` bytes. One that says it is larger is not read at all.
#[allow(clippy::disallowed_methods, reason = "the edge measures how long a body takes")]
pub(super) async fn read(headers: &HeaderMap, body: Body, most: usize, pace: Pace) -> Result<Vec<u8>, DocumentRefusal> {
    let said = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if said.is_some_and(|said| said > most as u64) {
        return Err(DocumentRefusal::TooLarge);
    }
    let began = Instant::now();
    let mut bytes: Vec<u8> = Vec::new();
    let mut pieces = body.into_data_stream();
    loop {
        let worth = Duration::from_secs(bytes.len() as u64 / pace.bytes);
        let limit = began + pace.longest.min(pace.grace + worth);
        let Ok(piece) = timeout_at(limit, pieces.next()).await else { return Err(DocumentRefusal::TooSlow) };
        match piece {
            None => return Ok(bytes),
            Some(Ok(piece)) if bytes.len() + piece.len() <= most => bytes.extend_from_slice(&piece),
            Some(Ok(_)) => return Err(DocumentRefusal::TooLarge),
            // The sender went away; there is nobody to tell.
            Some(Err(_)) => return Err(DocumentRefusal::Missing),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use futures_util::stream;
    use std::io::Error;

    const QUICK: Pace = Pace { grace: Duration::from_millis(150), bytes: 1000, longest: Duration::from_millis(600) };

    /// `pieces` of 100 bytes, one every `every`, and then nothing more without an end.
    fn trickle(pieces: usize, every: Duration) -> Body {
        let coming = stream::unfold(0, move |sent| async move {
            if sent == pieces {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(every).await;
            Some((Ok::<_, Error>(Bytes::from_static(&[7; 100])), sent + 1))
        });
        Body::from_stream(coming)
    }

    #[tokio::test]
    async fn a_body_that_stops_or_trickles_gives_its_place_back() {
        let none = HeaderMap::new();
        for body in [trickle(0, Duration::ZERO), trickle(3, Duration::ZERO), trickle(1000, Duration::from_millis(100))]
        {
            let read = tokio::time::timeout(Duration::from_secs(5), read(&none, body, 1 << 20, QUICK)).await;
            assert_eq!(read.unwrap(), Err(DocumentRefusal::TooSlow));
        }
        let whole = read(&none, Body::from(vec![7; 5000]), 5000, QUICK).await;
        assert_eq!(whole.map(|bytes| bytes.len()), Ok(5000));
    }

    #[tokio::test]
    async fn a_body_that_is_too_large_is_not_read_to_its_end() {
        let large = read(&HeaderMap::new(), Body::from(vec![7; 5001]), 5000, QUICK).await;
        assert_eq!(large, Err(DocumentRefusal::TooLarge));
        // It says so itself, and nobody touches it.
        let untouched = Body::from_stream(stream::poll_fn(|_| -> std::task::Poll<Option<Result<Bytes, Error>>> {
            unreachable!("a body that says it is too large is read")
        }));
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_LENGTH, 5001.into());
        assert_eq!(read(&headers, untouched, 5000, QUICK).await, Err(DocumentRefusal::TooLarge));
    }

    #[test]
    fn places_are_few_and_one_network_has_not_all_of_them() {
        let uploads = Uploads::default();
        let address = |last: u8| Some(IpAddr::from([192, 0, 2, last]));
        let own: Vec<_> = (0..OF_ONE).map(|_| uploads.enter(address(1)).unwrap_or_else(|_| unreachable!())).collect();
        assert!(uploads.enter(address(1)).is_err(), "one network");
        let others: Vec<_> =
            (OF_ONE..PLACES).map(|one| uploads.enter(address(u8::try_from(one).unwrap() + 10))).collect();
        assert!(others.iter().all(Result::is_ok));
        assert_eq!(uploads.enter(address(99)).err(), Some(DocumentRefusal::Busy));
        drop(others);
        assert!(uploads.enter(address(99)).is_ok());
        drop(own);
        assert!(uploads.enter(address(1)).is_ok(), "places come back");
        assert!(uploads.of_networks.lock().unwrap().is_empty(), "nobody is remembered");
    }
}

//! What every server does all the time: take up changes of the key ring, and say which state of it is in use here.

use crate::boot::wrapped;
use crate::{Caller, Fault, Platform};
use lionrock_store::{key_ring, rotation, server};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// While a rotation is under way a server shows that it lives at least so often.
const SIGN_OF_LIFE: Duration = Duration::from_secs(2);

/// The place of one running server among those of its store.
#[derive(Debug)]
pub struct Seat {
    /// Random id of this run.
    pub boot: [u8; 16],
    /// The place it runs on: the same after a restart, another for another server of the same store.
    pub node: String,
    /// The state of the ring that is in use here.
    generation: AtomicI64,
    /// When this server last reported, Unix milliseconds.
    reported: AtomicI64,
}

impl Seat {
    /// A seat not yet taken.
    #[must_use]
    pub fn new(boot: [u8; 16], node: impl Into<String>) -> Self {
        Self { boot, node: node.into(), generation: AtomicI64::new(0), reported: AtomicI64::new(0) }
    }

    fn row(&self, caller: &Caller) -> server::Server {
        let generation = self.generation.load(Ordering::SeqCst);
        server::Server { boot: self.boot, node: self.node.clone(), generation, seen: caller.now }
    }
}

/// Takes the seat. From here on no key is destroyed before this server has said that it forgot it. Called before the first thing
/// is sealed.
///
/// # Errors
/// Of the store; `Key` when the stored ring cannot be taken up.
pub async fn join(platform: &Arc<Platform>, caller: &Caller, seat: &Seat) -> Result<(), Fault> {
    let row = seat.row(caller);
    platform.store.write(move |tx| server::report(tx, &row)).await?;
    attend(platform, caller, seat).await
}

/// Takes up what changed of the key ring, and reports it. Called at least once a second.
///
/// # Errors
/// Of the store; `Key` when a new key is wrapped under a root that this server does not have.
pub async fn attend(platform: &Arc<Platform>, caller: &Caller, seat: &Seat) -> Result<(), Fault> {
    let (known, boot) = (seat.generation.load(Ordering::SeqCst), seat.boot);
    let (generation, stored, busy, listed) = platform
        .store
        .read(move |tx| {
            let generation = server::generation(tx)?;
            let stored = if generation == known { None } else { Some((key_ring::all(tx)?, key_ring::held(tx)?)) };
            let listed = server::all(tx)?.iter().any(|server| server.boot == boot);
            Ok::<_, Fault>((generation, stored, rotation::current(tx)?.is_some(), listed))
        })
        .await?;
    let taken_up = match stored {
        None => Ok(false),
        Some((entries, held)) => {
            let entries: Vec<_> = entries.into_iter().map(wrapped).collect();
            platform.keys.adopt_holding(&entries, &held)
        }
    };
    if taken_up.is_ok() {
        seat.generation.store(generation, Ordering::SeqCst);
    }
    // Also when the ring was not taken up: a server that is behind must be waited for, not taken for dead.
    let silent = caller.now.0.saturating_sub(seat.reported.load(Ordering::SeqCst));
    let due = busy && Duration::from_millis(u64::try_from(silent).unwrap_or(0)) >= SIGN_OF_LIFE;
    if due || !listed || seat.generation.load(Ordering::SeqCst) != known {
        let row = seat.row(caller);
        platform.store.write(move |tx| server::report(tx, &row)).await?;
        seat.reported.store(caller.now.0, Ordering::SeqCst);
    }
    taken_up.map(drop).map_err(Fault::from)
}

/// Gives the seat up, after the last thing was sealed.
///
/// # Errors
/// Of the store.
pub async fn leave(platform: &Arc<Platform>, seat: &Seat) -> Result<(), Fault> {
    let boot = seat.boot;
    Ok(platform.store.write(move |tx| server::leave(tx, &boot)).await?)
}

//! Workers kept warm, so that nobody waits for models to load, and a bound on how many can be busy.

use super::sandbox::Protection;
use super::session::{Launch, Lost, Worker};
use super::watchdog::Watchdog;
use std::sync::Arc;
use thiserror::Error;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};

/// Starts, keeps and hands out workers. Each serves one custody and ends.
pub struct Pool {
    launch: Launch,
    watchdog: Arc<Watchdog>,
    warm: Mutex<Vec<Worker>>,
    places: Arc<Semaphore>,
    keep_warm: usize,
}

/// A worker and its place in the bound; the place is free again when this is dropped.
pub struct Seat {
    /// The worker.
    pub worker: Worker,
    /// The place.
    pub place: OwnedSemaphorePermit,
}

/// Why no worker is to be had.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum NoWorker {
    /// All places are taken.
    #[error("all proofing workers are busy")]
    Busy,
    /// Workers cannot start on this machine.
    #[error(transparent)]
    Lost(#[from] Lost),
}

impl Pool {
    /// A pool of at most `places` busy workers that keeps `keep_warm` more ready. Starts one worker to see that it can.
    ///
    /// # Errors
    /// What [`Worker::start`] says is missing.
    pub async fn start(launch: Launch, places: usize, keep_warm: usize) -> Result<Arc<Self>, Lost> {
        let watchdog =
            Watchdog::start(&launch.program).map_err(|error| Lost::CannotStart(format!("no watchdog: {error}")))?;
        let warm = Mutex::new(vec![Worker::start(&launch, &watchdog).await?]);
        Ok(Arc::new(Self { launch, watchdog, warm, places: Arc::new(Semaphore::new(places)), keep_warm }))
    }

    /// What the workers of this machine cannot do, as the first one reported.
    pub async fn protections(&self) -> Vec<Protection> {
        self.warm.lock().await.first().map(|worker| worker.protections().to_vec()).unwrap_or_default()
    }

    /// The process that ends workers at their deadlines.
    #[must_use]
    pub const fn watchdog(&self) -> &Arc<Watchdog> {
        &self.watchdog
    }

    /// How workers are started here.
    #[must_use]
    pub const fn launch(&self) -> &Launch {
        &self.launch
    }

    /// A warm worker, or a fresh one when none is warm.
    ///
    /// # Errors
    /// [`NoWorker::Busy`] at once when all places are taken: the caller tells the person when to come again.
    pub async fn take(self: &Arc<Self>) -> Result<Seat, NoWorker> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| NoWorker::Busy)?;
        let warm = {
            let mut warm = self.warm.lock().await;
            warm.retain_mut(Worker::lives);
            warm.pop()
        };
        let worker = match warm {
            Some(worker) => worker,
            None => Worker::start(&self.launch, &self.watchdog).await?,
        };
        let pool = Arc::clone(self);
        tokio::spawn(async move { pool.warm_up().await });
        Ok(Seat { worker, place })
    }

    /// Starts workers until enough are warm.
    async fn warm_up(&self) {
        loop {
            if self.warm.lock().await.len() >= self.keep_warm {
                return;
            }
            match Worker::start(&self.launch, &self.watchdog).await {
                Ok(worker) => self.warm.lock().await.push(worker),
                Err(lost) => {
                    tracing::warn!(error = %lost, "a proofing worker did not start");
                    return;
                }
            }
        }
    }

    /// Ends every warm worker.
    pub async fn close(&self) {
        self.places.close();
        let warm = std::mem::take(&mut *self.warm.lock().await);
        for mut worker in warm {
            worker.kill().await;
        }
    }
}

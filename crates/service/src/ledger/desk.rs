//! Where journeys ask the sequencer to hurry, and see how far the published log is.

use lionrock_ledger::cosign::Cosigner;
use lionrock_model::time::Millis;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};

use crate::Fault;

/// Trouble of the log that passes within this span stops nobody.
const PATIENCE: Duration = Duration::from_secs(10);

/// One in each platform, shared by the journeys and the job.
#[derive(Debug)]
pub struct Desk {
    bell: Notify,
    standing: watch::Sender<Standing>,
    witnesses: OnceLock<Vec<Cosigner>>,
    witnessing: Mutex<Option<Witnessing>>,
}

/// What witnesses signed last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Witnessing {
    /// Entries under the checkpoint.
    pub size: u64,
    /// When.
    pub at: Millis,
    /// How many witnesses signed it.
    pub witnesses: usize,
}

/// How far the published log is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Entries under the published checkpoint.
    pub published: u64,
    /// Unix milliseconds of the last round that went well; `None` before the first.
    pub last_round: Option<i64>,
    /// Why the last round failed, for operators.
    pub trouble: Option<String>,
}

impl Default for Desk {
    fn default() -> Self {
        Self {
            bell: Notify::new(),
            standing: watch::Sender::new(Standing::default()),
            witnesses: OnceLock::new(),
            witnessing: Mutex::new(None),
        }
    }
}

impl Desk {
    /// Asks for a round now instead of within the second.
    pub fn ring(&self) {
        self.bell.notify_one();
    }

    /// How far the published log is.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.standing.borrow().clone()
    }

    /// Refuses when the log has been in trouble for a while: what cannot be written into it for good is not opened.
    ///
    /// # Errors
    /// `Outside`, with what troubles the log.
    pub fn goes_on(&self, now: Millis) -> Result<(), Fault> {
        let standing = self.standing.borrow();
        let Some(trouble) = &standing.trouble else { return Ok(()) };
        let passing = standing.last_round.is_some_and(|last| now.0.saturating_sub(last) <= PATIENCE.as_millis() as i64);
        if passing {
            Ok(())
        } else {
            Err(Fault::outside(format!("the ledger does not go on, so nothing is opened: {trouble}")))
        }
    }

    /// Says whose cosignatures count here; once, at the start.
    pub fn set_witnesses(&self, keys: Vec<Cosigner>) {
        // A second call would be a mistake of the wiring; the first one holds.
        drop(self.witnesses.set(keys));
    }

    /// The keys of the configured witnesses.
    #[must_use]
    pub fn witnesses(&self) -> Vec<Cosigner> {
        self.witnesses.get().cloned().unwrap_or_default()
    }

    /// What witnesses signed last; nothing before the first time.
    #[must_use]
    pub fn witnessing(&self) -> Option<Witnessing> {
        *self.witnessing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn witnessed(&self, size: u64, at: Millis, witnesses: usize) {
        *self.witnessing.lock().unwrap_or_else(PoisonError::into_inner) = Some(Witnessing { size, at, witnesses });
    }

    /// Sees every later change of the standing.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Standing> {
        self.standing.subscribe()
    }

    pub(crate) async fn rung(&self) {
        self.bell.notified().await;
    }

    pub(crate) fn set(&self, standing: Standing) {
        self.standing.send_if_modified(|now| {
            let changed = *now != standing;
            *now = standing;
            changed
        });
    }
}

//! Where journeys ask the sequencer to hurry, and see how far the published log is.

use tokio::sync::{Notify, watch};

/// One in each platform, shared by the journeys and the job.
#[derive(Debug)]
pub struct Desk {
    bell: Notify,
    standing: watch::Sender<Standing>,
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
        Self { bell: Notify::new(), standing: watch::Sender::new(Standing::default()) }
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

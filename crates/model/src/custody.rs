//! The life of pictures in custody: `opened → receiving → decoded → judged → zeroised → closed(reason)`.

/// Where a custody stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The worker has its key; its opening is in the ledger; no byte has been accepted.
    Opened,
    /// Pictures are arriving.
    Receiving,
    /// All pictures are decoded inside the worker.
    Decoded,
    /// The worker has its verdict.
    Judged,
    /// Pictures and key are overwritten.
    Zeroised,
    /// Over, for the reason given.
    Closed(CloseReason),
}

/// Why a custody ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// The person left.
    Abandoned,
    /// The watchdog ended the worker at its deadline.
    Deadline,
    /// The server was stopped in good order.
    OperatorStop,
    /// The worker or the server died; nothing outlives a process.
    ProcessLoss,
    /// Judged, and not accepted.
    Refused,
    /// Judged and accepted.
    Verified,
}

impl CloseReason {
    /// The stable word used in receipts, the ledger and the store.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Abandoned => "abandoned",
            Self::Deadline => "deadline",
            Self::OperatorStop => "operator-stop",
            Self::ProcessLoss => "process-loss",
            Self::Refused => "refused",
            Self::Verified => "verified",
        }
    }

    /// Reads the stable word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Abandoned, Self::Deadline, Self::OperatorStop, Self::ProcessLoss, Self::Refused, Self::Verified]
            .into_iter()
            .find(|reason| reason.word() == word)
    }
}

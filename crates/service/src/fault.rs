//! Refusal is not failure: a refusal is one of a closed list, everything else is an opaque fault.

use lionrock_model::refusal::Refusal;
use std::fmt;

/// Why a verb gave no outcome.
#[derive(Debug)]
pub enum Error<R> {
    /// It said no, for a reason of its closed list.
    Refuse(R),
    /// It could not answer.
    Fault(Fault),
}

/// What failed. Logged once, with the trace id, by the one translator in `web`; outsiders see only the id.
#[derive(Debug)]
pub struct Fault {
    /// Whose fault it is.
    pub kind: FaultKind,
    /// For the operator; never a value of a person.
    pub detail: String,
}

/// Where a fault comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// A defect of ours.
    Bug,
    /// A key that should open something does not.
    Key,
    /// A budget has no room, or is locked: nothing was opened.
    Locked,
    /// A system we call does not answer.
    Outside,
    /// What the store holds is older than the ledger says, or other: it was put back or edited, and is refused.
    RolledBack,
    /// The store is unavailable, busy or full: trying again later may help.
    Store,
    /// Stored data is not what was written.
    StoredData,
}

impl Fault {
    /// A defect of ours, with what was expected.
    #[must_use]
    pub fn bug(detail: impl Into<String>) -> Self {
        Self { kind: FaultKind::Bug, detail: detail.into() }
    }

    /// A system we call does not answer.
    #[must_use]
    pub fn outside(detail: impl Into<String>) -> Self {
        Self { kind: FaultKind::Outside, detail: detail.into() }
    }

    /// Stored data is not what was written.
    #[must_use]
    pub fn stored_data(detail: impl Into<String>) -> Self {
        Self { kind: FaultKind::StoredData, detail: detail.into() }
    }

    /// A budget has no room, or is locked. Always the same words: they tell nothing of others.
    #[must_use]
    pub fn locked() -> Self {
        Self { kind: FaultKind::Locked, detail: "a budget has no room".to_owned() }
    }

    /// What the store holds is older than the ledger says, or other.
    #[must_use]
    pub fn rolled_back(what: &'static str) -> Self {
        Self { kind: FaultKind::RolledBack, detail: format!("refused by the ledger: {what}") }
    }

    /// Whether the same request may succeed later without anybody mending anything in it.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(self.kind, FaultKind::Locked | FaultKind::Outside | FaultKind::Store)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Fault {}

impl From<lionrock_store::Error> for Fault {
    fn from(error: lionrock_store::Error) -> Self {
        use lionrock_store::Error as E;
        let kind = match &error {
            E::Corrupt { .. } => FaultKind::StoredData,
            E::Unavailable { .. } | E::Busy | E::Full => FaultKind::Store,
            _ => FaultKind::Bug,
        };
        Self { kind, detail: error.to_string() }
    }
}

impl From<lionrock_crypto::Error> for Fault {
    fn from(error: lionrock_crypto::Error) -> Self {
        // A key whose module is away is an outage, not a wrong key.
        let away = error == lionrock_crypto::Error::ModuleGone;
        Self { kind: if away { FaultKind::Outside } else { FaultKind::Key }, detail: error.to_string() }
    }
}

impl From<serde_json::Error> for Fault {
    fn from(error: serde_json::Error) -> Self {
        // The category alone: the text of a JSON error can quote the value.
        Self::stored_data(format!("stored JSON cannot be read: {:?}", error.classify()))
    }
}

impl<R> From<Fault> for Error<R> {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl<R> From<lionrock_store::Error> for Error<R> {
    fn from(error: lionrock_store::Error) -> Self {
        Self::Fault(error.into())
    }
}

impl<R> From<lionrock_crypto::Error> for Error<R> {
    fn from(error: lionrock_crypto::Error) -> Self {
        Self::Fault(error.into())
    }
}

impl<R> From<serde_json::Error> for Error<R> {
    fn from(error: serde_json::Error) -> Self {
        Self::Fault(error.into())
    }
}

impl<R: Refusal> fmt::Display for Error<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refuse(refusal) => f.write_str(refusal.code()),
            Self::Fault(fault) => fault.fmt(f),
        }
    }
}

impl<R: Refusal> std::error::Error for Error<R> {}

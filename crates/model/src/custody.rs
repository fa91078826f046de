//! The life of pictures in custody: `opened → receiving → decoded → judged → zeroised → closed(reason)`.

use crate::id::CustodyId;
use crate::proofing::Action;

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

/// Bytes of one picture, in clear, at most (section 9 of the proofing note: 8 MB).
pub const PICTURE_BYTES: usize = 8 * 1024 * 1024;

/// What sealing adds to a picture: the encapsulated key (32) and the authentication tag (16).
pub const SEAL_BYTES: usize = 48;

/// Face pictures of one custody, at most.
pub const FACE_PICTURES: u8 = 20;

/// Bytes of all pictures of one custody together, in clear, at most.
pub const CUSTODY_BYTES: usize = 32 * 1024 * 1024;

/// One picture's place in a custody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The front of the card.
    Card,
    /// A picture of the face, numbered from zero in the order in which it was taken.
    Face(u8),
}

impl Part {
    /// Reads `card`, or `face-` and a number below [`FACE_PICTURES`] without leading zero.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text == "card" {
            return Some(Self::Card);
        }
        let number = text.strip_prefix("face-")?;
        let index: u8 = number.parse().ok()?;
        (index < FACE_PICTURES && number == index.to_string()).then_some(Self::Face(index))
    }
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Card => f.write_str("card"),
            Self::Face(index) => write!(f, "face-{index}"),
        }
    }
}

/// What is said about a picture beside its bytes; bound to them by the seal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label {
    /// Which picture it is.
    pub part: Part,
    /// Milliseconds from the start of the capture, by the page's clock.
    pub at_ms: u32,
    /// The movement asked for while it was taken; none for the card and the first, quiet, face picture.
    pub action: Option<Action>,
}

impl Label {
    /// The associated data of the seal: `custody/part/milliseconds/action`, `none` for no action.
    #[must_use]
    pub fn associated_data(&self, custody: CustodyId) -> String {
        format!("{custody}/{}/{}/{}", self.part, self.at_ms, self.action.map_or("none", Action::word))
    }
}

/// The `info` of the seal (RFC 9180 section 5.1): the purpose and the custody, so that a seal fits one custody only.
#[must_use]
pub fn seal_info(custody: CustodyId) -> Vec<u8> {
    let mut info = b"lionrock proofing v1\0".to_vec();
    info.extend_from_slice(custody.as_bytes());
    info
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Millis;

    #[test]
    fn parts_have_one_spelling() {
        assert_eq!(Part::parse("card"), Some(Part::Card));
        assert_eq!(Part::parse("face-0"), Some(Part::Face(0)));
        assert_eq!(Part::parse("face-19").map(|part| part.to_string()).as_deref(), Some("face-19"));
        for bad in
            ["", "Card", "face", "face-", "face-00", "face-20", "face-+1", "face--1", "face-1 ", "../card", "face-256"]
        {
            assert_eq!(Part::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_label_names_its_custody() {
        let custody = CustodyId::new(Millis(0), [0; 10]);
        let label = Label { part: Part::Face(3), at_ms: 1200, action: Some(Action::TurnLeft) };
        assert_eq!(label.associated_data(custody), format!("{custody}/face-3/1200/turn-left"));
        let quiet = Label { part: Part::Card, at_ms: 0, action: None };
        assert_eq!(quiet.associated_data(custody), format!("{custody}/card/0/none"));
        assert_eq!(seal_info(custody).len(), 21 + 16);
    }
}

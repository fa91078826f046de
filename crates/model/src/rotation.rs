//! Where a rotation of keys stands.

/// The steps of a rotation, in order. Each is stored before anything of the next happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Somebody asked for it; nothing is done yet.
    Asked,
    /// The new epoch is stored and held: every server is to know it before one uses it.
    Prepared,
    /// The new epoch is used for everything new; what is older opens, too.
    InUse,
    /// Records are moved to the new epoch, page by page.
    Moving,
    /// A count found nothing under an older epoch; a second one follows when every write under way then is over.
    Counted,
    /// The older epochs are destroyed, with a receipt; every server is to forget them.
    Destroyed,
    /// Nothing is left to do.
    Done,
}

impl State {
    /// All of them, in order.
    pub const ALL: [Self; 7] =
        [Self::Asked, Self::Prepared, Self::InUse, Self::Moving, Self::Counted, Self::Destroyed, Self::Done];

    /// The stable word used in the store and shown by commands.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Prepared => "prepared",
            Self::InUse => "in-use",
            Self::Moving => "moving",
            Self::Counted => "counted",
            Self::Destroyed => "destroyed",
            Self::Done => "done",
        }
    }

    /// Reads the stable word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

//! Exposure budgets: how much may be opened in a minute, for what and by whom. Reasons for the numbers: decision 0016.

use crate::policy::{Actor, Purpose};

/// What kind of actor asks: each has budgets of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Officers, by tickets.
    Officer,
    /// The platform, for what it owes residents.
    Platform,
    /// People who are registering.
    Registrant,
    /// Residents, by their own sessions.
    Resident,
    /// Online services, by tokens.
    Service,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Officer, Self::Platform, Self::Registrant, Self::Resident, Self::Service];

    /// The kind of an actor.
    #[must_use]
    pub const fn of(actor: &Actor) -> Self {
        match actor {
            Actor::Officer(_) => Self::Officer,
            Actor::Platform => Self::Platform,
            Actor::Registrant(_) => Self::Registrant,
            Actor::Resident(_) => Self::Resident,
            Actor::Service(_) => Self::Service,
        }
    }

    /// The stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Officer => "officer",
            Self::Platform => "platform",
            Self::Registrant => "registrant",
            Self::Resident => "resident",
            Self::Service => "service",
        }
    }
}

/// Something that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Budget {
    /// Looking up whether a card number that the registry is asked about has an account.
    LookupAtRegistration,
    /// Looking up a card number that an officer typed, under a ticket.
    LookupByOfficer,
    /// Looking up a card number somebody typed who wants to get back in.
    LookupAtRecovery,
    /// Opening fields of a person.
    Opening(Kind, Purpose),
}

impl Budget {
    /// The stable word, as in `service/release`.
    #[must_use]
    pub fn word(self) -> String {
        match self {
            Self::LookupAtRecovery => "lookup/recovery".to_owned(),
            Self::LookupAtRegistration => "lookup/registration".to_owned(),
            Self::LookupByOfficer => "lookup/officer".to_owned(),
            Self::Opening(kind, purpose) => format!("{}/{}", kind.word(), purpose.word()),
        }
    }

    /// Reads the stable word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        let openings = Kind::ALL.into_iter().flat_map(|kind| Purpose::ALL.map(|purpose| Self::Opening(kind, purpose)));
        let lookups = [Self::LookupAtRecovery, Self::LookupAtRegistration, Self::LookupByOfficer];
        lookups.into_iter().chain(openings).find(|one| one.word() == word)
    }
}

/// What happens when a budget is exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excess {
    /// It locks until two officers unlock it.
    Lock,
    /// It is shut until the minute is over: for doors that strangers can knock at.
    Wait,
}

/// How much in a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// By everybody together.
    pub all: u32,
    /// About one person. More is refused until the minute is over, and does not count for everybody: so one person, however
    /// busy, trips nothing.
    pub one: u32,
    /// By one service, or one officer; more locks their own budget and no other's. Zero where neither asks.
    pub service: u32,
    /// What follows from an excess.
    pub excess: Excess,
}

const fn lock(all: u32, one: u32, service: u32) -> Allowance {
    Allowance { all, one, service, excess: Excess::Lock }
}

/// The budgets of a production realm. What is not listed has [`UNLISTED`].
pub const TABLE: [(Budget, Allowance); 15] = [
    (Budget::Opening(Kind::Resident, Purpose::AccountManagement), lock(12_000, 120, 0)),
    (Budget::Opening(Kind::Resident, Purpose::ConsentPreview), lock(30_000, 120, 0)),
    (Budget::Opening(Kind::Service, Purpose::Release), lock(30_000, 120, 10_000)),
    (Budget::Opening(Kind::Registrant, Purpose::Registration), lock(6_000, 120, 0)),
    (Budget::Opening(Kind::Platform, Purpose::Notification), lock(6_000, 30, 0)),
    (Budget::Opening(Kind::Platform, Purpose::RestoreCheck), lock(6_000, 10, 0)),
    // A person reads a field in seconds, not in fractions of one: an officer who opens more lets a program do it.
    (Budget::Opening(Kind::Officer, Purpose::CounterService), lock(1_200, 24, 30)),
    (Budget::Opening(Kind::Officer, Purpose::HelpDesk), lock(1_200, 24, 30)),
    (Budget::Opening(Kind::Officer, Purpose::AccessRequest), lock(1_200, 24, 30)),
    (Budget::Opening(Kind::Officer, Purpose::Correction), lock(1_200, 24, 30)),
    (Budget::Opening(Kind::Officer, Purpose::Investigation), lock(1_200, 24, 30)),
    (Budget::Opening(Kind::Officer, Purpose::BreakGlass), lock(1_200, 24, 30)),
    (Budget::LookupByOfficer, lock(1_200, 24, 10)),
    (Budget::LookupAtRegistration, lock(6_000, 10, 0)),
    // Whoever holds good codes is never turned away because of what others tried, so there is no share of a network or number.
    (Budget::LookupAtRecovery, Allowance { all: 6_000, one: 6_000, service: 0, excess: Excess::Wait }),
];

/// The budget of whatever is not listed: a new actor or purpose begins small.
pub const UNLISTED: Allowance = lock(60, 10, 10);

/// The budgets in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budgets(Vec<(Budget, Allowance)>);

impl Default for Budgets {
    fn default() -> Self {
        Self(TABLE.to_vec())
    }
}

impl Budgets {
    /// The allowance of a budget.
    #[must_use]
    pub fn of(&self, budget: Budget) -> Allowance {
        self.0.iter().find(|(listed, _)| *listed == budget).map_or(UNLISTED, |(_, allowance)| *allowance)
    }

    /// These budgets with one changed: for tests.
    #[must_use]
    pub fn with(mut self, budget: Budget, allowance: Allowance) -> Self {
        self.0.retain(|(listed, _)| *listed != budget);
        self.0.push((budget, allowance));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_back_and_are_different() {
        let words: std::collections::BTreeSet<_> = TABLE.iter().map(|(budget, _)| budget.word()).collect();
        assert_eq!(words.len(), TABLE.len());
        for (budget, _) in TABLE {
            assert_eq!(Budget::from_word(&budget.word()), Some(budget));
        }
        assert_eq!(Budget::from_word("resident/marketing"), None);
    }

    #[test]
    fn nobody_alone_can_lock_everybody_out() {
        for (budget, allowance) in TABLE.into_iter().filter(|(_, allowance)| allowance.excess == Excess::Lock) {
            assert!(allowance.one * 50 <= allowance.all, "{}: fifty busy people are no incident", budget.word());
            assert!(allowance.service * 3 <= allowance.all, "{}: one service is not all", budget.word());
        }
        assert!(UNLISTED.all <= TABLE.iter().map(|(_, allowance)| allowance.all).min().unwrap_or(0));
    }

    #[test]
    fn what_strangers_can_knock_at_never_locks() {
        let knocked = Budgets::default().of(Budget::LookupAtRecovery);
        assert_eq!(knocked.excess, Excess::Wait);
    }
}

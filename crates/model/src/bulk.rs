//! Work over all accounts: jobs with names, shipped and reviewed with the release. A job gives counts; small ones are hidden.

use std::fmt;

/// Counts below this are not told: they could be one person.
pub const SMALLEST: u64 = 5;

/// A job. No other exists, and none can be made at run time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Job {
    /// How many accounts are open and closed.
    AccountsByState,
    /// How many accounts began in each month.
    AccountsByMonth,
    /// How many requests for correction stand where.
    CorrectionsByState,
    /// How many custodies of pictures ended for which reason.
    CustodiesByReason,
}

impl Job {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::AccountsByMonth, Self::AccountsByState, Self::CorrectionsByState, Self::CustodiesByReason];

    /// The stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::AccountsByMonth => "accounts-by-month",
            Self::AccountsByState => "accounts-by-state",
            Self::CorrectionsByState => "corrections-by-state",
            Self::CustodiesByReason => "custodies-by-reason",
        }
    }

    /// Reads the stable word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|job| job.word() == word)
    }
}

/// A count as it may be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// Exactly.
    Exactly(u64),
    /// Fewer than [`SMALLEST`], and not none.
    Few,
}

impl Told {
    /// What may be told of a count.
    #[must_use]
    pub const fn of(count: u64) -> Self {
        if count > 0 && count < SMALLEST { Self::Few } else { Self::Exactly(count) }
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(count) => write!(f, "{count}"),
            Self::Few => write!(f, "<{SMALLEST}"),
        }
    }
}

/// Rows of counts as they may be told. When exactly one is hidden, the next smallest is hidden with it: else the hidden one would
/// be what is missing from a total that somebody knows.
#[must_use]
pub fn told(counts: &[(String, u64)]) -> Vec<(String, Told)> {
    let mut rows: Vec<_> = counts.iter().map(|(name, count)| (name.clone(), Told::of(*count))).collect();
    if rows.iter().filter(|(_, told)| *told == Told::Few).count() == 1 {
        let next =
            counts.iter().enumerate().filter(|(_, (_, count))| *count >= SMALLEST).min_by_key(|(_, (_, count))| *count);
        if let Some((_, told)) = next.and_then(|(at, _)| rows.get_mut(at)) {
            *told = Told::Few;
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_counts_are_hidden_and_never_alone() {
        let named = |counts: &[u64]| counts.iter().map(|n| (n.to_string(), *n)).collect::<Vec<_>>();
        assert_eq!(
            told(&named(&[0, 9, 40])),
            [
                ("0".to_owned(), Told::Exactly(0)),
                ("9".to_owned(), Told::Exactly(9)),
                ("40".to_owned(), Told::Exactly(40))
            ]
        );
        let hidden = told(&named(&[3, 9, 40]));
        assert_eq!(hidden.iter().map(|(_, told)| *told).collect::<Vec<_>>(), [Told::Few, Told::Few, Told::Exactly(40)]);
        let two = told(&named(&[3, 4, 40]));
        assert_eq!(two.iter().filter(|(_, told)| *told == Told::Few).count(), 2);
        assert_eq!(Told::Few.to_string(), "<5");
    }

    #[test]
    fn words_read_back() {
        assert!(Job::ALL.into_iter().all(|job| Job::from_word(job.word()) == Some(job)));
        assert_eq!(Job::from_word("export-everything"), None);
    }
}

//! What the fields of one card must say of each other.

use jiff::Unit;
use jiff::civil::Date;

/// The dates of a card, the century of the first registration still open.
pub(crate) struct Dates {
    pub birth: Date,
    /// Month and two-digit year.
    pub first_registered: (i8, i16),
    pub issued: Date,
}

/// What the dates lead to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Settled {
    /// Year and month.
    pub first_registered: (i16, i8),
    /// Full years at the date of issue and today.
    pub age_at_issue: i32,
    pub age_today: i32,
}

/// Registration began in 1949.
const FIRST_YEAR: i16 = 1949;
/// Nobody on a card is older than this.
const OLDEST: i32 = 125;

/// Checks birth < first registration ≤ issue ≤ today and that the design was in use at issue; `None` when they
/// contradict each other.
pub(crate) fn settle(dates: &Dates, issued_from: Date, today: Date) -> Option<Settled> {
    let Dates { birth, first_registered: (month, year), issued } = dates;
    if *birth >= *issued || *issued > today || *issued < issued_from {
        return None;
    }
    let first_registered = [1900 + year, 2000 + year].into_iter().find(|year| {
        // Only the month is printed, so a baby may be registered in the month of its birth.
        Date::new(*year, *month, 1)
            .is_ok_and(|first| *year >= FIRST_YEAR && birth.first_of_month() <= first && first <= *issued)
    })?;
    let age_today = years(*birth, today)?;
    (age_today <= OLDEST).then_some(Settled {
        first_registered: (first_registered, *month),
        age_at_issue: years(*birth, *issued)?,
        age_today,
    })
}

fn years(from: Date, to: Date) -> Option<i32> {
    let span = from.until((Unit::Year, to)).ok()?;
    Some(i32::from(span.get_years()))
}

/// The symbols by the card's rule. The stars are told by the age at issue, because readers miscount them: three from
/// 18, one from 11.
pub(crate) fn symbols(stars: bool, letters: &str, age_at_issue: i32) -> String {
    let stars = match (stars, age_at_issue) {
        (true, 18..) => "***",
        (true, 11..) => "*",
        _ => "",
    };
    format!("{stars}{letters}")
}

/// A child's card in an adult's hand has to be renewed first.
pub(crate) fn outgrown(settled: &Settled) -> bool {
    settled.age_at_issue < 18 && settled.age_today >= 18
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use jiff::civil::date;

    fn dates(birth: Date, first_registered: (i8, i16), issued: Date) -> Dates {
        Dates { birth, first_registered, issued }
    }

    const FROM: Date = date(2018, 11, 26);
    const TODAY: Date = date(2026, 11, 23);

    #[test]
    fn the_specimen_is_consistent() {
        let settled = settle(&dates(date(1985, 6, 3), (6, 96), date(2018, 11, 26)), FROM, TODAY).unwrap();
        assert_eq!(settled, Settled { first_registered: (1996, 6), age_at_issue: 33, age_today: 41 });
        let young = settle(&dates(date(2004, 2, 29), (3, 15), date(2019, 1, 2)), FROM, TODAY).unwrap();
        assert_eq!(young, Settled { first_registered: (2015, 3), age_at_issue: 14, age_today: 22 });
        assert!(outgrown(&young) && !outgrown(&settled));
    }

    #[test]
    fn contradictions_are_found() {
        let birth = date(1985, 6, 3);
        for (dates, why) in [
            (dates(birth, (6, 96), date(2026, 11, 24)), "issued tomorrow"),
            (dates(birth, (6, 96), date(2018, 11, 25)), "issued before the design"),
            (dates(birth, (5, 85), date(2020, 1, 1)), "registered before birth"),
            (dates(birth, (2, 20), date(2020, 1, 31)), "registered after issue"),
            (dates(date(2021, 1, 1), (2, 20), date(2020, 1, 1)), "issued before birth"),
            (dates(date(1890, 1, 1), (6, 96), date(2020, 1, 1)), "older than anybody"),
        ] {
            assert_eq!(settle(&dates, FROM, TODAY), None, "{why}");
        }
    }

    #[test]
    fn stars_follow_the_age() {
        assert_eq!(symbols(true, "AZ", 33), "***AZ");
        assert_eq!(symbols(true, "AZ", 14), "*AZ");
        assert_eq!(symbols(false, "CX", 40), "CX");
    }
}

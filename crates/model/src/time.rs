//! Moments and spans, in whole milliseconds.

use std::time::Duration;

/// A moment: milliseconds since 1970-01-01T00:00:00Z, leap seconds ignored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(pub i64);

impl Millis {
    /// Whole seconds since the epoch, rounded down: the unit of JWT and cookie times.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The moment `span` later; saturates at the end of time.
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(whole_millis(span)))
    }

    /// The moment `span` earlier; saturates at the beginning of time.
    #[must_use]
    pub fn before(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(whole_millis(span)))
    }

    /// How long ago `earlier` was; zero when it lies in the future.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The moment rounded down to a whole minute: all that the public ledger shows.
    #[must_use]
    pub const fn coarse(self) -> Self {
        Self(self.0.div_euclid(60_000) * 60_000)
    }

    /// This moment as a point on the time line, for calendar reckoning.
    ///
    /// # Errors
    /// When the moment lies outside the years -9999 to 9999.
    pub fn timestamp(self) -> Result<jiff::Timestamp, jiff::Error> {
        jiff::Timestamp::from_millisecond(self.0)
    }

    /// The first moment of a day such as `2027-05-22` in Hong Kong (UTC+8); none when it is no day.
    #[must_use]
    pub fn from_hong_kong_day(text: &str) -> Option<Self> {
        let day: jiff::civil::Date = text.parse().ok()?;
        let offset = jiff::tz::Offset::constant(8);
        offset.to_timestamp(day.at(0, 0, 0, 0)).ok().map(|at| Self(at.as_millisecond()))
    }

    /// The calendar date in Hong Kong (UTC+8, no summer time since 1979).
    #[must_use]
    pub fn hong_kong_date(self) -> jiff::civil::Date {
        let offset = jiff::tz::Offset::constant(8);
        self.timestamp().map_or(jiff::civil::Date::ZERO, |t| offset.to_datetime(t).date())
    }

    /// The civil date and time in Hong Kong (UTC+8).
    #[must_use]
    pub fn hong_kong(self) -> jiff::civil::DateTime {
        let offset = jiff::tz::Offset::constant(8);
        self.timestamp().map_or(jiff::civil::DateTime::ZERO, |t| offset.to_datetime(t))
    }
}

fn whole_millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_saturate_and_round_down() {
        assert_eq!(Millis(-1).seconds(), -1);
        assert_eq!(Millis(119_999).coarse(), Millis(60_000));
        assert_eq!(Millis(5).since(Millis(9)), Duration::ZERO);
        assert_eq!(Millis(i64::MAX).after(Duration::from_secs(1)), Millis(i64::MAX));
    }

    #[test]
    fn hong_kong_is_eight_hours_ahead() {
        // 2026-11-22T16:00:00Z is midnight of the 23rd in Hong Kong.
        assert_eq!(Millis(1_795_363_200_000).hong_kong_date(), jiff::civil::date(2026, 11, 23));
        assert_eq!(Millis(1_795_363_199_999).hong_kong_date(), jiff::civil::date(2026, 11, 22));
    }
}

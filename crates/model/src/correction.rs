//! Requests to set a fact right (Personal Data (Privacy) Ordinance, Cap. 486, sections 22 to 25): which facts, in which
//! words, by when, and how a request goes on.
//!
//! A request is about one fact of the card. The e-mail address and the names of passkeys need none: their owner changes
//! them without asking.

use crate::policy::Field;
use crate::time::Millis;
use jiff::ToSpan as _;
use std::fmt;

/// The facts a request can be about, in the order in which they are shown.
pub const FACTS: [Field; 6] =
    [Field::EnglishName, Field::ChineseName, Field::Hkid, Field::Birth, Field::Sex, Field::CardIssued];
/// Days after the day of receipt within which a request has to be answered (section 23(1)).
pub const DAYS: i64 = 40;
/// Longest text of what the fact should be, in characters.
pub const LONGEST_SHOULD: usize = 120;
/// Longest text of what shows it, in characters.
pub const LONGEST_WHY: usize = 1000;
/// Requests of one resident that may wait at a time: one for each fact.
pub const MOST_WAITING: usize = FACTS.len();

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// It is in; the forty days run.
    Received,
    /// An officer has decided; the outcome says how.
    Decided,
    /// The resident was told, with a copy or with the reasons; nothing more is to be done.
    Closed,
    /// The resident took it back.
    Withdrawn,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Received, Self::Decided, Self::Closed, Self::Withdrawn];

    /// The stable word, as stored and as part of text keys.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Decided => "decided",
            Self::Closed => "closed",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Reads the stored word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }

    /// Whether it can go on to `next` from here.
    #[must_use]
    pub const fn leads_to(self, next: Self) -> bool {
        matches!((self, next), (Self::Received, Self::Decided | Self::Withdrawn) | (Self::Decided, Self::Closed))
    }

    /// Whether nothing follows.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Closed | Self::Withdrawn)
    }
}

/// How a request was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The fact was set right (section 23).
    Corrected,
    /// It was not; the reasons were given and the resident's opinion is noted with the fact (sections 24 and 25).
    Refused,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Corrected, Self::Refused];

    /// The stable word, as stored and as part of text keys.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Corrected => "corrected",
            Self::Refused => "refused",
        }
    }

    /// Reads the stored word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.word() == word)
    }
}

/// The first moment at which a request received at `received` is late: the end of the fortieth day after, in Hong Kong.
#[must_use]
pub fn due(received: Millis) -> Millis {
    let hong_kong = jiff::tz::Offset::constant(8);
    let after = received.hong_kong_date().checked_add((DAYS + 1).days()).unwrap_or(jiff::civil::Date::MAX);
    let midnight = hong_kong.to_timestamp(after.at(0, 0, 0, 0));
    midnight.map_or(Millis(i64::MAX), |moment| Millis(moment.as_millisecond()))
}

/// A date as a profile keeps it, `yyyy-mm-dd`; none when the text is no date.
#[must_use]
pub fn date(text: &str) -> Option<String> {
    text.trim().parse::<jiff::civil::Date>().ok().map(|date| date.to_string())
}

/// What a resident says about a fact.
#[derive(Clone, PartialEq, Eq)]
pub struct Statement {
    field: Field,
    should: String,
    why: String,
}

impl Statement {
    /// Reads a request: the fact, what it should be, and what shows it (may be empty).
    ///
    /// # Errors
    /// Which part is not usable.
    pub fn parse(field: &str, should: &str, why: &str) -> Result<Self, Unusable> {
        let field = Field::from_word(field).filter(|field| FACTS.contains(field)).ok_or(Unusable::Field)?;
        let should = visible(should, LONGEST_SHOULD, false).filter(|text| !text.is_empty()).ok_or(Unusable::Should)?;
        let why = visible(why, LONGEST_WHY, true).ok_or(Unusable::Why)?;
        Ok(Self { field, should, why })
    }

    /// The fact.
    #[must_use]
    pub const fn field(&self) -> Field {
        self.field
    }

    /// What it should be, for sealing and for the resident's own eyes.
    #[must_use]
    pub fn should(&self) -> &str {
        &self.should
    }

    /// What shows it.
    #[must_use]
    pub fn why(&self) -> &str {
        &self.why
    }
}

impl fmt::Debug for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Statement({})", self.field.word())
    }
}

/// The part of a request that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// No fact, or none a request can be about.
    #[error("choose one of the facts of the card")]
    Field,
    /// Nothing, too much, or characters that cannot be seen.
    #[error("say what the fact should be, in 1 to 120 visible characters")]
    Should,
    /// Too much, or characters that cannot be seen.
    #[error("say what shows it in at most 1000 visible characters")]
    Why,
}

/// The text with its ends trimmed, when it is short enough and every character can be seen.
fn visible(text: &str, most: usize, lines: bool) -> Option<String> {
    let text = text.trim().replace("\r\n", "\n");
    let hidden = |c: char| {
        (c.is_control() && !(lines && c == '\n'))
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    (text.chars().count() <= most && !text.chars().any(hidden)).then_some(text)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn forty_days_end_with_the_fortieth_day_in_hong_kong() {
        // 23 November 2026, 23:59 in Hong Kong: the fortieth day after is 2 January 2027.
        let received = Millis(1_795_449_540_000);
        assert_eq!(received.hong_kong_date(), jiff::civil::date(2026, 11, 23));
        assert_eq!(Millis(due(received).0 - 1).hong_kong_date(), jiff::civil::date(2027, 1, 2));
        assert_eq!(due(received).hong_kong_date(), jiff::civil::date(2027, 1, 3));
        assert_eq!(
            due(Millis(received.0 + 60_000)).0 - due(received).0,
            24 * 60 * 60 * 1000,
            "the next day, a day later"
        );
    }

    #[test]
    fn a_request_goes_one_way() {
        let ways: Vec<_> = State::ALL
            .into_iter()
            .flat_map(|from| State::ALL.map(|to| (from, to)))
            .filter(|(from, to)| from.leads_to(*to))
            .collect();
        assert_eq!(
            ways,
            [(State::Received, State::Decided), (State::Received, State::Withdrawn), (State::Decided, State::Closed)]
        );
        assert!(State::ALL.into_iter().all(|state| State::from_word(state.word()) == Some(state)));
        assert!(Outcome::ALL.into_iter().all(|outcome| Outcome::from_word(outcome.word()) == Some(outcome)));
    }

    #[test]
    fn requests_are_about_facts_of_the_card_in_words_that_can_be_seen() {
        let fine = Statement::parse("birth", "  1990-02-04 ", "See my birth certificate.\r\nPage 2").unwrap();
        assert_eq!(
            (fine.field(), fine.should(), fine.why()),
            (Field::Birth, "1990-02-04", "See my birth certificate.\nPage 2")
        );
        assert_eq!(format!("{fine:?}"), "Statement(birth)");
        for field in ["email", "devices", "", "password"] {
            assert_eq!(Statement::parse(field, "x", ""), Err(Unusable::Field), "{field}");
        }
        for should in ["", "   ", "a\u{202e}b", "a\nb", &"名".repeat(121)] {
            assert_eq!(Statement::parse("sex", should, ""), Err(Unusable::Should), "{should:?}");
        }
        assert_eq!(Statement::parse("sex", "F", &"x".repeat(1001)), Err(Unusable::Why));
    }
}

//! Monitoring that can say no: rules over what an officer did and about whom, judged inside the decision (promises C-12).
//!
//! Pure: the signals are counted by the caller, in the transaction of the decision.

use std::fmt::Write as _;

/// Tickets of one officer in an hour from which somebody else hears of it, and above which none is given.
pub const HOUR: (u32, u32) = (8, 20);
/// Tickets of the same two officers in a day, above which none is given.
pub const PAIR_DAY: u32 = crate::ticket::PAIR_A_DAY;
/// Openings of one officer in a minute above which nothing is opened.
pub const OPENINGS: u32 = 30;
/// Misses of one officer in a day from which somebody hears of it, and above which no look-up is answered.
pub const MISSES: (u32, u32) = (3, 5);
/// Persons under one case number of one officer in a day from which somebody hears of it.
pub const CASE_PERSONS: u32 = 3;
/// Ordinary hours in Hong Kong, from and before.
pub const HOURS: (i8, i8) = (7, 20);

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// Many persons under one case number.
    CaseReused,
    /// The person is an officer, too.
    Colleague,
    /// A record of nobody, planted to be found.
    Decoy,
    /// The person's family name is the officer's.
    FamilyName,
    /// The time is no ordinary one.
    Hour,
    /// Look-ups that found nobody, again and again.
    NearMisses,
    /// A correction is to be decided and none was asked for.
    NoCase,
    /// A ticket was opened and closed without a field having been looked at.
    Nothing,
    /// The officer's own record.
    OwnRecord,
    /// The same two officers, again and again.
    Pair,
    /// What the store holds is not what was signed.
    Tampered,
    /// A ticket whose time is over waits for its closing note.
    Unclosed,
    /// More than an officer's work needs.
    Volume,
}

/// What follows from a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follows {
    /// Refused, and somebody outside the officer's unit hears of it.
    Denied,
    /// Allowed, and somebody outside the officer's unit hears of it.
    Flagged,
    /// Flagged from a first count, refused above a second.
    Both,
}

impl Rule {
    /// All of them, in the order of their words.
    pub const ALL: [Self; 13] = [
        Self::CaseReused,
        Self::Colleague,
        Self::Decoy,
        Self::FamilyName,
        Self::Hour,
        Self::NearMisses,
        Self::NoCase,
        Self::Nothing,
        Self::OwnRecord,
        Self::Pair,
        Self::Tampered,
        Self::Unclosed,
        Self::Volume,
    ];

    /// The stable word, as stored, in the ledger and as part of text keys.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::CaseReused => "case-reused",
            Self::Colleague => "colleague",
            Self::Decoy => "decoy",
            Self::FamilyName => "family-name",
            Self::Hour => "hour",
            Self::NearMisses => "near-misses",
            Self::NoCase => "no-case",
            Self::Nothing => "nothing-looked-at",
            Self::OwnRecord => "own-record",
            Self::Pair => "pair",
            Self::Tampered => "tampered",
            Self::Unclosed => "unclosed",
            Self::Volume => "volume",
        }
    }

    /// Reads the stable word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.word() == word)
    }

    /// What follows.
    #[must_use]
    pub const fn follows(self) -> Follows {
        match self {
            Self::CaseReused | Self::FamilyName | Self::Hour | Self::Nothing | Self::Unclosed => Follows::Flagged,
            Self::Colleague | Self::Decoy | Self::NoCase | Self::OwnRecord | Self::Pair | Self::Tampered => {
                Follows::Denied
            }
            Self::NearMisses | Self::Volume => Follows::Both,
        }
    }

    /// When it applies, in a sentence for auditors.
    #[must_use]
    pub fn meaning(self) -> String {
        match self {
            Self::CaseReused => format!("one case number of one officer names {CASE_PERSONS} persons or more in a day"),
            Self::Colleague => "the person is an officer".to_owned(),
            Self::Decoy => "the record is a decoy: nobody has a reason to look for it".to_owned(),
            Self::FamilyName => {
                "the person has the family name of the officer (keyed codes are compared, no name is opened)".to_owned()
            }
            Self::Hour => format!("before {}:00 or from {}:00 on in Hong Kong, or on a Sunday", HOURS.0, HOURS.1),
            Self::NearMisses => format!(
                "{} look-ups of card numbers in a day that found nobody flag, more than {} deny",
                MISSES.0, MISSES.1
            ),
            Self::NoCase => "a correction is to be decided, and the person has asked for none".to_owned(),
            Self::Nothing => "a ticket is closed under which no field was looked at".to_owned(),
            Self::OwnRecord => "the record is the officer's own, or the second officer's".to_owned(),
            Self::Pair => format!("the same two officers had {PAIR_DAY} tickets in a day"),
            Self::Tampered => "a stored ticket, approval or break-glass is not what was signed".to_owned(),
            Self::Unclosed => "a ticket's time is over and its note is missing".to_owned(),
            Self::Volume => format!(
                "{} tickets of one officer in an hour flag, more than {} deny; so do more than {OPENINGS} openings in a minute",
                HOUR.0, HOUR.1
            ),
        }
    }
}

/// What was counted and compared for one decision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signals {
    /// Tickets the officer asked for in the last hour.
    pub tickets_hour: u32,
    /// Tickets of the same two officers in the last day; zero while the second is not known.
    pub pair_day: u32,
    /// Openings of the officer in the last minute.
    pub openings_minute: u32,
    /// Look-ups of the officer in the last day that found nobody.
    pub misses_day: u32,
    /// Other persons for whom the officer gave the same case number in the last day, this one included.
    pub case_persons: u32,
    /// Hour of the day in Hong Kong.
    pub hour: i8,
    /// Whether it is a Sunday there.
    pub sunday: bool,
    /// Whether the record is one of the officers' own.
    pub own: bool,
    /// Whether the person is an officer.
    pub colleague: bool,
    /// Whether the family names are the same.
    pub family: bool,
    /// Whether the record is a decoy.
    pub decoy: bool,
    /// Whether a case is needed that is not there.
    pub no_case: bool,
}

/// What came of a judgement: the first rule that denies, and all that flag.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Why not, when not.
    pub denied: Option<Rule>,
    /// What somebody else should hear of, the denying rule not among them.
    pub flags: Vec<Rule>,
}

/// Judges.
#[must_use]
pub fn judge(seen: &Signals) -> Verdict {
    let denying = [
        (Rule::OwnRecord, seen.own),
        (Rule::Decoy, seen.decoy),
        (Rule::Colleague, seen.colleague && !seen.own),
        (Rule::NearMisses, seen.misses_day > MISSES.1),
        (Rule::Volume, seen.tickets_hour > HOUR.1 || seen.openings_minute > OPENINGS),
        (Rule::Pair, seen.pair_day >= PAIR_DAY),
        (Rule::NoCase, seen.no_case),
    ];
    let flagging = [
        (Rule::NearMisses, seen.misses_day >= MISSES.0 && seen.misses_day <= MISSES.1),
        (Rule::Volume, seen.tickets_hour >= HOUR.0 && seen.tickets_hour <= HOUR.1),
        (Rule::CaseReused, seen.case_persons >= CASE_PERSONS),
        (Rule::FamilyName, seen.family),
        (Rule::Hour, seen.sunday || seen.hour < HOURS.0 || seen.hour >= HOURS.1),
    ];
    let true_of =
        |rules: &[(Rule, bool)]| rules.iter().filter(|(_, is)| *is).map(|(rule, _)| *rule).collect::<Vec<_>>();
    Verdict { denied: true_of(&denying).first().copied(), flags: true_of(&flagging) }
}

/// The table of rules as people read it, Markdown.
#[must_use]
pub fn rendered() -> String {
    let mut text = String::from("| rule | when | what follows |\n| --- | --- | --- |\n");
    for rule in Rule::ALL {
        let follows = match rule.follows() {
            Follows::Denied => "refused; alert",
            Follows::Flagged => "allowed; alert",
            Follows::Both => "alert, then refused",
        };
        let written = writeln!(text, "| `{}` | {} | {follows} |", rule.word(), rule.meaning());
        debug_assert!(written.is_ok(), "a text takes whatever is written");
    }
    text
}

crate::refusals! {
    /// Why a finding is not closed.
    FindingRefusal {
        /// There is no such finding, or it is closed.
        FindingGone = "finding-gone", 404;
        /// The note is too short or too long.
        FindingNote = "finding-note", 422;
        /// The officer may not look at findings.
        FindingNotPermitted = "finding-not-permitted", 403, audited;
        /// It is about whoever wants to close it, or about somebody of their unit.
        FindingOwn = "finding-own", 403, audited;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Signals = Signals {
        tickets_hour: 0,
        pair_day: 0,
        openings_minute: 0,
        misses_day: 0,
        case_persons: 1,
        hour: 11,
        sunday: false,
        own: false,
        colleague: false,
        family: false,
        decoy: false,
        no_case: false,
    };

    #[test]
    fn ordinary_work_is_clear() {
        assert_eq!(judge(&DAY), Verdict::default());
    }

    #[test]
    fn each_rule_speaks_alone() {
        let denied = |seen: Signals| judge(&seen).denied;
        let flags = |seen: Signals| {
            assert_eq!(judge(&seen).denied, None);
            judge(&seen).flags
        };
        assert_eq!(denied(Signals { own: true, colleague: true, ..DAY }), Some(Rule::OwnRecord));
        assert_eq!(denied(Signals { colleague: true, ..DAY }), Some(Rule::Colleague));
        assert_eq!(denied(Signals { decoy: true, ..DAY }), Some(Rule::Decoy));
        assert_eq!(denied(Signals { no_case: true, ..DAY }), Some(Rule::NoCase));
        assert_eq!(denied(Signals { misses_day: 6, ..DAY }), Some(Rule::NearMisses));
        assert_eq!(denied(Signals { tickets_hour: 21, ..DAY }), Some(Rule::Volume));
        assert_eq!(denied(Signals { openings_minute: 31, ..DAY }), Some(Rule::Volume));
        assert_eq!(denied(Signals { pair_day: 10, ..DAY }), Some(Rule::Pair));
        assert_eq!(flags(Signals { misses_day: 3, ..DAY }), [Rule::NearMisses]);
        assert_eq!(flags(Signals { tickets_hour: 8, ..DAY }), [Rule::Volume]);
        assert_eq!(flags(Signals { case_persons: 3, ..DAY }), [Rule::CaseReused]);
        assert_eq!(flags(Signals { family: true, ..DAY }), [Rule::FamilyName]);
        for at in [Signals { hour: 6, ..DAY }, Signals { hour: 20, ..DAY }, Signals { sunday: true, ..DAY }] {
            assert_eq!(flags(at), [Rule::Hour]);
        }
    }

    #[test]
    fn words_read_back_in_order() {
        assert!(Rule::ALL.is_sorted_by_key(|rule| rule.word()));
        assert!(Rule::ALL.into_iter().all(|rule| Rule::from_word(rule.word()) == Some(rule)));
    }

    #[test]
    fn the_page_of_rules_is_current() {
        let page = include_str!("../../../docs/operate/tickets.md");
        assert!(page.contains(&rendered()), "docs/operate/tickets.md must hold:\n{}", rendered());
    }
}

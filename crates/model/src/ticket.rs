//! Tickets: the only way of an officer to a resident's data. What is asked, in a text that two officers sign; how a ticket goes
//! on; and when it is over (promises C-09, section 4.2).

use crate::id::{OfficerId, ResidentId, TicketId};
use crate::policy::{Field, Purpose};
use crate::staff::{Role, Unit};
use crate::time::Millis;
use std::fmt;
use std::fmt::Write as _;
use std::time::Duration;

/// Longest life of a ticket, in minutes.
pub const LONGEST: u32 = 15;
/// A ticket nobody approved in this time is void.
pub const WAITS: Duration = Duration::from_secs(60 * 60);
/// Longest closing note, in characters.
pub const LONGEST_NOTE: usize = 1000;
/// Shortest closing note, in characters: a dot is no note.
pub const SHORTEST_NOTE: usize = 8;
/// Tickets that the same two officers may have in a day.
pub const PAIR_A_DAY: u32 = 10;

/// The number of a case in the office's own books: 3 to 32 of `A-Z 0-9 - /`, with a digit. No name fits into it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CaseNumber(String);

impl CaseNumber {
    /// Reads what was typed; small letters are written large.
    ///
    /// # Errors
    /// When it has another length or another character, or no digit.
    pub fn parse(text: &str) -> Result<Self, NotACase> {
        let text = text.trim().to_ascii_uppercase();
        let fits = (3..=32).contains(&text.len())
            && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, '-' | '/'))
            && text.chars().any(|c| c.is_ascii_digit());
        // A card number is no case number: it would name somebody in a column that is not sealed.
        if !fits || crate::hkid::Hkid::parse(&text).is_ok() {
            return Err(NotACase);
        }
        Ok(Self(text))
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CaseNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Text that is no case number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a case number is 3 to 32 of A-Z, 0-9, '-', '/', with a digit, and no card number")]
pub struct NotACase;

/// What a ticket is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Object {
    /// One resident.
    Resident(ResidentId),
    /// Nobody: a job over all accounts, which gives counts.
    Job(crate::bulk::Job),
}

/// What an officer asks for, complete: what both officers sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The ticket.
    pub ticket: TicketId,
    /// The realm it is for.
    pub realm: String,
    /// Who asks.
    pub officer: OfficerId,
    /// As what.
    pub role: Role,
    /// Where they belong.
    pub unit: Unit,
    /// What for; none for a job, which opens nobody's data.
    pub purpose: Option<Purpose>,
    /// The case in the office's books.
    pub case: CaseNumber,
    /// About whom, or which job.
    pub object: Object,
    /// Which fields, in alphabetical order of their words, each once; empty for a job.
    pub fields: Vec<Field>,
    /// How long it opens once it is approved.
    pub minutes: u32,
    /// When it was asked for.
    pub asked: Millis,
}

impl Terms {
    /// The text that is shown to both officers and signed by both: one line a member, nothing left out, nothing free.
    #[must_use]
    pub fn text(&self) -> String {
        let mut fields: Vec<_> = self.fields.iter().map(|field| field.word()).collect();
        fields.sort_unstable();
        fields.dedup();
        let mut text = format!(
            "Lionrock staff ticket v1\nrealm: {}\nticket: {}\nofficer: {}\nrole: {}\nunit: {}\npurpose: {}\ncase: {}\n",
            self.realm,
            self.ticket,
            self.officer,
            self.role.word(),
            self.unit,
            self.purpose.map_or("none", Purpose::word),
            self.case,
        );
        let about = match self.object {
            Object::Resident(id) => format!("person: {id}\nfields: {}\n", fields.join(", ")),
            Object::Job(job) => format!("job: {}\n", job.word()),
        };
        text.push_str(&about);
        let written = write!(text, "minutes: {}\nasked: {}\n", self.minutes, moment(self.asked));
        debug_assert!(written.is_ok(), "a text takes whatever is written");
        text
    }

    /// Checks what an officer chose.
    ///
    /// # Errors
    /// Which part is not usable.
    pub fn check(&self) -> Result<(), TicketRefusal> {
        if !(1..=LONGEST).contains(&self.minutes) {
            return Err(TicketRefusal::Minutes);
        }
        match (self.object, self.purpose) {
            (Object::Job(_), None) if self.fields.is_empty() => Ok(()),
            (Object::Resident(_), Some(purpose)) if purpose.is_staff() => {
                let fits = self.fields.iter().all(|field| purpose.fields().contains(field));
                if fits && !self.fields.is_empty() { Ok(()) } else { Err(TicketRefusal::Fields) }
            }
            _ => Err(TicketRefusal::Fields),
        }
    }
}

/// RFC 3339 in UTC with milliseconds: the same moment is always the same text.
fn moment(at: Millis) -> String {
    at.timestamp().map_or_else(|_| at.0.to_string(), |it| it.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}

/// Whether somebody of this role is ever a second officer. What they may approve, the policy says.
#[must_use]
pub const fn seconds(role: Role) -> bool {
    matches!(role, Role::Counter | Role::HelpDesk | Role::Privacy | Role::Security)
}

/// Where a ticket stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Written down; its officer has not signed it yet.
    Drafted,
    /// Its officer signed; a second one is waited for.
    Asked,
    /// Two signatures stand; it opens until its minutes are over.
    Approved,
    /// Its officer closed it with a note.
    Closed,
    /// The second officer said no, or its own officer took it back.
    Refused,
    /// Nobody approved it in time, or it was never signed.
    Expired,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Drafted, Self::Asked, Self::Approved, Self::Closed, Self::Refused, Self::Expired];

    /// The stable word, as stored and as part of text keys.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Drafted => "drafted",
            Self::Asked => "asked",
            Self::Approved => "approved",
            Self::Closed => "closed",
            Self::Refused => "refused",
            Self::Expired => "expired",
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
        matches!(
            (self, next),
            (Self::Drafted, Self::Asked | Self::Approved | Self::Expired)
                | (Self::Asked, Self::Approved | Self::Refused | Self::Expired)
                | (Self::Approved, Self::Closed)
        )
    }

    /// Whether nothing follows.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Closed | Self::Refused | Self::Expired)
    }
}

/// A closing note: what was done, in visible characters.
#[derive(Clone, PartialEq, Eq)]
pub struct Note(String);

impl Note {
    /// Reads a note.
    ///
    /// # Errors
    /// [`TicketRefusal::Note`] when it is too short, too long or holds control characters.
    pub fn parse(text: &str) -> Result<Self, TicketRefusal> {
        let text = text.trim().replace("\r\n", "\n");
        let long = text.chars().count();
        let seen = text.chars().all(|c| c == '\n' || !c.is_control());
        if !(SHORTEST_NOTE..=LONGEST_NOTE).contains(&long) || !seen {
            return Err(TicketRefusal::Note);
        }
        Ok(Self(text))
    }

    /// The text, for sealing.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Note(…)")
    }
}

crate::refusals! {
    /// Why a ticket is not given, approved, opened or closed.
    TicketRefusal {
        /// The second officer is the first one.
        ApproverSame = "ticket-approver-same", 403, audited;
        /// The second officer belongs to the same unit.
        ApproverUnit = "ticket-approver-unit", 403, audited;
        /// No break-glass of this officer stands.
        BreakGlassNone = "ticket-break-glass-none", 403, audited;
        /// The case number cannot be read.
        CaseNumber = "ticket-case", 422;
        /// The clock of this server is behind what the ledger has already written.
        ClockBehind = "ticket-clock-behind", 503, audited;
        /// What the store holds is not what was signed.
        Edited = "ticket-edited", 403, audited;
        /// The fields are none, or not for this purpose.
        Fields = "ticket-fields", 422;
        /// The ledger did not write the entry in time: nothing is opened.
        LedgerAway = "ticket-ledger-away", 503;
        /// Monitoring does not know the officer's own card number and family name yet.
        MarkMissing = "ticket-mark-missing", 409;
        /// The minutes are none or too many.
        Minutes = "ticket-minutes", 422;
        /// There is no such ticket, or it is another officer's.
        NotFound = "ticket-not-found", 404;
        /// No ticket is given for this person; whether they exist is not said.
        NotGiven = "ticket-not-given", 403, audited;
        /// The role may not ask for this, or not now, or not here.
        NotPermitted = "ticket-not-permitted", 403, audited;
        /// The closing note is too short or too long.
        Note = "ticket-note", 422;
        /// The ticket stands somewhere else by now, or its time is over.
        Over = "ticket-ended", 409;
        /// The person reference cannot be read.
        Person = "ticket-person", 422;
        /// The signature is not one over this text by this officer, now.
        Signature = "ticket-signature", 403, audited;
        /// The same two officers have had as many tickets as a day allows, or one officer too many in an hour.
        TooMany = "ticket-too-many", 429, audited;
        /// An earlier ticket waits for its closing note.
        Unclosed = "ticket-unclosed", 409;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn terms() -> Terms {
        Terms {
            ticket: TicketId::new(Millis(1), [1; 10]),
            realm: "test-demo".to_owned(),
            officer: OfficerId::new(Millis(1), [2; 10]),
            role: Role::Privacy,
            unit: Unit::parse("north-point").unwrap(),
            purpose: Some(Purpose::AccessRequest),
            case: CaseNumber::parse("ar-2026/17").unwrap(),
            object: Object::Resident(ResidentId::new(Millis(1), [3; 10])),
            fields: vec![Field::EnglishName, Field::Birth],
            minutes: 10,
            asked: Millis(1_795_363_200_001),
        }
    }

    #[test]
    fn every_member_is_in_the_text() {
        let text = terms().text();
        assert!(text.contains("case: AR-2026/17\n") && text.contains("fields: birth, english-name\n"), "{text}");
        assert!(text.contains("asked: 2026-11-22T16:00:00.001Z\n"), "{text}");
        let changes: [fn(&mut Terms); 10] = [
            |it| it.ticket = TicketId::new(Millis(2), [1; 10]),
            |it| it.realm = "test-other".to_owned(),
            |it| it.officer = OfficerId::new(Millis(2), [2; 10]),
            |it| it.role = Role::Counter,
            |it| it.unit = Unit::parse("sha-tin").unwrap(),
            |it| it.purpose = Some(Purpose::Correction),
            |it| it.case = CaseNumber::parse("AR-2026/18").unwrap(),
            |it| it.object = Object::Resident(ResidentId::new(Millis(2), [3; 10])),
            |it| it.fields.push(Field::Hkid),
            |it| it.minutes = 11,
        ];
        for change in changes {
            let mut other = terms();
            change(&mut other);
            assert_ne!(other.text(), text);
        }
        let mut turned = terms();
        turned.fields.reverse();
        assert_eq!(turned.text(), text, "the order of fields says nothing");
    }

    #[test]
    fn what_is_asked_must_fit() {
        assert_eq!(terms().check(), Ok(()));
        for minutes in [0, LONGEST + 1] {
            assert_eq!(Terms { minutes, ..terms() }.check(), Err(TicketRefusal::Minutes));
        }
        assert_eq!(Terms { fields: Vec::new(), ..terms() }.check(), Err(TicketRefusal::Fields));
        let foreign = Field::ALL.into_iter().find(|field| !Purpose::HelpDesk.fields().contains(field));
        if let Some(field) = foreign {
            let asked = Terms { purpose: Some(Purpose::HelpDesk), fields: vec![field], ..terms() };
            assert_eq!(asked.check(), Err(TicketRefusal::Fields));
        }
    }

    #[test]
    fn no_name_and_no_card_number_is_a_case() {
        for bad in ["", "12", "CHAN TAI MAN", "CHAN", "A1\n2", "U123456(0)", "u1234560"] {
            let is_card = crate::hkid::Hkid::parse(bad).is_ok();
            assert!(CaseNumber::parse(bad).is_err() || !is_card && bad.starts_with('u'), "{bad:?}");
        }
        let card = crate::hkid::Hkid::with_check_digit("U123456").unwrap();
        assert!(CaseNumber::parse(&card.reveal().replace(['(', ')'], "")).is_err());
        assert!(CaseNumber::parse(" c-2026/001 ").is_ok());
    }

    #[test]
    fn a_ticket_never_comes_back() {
        for from in State::ALL.into_iter().filter(|state| state.is_over()) {
            assert!(State::ALL.into_iter().all(|next| !from.leads_to(next)), "{}", from.word());
        }
        assert!(!State::Asked.leads_to(State::Closed) && !State::Drafted.leads_to(State::Closed));
    }

    #[test]
    fn a_note_says_something() {
        for bad in ["", "done", "        ", "\u{7}1234567890"] {
            assert_eq!(Note::parse(bad).unwrap_err(), TicketRefusal::Note, "{bad:?}");
        }
        assert!(Note::parse("Answered by letter.").is_ok());
        assert!(Note::parse(&"x".repeat(LONGEST_NOTE + 1)).is_err());
    }
}

//! Break-glass: two officers open a way for half an hour when nobody can wait for an approval; the privacy officer hears of it at
//! once, and a review is due (promises C-14, section 4.3).

use crate::id::{BreakGlassId, OfficerId};
use crate::staff::Unit;
use crate::ticket::CaseNumber;
use crate::time::Millis;
use std::time::Duration;

/// How long it stands.
pub const STANDS: Duration = Duration::from_secs(30 * 60);
/// Within how long the second officer joins.
pub const JOINS: Duration = Duration::from_secs(10 * 60);
/// Within how long it is reviewed; otherwise both officers are suspended.
pub const REVIEWED: Duration = Duration::from_secs(3 * 24 * 60 * 60);

/// Why it may be done: a closed list, so that a reason names nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// A court or a law demands it at once.
    CourtOrder,
    /// Somebody's life or health is in danger.
    Life,
    /// An attack on accounts is going on.
    Attack,
    /// Residents are shut out by a failure of the platform.
    Outage,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Attack, Self::CourtOrder, Self::Life, Self::Outage];

    /// The stable word, as stored and as part of text keys.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Attack => "attack",
            Self::CourtOrder => "court-order",
            Self::Life => "life",
            Self::Outage => "outage",
        }
    }

    /// Reads the stable word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.word() == word)
    }
}

/// What both officers sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Its id.
    pub id: BreakGlassId,
    /// The realm.
    pub realm: String,
    /// Who asks.
    pub first: OfficerId,
    /// Their unit.
    pub unit: Unit,
    /// Why.
    pub reason: Reason,
    /// The incident in the office's books.
    pub incident: CaseNumber,
    /// When.
    pub asked: Millis,
}

impl Terms {
    /// The text that both sign.
    #[must_use]
    pub fn text(&self) -> String {
        format!(
            "Lionrock break-glass v1\nrealm: {}\nbreak-glass: {}\nofficer: {}\nunit: {}\nreason: {}\nincident: {}\nminutes: {}\nasked: {}\n",
            self.realm,
            self.id,
            self.first,
            self.unit,
            self.reason.word(),
            self.incident,
            STANDS.as_secs() / 60,
            self.asked.0,
        )
    }
}

/// Where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Written down, not signed.
    Drafted,
    /// The first officer signed.
    Asked,
    /// Two signed: it stands for half an hour, and waits for its review.
    Open,
    /// Reviewed.
    Reviewed,
    /// Nobody joined in time.
    Expired,
    /// The review was overdue: both officers are suspended. It can still be reviewed.
    Overdue,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Drafted, Self::Asked, Self::Open, Self::Reviewed, Self::Expired, Self::Overdue];

    /// The stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Drafted => "drafted",
            Self::Asked => "asked",
            Self::Open => "open",
            Self::Reviewed => "reviewed",
            Self::Expired => "expired",
            Self::Overdue => "overdue",
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
            (Self::Drafted, Self::Asked | Self::Expired)
                | (Self::Asked, Self::Open | Self::Expired)
                | (Self::Open, Self::Reviewed | Self::Overdue)
                | (Self::Overdue, Self::Reviewed)
        )
    }
}

crate::refusals! {
    /// Why the glass is not broken, or its breaking not reviewed.
    BreakGlassRefusal {
        /// There is none of that id that waits for this.
        BreakGlassGone = "break-glass-gone", 404;
        /// The incident number cannot be read.
        BreakGlassIncident = "break-glass-incident", 422;
        /// The role may not.
        BreakGlassNotPermitted = "break-glass-not-permitted", 403, audited;
        /// The note is too short or too long.
        BreakGlassNote = "break-glass-note", 422;
        /// The reason is none of the list.
        BreakGlassReason = "break-glass-reason", 422;
        /// One of the two who broke the glass cannot review it, nor somebody of their units.
        BreakGlassReviewer = "break-glass-reviewer", 403, audited;
        /// The second officer is the first one, or of the same unit.
        BreakGlassSame = "break-glass-same", 403, audited;
        /// The signature is not one over this text by this officer, now.
        BreakGlassSignature = "break-glass-signature", 403, audited;
        /// What the store holds is not what was signed.
        BreakGlassEdited = "break-glass-edited", 403, audited;
        /// It was asked for too long ago, or is over.
        BreakGlassOver = "break-glass-over", 409;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back_and_nothing_leads_from_the_end() {
        assert!(Reason::ALL.into_iter().all(|it| Reason::from_word(it.word()) == Some(it)));
        assert!(State::ALL.into_iter().all(|it| State::from_word(it.word()) == Some(it)));
        for end in [State::Reviewed, State::Expired] {
            assert!(State::ALL.into_iter().all(|next| !end.leads_to(next)));
        }
    }
}

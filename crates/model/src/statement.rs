//! Statements two officers sign together: who may sign, for which realm, for how long. What they say is in
//! [`crate::deviation`] and [`crate::site`].

use crate::realm::Realm;
use crate::time::Millis;
use std::time::Duration;
use thiserror::Error;

/// When a statement holds: from its first moment up to, but not at, its last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First moment.
    pub from: Millis,
    /// The first moment after it.
    pub until: Millis,
}

impl Span {
    /// Reads its ends: moments such as `2026-11-23T00:00:00Z` (RFC 3339).
    ///
    /// # Errors
    /// [`StatementFault::Form`].
    pub fn read(from: &str, until: &str) -> Result<Self, StatementFault> {
        let moment = |text: &str| {
            let read: Result<jiff::Timestamp, _> = text.parse();
            read.map(|moment| Millis(moment.as_millisecond()))
                .map_err(|_| StatementFault::Form(format!("{text:?} is no time such as 2026-11-23T00:00:00Z")))
        };
        Ok(Self { from: moment(from)?, until: moment(until)? })
    }

    /// Whether the statement holds now, and never for longer than its kind may.
    ///
    /// # Errors
    /// [`StatementFault::TooLong`], [`StatementFault::NotYet`], [`StatementFault::Expired`].
    pub fn judge(&self, now: Millis, longest: Duration) -> Result<(), StatementFault> {
        if self.until <= self.from || self.until > self.from.after(longest) {
            return Err(StatementFault::TooLong(longest.as_secs() / SECONDS_A_DAY));
        }
        if now < self.from {
            return Err(StatementFault::NotYet);
        }
        if now >= self.until {
            return Err(StatementFault::Expired);
        }
        Ok(())
    }
}

/// Whether a statement was made for this realm.
///
/// # Errors
/// [`StatementFault::Realm`].
pub fn same_realm(stated: &str, realm: &Realm) -> Result<(), StatementFault> {
    if stated == realm.to_string() {
        return Ok(());
    }
    Err(StatementFault::Realm { stated: stated.to_owned(), realm: realm.to_string() })
}

/// Seconds of a day.
pub const SECONDS_A_DAY: u64 = 86_400;

/// Why a signed statement is not accepted.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum StatementFault {
    /// The approvers it names are not those who signed.
    #[error("those who signed are not those it names as approvers")]
    Approvers,
    /// Stated country or class is not permitted, or the statement leaves snapshots open.
    #[error("{0}")]
    Content(&'static str),
    /// It is over.
    #[error("it has expired: have a new one approved")]
    Expired,
    /// Not the form of such a file.
    #[error("it is not a statement of this kind: {0}")]
    Form(String),
    /// It does not hold yet.
    #[error("it does not hold yet")]
    NotYet,
    /// Somebody who may not approve.
    #[error("{0} may not approve it: the role is not one that approves")]
    NotEntitled(String),
    /// Fewer than two.
    #[error("it needs the signatures of two officers with keys of their own")]
    OneSigner,
    /// Another realm's.
    #[error("it was made for realm {stated}, this is {realm}")]
    Realm {
        /// The realm it names.
        stated: String,
        /// This realm.
        realm: String,
    },
    /// A signature that does not hold.
    #[error("the signature of {0} does not hold: the text was changed after signing, or the key is another")]
    Signature(String),
    /// Longer than such a statement may hold, or without a span at all.
    #[error("it must hold for some time, and for {0} days at most")]
    TooLong(u64),
    /// A check nobody can be excused from.
    #[error("no check that can be excused is called {0:?}")]
    UnknownCheck(String),
    /// Nobody of that name is an officer here.
    #[error("no officer is called {0:?} in this configuration")]
    UnknownOfficer(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_holds_between_its_ends_and_never_too_long() {
        let day = Duration::from_secs(SECONDS_A_DAY);
        let span = Span { from: Millis(1_000), until: Millis(1_000).after(day) };
        assert_eq!(span.judge(Millis(999), day), Err(StatementFault::NotYet));
        assert_eq!(span.judge(Millis(1_000), day), Ok(()));
        assert_eq!(span.judge(Millis(span.until.0 - 1), day), Ok(()));
        assert_eq!(span.judge(span.until, day), Err(StatementFault::Expired));
        let longer = Span { until: Millis(span.until.0 + 1), ..span };
        assert_eq!(longer.judge(Millis(1_000), day), Err(StatementFault::TooLong(1)));
        let backwards = Span { from: span.until, until: span.from };
        assert_eq!(backwards.judge(Millis(1_000), day), Err(StatementFault::TooLong(1)));
    }
}

//! Deviations: a check of the start gate that two officers excuse for a time, written down and shown in public.

use crate::realm::Realm;
use crate::statement::{self, SECONDS_A_DAY, Span, StatementFault};
use crate::time::Millis;
use std::time::Duration;

/// A check that can be excused at all. Everything else the gate asks for has no exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Excusable {
    /// A metadata service answers on this network.
    CloudMetadata,
    /// TLS 1.2 is spoken beside 1.3.
    OldTls,
    /// The root key is held in software.
    RootInSoftware,
}

impl Excusable {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::CloudMetadata, Self::OldTls, Self::RootInSoftware];

    /// The name of the check, as the gate calls it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::CloudMetadata => "no-cloud-metadata",
            Self::OldTls => "tls-1.3-only",
            Self::RootInSoftware => "root-key-in-a-module",
        }
    }

    /// Reads a check's name.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|check| check.word() == word)
    }

    /// What everybody may read about it: what is different, never why or where.
    #[must_use]
    pub const fn general(self) -> &'static str {
        match self {
            Self::CloudMetadata => "The machines stand in a network that answers questions about machines.",
            Self::OldTls => "Connections with TLS 1.2 are accepted beside TLS 1.3.",
            Self::RootInSoftware => "The root of all keys is held in software, not in a hardware module.",
        }
    }

    /// Whether the server must stop when the excuse ends, because what was excused cannot be taken back while it runs.
    #[must_use]
    pub const fn stops(self) -> bool {
        match self {
            Self::OldTls | Self::RootInSoftware => true,
            Self::CloudMetadata => false,
        }
    }
}

/// An exception as two officers approved it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deviation {
    /// The check it excuses.
    pub check: Excusable,
    /// Its own name, chosen by who proposed it.
    pub id: String,
    /// The realm it was made for.
    pub realm: String,
    /// Why; for officers and auditors.
    pub reason: String,
    /// When it holds.
    pub span: Span,
}

impl Deviation {
    /// Whether it holds now, in this realm.
    ///
    /// # Errors
    /// The first thing wrong.
    pub fn judge(&self, realm: &Realm, now: Millis) -> Result<(), StatementFault> {
        statement::same_realm(&self.realm, realm)?;
        self.span.judge(now, LONGEST)
    }
}

/// The longest a deviation can hold.
pub const LONGEST: Duration = Duration::from_secs(90 * SECONDS_A_DAY);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deviation_holds_in_its_realm_for_ninety_days_at_most() {
        let span = Span { from: Millis(0), until: Millis(0).after(LONGEST) };
        let deviation = Deviation {
            check: Excusable::RootInSoftware,
            id: "d1".to_owned(),
            realm: "production".to_owned(),
            reason: "module on its way".to_owned(),
            span,
        };
        assert_eq!(deviation.judge(&Realm::Production, Millis(5)), Ok(()));
        assert_eq!(deviation.judge(&Realm::Production, span.until), Err(StatementFault::Expired));
        let other = Realm::Test("demo".to_owned());
        assert!(matches!(deviation.judge(&other, Millis(5)), Err(StatementFault::Realm { .. })));
        let longer = Deviation { span: Span { until: Millis(span.until.0 + 1), ..span }, ..deviation };
        assert_eq!(longer.judge(&Realm::Production, Millis(5)), Err(StatementFault::TooLong(90)));
    }

    #[test]
    fn words_read_back_and_no_other_check_can_be_excused() {
        for check in Excusable::ALL {
            assert_eq!(Excusable::from_word(check.word()), Some(check));
        }
        for word in
            ["", "release-build", "host-conditions", "no-known-secrets", "trusted-clock", "Root-key-in-a-module"]
        {
            assert_eq!(Excusable::from_word(word), None, "{word}");
        }
    }
}

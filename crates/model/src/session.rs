//! Browser sessions of a resident and the history of signing in.

use crate::credential::PasskeyRefusal;
use crate::id::{CredentialId, ResidentId, SessionId, SignInId};
use crate::refusal::Refusal;
use crate::time::Millis;
use std::time::Duration;

/// How long sessions and proofs of presence count.
#[derive(Clone, Copy, Debug)]
pub struct Spans {
    /// A session ends when nothing was asked for so long (one hour, SP 800-63B-4 section 2.2.3).
    pub idle: Duration,
    /// A session ends so long after signing in, whatever happens (24 hours).
    pub total: Duration,
    /// How old a proof of presence may be for a sensitive change (five minutes).
    pub fresh: Duration,
}

/// Bytes of a session secret: 256 bits.
pub const SECRET_BYTES: usize = 32;

/// A session as it is kept; the secret in the cookie is not, only its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Our row.
    pub id: SessionId,
    /// Whose.
    pub resident: ResidentId,
    /// The passkey that opened it.
    pub credential: CredentialId,
    /// When it began.
    pub created: Millis,
    /// When it was last used, to the minute.
    pub seen: Millis,
    /// When a passkey last proved presence in it.
    pub proved: Millis,
    /// When and why it ended, if it has.
    pub ended: Option<(Millis, EndReason)>,
    /// Coarse device, for example `chrome-android`.
    pub device: Device,
    /// Address and agent at sign-in, sealed.
    pub sealed_place: Vec<u8>,
}

impl Session {
    /// Why it does not stand at `now`, or `None` while it stands.
    #[must_use]
    pub fn over(&self, now: Millis, spans: &Spans) -> Option<EndReason> {
        if let Some((_, reason)) = self.ended {
            Some(reason)
        } else if now.since(self.created) >= spans.total {
            Some(EndReason::Absolute)
        } else if now.since(self.seen) >= spans.idle {
            Some(EndReason::Idle)
        } else {
            None
        }
    }

    /// Whether presence was proved recently enough for a sensitive change.
    #[must_use]
    pub fn is_fresh(&self, now: Millis, spans: &Spans) -> bool {
        now.since(self.proved) <= spans.fresh
    }

    /// When it ends if nothing is asked any more.
    #[must_use]
    pub fn ends_by(&self, spans: &Spans) -> Millis {
        self.seen.after(spans.idle).min(self.created.after(spans.total))
    }
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// The day was over.
    Absolute,
    /// The account was closed.
    AccountClosed,
    /// The passkey that opened it was removed.
    AuthenticatorRemoved,
    /// The person ended it from another session.
    EndedElsewhere,
    /// Nothing was asked for an hour.
    Idle,
    /// The person got back in by recovery codes.
    Recovered,
    /// The person signed in again in the same browser.
    Replaced,
    /// The person signed out.
    SignedOut,
    /// The account was suspended: a phone was lost.
    Suspended,
}

impl EndReason {
    /// The stable word, as stored.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Absolute => "absolute",
            Self::AccountClosed => "account-closed",
            Self::AuthenticatorRemoved => "authenticator-removed",
            Self::EndedElsewhere => "ended-elsewhere",
            Self::Idle => "idle",
            Self::Recovered => "recovered",
            Self::Replaced => "replaced",
            Self::SignedOut => "signed-out",
            Self::Suspended => "suspended",
        }
    }

    /// Reads the stored word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [
            Self::Absolute,
            Self::AccountClosed,
            Self::AuthenticatorRemoved,
            Self::EndedElsewhere,
            Self::Idle,
            Self::Recovered,
            Self::Replaced,
            Self::SignedOut,
            Self::Suspended,
        ]
        .into_iter()
        .find(|reason| reason.word() == word)
    }
}

/// A device as coarsely as a person needs to tell their own apart: browser family and system, nothing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device {
    /// `chrome`, `edge`, `firefox`, `safari` or `other`.
    pub browser: &'static str,
    /// `android`, `ios`, `linux`, `macos`, `windows` or `other`.
    pub system: &'static str,
}

const BROWSERS: [&str; 5] = ["chrome", "edge", "firefox", "safari", "other"];
const SYSTEMS: [&str; 6] = ["android", "ios", "linux", "macos", "windows", "other"];

impl Device {
    /// A device nothing is known of.
    pub const UNKNOWN: Self = Self { browser: "other", system: "other" };

    /// Guesses from a `User-Agent` header. A guess: agents say what they like.
    #[must_use]
    pub fn from_agent(agent: &str) -> Self {
        let has = |word: &str| agent.contains(word);
        let browser = if has("Edg/") || has("EdgA/") || has("EdgiOS/") {
            "edge"
        } else if has("Firefox/") || has("FxiOS/") {
            "firefox"
        } else if has("Chrome/") || has("CriOS/") {
            "chrome"
        } else if has("Safari/") {
            "safari"
        } else {
            "other"
        };
        let system = if has("Android") {
            "android"
        } else if has("iPhone") || has("iPad") {
            "ios"
        } else if has("Windows") {
            "windows"
        } else if has("Mac OS X") || has("Macintosh") {
            "macos"
        } else if has("Linux") || has("X11") {
            "linux"
        } else {
            "other"
        };
        Self { browser, system }
    }

    /// The stored form, `browser-system`.
    #[must_use]
    pub fn word(self) -> String {
        format!("{}-{}", self.browser, self.system)
    }

    /// Reads the stored form; anything else is unknown.
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        let Some((browser, system)) = word.split_once('-') else { return Self::UNKNOWN };
        let known = |list: &[&'static str], part: &str| list.iter().copied().find(|k| *k == part).unwrap_or("other");
        Self { browser: known(&BROWSERS, browser), system: known(&SYSTEMS, system) }
    }
}

/// One line of a person's sign-in history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn {
    /// Our row.
    pub id: SignInId,
    /// Whose.
    pub resident: ResidentId,
    /// When.
    pub at: Millis,
    /// What happened.
    pub event: SignInEvent,
    /// The passkey, when one is known.
    pub credential: Option<CredentialId>,
    /// Coarse device.
    pub device: Device,
    /// Address and agent, sealed.
    pub sealed_place: Vec<u8>,
}

/// What a line of the history says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInEvent {
    /// A passkey was added.
    AuthenticatorAdded,
    /// A passkey was removed.
    AuthenticatorRemoved,
    /// The counter of a passkey did not grow: perhaps a clone.
    CounterAlarm,
    /// A new passkey was made by recovery codes.
    Recovered,
    /// An answer with a known passkey did not pass.
    Refused,
    /// Signed in.
    SignedIn,
    /// Presence proved again within a session.
    SteppedUp,
}

impl SignInEvent {
    /// The stable word, as stored and in text keys.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::AuthenticatorAdded => "authenticator-added",
            Self::AuthenticatorRemoved => "authenticator-removed",
            Self::CounterAlarm => "counter-alarm",
            Self::Recovered => "recovered",
            Self::Refused => "refused",
            Self::SignedIn => "signed-in",
            Self::SteppedUp => "stepped-up",
        }
    }

    /// Reads the stored word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [
            Self::AuthenticatorAdded,
            Self::AuthenticatorRemoved,
            Self::CounterAlarm,
            Self::Recovered,
            Self::Refused,
            Self::SignedIn,
            Self::SteppedUp,
        ]
        .into_iter()
        .find(|event| event.word() == word)
    }
}

/// Why signing in, or acting within a session, is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionRefusal {
    /// The passkey's answer was not accepted.
    Passkey(PasskeyRefusal),
    /// The session is over.
    SessionOver,
    /// There is no session.
    SignInFirst,
    /// A proof of presence within the last five minutes is needed.
    StepUpNeeded,
    /// Too many failed answers from this address.
    TooManyTries,
}

impl SessionRefusal {
    /// Its own reasons, for tables and tests; those of passkeys have a list of their own.
    pub const OWN: &'static [Self] = &[Self::SessionOver, Self::SignInFirst, Self::StepUpNeeded, Self::TooManyTries];
}

impl From<PasskeyRefusal> for SessionRefusal {
    fn from(refusal: PasskeyRefusal) -> Self {
        Self::Passkey(refusal)
    }
}

impl Refusal for SessionRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Passkey(refusal) => refusal.code(),
            Self::SessionOver => "session-over",
            Self::SignInFirst => "sign-in-first",
            Self::StepUpNeeded => "step-up-needed",
            Self::TooManyTries => "too-many-tries",
        }
    }

    fn status(&self) -> u16 {
        match self {
            Self::Passkey(refusal) => refusal.status(),
            Self::SessionOver | Self::SignInFirst => 401,
            Self::StepUpNeeded => 403,
            Self::TooManyTries => 429,
        }
    }

    fn audited(&self) -> bool {
        match self {
            Self::Passkey(refusal) => refusal.audited(),
            _ => false,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const SPANS: Spans = Spans {
        idle: Duration::from_secs(3600),
        total: Duration::from_secs(24 * 3600),
        fresh: Duration::from_secs(300),
    };

    fn session() -> Session {
        Session {
            id: SessionId::new(Millis(0), [0; 10]),
            resident: ResidentId::new(Millis(0), [1; 10]),
            credential: CredentialId::new(Millis(0), [2; 10]),
            created: Millis(0),
            seen: Millis(0),
            proved: Millis(0),
            ended: None,
            device: Device::UNKNOWN,
            sealed_place: Vec::new(),
        }
    }

    #[test]
    fn a_session_ends_by_idleness_by_age_and_by_will() {
        let hour = 3_600_000;
        let mut session = session();
        assert_eq!(session.over(Millis(hour - 1), &SPANS), None);
        assert_eq!(session.over(Millis(hour), &SPANS), Some(EndReason::Idle));
        session.seen = Millis(24 * hour - 1);
        assert_eq!(session.over(Millis(24 * hour - 1), &SPANS), None);
        assert_eq!(session.over(Millis(24 * hour), &SPANS), Some(EndReason::Absolute));
        assert_eq!(session.ends_by(&SPANS), Millis(24 * hour));
        session.ended = Some((Millis(5), EndReason::SignedOut));
        assert_eq!(session.over(Millis(6), &SPANS), Some(EndReason::SignedOut));
    }

    #[test]
    fn presence_is_fresh_for_five_minutes() {
        assert!(session().is_fresh(Millis(300_000), &SPANS));
        assert!(!session().is_fresh(Millis(300_001), &SPANS));
    }

    #[test]
    fn devices_are_coarse() {
        let agent = "Mozilla/5.0 (Linux; Android 14; SM-S928B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Mobile Safari/537.36";
        assert_eq!(Device::from_agent(agent).word(), "chrome-android");
        assert_eq!(Device::from_word("chrome-android"), Device::from_agent(agent));
        assert_eq!(Device::from_agent("curl/8"), Device::UNKNOWN);
        assert_eq!(Device::from_word("<b>"), Device::UNKNOWN);
    }
}

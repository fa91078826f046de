//! Views of the account: home, authenticators, sessions, history, closing.

use askama::Template;

use super::Frame;
use crate::view;

/// Account home.
#[derive(Template)]
#[template(path = "account/home.html")]
pub struct Home {
    /// Frame; title key `account-title`.
    pub frame: Frame,
    /// The person's name as on the card, in the script of the page where there is one.
    pub name: String,
    /// How many passkeys.
    pub authenticators: usize,
    /// How many open sessions.
    pub sessions: usize,
    /// `Level::word`.
    pub level: &'static str,
    /// How many recovery codes are left.
    pub codes_left: usize,
    /// The newest entries of the history, at most five.
    pub recent: Vec<Event>,
}

/// The passkeys.
#[derive(Template)]
#[template(path = "account/authenticators.html")]
pub struct Authenticators {
    /// Frame; title key `authenticators-title`.
    pub frame: Frame,
    /// Oldest first.
    pub passkeys: Vec<Passkey>,
}

/// One passkey.
pub struct Passkey {
    /// Its id, as in `/account/authenticators/{id}/…`.
    pub id: String,
    /// The name the person gave it.
    pub name: String,
    /// Whether it may exist on several devices (backup-eligible).
    pub synced: bool,
    /// When it was made, as `page::time::day` writes it.
    pub made: String,
    /// When it was last used, as `page::time::moment` writes it; none if never.
    pub used: Option<String>,
    /// When its counter last failed to grow, as `page::time::moment` writes it: it may have been copied.
    pub alarm: Option<String>,
    /// Whether this session was opened with it.
    pub current: bool,
}

/// The sessions.
#[derive(Template)]
#[template(path = "account/sessions.html")]
pub struct Sessions {
    /// Frame; title key `sessions-title`.
    pub frame: Frame,
    /// This one first.
    pub sessions: Vec<Session>,
}

/// One session.
pub struct Session {
    /// Its id, as in `/account/sessions/{id}/end`.
    pub id: String,
    /// Kind of browser and device, as far as known.
    pub device: String,
    /// When it began.
    pub began: String,
    /// When it was last used.
    pub used: String,
    /// Whether it is this one.
    pub current: bool,
}

/// Who did what with the account: sign-ins, changes, releases, and every opening of personal data.
#[derive(Template)]
#[template(path = "account/history.html")]
pub struct History {
    /// Frame; title key `history-title`.
    pub frame: Frame,
    /// Newest first.
    pub events: Vec<Event>,
    /// Where the next page is, when there is one.
    pub older: Option<String>,
}

/// One entry of the history.
pub struct Event {
    /// A plain sentence in the visitor's language.
    pub text: String,
    /// When, as `page::time::moment` writes it.
    pub at: String,
    /// Technical detail behind the proof sign: index and hash of the ledger leaf.
    pub proof: Option<Proof>,
}

/// Where an entry stands in the ledger.
pub struct Proof {
    /// The leaf's index.
    pub index: u64,
    /// The leaf's hash, base64.
    pub hash: String,
}

/// Closing the account. The script sends `confirm` and `shown` to `/account/close/options`, then the `AuthenticationResponseJSON` to `/account/close`,
/// which answers `page::next`.
#[derive(Template)]
#[template(path = "account/close.html")]
pub struct Close {
    /// Frame; title key `close-title`.
    pub frame: Frame,
    /// The day the account began, as `page::time::day` writes it.
    pub since: String,
    /// How many passkeys stop working.
    pub authenticators: usize,
    /// How many services lose the person.
    pub services: usize,
    /// The same in the canonical form that the passkey signs.
    pub shown: String,
}

/// After closing: the receipt.
#[derive(Template)]
#[template(path = "account/closed.html")]
pub struct Closed {
    /// Frame; title key `closed-title`.
    pub frame: Frame,
    /// The signed receipt as indented JSON, shown for keeping.
    pub receipt: String,
    /// The same for paper: with one signature of the log, on one line.
    pub paper: String,
    /// When the key was destroyed, as `page::time::exact` writes it.
    pub at: String,
}

view!(Home, Authenticators, Sessions, History, Close, Closed);

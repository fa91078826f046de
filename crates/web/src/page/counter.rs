//! Views of levels, of lost phones, of codes that one screen hands to another, of guardians, and of the officer's side of it.

use askama::Template;

use super::Frame;
use super::register::NOTICE_PARTS;
use crate::view;

/// The level of the account and the way to *Plus*. The script sends `shown` to `/account/level/options`, then the answer to `/account/level`.
#[derive(Template)]
#[template(path = "counter/level.html")]
pub struct LevelPage {
    /// Frame; title key `level-title`.
    pub frame: Frame,
    /// `Level::word`.
    pub level: &'static str,
    /// Since when it is *Plus*.
    pub since: Option<String>,
    /// Old enough for *Plus*.
    pub of_age: bool,
    /// Until when a recovery makes them wait.
    pub cooling: Option<String>,
    /// Has a passkey that cannot leave its device.
    pub device_bound: bool,
    /// `Ground::word` of the evidence that waits, and until when.
    pub evidence: Option<(&'static str, String)>,
    /// What the passkey signs.
    pub shown: String,
}

/// A code that another screen takes.
#[derive(Template)]
#[template(path = "counter/code.html")]
pub struct CodePage {
    /// Frame; title key `handover-WORD-title`.
    pub frame: Frame,
    /// `CaseKind::word`.
    pub kind: &'static str,
    /// As people read it out.
    pub code: String,
    /// Until when.
    pub until: String,
    /// Where a phone types it.
    pub address: String,
    /// Where to go on here afterwards.
    pub back: &'static str,
}

/// Asks for a code that another screen shows. The form posts `code` to `/hand-over`.
#[derive(Template)]
#[template(path = "counter/type.html")]
pub struct TypeCode {
    /// Frame; title key `handover-title`.
    pub frame: Frame,
}

/// Notice and consent for looking at card and face again. The form posts `agree`, `notice` and, where asked, `lost` and `code` to `action`.
#[derive(Template)]
#[template(path = "counter/notice.html")]
pub struct NoticeAgain {
    /// Frame.
    pub frame: Frame,
    /// `recover`, `upgrade` or `guardian`: key part.
    pub aim: &'static str,
    /// Where the form goes.
    pub action: &'static str,
    /// Version of the notice.
    pub version: &'static str,
    /// Whether the box of the lost passkeys is there.
    pub asks_lost: bool,
    /// Whether a code is asked for.
    pub asks_code: bool,
}

impl NoticeAgain {
    fn parts(&self) -> [&'static str; 6] {
        NOTICE_PARTS
    }
}

/// Who is there was shown; what follows is elsewhere.
#[derive(Template)]
#[template(path = "counter/shown.html")]
pub struct ShownPage {
    /// Frame; title key `shown-title`.
    pub frame: Frame,
    /// `Aim::word`.
    pub aim: &'static str,
    /// Where it goes on.
    pub next: &'static str,
}

/// A registration waits for somebody: the officer beside it (`presence`) or a guardian (`guardian`).
#[derive(Template)]
#[template(path = "counter/waits.html")]
pub struct Waits {
    /// Frame; title key `waits-WORD-title`.
    pub frame: Frame,
    /// `presence` or `guardian`.
    pub whom: &'static str,
}

/// Suspending an account without a device. The form posts `hkid` and `code` to `/lost`.
#[derive(Template)]
#[template(path = "counter/lost.html")]
pub struct Lost {
    /// Frame; title key `lost-title`.
    pub frame: Frame,
    /// What was typed; the code is typed again.
    pub hkid: String,
    /// It is done.
    pub done: bool,
}

/// Suspending everything else from another device. The forms post to `/account/lost` and `/account/lost/undo`.
#[derive(Template)]
#[template(path = "counter/account-lost.html")]
pub struct AccountLost {
    /// Frame; title key `lost-title`.
    pub frame: Frame,
    /// Whether a suspension stands, and since when.
    pub suspended: bool,
    /// Since when.
    pub since: Option<String>,
}

/// Guardians: who stands beside whom, and the consent.
#[derive(Template)]
#[template(path = "counter/guardian.html")]
pub struct GuardianPage {
    /// Frame; title key `guardian-title`.
    pub frame: Frame,
    /// Since when a guardian stands beside this account.
    pub guarded: Option<String>,
    /// Since when this person stands beside young people's accounts, and the name of each consent.
    pub guards: Vec<(String, String)>,
    /// What the passkey signs; none while there is nothing to agree to.
    pub shown: Option<String>,
}

/// The officer's errands. The form posts `code` to `/counter`.
#[derive(Template)]
#[template(path = "staff/counter.html")]
pub struct Desk {
    /// Frame; title key `desk-title`.
    pub frame: Frame,
    /// Newest first.
    pub errands: Vec<DeskLine>,
}

/// One errand.
pub struct DeskLine {
    /// Where it is.
    pub path: String,
    /// `CaseKind::word`.
    pub kind: &'static str,
    /// `CaseState::word`.
    pub state: &'static str,
    /// Until when.
    pub until: String,
}

/// One errand: what is to be done next.
#[derive(Template)]
#[template(path = "staff/errand.html")]
pub struct DeskErrand {
    /// Frame; title key `desk-errand-KIND`.
    pub frame: Frame,
    /// Its id.
    pub id: String,
    /// `CaseKind::word`.
    pub kind: &'static str,
    /// `CaseState::word`.
    pub state: &'static str,
    /// Until when.
    pub until: String,
    /// Whether the card's number is to be compared now.
    pub compare: bool,
    /// Whether there is something to sign.
    pub ready: bool,
    /// `Step::word` of the person's registration.
    pub step: Option<&'static str>,
}

/// Requests to suspend. The form posts `hkid` to `/kill-switch`.
#[derive(Template)]
#[template(path = "staff/kill-switch.html")]
pub struct Switch {
    /// Frame; title key `switch-title`.
    pub frame: Frame,
    /// Newest first.
    pub requests: Vec<SwitchLine>,
}

/// One request.
pub struct SwitchLine {
    /// Its id.
    pub id: String,
    /// Whether this officer asked.
    pub own: bool,
    /// Whether the digits were read back.
    pub called_back: bool,
    /// Whether the officer who asked has signed.
    pub signed: bool,
    /// Until when.
    pub until: String,
}

view!(
    LevelPage,
    CodePage,
    TypeCode,
    NoticeAgain,
    ShownPage,
    Waits,
    Lost,
    AccountLost,
    GuardianPage,
    Desk,
    DeskErrand,
    Switch
);

//! Views of kiosks.

use askama::Template;

use super::Frame;
use super::register::Receipt;
use crate::view;

/// The first page: the languages. The forms post `language` and `back` to `/language`.
#[derive(Template)]
#[template(path = "kiosk/start.html")]
pub struct Start {
    /// Frame; title key `kiosk-title`.
    pub frame: Frame,
}

/// What people can do here.
#[derive(Template)]
#[template(path = "kiosk/begin.html")]
pub struct Begin {
    /// Frame; title key `kiosk-begin-title`.
    pub frame: Frame,
}

/// Where a registration stands. The form posts `code` to `/kiosk/status`.
#[derive(Template)]
#[template(path = "kiosk/status.html")]
pub struct Status {
    /// Frame; title key `kiosk-status-title`.
    pub frame: Frame,
    /// `Step::word`, and until when the code is good.
    pub found: Option<(&'static str, String)>,
}

/// A device becomes a kiosk. The forms post to `/kiosk/pair` and `/kiosk/leave`.
#[derive(Template)]
#[template(path = "kiosk/pair.html")]
pub struct Pair {
    /// Frame; title key `kiosk-pair-title`.
    pub frame: Frame,
    /// The code for the officer, and until when.
    pub code: Option<(String, String)>,
    /// Whether the device waits for an officer.
    pub waits: bool,
    /// Whether it may go back to being an ordinary browser.
    pub leave: bool,
}

/// Card and face were accepted: it goes on on the person's phone. The form posts to `/register/phone`.
#[derive(Template)]
#[template(path = "kiosk/phone.html")]
pub struct OnPhone {
    /// Frame; title key `kiosk-phone-title`.
    pub frame: Frame,
    /// The receipt of the pictures, to be printed.
    pub receipt: Option<Receipt>,
}

view!(Start, Begin, Status, Pair, OnPhone);

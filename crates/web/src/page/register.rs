//! Views of registration, in the order of the journey.

use askama::Template;

use super::Frame;
use crate::language::{Language, Say};
use crate::view;

/// The version of the notice; raised with every change of its words in any language.
pub const NOTICE_VERSION: &str = "2026-11-23";

/// The parts of the notice: title under `notice-WORD-title`, text under `notice-WORD`.
pub const NOTICE_PARTS: [&str; 6] = ["what", "pictures", "checked", "kept", "who", "rights"];

/// The notice as shown, one line a title or text: what is hashed and kept with the consent, with `NOTICE_VERSION`.
pub fn notice_text(language: Language) -> String {
    let say = Say::in_language(language);
    let mut lines = vec![NOTICE_VERSION.to_owned(), language.tag().to_owned()];
    for part in NOTICE_PARTS {
        lines.push(say.t(&format!("notice-{part}-title")));
        lines.push(say.t(&format!("notice-{part}")));
    }
    lines.push(say.t("notice-agree"));
    lines.join("\n")
}

/// Notice and consent. The form posts `agree=yes` and `notice` (the version) to `/register`.
#[derive(Template)]
#[template(path = "register/notice.html")]
pub struct Notice {
    /// Frame; title key `notice-title`.
    pub frame: Frame,
    /// `NOTICE_VERSION`.
    pub version: &'static str,
}

impl Notice {
    fn parts(&self) -> [&'static str; 6] {
        NOTICE_PARTS
    }
}

/// Card and face in one document; `capture.js` shows `#card-step` or `#face-step`, changes the address, and keeps the pictures in memory.
/// Answer through `page::with_camera`. The ids are in the template.
#[derive(Template)]
#[template(path = "register/capture.html")]
pub struct Capture {
    /// Frame; title key `card-title`.
    pub frame: Frame,
    /// Whether the face step is asked for by address (`/register/face`); the script falls back to the card when it has no card picture.
    pub face_first: bool,
    /// Largest picture accepted, in bytes.
    pub largest: usize,
}

/// Waiting for the judgement: live by `judging.js` from `/register/progress`, else by the refresh link.
///
/// Events of the stream: `stage` with data `{"stage": WORD}` when a stage begins; `done` with data `{"next": PATH}` at the end.
#[derive(Template)]
#[template(path = "register/judging.html")]
pub struct Judging {
    /// Frame; title key `judging-title`.
    pub frame: Frame,
    /// The stages in order.
    pub stages: Vec<StageLine>,
    /// Seconds left until the worker is stopped.
    pub seconds_left: u64,
}

/// One step of the list.
pub struct StageLine {
    /// `Stage::word`; its name is text key `stage-WORD`.
    pub word: &'static str,
    /// Where it stands.
    pub state: StageState,
}

/// Where a step stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum StageState {
    /// Ticked.
    Done,
    /// Under way.
    Now,
    /// Still to come.
    Waiting,
}

impl StageState {
    /// The word for the page: text key `step-WORD`, class `WORD`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Now => "now",
            Self::Waiting => "waiting",
        }
    }
}

/// The judgement was not "accepted": why, what was destroyed, which ways remain.
#[derive(Template)]
#[template(path = "register/outcome.html")]
pub struct Outcome {
    /// Frame; title key `outcome-retake-title`, `outcome-counter-title` or `outcome-refused-title`.
    pub frame: Frame,
    /// Words of the reasons a person can act on (`Reason::word`); text key `reason-WORD`. Empty when none may be told.
    pub reasons: Vec<&'static str>,
    /// Whether taking the pictures again is allowed.
    pub retake: bool,
    /// How many more tries this registration has.
    pub tries_left: u32,
    /// The deletion receipt.
    pub receipt: Option<Receipt>,
}

/// Make a passkey. The script asks `/register/passkey/options`, then posts the `RegistrationResponseJSON` to `/register/passkey`, which answers `page::next`.
#[derive(Template)]
#[template(path = "register/passkey.html")]
pub struct MakePasskey {
    /// Frame; title key `passkey-title`.
    pub frame: Frame,
    /// What will be kept of the card: name and value of each field, in the visitor's language.
    pub kept: Vec<(String, String)>,
}

/// The recovery codes, shown once. The form posts `saved=yes` to `/register/codes`.
#[derive(Template)]
#[template(path = "register/codes.html")]
pub struct Codes {
    /// Frame; title key `codes-title`.
    pub frame: Frame,
    /// Grouped for reading, as in `ABCD-EFGH-JKLM`.
    pub codes: Vec<String>,
}

/// Ask for the e-mail address. The form posts `email` to `/register/email`.
#[derive(Template)]
#[template(path = "register/email.html")]
pub struct AskEmail {
    /// Frame; title key `email-title`.
    pub frame: Frame,
    /// What was typed before.
    pub email: String,
}

/// Ask for the six digits. The form posts `code` to `/register/email/confirm`; another posts nothing to `/register/email` with `email` to send again.
#[derive(Template)]
#[template(path = "register/confirm.html")]
pub struct ConfirmEmail {
    /// Frame; title key `confirm-title`.
    pub frame: Frame,
    /// Where the code was sent.
    pub email: String,
    /// Whether a development mailbox exists (test realms).
    pub mailbox: bool,
}

/// The end: receipt, what was destroyed and when, how to verify.
#[derive(Template)]
#[template(path = "register/done.html")]
pub struct Done {
    /// Frame; title key `done-title`.
    pub frame: Frame,
    /// The deletion receipt.
    pub receipt: Receipt,
    /// Where to go on when an online service waits; a path of ours.
    pub next: Option<String>,
    /// Name of that service.
    pub service: Option<String>,
}

/// A deletion receipt as people read it.
pub struct Receipt {
    /// The random custody id.
    pub custody: String,
    /// When custody opened, as `page::time::exact` writes it.
    pub opened: String,
    /// When the last picture was destroyed.
    pub destroyed: String,
    /// How many pictures came.
    pub pictures: u32,
    /// How many were destroyed.
    pub destroyed_pictures: u32,
    /// `CloseReason::word`; text key `close-reason-WORD`.
    pub reason: &'static str,
    /// The ledger leaf, when it has one yet.
    pub leaf: Option<u64>,
}

view!(Notice, Capture, Judging, Outcome, MakePasskey, Codes, AskEmail, ConfirmEmail, Done);

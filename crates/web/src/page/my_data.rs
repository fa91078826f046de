//! Views of what is kept about a person: the data page, the notice, services approved, requests for correction, e-mail address.

use askama::Template;

use super::Frame;
use crate::view;

/// Everything kept about the person, in groups.
#[derive(Template)]
#[template(path = "account/data.html")]
pub struct Data {
    /// Frame; title key `data-title`.
    pub frame: Frame,
    /// Whether the card number is shown.
    pub whole: bool,
    /// The same in one picture.
    pub picture: Picture,
    /// The groups, in the order of the page.
    pub groups: Vec<Group>,
    /// Who received what.
    pub received: Vec<Received>,
    /// Pictures that were destroyed, with their receipts.
    pub destroyed: Vec<Destroyed>,
    /// Keys that were destroyed since the account began: whose, when, and the rotation.
    pub keys_gone: Vec<(String, String, String)>,
    /// Requests for correction.
    pub corrections: Vec<Wish>,
}

impl Data {
    /// How long a group stays, in words.
    fn until(&self, group: &Group) -> String {
        self.frame.n1(&format!("until-{}", group.until), "count", group.number)
    }
}

/// The page in figures.
pub struct Picture {
    /// Pictures shown at registration.
    pub pictures: u32,
    /// Pictures destroyed.
    pub destroyed: u32,
    /// Values kept, sealed.
    pub values: usize,
    /// Services that received something.
    pub services: usize,
}

/// Things kept together: for one reason, on one ground, until one moment. Texts: `hold-WORD-title`, `-why`, `-basis`; the moment is
/// `until-UNTIL`.
pub struct Group {
    /// Which.
    pub word: &'static str,
    /// What is kept.
    pub facts: Vec<Fact>,
    /// How long, as a word: class of the bar and key of the text.
    pub until: &'static str,
    /// The number the text of `until` names, where it names one.
    pub number: u64,
    /// Where something about it can be done: path and text.
    pub links: Vec<(String, String)>,
}

/// One fact.
pub struct Fact {
    /// Its name in the visitor's language.
    pub name: String,
    /// Its value; a mask when it is not shown.
    pub value: String,
    /// Whether it is a mask.
    pub masked: bool,
}

/// What a service received.
pub struct Received {
    /// Its name in the visitor's language.
    pub service: String,
    /// Names of the fields.
    pub fields: String,
    /// How often.
    pub times: usize,
    /// First, as `page::time::day` writes it.
    pub first: String,
    /// Last, as `page::time::moment` writes it.
    pub last: String,
}

/// Pictures that were destroyed.
pub struct Destroyed {
    /// The random custody id, as in `/account/receipts/{id}`.
    pub id: String,
    /// When, as `page::time::exact` writes it.
    pub at: String,
    /// How many.
    pub pictures: u32,
    /// `CloseReason::word`; text key `close-reason-WORD`.
    pub reason: &'static str,
    /// Milliseconds from the verdict to their destruction.
    pub after: Option<String>,
}

/// A request for correction, from outside.
pub struct Wish {
    /// Name of the fact.
    pub field: String,
    /// A sentence about where it stands.
    pub standing: String,
}

/// The notice agreed to, word for word.
#[derive(Template)]
#[template(path = "account/notice.html")]
pub struct Notice {
    /// Frame; title key `agreed-title`.
    pub frame: Frame,
    /// The language it was read in, as a tag.
    pub language: String,
    /// Its version.
    pub version: String,
    /// When it was agreed to, as `page::time::day` writes it.
    pub at: String,
    /// Titles and texts.
    pub parts: Vec<(String, String)>,
    /// The sentence that was ticked.
    pub ticked: String,
    /// SHA-256 of the whole, hexadecimal.
    pub digest: String,
}

/// Services approved. Each standing one has a form to `/account/consents/{id}/end`.
#[derive(Template)]
#[template(path = "account/consents.html")]
pub struct Consents {
    /// Frame; title key `consents-title`.
    pub frame: Frame,
    /// Those that stand.
    pub standing: Vec<Consent>,
    /// Those that were taken back.
    pub ended: Vec<Consent>,
}

/// A service that was approved.
pub struct Consent {
    /// Client identifier.
    pub id: String,
    /// Its name in the visitor's language.
    pub service: String,
    /// Its purpose, as declared now; empty when it is not registered any more.
    pub purpose: String,
    /// Names of the fields; empty when only the pseudonym.
    pub fields: String,
    /// The last approval, as `page::time::moment` writes it.
    pub last: String,
    /// How often it was approved.
    pub times: usize,
    /// When it was taken back.
    pub ended: Option<String>,
}

/// Requests for correction: those there are, and a form for another. It posts `field`, `should` and `why` to `/account/corrections`.
#[derive(Template)]
#[template(path = "account/corrections.html")]
pub struct Corrections {
    /// Frame; title key `corrections-title`.
    pub frame: Frame,
    /// Newest first.
    pub requests: Vec<Request>,
    /// Facts a request can be about: word and name.
    pub facts: Vec<(&'static str, String)>,
    /// What was chosen or typed before.
    pub typed: Typed,
}

/// What was typed into the form of a request.
#[derive(Clone, Default)]
pub struct Typed {
    /// Word of the fact.
    pub field: String,
    /// What it should be.
    pub should: String,
    /// What shows it.
    pub why: String,
}

/// One request for correction.
pub struct Request {
    /// Its id, as in `/account/corrections/{id}/withdraw`.
    pub id: String,
    /// Name of the fact.
    pub field: String,
    /// What it should be.
    pub should: String,
    /// What shows it.
    pub why: String,
    /// Word of the state, for its class.
    pub state: &'static str,
    /// A sentence about where it stands.
    pub standing: String,
    /// When it came.
    pub received: String,
    /// Whether the forty days are over without a decision.
    pub late: bool,
    /// Whether it can be taken back.
    pub open: bool,
}

/// Another e-mail address: asks for it, behind a step-up. The form posts `email` to `/account/email`.
#[derive(Template)]
#[template(path = "account/email.html")]
pub struct AskEmail {
    /// Frame; title key `contact-title`.
    pub frame: Frame,
    /// The address on record.
    pub current: Option<String>,
    /// What was typed before.
    pub typed: String,
}

/// Another e-mail address: asks for the digits. The form posts `code` to `/account/email/confirm`.
#[derive(Template)]
#[template(path = "account/email-confirm.html")]
pub struct ConfirmEmail {
    /// Frame; title key `contact-confirm-title`.
    pub frame: Frame,
    /// Where the code was sent.
    pub email: String,
    /// The address on record until then.
    pub current: Option<String>,
    /// Whether a development mailbox exists (test realms).
    pub mailbox: bool,
}

view!(Data, Notice, Consents, Corrections, AskEmail, ConfirmEmail);

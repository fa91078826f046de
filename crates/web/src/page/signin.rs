//! Views of signing in.

use askama::Template;

use super::Frame;
use crate::view;

/// Sign in with a passkey. The script asks `/signin/options`, then posts the `AuthenticationResponseJSON` to `/signin`, which answers `page::next`.
#[derive(Template)]
#[template(path = "signin.html")]
pub struct SignIn {
    /// Frame; title key `signin-title`.
    pub frame: Frame,
    /// The online service that waits for the sign-in, by its name in the visitor's language.
    pub service: Option<String>,
    /// Where somebody without an account goes: registration, which leads back to a waiting service.
    pub register: String,
    /// Where to go afterwards: a path of ours, checked by `page::own_path`. Sent to `/signin` as query `?next=`.
    pub next: String,
}

/// The development mailbox of a test realm.
#[derive(Template)]
#[template(path = "mailbox.html")]
pub struct Mailbox {
    /// Frame; title key `mailbox-title`.
    pub frame: Frame,
    /// Newest first.
    pub letters: Vec<Letter>,
}

/// One message that would have been sent by e-mail.
pub struct Letter {
    /// To whom.
    pub to: String,
    /// Subject line.
    pub subject: String,
    /// Text; line breaks are kept.
    pub text: String,
    /// When, as `page::time::moment` writes it.
    pub at: String,
}

view!(SignIn, Mailbox);

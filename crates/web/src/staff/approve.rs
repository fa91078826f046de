//! The page on which an officer approves something: the text exactly as it is signed, and one button.

use serde::{Deserialize, Serialize};

use crate::page;
use crate::page::staff::Approve;
use crate::{Answer, Visit};

/// Where the key's question comes from, where its answer goes, and what both get along.
pub struct Where {
    /// Key of the page's title.
    pub title: &'static str,
    /// Path of the question.
    pub options: String,
    /// Path for the answer; carries everything that is not in the answer.
    pub result: String,
    /// A hidden field `wanted` for the question.
    pub wanted: String,
    /// Path to go back to.
    pub back: String,
}

/// What a question answers: the options of WebAuthn with the text beside them, which a page may compare with what it shows.
#[derive(Deserialize, Serialize)]
pub struct Wanted {
    /// What a form was filled in with, as the form's own route reads it.
    #[serde(default)]
    pub wanted: String,
}

/// Shows the text.
///
/// # Errors
/// As [`page::show`].
pub fn show(visit: &Visit, text: &str, to: Where) -> Answer {
    let lines = text.lines().skip(1).map(|line| line.split_once(": ").unwrap_or((line, "")));
    let lines = lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    page::show(&Approve {
        frame: visit.frame(to.title),
        lines,
        text: text.to_owned(),
        options: to.options,
        result: to.result,
        wanted: to.wanted,
        back: to.back,
    })
}

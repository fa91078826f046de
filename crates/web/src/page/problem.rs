//! The page that says no, and the first page of all.

use askama::Template;

use super::Frame;
use crate::view;

/// An error page: what happened, what was not lost, what to do.
#[derive(Template)]
#[template(path = "problem.html")]
pub struct Problem {
    /// Frame.
    pub frame: Frame,
    /// What happened and what to do next, in whole sentences.
    pub text: String,
    /// Whether the fault is ours.
    pub ours: bool,
    /// The stable code.
    pub code: String,
    /// The trace id, to quote to the help desk.
    pub trace: String,
}

/// The start page: what you need, how long it takes.
#[derive(Template)]
#[template(path = "start.html")]
pub struct Start {
    /// Frame.
    pub frame: Frame,
}

view!(Problem, Start);

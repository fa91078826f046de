//! Views of tickets, of the board and of broken glass.

use askama::Template;

use super::Frame;
use crate::view;

/// The tickets of an officer, and those that wait for a second one.
#[derive(Template)]
#[template(path = "staff/tickets.html")]
pub struct Tickets {
    /// Frame.
    pub frame: Frame,
    /// Their own, newest first.
    pub own: Vec<Line>,
    /// Waiting for a second officer.
    pub waiting: Vec<Line>,
    /// Whether monitoring knows them; without it they ask for nothing.
    pub known: bool,
}

/// A line of a list.
pub struct Line {
    /// Where it is.
    pub path: String,
    /// The case.
    pub case: String,
    /// Purpose, or job, in words.
    pub what: String,
    /// Word of the state.
    pub state: &'static str,
    /// When it was asked for.
    pub asked: String,
    /// Minutes left, when it opens now.
    pub left: Option<i64>,
    /// Whether only its note is missing.
    pub unclosed: bool,
}

/// The form of a new ticket.
#[derive(Template)]
#[template(path = "staff/ticket-new.html")]
pub struct New {
    /// Frame.
    pub frame: Frame,
    /// Purposes: word, name, chosen.
    pub purposes: Vec<(String, String, bool)>,
    /// Fields: word, name, ticked.
    pub fields: Vec<(String, String, bool)>,
    /// Jobs: word, name, chosen.
    pub jobs: Vec<(String, String, bool)>,
    /// As typed.
    pub case: String,
    /// As typed.
    pub person: String,
    /// As typed.
    pub minutes: String,
}

/// One ticket.
#[derive(Template)]
#[template(path = "staff/ticket.html")]
pub struct One {
    /// Frame.
    pub frame: Frame,
    /// Its path.
    pub path: String,
    /// The text that both officers sign.
    pub text: String,
    /// Word of the state.
    pub state: &'static str,
    /// Purpose, or job, in words.
    pub what: String,
    /// The case.
    pub case: String,
    /// Whether the visitor asked for it.
    pub own: bool,
    /// Whether it opens now.
    pub opens: bool,
    /// Whether it waits for its note.
    pub to_close: bool,
    /// Minutes left, and the end.
    pub left: i64,
    /// When it ends, as people write it.
    pub until: String,
    /// Seconds left, for the script that blanks the page.
    pub seconds: i64,
    /// Officer, unit and ticket, across everything that is shown.
    pub watermark: String,
    /// Fields: word, name, value when it was just opened.
    pub fields: Vec<(String, String, Option<String>)>,
    /// Whether it is a job.
    pub job: bool,
    /// Whether it is for deciding corrections.
    pub correction: bool,
    /// What a job gave: name and count.
    pub counts: Vec<(String, String)>,
    /// The signed statement of it.
    pub statement: String,
    /// Requests for correction, when they were just opened.
    pub requests: Vec<Request>,
    /// Whether there was something to open and there is nothing.
    pub no_requests: bool,
}

/// A request for correction as its officer reads it.
pub struct Request {
    /// Its id.
    pub id: String,
    /// The fact, in words.
    pub field: String,
    /// What it should be.
    pub should: String,
    /// What shows it.
    pub why: String,
    /// Whether it can be set right here.
    pub settable: bool,
}

/// The board.
#[derive(Template)]
#[template(path = "staff/board.html")]
pub struct Board {
    /// Frame.
    pub frame: Frame,
    /// When it was read.
    pub at: String,
    /// Whether it stands still.
    pub still: bool,
    /// Bars of 24 hours.
    pub bars: Vec<Bar>,
    /// The same in words.
    pub summary: String,
    /// Counts of the day.
    pub tally: Vec<(String, String, u32)>,
    /// The newest acts.
    pub acts: Vec<Act>,
    /// Open findings.
    pub findings: Vec<Finding>,
    /// Locked budgets.
    pub locked: Vec<(String, i64)>,
    /// Openings of this minute.
    pub minute: Vec<(String, u32)>,
    /// Broken glass.
    pub glass: Vec<GlassLine>,
    /// Entries published.
    pub published: u64,
    /// Whether the log is current.
    pub current: bool,
}

/// One hour of the picture.
pub struct Bar {
    /// Left edge.
    pub x: usize,
    /// Top of the given ones.
    pub given_y: u32,
    /// Height of the given ones.
    pub given: u32,
    /// Top of the refused ones.
    pub refused_y: u32,
    /// Height of the refused ones.
    pub refused: u32,
    /// The hour in words.
    pub hour: String,
    /// Counts.
    pub counts: (u32, u32),
}

/// A line of the board.
pub struct Act {
    /// When.
    pub at: String,
    /// Who: short id and unit.
    pub who: String,
    /// Word of what.
    pub what: String,
    /// Word of the outcome.
    pub outcome: String,
    /// The rule in words.
    pub rule: Option<String>,
}

/// A finding.
pub struct Finding {
    /// Its id.
    pub id: String,
    /// The rule in words.
    pub rule: String,
    /// Whom it is about.
    pub who: String,
    /// Who looks into it.
    pub owner: Option<String>,
    /// How often.
    pub times: i64,
    /// Until when.
    pub due: String,
    /// Whether that is over.
    pub late: bool,
}

/// Broken glass, in a list.
pub struct GlassLine {
    /// Where it is.
    pub path: String,
    /// The incident.
    pub incident: String,
    /// Word of the reason.
    pub reason: &'static str,
    /// Word of the state.
    pub state: &'static str,
    /// Until when it is reviewed.
    pub due: Option<String>,
}

/// All broken glass, and the form.
#[derive(Template)]
#[template(path = "staff/glass.html")]
pub struct Glass {
    /// Frame.
    pub frame: Frame,
    /// Newest first.
    pub lines: Vec<GlassLine>,
    /// Words of the reasons.
    pub reasons: Vec<&'static str>,
    /// As typed.
    pub incident: String,
}

/// One of them.
#[derive(Template)]
#[template(path = "staff/glass-one.html")]
pub struct GlassOne {
    /// Frame.
    pub frame: Frame,
    /// Its path.
    pub path: String,
    /// What both sign.
    pub text: String,
    /// Word of the state.
    pub state: &'static str,
    /// Whether the visitor can sign now.
    pub signs: bool,
    /// Whether it can be reviewed.
    pub reviews: bool,
    /// Until when it is reviewed.
    pub due: Option<String>,
}

/// What monitoring should know of an officer.
#[derive(Template)]
#[template(path = "staff/mark.html")]
pub struct Mark {
    /// Frame.
    pub frame: Frame,
    /// Whether it knows already.
    pub known: bool,
}

view!(Tickets, New, One, Board, Glass, GlassOne, Mark);

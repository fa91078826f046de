//! The page of who read a person's data: a picture, and a list by days that says the same.

use askama::Template;

use super::Frame;
use crate::view;

/// The page.
#[derive(Template)]
#[template(path = "account/access.html")]
pub struct Access {
    /// Frame; title key `access-title`.
    pub frame: Frame,
    /// Newest first.
    pub days: Vec<Day>,
    /// How many there are altogether.
    pub total: u64,
    /// How many are withheld for now.
    pub withheld: u64,
    /// Names of the picture's four lines.
    pub lanes: Vec<Lane>,
    /// One a entry.
    pub dots: Vec<Dot>,
    /// The picture in words.
    pub picture_label: String,
    /// Day of the oldest entry on the page.
    pub first_day: String,
    /// Day of the newest.
    pub last_day: String,
    /// Where the next page is, when there is one.
    pub older: Option<String>,
    /// Address of the published log.
    pub log: String,
    /// The mark of the history.
    pub mark: String,
    /// A sentence about the checkpoint and its witnesses.
    pub proved: String,
}

/// A line of the picture.
pub struct Lane {
    /// Who.
    pub name: String,
    /// Baseline of the name.
    pub y: u32,
    /// Height of the line.
    pub line: u32,
}

/// A dot of the picture.
pub struct Dot {
    /// Centre.
    pub x: u32,
    /// Centre.
    pub y: u32,
    /// Left edge of a square.
    pub left: u32,
    /// Upper edge of a square.
    pub top: u32,
    /// Drawn as a square, so that colour is not all that tells.
    pub staff: bool,
    /// Drawn as a ring.
    pub withheld: bool,
}

/// A day of the list.
pub struct Day {
    /// The day.
    pub name: String,
    /// Newest first.
    pub entries: Vec<Entry>,
}

/// A line of the list.
pub struct Entry {
    /// Its number.
    pub number: i64,
    /// When, within its day.
    pub at: String,
    /// The same for programs.
    pub machine: String,
    /// Its type in the log.
    pub kind: String,
    /// Who, in words.
    pub who: String,
    /// `oneself`, `platform`, `service`, `staff` or `unknown`.
    pub kind_of_who: &'static str,
    /// What, in words.
    pub what: String,
    /// What for, in words.
    pub purpose: Option<String>,
    /// Its place in the log.
    pub place: Option<u64>,
    /// Whether it is withheld.
    pub withheld: bool,
}

view!(Access);

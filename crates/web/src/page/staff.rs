//! Views of the staff house.

use askama::Template;

use super::Frame;
use crate::view;

macro_rules! views {
    ($($(#[$meta:meta])* $name:ident = $path:literal { $($(#[$fmeta:meta])* $field:ident: $kind:ty,)* })+) => {$(
        $(#[$meta])*
        #[derive(Template)]
        #[template(path = $path)]
        pub struct $name {
            /// Frame.
            pub frame: Frame,
            $($(#[$fmeta])* pub $field: $kind,)*
        }
        view!($name);
    )+};
}

views! {
    /// Signing in.
    SignIn = "staff/signin.html" {
        /// Where to go afterwards.
        next: String,
    }
    /// "My work".
    Home = "staff/home.html" {
        /// The officer's name.
        name: String,
        /// Word of the role.
        role: &'static str,
        /// The unit.
        unit: String,
        /// Word of the place they sit at.
        place: &'static str,
        /// Until when their rights last.
        rights_until: String,
        /// When the session began.
        since: String,
        /// What they can do.
        errands: Vec<Errand>,
    }
    /// Their keys.
    Keys = "staff/keys.html" {
        /// Oldest first.
        keys: Vec<Key>,
    }
    /// Their sessions.
    Sessions = "staff/sessions.html" {
        /// Last used first.
        sessions: Vec<Session>,
    }
    /// Both halves of a code.
    Enrol = "staff/enrol.html" {}
    /// A text to be approved.
    Approve = "staff/approve.html" {
        /// The text, line by line: what and value.
        lines: Vec<(String, String)>,
        /// The text as signed.
        text: String,
        /// Where the question comes from.
        options: String,
        /// Where the answer goes.
        result: String,
        /// What the question needs along.
        wanted: String,
        /// Where to go back to.
        back: String,
    }
    /// Who works here.
    Officers = "staff/officers.html" {
        /// Everybody who has not ended.
        lines: Vec<Line>,
        /// What waits for a second person.
        waiting: Vec<Waiting>,
    }
    /// One officer.
    One = "staff/officer.html" {
        /// Their id.
        id: String,
        /// Name.
        name: String,
        /// Staff number.
        number: String,
        /// Word of the role.
        role: &'static str,
        /// Unit.
        unit: String,
        /// Word of the state.
        state: &'static str,
        /// Until when rights last.
        rights_until: String,
        /// Last use.
        used: Option<String>,
        /// Whether it is the one who looks.
        own: bool,
    }
    /// The form for somebody new, or other rights.
    Propose = "staff/propose.html" {
        /// Whose rights; empty for somebody new.
        officer: String,
        /// Role chosen before.
        role: String,
        /// Unit chosen before.
        unit: String,
        /// Roles that may be proposed.
        roles: Vec<&'static str>,
        /// Units of the house.
        units: Vec<String>,
        /// Suggested last day.
        until: String,
    }
    /// Half of a code, which the page's script takes out of the address: it is shown once and sent to nobody.
    Half = "staff/half.html" {}
    /// The report of privileges.
    Report = "staff/report.html" {
        /// First day.
        from: String,
        /// Last day.
        until: String,
        /// Digest of the policy.
        policy: String,
        /// By officer.
        used: Vec<Used>,
        /// Newest first.
        changes: Vec<Change>,
    }
}

/// Something an officer can do.
pub struct Errand {
    /// Path of its page.
    pub path: String,
    /// Word of its texts: `staff-errand-WORD`.
    pub word: String,
}

/// A key.
pub struct Key {
    /// Model of authenticator, hexadecimal.
    pub model: String,
    /// Made.
    pub made: String,
    /// Last used.
    pub used: Option<String>,
    /// Removed.
    pub removed: Option<String>,
    /// Whether this session was opened with it.
    pub current: bool,
}

/// A session.
pub struct Session {
    /// Its id.
    pub id: String,
    /// Browser and system.
    pub device: String,
    /// Began.
    pub began: String,
    /// Last used.
    pub used: String,
    /// Whether it is this one.
    pub current: bool,
}

/// A line of the list of officers.
pub struct Line {
    /// Their id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Staff number.
    pub number: String,
    /// Word of the role.
    pub role: &'static str,
    /// Unit.
    pub unit: String,
    /// Word of the state.
    pub state: &'static str,
    /// Until when rights last.
    pub rights_until: String,
    /// Whether they are over.
    pub over: bool,
    /// Last use.
    pub used: Option<String>,
    /// Whether it is the one who looks.
    pub own: bool,
}

/// Something that waits for a second person.
pub struct Waiting {
    /// Reference of the proposal.
    pub reference: String,
    /// `new`, `rights` or `review`.
    pub kind: String,
    /// About whom.
    pub name: String,
    /// Word of the role.
    pub role: &'static str,
    /// Unit.
    pub unit: String,
    /// Until when it waits.
    pub until: String,
    /// Whether the one who looks may decide.
    pub may_decide: bool,
}

/// How one officer used what they may.
pub struct Used {
    /// Id.
    pub id: String,
    /// Word of the role.
    pub role: String,
    /// Unit.
    pub unit: String,
    /// Word of the state.
    pub state: String,
    /// Sign-ins.
    pub sign_ins: u64,
    /// Signed acts.
    pub acts: u64,
    /// Readings of personal data.
    pub openings: u64,
    /// Refusals.
    pub refused: u64,
    /// Last day of use.
    pub last: Option<String>,
}

/// A change of who works here.
pub struct Change {
    /// When.
    pub at: String,
    /// Kind of entry.
    pub kind: String,
    /// About whom.
    pub officer: String,
    /// By whom.
    pub by: String,
}

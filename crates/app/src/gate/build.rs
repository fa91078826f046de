//! What this program was built as.

use super::{Check, Setting};

/// What this program was built as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Build {
    /// With debug assertions.
    pub debug: bool,
    /// With the rehearsal: synthetic people, software authenticators, stand-ins.
    pub rehearsal: bool,
}

impl Build {
    /// This program.
    #[must_use]
    pub const fn this() -> Self {
        Self { debug: cfg!(debug_assertions), rehearsal: cfg!(feature = "rehearsal") }
    }
}

pub(super) fn checks(at: &Setting<'_>) -> [Check; 2] {
    let Build { debug, rehearsal } = at.around.build;
    [
        at.production("release-build", debug, "this is a debug build; production runs a release build"),
        at.production(
            "no-rehearsal",
            rehearsal,
            "this build carries synthetic people and software authenticators; build with --no-default-features",
        ),
    ]
}

//! What can go wrong in the store, the same on both engines.

/// A failure of the store. No variant carries a value of a row or a parameter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A unique rule was broken. `constraint` is `table.column`, or `table.column,table.column` for several columns
    /// in the order of the rule, on both engines.
    #[error("another row already has this {constraint}")]
    Conflict {
        /// The columns of the rule.
        constraint: String,
    },
    /// A row refers to one that does not exist, or one that is still referred to was deleted.
    #[error("a row refers to another that does not exist")]
    Reference,
    /// A NOT NULL rule (`table.column`) or a CHECK rule (its name) was broken.
    #[error("the rule {constraint} was broken")]
    Rule {
        /// The column or the name of the rule.
        constraint: String,
    },
    /// The engine cannot be reached, or did not answer in time. After a write the outcome is unknown if the
    /// connection was lost during COMMIT: callers must be able to ask again.
    #[error("the store cannot be used now: {what}. It is tried again by itself; look at the database server or disk")]
    Unavailable {
        /// What was tried.
        what: String,
    },
    /// Too many writers wanted the same rows, or the queue is full; every retry was used up and nothing was written.
    #[error("the store is too busy; try again")]
    Busy,
    /// No space is left. Nothing was written.
    #[error("the disk of the store is full: free some space; nothing was written")]
    Full,
    /// What was read cannot be what was written.
    #[error("the store holds damaged data: {what}. Restore a backup; do not go on writing")]
    Corrupt {
        /// Where: table file, column position, expected kind. Never a value.
        what: String,
    },
    /// The database was migrated by a newer program.
    #[error(
        "the database has schema version {found}, but this program knows only up to {known}: \
         start the newer program again, or restore the backup taken before the upgrade"
    )]
    Schema {
        /// Version in the database.
        found: u32,
        /// Newest version this program knows.
        known: u32,
    },
    /// A migration that was already applied reads differently in this program.
    #[error(
        "schema version {version} ({name}) was applied with another text than this program has: \
         this database was made by a different build; start that build, or begin with an empty database"
    )]
    SchemaEdited {
        /// Version that differs.
        version: u32,
        /// Its name.
        name: String,
    },
    /// The address of the store cannot be understood.
    #[error("the store address is wrong: {what}")]
    Address {
        /// What to mend.
        what: String,
    },
    /// Another server holds this SQLite file.
    #[error("{path} is in use by another Lionrock server: stop that one, or give this one another data folder")]
    InUse {
        /// The lock file.
        path: String,
    },
    /// The file or database belongs to another program.
    #[error("{what} is not a Lionrock store: it was left untouched; give another path, or move it away")]
    Foreign {
        /// The file or database.
        what: String,
    },
    /// The engine refused a statement: a fault of this program.
    #[error("the engine refused a statement ({code}): {sql}")]
    Statement {
        /// SQLSTATE of PostgreSQL, or extended code of SQLite.
        code: String,
        /// The text of the program, without values.
        sql: String,
    },
    /// A closure panicked; what it wrote was rolled back.
    #[error("the work on the store ended in a panic and was rolled back")]
    Panicked,
    /// A parameter that one of the engines cannot hold: text with a zero character.
    #[error("a text parameter holds a zero character")]
    ZeroCharacter,
}

impl Error {
    /// Is this the unique rule on exactly these columns (`table.column[,table.column]`)?
    #[must_use]
    pub fn conflicts_on(&self, columns: &str) -> bool {
        matches!(self, Self::Conflict { constraint } if constraint == columns)
    }

    /// May the same work succeed later without anybody changing it?
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Busy | Self::Full)
    }

    pub(crate) fn unavailable(what: impl Into<String>) -> Self {
        Self::Unavailable { what: what.into() }
    }

    pub(crate) fn corrupt(what: impl Into<String>) -> Self {
        Self::Corrupt { what: what.into() }
    }
}

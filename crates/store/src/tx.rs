//! A transaction as table files and use cases see it.

use crate::{Error, Row, Value, postgres, sqlite};

/// One transaction on one engine. Statements are texts of the program with `$1, $2 …` for values.
///
/// After a statement failed the transaction is dead on both engines: every further statement gives the same error, and
/// if the closure returns `Ok` all the same, the caller of `write` gets that error. Use `ON CONFLICT` for expected clashes
/// that must not end the work.
pub struct Tx<'a> {
    link: Link<'a>,
    spoiled: Option<Error>,
}

pub(crate) enum Link<'a> {
    Sqlite(&'a sqlite::Link),
    Postgres(&'a postgres::Link),
}

impl<'a> Tx<'a> {
    pub(crate) fn new(link: Link<'a>) -> Self {
        Self { link, spoiled: None }
    }

    /// All rows that a SELECT, or a statement with RETURNING, gives.
    ///
    /// # Errors
    /// Any [`Error`]; [`Error::Conflict`] for a broken unique rule.
    pub fn query(&mut self, sql: &'static str, values: &[Value]) -> Result<Vec<Row>, Error> {
        self.guarded(values, |link| match link {
            Link::Sqlite(link) => link.query(sql, values),
            Link::Postgres(link) => link.query(sql, values),
        })
    }

    /// The first row, if there is any.
    ///
    /// # Errors
    /// As [`Tx::query`].
    pub fn first(&mut self, sql: &'static str, values: &[Value]) -> Result<Option<Row>, Error> {
        Ok(self.query(sql, values)?.into_iter().next())
    }

    /// Runs a statement and says how many rows it changed: 0 means that a compare-and-set lost.
    ///
    /// # Errors
    /// As [`Tx::query`].
    pub fn execute(&mut self, sql: &'static str, values: &[Value]) -> Result<u64, Error> {
        self.guarded(values, |link| match link {
            Link::Sqlite(link) => link.execute(sql, values),
            Link::Postgres(link) => link.execute(sql, values),
        })
    }

    /// The error that killed this transaction, if one did.
    pub(crate) fn spoiled(&self) -> Option<&Error> {
        self.spoiled.as_ref()
    }

    fn guarded<T>(&mut self, values: &[Value], run: impl FnOnce(&Link<'a>) -> Result<T, Error>) -> Result<T, Error> {
        if let Some(error) = &self.spoiled {
            return Err(error.clone());
        }
        let zero = values.iter().any(|value| matches!(value, Value::Text(text) if text.contains('\0')));
        let answer = if zero { Err(Error::ZeroCharacter) } else { run(&self.link) };
        if let Err(error) = &answer {
            self.spoiled = Some(error.clone());
        }
        answer
    }
}

//! Bringing a database to the schema of this program: numbered files, applied once, in order, recorded word for word.
//!
//! The three type words INTEGER, TEXT and BYTES become each engine's own; that is the whole dialect. The text of every
//! applied migration is kept in the database, so an edited one is found without any digest.

use crate::{Error, postgres, sqlite};
use deadpool_postgres::Object;
use rusqlite::Connection;
use std::collections::BTreeMap;

/// One numbered step of the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migration {
    /// 1, 2, 3 …
    pub version: u32,
    /// What it brings.
    pub name: &'static str,
    /// Statements, each ended by `;`.
    pub sql: &'static str,
}

/// Every step this program knows, in order. Steps of a release are never edited, only added to.
pub const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "core", sql: include_str!("../migrations/0001_core.sql") },
    Migration { version: 2, name: "registration", sql: include_str!("../migrations/0002_registration.sql") },
    Migration { version: 3, name: "account", sql: include_str!("../migrations/0003_account.sql") },
    Migration { version: 4, name: "oidc", sql: include_str!("../migrations/0004_oidc.sql") },
    Migration { version: 5, name: "rotation", sql: include_str!("../migrations/0005_rotation.sql") },
    Migration { version: 6, name: "vault", sql: include_str!("../migrations/0006_vault.sql") },
    Migration { version: 7, name: "backup", sql: include_str!("../migrations/0007_backup.sql") },
    Migration { version: 8, name: "my data", sql: include_str!("../migrations/0008_my_data.sql") },
    Migration { version: 9, name: "recovery", sql: include_str!("../migrations/0009_recovery.sql") },
    Migration { version: 10, name: "staff", sql: include_str!("../migrations/0010_staff.sql") },
    Migration { version: 11, name: "tickets", sql: include_str!("../migrations/0011_tickets.sql") },
    Migration { version: 12, name: "access", sql: include_str!("../migrations/0012_access.sql") },
    Migration { version: 13, name: "counter", sql: include_str!("../migrations/0013_counter.sql") },
    Migration { version: 14, name: "authority", sql: include_str!("../migrations/0014_authority.sql") },
    Migration { version: 15, name: "signing", sql: include_str!("../migrations/0015_signing.sql") },
    Migration { version: 16, name: "imprints", sql: include_str!("../migrations/0016_imprints.sql") },
    Migration { version: 17, name: "bound names", sql: include_str!("../migrations/0017_bound_names.sql") },
    Migration { version: 18, name: "csc", sql: include_str!("../migrations/0018_csc.sql") },
];

/// How a database compares with this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Newest version applied; 0 for an empty database.
    pub found: u32,
    /// Newest version this program knows.
    pub known: u32,
}

const BOOKS: &str = "CREATE TABLE IF NOT EXISTS schema_version (
    version INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    statements TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS schema_lock (
    id INTEGER PRIMARY KEY,
    turns INTEGER NOT NULL
);";
const APPLIED: &str = "SELECT version, name, statements FROM schema_version ORDER BY version";
const RECORD: &str = "INSERT INTO schema_version (version, name, statements) VALUES ($1, $2, $3)";
const SEAT: &str = "INSERT INTO schema_lock (id, turns) VALUES (1, 0) ON CONFLICT DO NOTHING";
/// Takes the one row: whoever starts at the same time waits here until the first has committed.
const TURN: &str = "UPDATE schema_lock SET turns = turns + 1 WHERE id = 1";

/// A step as the database remembers it.
struct Applied {
    version: u32,
    name: String,
    sql: String,
}

/// The steps still to take.
fn missing<'a>(applied: &[Applied], known: &'a [Migration]) -> Result<&'a [Migration], Error> {
    let newest = known.last().map_or(0, |step| step.version);
    if let Some(found) = applied.last().map(|step| step.version).filter(|found| *found > newest) {
        return Err(Error::Schema { found, known: newest });
    }
    for (index, old) in applied.iter().enumerate() {
        let same = known.get(index).is_some_and(|step| step.version == old.version && step.sql == old.sql);
        if !same {
            return Err(Error::SchemaEdited { version: old.version, name: old.name.clone() });
        }
    }
    Ok(known.get(applied.len()..).unwrap_or_default())
}

fn standing(applied: &[Applied]) -> Result<Standing, Error> {
    missing(applied, MIGRATIONS)?;
    let known = MIGRATIONS.last().map_or(0, |step| step.version);
    Ok(Standing { found: applied.last().map_or(0, |step| step.version), known })
}

pub(crate) fn on_sqlite(connection: &Connection, known: &[Migration]) -> Result<(), Error> {
    let run = |sql: &str| connection.execute_batch(sql).map_err(|error| sqlite::translate(&error, sql));
    run("BEGIN IMMEDIATE")?;
    let all = || {
        for statement in statements(BOOKS, Dialect::Sqlite) {
            run(&statement)?;
        }
        for step in missing(&applied_on_sqlite(connection)?, known)? {
            for statement in statements(step.sql, Dialect::Sqlite) {
                run(&statement)?;
            }
            let values = rusqlite::params![step.version, step.name, step.sql];
            let record = RECORD.replace('$', "?");
            connection.execute(&record, values).map_err(|error| sqlite::translate(&error, RECORD))?;
        }
        run("COMMIT")
    };
    all().inspect_err(|_| {
        // The first failure is the one worth telling.
        drop(run("ROLLBACK"));
    })
}

pub(crate) fn standing_on_sqlite(connection: &Connection) -> Result<Standing, Error> {
    let ask = "SELECT count(*) FROM sqlite_schema WHERE name = 'schema_version'";
    let tables: i64 =
        connection.query_row(ask, [], |row| row.get(0)).map_err(|error| sqlite::translate(&error, ask))?;
    standing(&if tables == 0 { Vec::new() } else { applied_on_sqlite(connection)? })
}

fn applied_on_sqlite(connection: &Connection) -> Result<Vec<Applied>, Error> {
    let ask = || {
        let mut statement = connection.prepare(APPLIED)?;
        let rows =
            statement.query_map([], |row| Ok(Applied { version: row.get(0)?, name: row.get(1)?, sql: row.get(2)? }))?;
        rows.collect::<Result<Vec<_>, _>>()
    };
    ask().map_err(|error| sqlite::translate(&error, APPLIED))
}

/// A column of the schema, and its place in the table's key.
pub(crate) struct Column {
    pub(crate) name: String,
    /// From 1; none outside the key.
    pub(crate) key: Option<u32>,
}

/// The tables that these steps make, asked of SQLite itself over an empty database in memory.
pub(crate) fn tables(known: &[Migration]) -> Result<BTreeMap<String, Vec<Column>>, Error> {
    let ask = "SELECT t.name, c.name, c.pk FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table' \
               AND t.name NOT LIKE 'sqlite%' ORDER BY t.name, c.cid";
    let translate = |error: rusqlite::Error| sqlite::translate(&error, ask);
    let connection = Connection::open_in_memory().map_err(translate)?;
    on_sqlite(&connection, known)?;
    let mut statement = connection.prepare(ask).map_err(translate)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, u32>(2)?)));
    let mut tables: BTreeMap<String, Vec<Column>> = BTreeMap::new();
    for row in rows.map_err(translate)? {
        let (table, name, key): (String, String, u32) = row.map_err(translate)?;
        tables.entry(table).or_default().push(Column { name, key: (key > 0).then_some(key) });
    }
    Ok(tables)
}

pub(crate) async fn on_postgres(client: &Object, known: &[Migration]) -> Result<(), Error> {
    let run = async |sql: &str| client.batch_execute(sql).await.map_err(|error| postgres::translate(&error, sql));
    let words = client.query_one("SELECT current_setting('server_encoding')", &[]).await;
    let encoding: String =
        words.and_then(|row| row.try_get(0)).map_err(|error| postgres::translate(&error, "encoding"))?;
    if encoding != "UTF8" {
        return Err(Error::Address { what: format!("the database must be made with encoding UTF8, not {encoding}") });
    }
    // Two servers that make the same tables at the same moment: one of them loses, and finds them made.
    let mut made = books(client).await;
    for _ in 0..20 {
        if !matches!(made, Err(Error::Conflict { .. } | Error::Busy | Error::Statement { .. })) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        made = books(client).await;
    }
    made?;
    run("BEGIN ISOLATION LEVEL READ COMMITTED").await?;
    let all = async {
        // Long schema changes are no fault.
        run("SET LOCAL statement_timeout = 0").await?;
        run("SET LOCAL lock_timeout = '120s'").await?;
        run(TURN).await?;
        for step in missing(&applied_on_postgres(client).await?, known)? {
            for statement in statements(step.sql, Dialect::Postgres) {
                run(&statement).await?;
            }
            client
                .execute(RECORD, &[&i64::from(step.version), &step.name, &step.sql])
                .await
                .map_err(|error| postgres::translate(&error, RECORD))?;
        }
        run("COMMIT").await
    };
    let outcome = all.await;
    if outcome.is_err() {
        // The first failure is the one worth telling.
        drop(run("ROLLBACK").await);
    }
    outcome
}

async fn books(client: &Object) -> Result<(), Error> {
    for statement in statements(BOOKS, Dialect::Postgres).iter().map(String::as_str).chain([SEAT]) {
        client.batch_execute(statement).await.map_err(|error| postgres::translate(&error, statement))?;
    }
    Ok(())
}

pub(crate) async fn standing_on_postgres(client: &Object) -> Result<Standing, Error> {
    match applied_on_postgres(client).await {
        Ok(applied) => standing(&applied),
        // 42P01: no such table.
        Err(Error::Statement { code, .. }) if code == "42P01" => standing(&[]),
        Err(error) => Err(error),
    }
}

async fn applied_on_postgres(client: &Object) -> Result<Vec<Applied>, Error> {
    let rows = client.query(APPLIED, &[]).await.map_err(|error| postgres::translate(&error, APPLIED))?;
    let damaged = |_| Error::corrupt("the table schema_version");
    rows.iter()
        .map(|row| {
            let version: i64 = row.try_get(0).map_err(damaged)?;
            let version = u32::try_from(version).map_err(|_| Error::corrupt("the table schema_version"))?;
            Ok(Applied { version, name: row.try_get(1).map_err(damaged)?, sql: row.try_get(2).map_err(damaged)? })
        })
        .collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Sqlite,
    Postgres,
}

/// Splits at `;` outside quotes, drops `--` comments and puts the engine's type words in.
fn statements(sql: &str, dialect: Dialect) -> Vec<String> {
    let mut found = Vec::new();
    let mut statement = String::new();
    let mut word = String::new();
    let mut quote = None;
    let mut letters = sql.chars().peekable();
    while let Some(letter) = letters.next() {
        if quote.is_none() && (letter.is_ascii_alphanumeric() || letter == '_') {
            word.push(letter);
            continue;
        }
        statement.push_str(translated(&word, dialect));
        word.clear();
        match (quote, letter) {
            (None, '-') if letters.peek() == Some(&'-') => {
                letters.find(|letter| *letter == '\n');
                statement.push('\n');
                continue;
            }
            (None, ';') => {
                finish(&mut found, &mut statement, dialect);
                continue;
            }
            (None, '\'' | '"') => quote = Some(letter),
            (Some(open), _) if open == letter => quote = None,
            _ => {}
        }
        statement.push(letter);
    }
    statement.push_str(translated(&word, dialect));
    finish(&mut found, &mut statement, dialect);
    found
}

fn translated(word: &str, dialect: Dialect) -> &str {
    match (word, dialect) {
        ("BYTES", Dialect::Sqlite) => "BLOB",
        ("BYTES", Dialect::Postgres) => "BYTEA",
        ("INTEGER", Dialect::Postgres) => "BIGINT",
        // Compared and sorted by bytes, as SQLite does, whatever the server's language.
        ("TEXT", Dialect::Postgres) => "TEXT COLLATE \"C\"",
        (word, _) => word,
    }
}

fn finish(found: &mut Vec<String>, statement: &mut String, dialect: Dialect) {
    let mut text = std::mem::take(statement).trim().to_owned();
    if text.is_empty() {
        return;
    }
    if dialect == Dialect::Sqlite && text.starts_with("CREATE TABLE") {
        text.push_str(" STRICT");
    }
    found.push(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Migration = Migration { version: 1, name: "one", sql: "CREATE TABLE a (x INTEGER);" };
    const TWO: Migration = Migration { version: 2, name: "two", sql: "CREATE TABLE b (x INTEGER);" };

    fn done(step: Migration) -> Applied {
        Applied { version: step.version, name: step.name.to_owned(), sql: step.sql.to_owned() }
    }

    #[test]
    fn statements_are_split_outside_quotes_and_comments() {
        let sql = "-- first; note\nCREATE TABLE a (k BYTES, note TEXT CHECK (note <> ';--TEXT')); -- end;\nCREATE INDEX i ON a (k)";
        let lite = statements(sql, Dialect::Sqlite);
        assert_eq!(
            lite,
            ["CREATE TABLE a (k BLOB, note TEXT CHECK (note <> ';--TEXT')) STRICT", "CREATE INDEX i ON a (k)"]
        );
        let big = statements(sql, Dialect::Postgres);
        assert_eq!(big[0], "CREATE TABLE a (k BYTEA, note TEXT COLLATE \"C\" CHECK (note <> ';--TEXT'))");
    }

    #[test]
    fn type_words_inside_other_words_stay() {
        assert_eq!(
            statements("ALTER TABLE a ADD COLUMN TEXTURE INTEGER", Dialect::Postgres),
            ["ALTER TABLE a ADD COLUMN TEXTURE BIGINT"]
        );
    }

    #[test]
    fn an_older_database_gets_the_missing_steps() {
        assert_eq!(missing(&[done(ONE)], &[ONE, TWO]), Ok(&[TWO][..]));
        assert_eq!(missing(&[], &[ONE, TWO]), Ok(&[ONE, TWO][..]));
        assert_eq!(missing(&[done(ONE), done(TWO)], &[ONE, TWO]), Ok(&[][..]));
    }

    #[test]
    fn a_newer_database_is_refused() {
        assert_eq!(missing(&[done(ONE), done(TWO)], &[ONE]), Err(Error::Schema { found: 2, known: 1 }));
    }

    #[test]
    fn an_edited_step_is_refused() {
        let edited = Migration { sql: "CREATE TABLE a (x INTEGER, y INTEGER);", ..ONE };
        let error = missing(&[done(edited)], &[ONE, TWO]);
        assert_eq!(error, Err(Error::SchemaEdited { version: 1, name: "one".to_owned() }));
    }

    #[test]
    fn numbers_of_the_program_have_no_gaps() {
        let versions: Vec<u32> = MIGRATIONS.iter().map(|step| step.version).collect();
        assert_eq!(versions, (1..=versions.len() as u32).collect::<Vec<_>>());
    }
}

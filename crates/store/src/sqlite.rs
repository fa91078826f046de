//! SQLite: one file, one writing thread, a few readers.

use crate::engine::{Counters, attempt};
use crate::migrate::{self, Migration, Standing};
use crate::tx::{self, Tx};
use crate::value::{Row, Value};
use crate::{Error, writer};
use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc, oneshot};

/// Marks our files: "LION". A file of another program is never touched.
const APPLICATION: i64 = 0x4C49_4F4E;
/// Connections that read at the same time.
const READERS: usize = 4;
/// Bytes of each table with its indexes, page by page.
pub(crate) const SIZES: &str = "SELECT s.tbl_name, SUM(d.pgsize) FROM dbstat d JOIN sqlite_schema s ON s.name = d.name \
                                GROUP BY s.tbl_name ORDER BY s.tbl_name";
/// How long cutting the write-ahead log may keep the writer waiting.
const TIDY: Duration = Duration::from_millis(50);
/// How long a caller waits for a place in the queue or a reader.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often the lock of a file is tried, and how long is waited in between: two seconds together.
const LOCK_TRIES: u32 = 20;
const LOCK_PAUSE: Duration = Duration::from_millis(100);
/// Prepared statements kept by each connection.
const STATEMENTS: usize = 256;

pub(crate) struct Sqlite {
    queue: Mutex<Option<mpsc::Sender<Box<dyn writer::Job>>>>,
    writer: Mutex<Option<std::thread::JoinHandle<()>>>,
    readers: Arc<Readers>,
    counters: Arc<Counters>,
    /// Held as long as the store lives: one server for one file. A guest has none.
    _lock: Option<std::fs::File>,
}

struct Readers {
    path: PathBuf,
    turns: Semaphore,
    idle: Mutex<Vec<Link>>,
}

impl Sqlite {
    pub(crate) async fn open(path: &Path, pages: Option<u32>, known: &'static [Migration]) -> Result<Self, Error> {
        let path = path.to_owned();
        let opened = tokio::task::spawn_blocking(move || Self::start(path, pages, Some(known))).await;
        opened.unwrap_or(Err(Error::Panicked))
    }

    /// Opens a file that a server may be using: SQLite lets one of both write at a time, the other waits.
    pub(crate) async fn beside(path: &Path, pages: Option<u32>) -> Result<Self, Error> {
        let path = path.to_owned();
        let opened = tokio::task::spawn_blocking(move || Self::start(path, pages, None)).await;
        opened.unwrap_or(Err(Error::Panicked))
    }

    /// With migrations as the server of this file, without as a guest beside it.
    fn start(path: PathBuf, pages: Option<u32>, known: Option<&[Migration]>) -> Result<Self, Error> {
        let lock = known.map(|_| lock(&path)).transpose()?;
        let link = Link::writing(&path, pages)?;
        if let Some(known) = known {
            migrate::on_sqlite(&link.connection, known)?;
        }
        let counters = Arc::new(Counters::default());
        let (queue, jobs) = mpsc::channel(writer::QUEUE);
        let shared = Arc::clone(&counters);
        let writer = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writer::serve(link, jobs, &shared))
            .map_err(|error| Error::unavailable(format!("starting the writer: {}", error.kind())))?;
        let readers = Readers { path, turns: Semaphore::new(READERS), idle: Mutex::new(Vec::new()) };
        Ok(Self {
            queue: Mutex::new(Some(queue)),
            writer: Mutex::new(Some(writer)),
            readers: Arc::new(readers),
            counters,
            _lock: lock,
        })
    }

    pub(crate) async fn inspect(path: &Path) -> Result<Standing, Error> {
        let path = path.to_owned();
        let standing = tokio::task::spawn_blocking(move || {
            let link = Link::reading(&path)?;
            belongs_to_us(&link.connection, &path)?;
            migrate::standing_on_sqlite(&link.connection)
        });
        standing.await.unwrap_or(Err(Error::Panicked))
    }

    pub(crate) async fn read<T, E, F>(&self, f: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        let turn = tokio::time::timeout(PATIENCE, self.readers.turns.acquire()).await;
        let Ok(Ok(_turn)) = turn else {
            Counters::add(&self.counters.failures, 1);
            return Err(E::from(if turn.is_err() { Error::Busy } else { closed() }));
        };
        Counters::add(&self.counters.reads, 1);
        let readers = Arc::clone(&self.readers);
        let answer = tokio::task::spawn_blocking(move || {
            let link = readers.take()?;
            let outcome = link.snapshot(f);
            readers.give_back(link);
            outcome
        });
        answer.await.unwrap_or_else(|_| Err(E::from(Error::Panicked)))
    }

    /// Reads on the calling thread: a look-up in cached pages takes some ten microseconds, a change of threads takes more.
    pub(crate) async fn glance<T, E, F>(&self, f: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        let Ok(_turn) = self.readers.turns.try_acquire() else { return self.read(f).await };
        Counters::add(&self.counters.reads, 1);
        let link = self.readers.take()?;
        let outcome = attempt(&mut Tx::new(tx::Link::Sqlite(&link)), f);
        self.readers.give_back(link);
        outcome
    }

    pub(crate) async fn write<T, E, F>(&self, f: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(queue) = queue else { return Err(E::from(closed())) };
        let (sender, answer) = oneshot::channel();
        match tokio::time::timeout(PATIENCE, queue.send(Box::new(writer::Task::new(f, sender)))).await {
            Ok(Ok(())) => answer.await.unwrap_or_else(|_| Err(E::from(closed()))),
            Ok(Err(_)) => Err(E::from(closed())),
            Err(_) => {
                Counters::add(&self.counters.failures, 1);
                Err(E::from(Error::Busy))
            }
        }
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.counters
    }

    pub(crate) async fn tidy(&self) -> Result<bool, Error> {
        let readers = Arc::clone(&self.readers);
        let work = move || {
            let link = Link::open(&readers.path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
            let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
            link.connection.busy_timeout(TIDY).map_err(|error| translate(&error, sql))?;
            let busy: i64 =
                link.connection.query_row(sql, [], |row| row.get(0)).map_err(|error| translate(&error, sql))?;
            Ok(busy == 0)
        };
        tokio::task::spawn_blocking(work).await.unwrap_or(Err(Error::Panicked))
    }

    pub(crate) async fn close(&self) {
        self.readers.turns.close();
        drop(self.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            // A writer that panicked has already said so; there is nothing left to wait for.
            drop(tokio::task::spawn_blocking(move || drop(writer.join())).await);
        }
        self.readers.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Readers {
    fn take(&self) -> Result<Link, Error> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| Link::reading(&self.path), Ok)
    }

    fn give_back(&self, link: Link) {
        if link.is_idle() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(link);
        }
    }
}

/// One connection with the SQLite form of every text it has met.
pub(crate) struct Link {
    connection: Connection,
    texts: RefCell<HashMap<&'static str, String>>,
    /// Statements that change something else than rows, as CREATE TABLE does.
    others: Cell<u64>,
}

impl Link {
    fn writing(path: &Path, pages: Option<u32>) -> Result<Self, Error> {
        create_private(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let link = Self::open(path, flags)?;
        let fresh = belongs_to_us(&link.connection, path)?;
        // 4,000 pages (16 MiB) between checkpoints: a page that changes with every commit is copied home once for many.
        let settings = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864; \
                        PRAGMA wal_autocheckpoint = 4000;";
        link.connection.execute_batch(settings).map_err(|error| translate(&error, settings))?;
        if let Some(pages) = pages {
            let sql = "PRAGMA max_page_count";
            let set = link.connection.pragma_update(None, "max_page_count", pages);
            set.map_err(|error| translate(&error, sql))?;
        }
        if fresh {
            let sql = "PRAGMA application_id";
            link.connection
                .pragma_update(None, "application_id", APPLICATION)
                .map_err(|error| translate(&error, sql))?;
        }
        Ok(link)
    }

    fn reading(path: &Path) -> Result<Self, Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let link = Self::open(path, flags)?;
        let sql = "PRAGMA query_only = ON";
        link.connection.execute_batch(sql).map_err(|error| translate(&error, sql))?;
        Ok(link)
    }

    fn open(path: &Path, flags: OpenFlags) -> Result<Self, Error> {
        let opening = "opening the database file";
        let connection = Connection::open_with_flags(path, flags).map_err(|error| translate(&error, opening))?;
        let set_up = || {
            connection.busy_timeout(PATIENCE)?;
            // Double quotes mean names only, as in PostgreSQL; LIKE minds capitals, as there.
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
            // Plans do not depend on values: a prepared statement is not prepared again when other values are bound.
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
            connection.set_prepared_statement_cache_capacity(STATEMENTS);
            connection.execute_batch(
                "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA secure_delete = ON; \
                 PRAGMA temp_store = MEMORY; PRAGMA case_sensitive_like = ON;",
            )
        };
        set_up().map_err(|error| translate(&error, opening))?;
        Ok(Self { connection, texts: RefCell::default(), others: Cell::new(0) })
    }

    fn snapshot<T, E: From<Error>>(&self, f: impl FnOnce(&mut Tx<'_>) -> Result<T, E>) -> Result<T, E> {
        self.run("BEGIN")?;
        let outcome = attempt(&mut Tx::new(tx::Link::Sqlite(self)), f);
        if !self.is_idle() {
            // Nothing was written: a failing end costs only this connection, which is then not reused.
            drop(self.run("COMMIT"));
        }
        outcome
    }

    fn run(&self, sql: &'static str) -> Result<(), Error> {
        self.rows(sql, &[]).map(drop).map_err(|error| translate(&error, sql))
    }

    pub(crate) fn query(&self, sql: &'static str, values: &[Value]) -> Result<Vec<Row>, Error> {
        self.rows(sql, values).map_err(|error| translate(&error, sql))
    }

    pub(crate) fn execute(&self, sql: &'static str, values: &[Value]) -> Result<u64, Error> {
        self.changes(sql, values).map_err(|error| translate(&error, sql))
    }

    pub(crate) fn rows(&self, sql: &'static str, values: &[Value]) -> Result<Vec<Row>, rusqlite::Error> {
        let mut texts = self.texts.borrow_mut();
        let text = texts.entry(sql).or_insert_with(|| numbered(sql));
        let mut statement = self.connection.prepare_cached(text)?;
        self.note(sql, &statement);
        let width = statement.column_count();
        let mut found = statement.query(rusqlite::params_from_iter(values))?;
        let mut rows = Vec::new();
        while let Some(row) = found.next()? {
            rows.push(Row::new((0..width).map(|column| row.get_ref(column).map(owned)).collect::<Result<_, _>>()?));
        }
        Ok(rows)
    }

    fn changes(&self, sql: &'static str, values: &[Value]) -> Result<u64, rusqlite::Error> {
        let mut texts = self.texts.borrow_mut();
        let text = texts.entry(sql).or_insert_with(|| numbered(sql));
        let mut statement = self.connection.prepare_cached(text)?;
        self.note(sql, &statement);
        Ok(statement.execute(rusqlite::params_from_iter(values))? as u64)
    }

    /// Counts what `changes` of the engine does not: everything that is neither a reading nor a change of rows.
    fn note(&self, sql: &str, statement: &rusqlite::Statement<'_>) {
        let of_rows = ["INSERT", "UPDATE", "DELETE", "WITH"].iter().any(|word| sql.starts_with(word));
        if !of_rows && !statement.readonly() {
            self.others.set(self.others.get() + 1);
        }
    }

    /// Grows with every change that a transaction could undo.
    pub(crate) fn changed(&self) -> (u64, u64) {
        (self.connection.total_changes(), self.others.get())
    }

    /// Is no transaction open?
    pub(crate) fn is_idle(&self) -> bool {
        self.connection.is_autocommit()
    }

    /// Closes the file; the write-ahead log is folded into it when this was the last connection.
    pub(crate) fn close(self) {
        self.connection.flush_prepared_statement_cache();
        if let Err((_, error)) = self.connection.close() {
            tracing::warn!(
                code = error.sqlite_error_code().map(|code| code as i32),
                "the store file was not closed cleanly"
            );
        }
    }
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Int(value) => ValueRef::Integer(*value),
            Self::Text(value) => ValueRef::Text(value.as_bytes()),
            Self::Bytes(value) => ValueRef::Blob(value),
            Self::Null => ValueRef::Null,
        }))
    }
}

fn owned(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(value) => Value::Int(value),
        // STRICT tables hold no reals; a sum that became one is not an integer of ours and Row says so.
        ValueRef::Real(value) => Value::Text(value.to_string()),
        ValueRef::Text(value) => match std::str::from_utf8(value) {
            Ok(text) => Value::Text(text.to_owned()),
            Err(_) => Value::Bytes(value.to_vec()),
        },
        ValueRef::Blob(value) => Value::Bytes(value.to_vec()),
    }
}

/// `$1` → `?1` outside quotes: SQLite would take `$1` for a name and number it by order of appearance.
fn numbered(sql: &str) -> String {
    let mut text = String::with_capacity(sql.len());
    let mut quote = None;
    for letter in sql.chars() {
        match quote {
            Some(open) if open == letter => quote = None,
            None if letter == '\'' || letter == '"' => quote = Some(letter),
            _ => {}
        }
        text.push(if letter == '$' && quote.is_none() { '?' } else { letter });
    }
    text
}

/// Translates an engine error. `sql` is a text of the program or the name of an action; messages of SQLite are used only
/// where they hold names of columns and rules.
pub(crate) fn translate(error: &rusqlite::Error, sql: &str) -> Error {
    let rusqlite::Error::SqliteFailure(failure, message) = error else {
        return Error::Statement { code: "binding".to_owned(), sql: sql.to_owned() };
    };
    let message = message.as_deref().unwrap_or_default();
    let rule = || message.split_once(": ").map_or("a rule", |(_, rule)| rule).replace(", ", ",");
    match (failure.code, failure.extended_code) {
        (ErrorCode::ConstraintViolation, 2067 | 1555 | 2579) => Error::Conflict { constraint: rule() },
        (ErrorCode::ConstraintViolation, 787) => Error::Reference,
        (ErrorCode::ConstraintViolation, _) => Error::Rule { constraint: rule() },
        (ErrorCode::DiskFull, _) => Error::Full,
        (ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _) => Error::Busy,
        (ErrorCode::DatabaseCorrupt, _) => Error::corrupt("SQLite found the file malformed"),
        (ErrorCode::NotADatabase, _) => Error::Foreign { what: "the database file".to_owned() },
        (ErrorCode::CannotOpen | ErrorCode::PermissionDenied, code) => {
            Error::unavailable(format!("opening the database file (SQLite code {code})"))
        }
        (ErrorCode::SystemIoFailure | ErrorCode::FileLockingProtocolFailed | ErrorCode::OutOfMemory, code) => {
            Error::unavailable(format!("reading or writing the database file (SQLite code {code})"))
        }
        (_, code) => Error::Statement { code: code.to_string(), sql: sql.to_owned() },
    }
}

/// True for an empty file, false for ours.
fn belongs_to_us(connection: &Connection, path: &Path) -> Result<bool, Error> {
    let foreign = || Error::Foreign { what: path.display().to_string() };
    let ask = |sql: &str| {
        connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(|error| match translate(&error, sql) {
            Error::Foreign { .. } => foreign(),
            other => other,
        })
    };
    match (ask("PRAGMA application_id")?, ask("SELECT count(*) FROM sqlite_schema")?) {
        (APPLICATION, _) => Ok(false),
        (0, 0) => Ok(true),
        _ => Err(foreign()),
    }
}

/// Nobody but the server's user may read the file; SQLite gives the log files the same mode.
fn create_private(path: &Path) -> Result<(), Error> {
    use std::os::unix::fs::OpenOptionsExt;
    let made = std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path);
    made.map(drop).map_err(|error| cannot("opening", path, &error))
}

fn lock(path: &Path) -> Result<std::fs::File, Error> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let path = PathBuf::from(name);
    let file = std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(&path);
    let file = file.map_err(|error| cannot("opening", &path, &error))?;
    // A server that just ended may be held open for a moment by a child it was about to start.
    for _ in 0..LOCK_TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(std::fs::TryLockError::WouldBlock) => std::thread::sleep(LOCK_PAUSE),
            Err(std::fs::TryLockError::Error(error)) => return Err(cannot("locking", &path, &error)),
        }
    }
    Err(Error::InUse { path: path.display().to_string() })
}

fn cannot(doing: &str, path: &Path, error: &std::io::Error) -> Error {
    if error.kind() == std::io::ErrorKind::StorageFull {
        return Error::Full;
    }
    Error::unavailable(format!("{doing} {}: {}", path.display(), error.kind()))
}

fn closed() -> Error {
    Error::unavailable("the store was closed")
}

#[cfg(test)]
mod tests {
    use super::numbered;

    #[test]
    fn parameters_are_numbered_outside_quotes_only() {
        assert_eq!(numbered("SELECT $2, '$1', \"a$1\" WHERE x = $10"), "SELECT ?2, '$1', \"a$1\" WHERE x = ?10");
        assert_eq!(numbered("SELECT 'it''s $1', $1"), "SELECT 'it''s $1', ?1");
    }
}

//! PostgreSQL: a pool of connections, serializable writes that run again after a lost race.

use crate::address::{CONNECT, PostgresAddress};
use crate::engine::{Counters, attempt};
use crate::migrate::{self, Migration, Standing};
use crate::tx::{self, Tx};
use crate::value::{Row, Value};
use crate::{Error, failpoint};
use bytes::{BufMut, BytesMut};
use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime};
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio_postgres::NoTls;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type};

/// Runs of one write closure at most.
const ATTEMPTS: u32 = 30;
/// How long one statement may take, counted here too: the server may be gone without saying so.
const STATEMENT: Duration = Duration::from_secs(20);
/// A transaction that writes is given up when it is older than this at its end. With the 10 s after which the server ends a session
/// that stands still ([`crate::address`]) nothing is committed later than [`crate::LONGEST_WRITE`] after it was begun.
const WHOLE: Duration = Duration::from_secs(15);
/// Bytes of each table with its indexes.
pub(crate) const SIZES: &str = "SELECT relname::text, pg_total_relation_size(oid) FROM pg_class \
                                WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace ORDER BY relname";
const BEGIN_WRITE: &str = "BEGIN ISOLATION LEVEL SERIALIZABLE";
/// For writes whose every statement carries its own condition. No predicate locks: those are kept for whole pages of
/// an index, so on small tables neighbours that never touch the same row would undo each other.
const BEGIN_CONDITIONAL: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";
const BEGIN_READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

pub(crate) struct Postgres {
    pool: Pool,
    counters: Counters,
    /// Spreads the waits of writers that lost to each other.
    turn: AtomicU64,
}

impl Postgres {
    pub(crate) async fn open(server: &PostgresAddress, migrations: &'static [Migration]) -> Result<Self, Error> {
        let this = Self::connect(server)?;
        let client = this.client().await?;
        migrate::on_postgres(&client, migrations).await?;
        Ok(this)
    }

    /// As [`Postgres::open`], leaving the schema as it is.
    pub(crate) async fn beside(server: &PostgresAddress) -> Result<Self, Error> {
        let this = Self::connect(server)?;
        drop(this.client().await?);
        Ok(this)
    }

    pub(crate) async fn inspect(server: &PostgresAddress) -> Result<Standing, Error> {
        let client = Self::connect(server)?.client().await?;
        migrate::standing_on_postgres(&client).await
    }

    fn connect(server: &PostgresAddress) -> Result<Self, Error> {
        let settings = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = match server.tls.clone() {
            Some(tls) => Manager::from_config(server.config.clone(), tls, settings),
            None => Manager::from_config(server.config.clone(), NoTls, settings),
        };
        let pool = Pool::builder(manager)
            .max_size(server.pool)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(CONNECT))
            .create_timeout(Some(CONNECT))
            .recycle_timeout(Some(CONNECT))
            .build()
            .map_err(|_| Error::unavailable("making the connection pool"))?;
        Ok(Self { pool, counters: Counters::default(), turn: AtomicU64::new(0) })
    }

    pub(crate) async fn read<T, E, F>(&self, f: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        Counters::add(&self.counters.reads, 1);
        let mut link = self.begun(BEGIN_READ).await.inspect_err(|error| self.failed(error))?;
        let work = move || {
            let outcome = attempt(&mut Tx::new(tx::Link::Postgres(&link)), f);
            // Nothing was written, so COMMIT only ends the transaction.
            if link.run("COMMIT").is_err() {
                link.broken = true;
            }
            link.leave();
            outcome
        };
        tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(E::from(Error::Panicked)))
    }

    /// Each statement by itself, with no transaction around them.
    pub(crate) async fn glance<T, E, F>(&self, mut f: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        Counters::add(&self.counters.reads, 1);
        let mut tries = self.pool.status().size;
        loop {
            let client = self.client().await.inspect_err(|error| self.failed(error))?;
            let mut link = Link { handle: Handle::current(), client, broken: false, since: None };
            let work = move || {
                let mut tx = Tx::new(tx::Link::Postgres(&link));
                let outcome = attempt(&mut tx, &mut f);
                let away = matches!(tx.spoiled(), Some(Error::Unavailable { .. }));
                link.broken = tx.spoiled().is_some();
                link.leave();
                (f, outcome, away)
            };
            let Ok((again, outcome, away)) = tokio::task::spawn_blocking(work).await else {
                return Err(E::from(Error::Panicked));
            };
            // A pooled connection may have died with its server: then the next is tried, and the last try is a fresh one.
            if !away || tries == 0 {
                return outcome;
            }
            (f, tries) = (again, tries - 1);
        }
    }

    pub(crate) async fn write<T, E, F>(&self, f: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        self.until_won(BEGIN_WRITE, f).await
    }

    pub(crate) async fn compare_and_set<T, E, F>(&self, f: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        self.until_won(BEGIN_CONDITIONAL, f).await
    }

    async fn until_won<T, E, F>(&self, begin: &'static str, mut f: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        for round in 0..ATTEMPTS {
            let mut link = self.begun(begin).await.inspect_err(|error| self.failed(error))?;
            link.since = Some(now());
            let work = move || {
                let end = link.write(&mut f);
                link.leave();
                (f, end)
            };
            let Ok((again, end)) = tokio::task::spawn_blocking(work).await else {
                return Err(E::from(Error::Panicked));
            };
            f = again;
            match end {
                End::Committed(value) => {
                    Counters::add(&self.counters.fsyncs, 1);
                    Counters::add(&self.counters.writes, 1);
                    return Ok(value);
                }
                End::Undone(error) => return Err(error),
                End::Failed(error) => {
                    self.failed(&error);
                    return Err(E::from(error));
                }
                End::Lost => {
                    Counters::add(&self.counters.retries, 1);
                    tokio::time::sleep(self.pause(round)).await;
                }
            }
        }
        self.failed(&Error::Busy);
        Err(E::from(Error::Busy))
    }

    pub(crate) const fn counters(&self) -> &Counters {
        &self.counters
    }

    pub(crate) fn close(&self) {
        self.pool.close();
    }

    async fn client(&self) -> Result<Object, Error> {
        self.pool.get().await.map_err(|error| match error {
            PoolError::Backend(error) => refused(&error),
            PoolError::Timeout(_) => Error::unavailable("the PostgreSQL server did not answer in time"),
            _ => Error::unavailable("the store was closed"),
        })
    }

    /// A connection with an open transaction. A pooled one may have died with its server: then the next is tried, and the
    /// last try is a fresh connection.
    async fn begun(&self, begin: &'static str) -> Result<Link, Error> {
        for _ in 0..=self.pool.status().size {
            let client = self.client().await?;
            match limited(client.batch_execute(begin), begin).await {
                Ok(()) => return Ok(Link { handle: Handle::current(), client, broken: false, since: None }),
                Err(error) => {
                    drop(Object::take(client));
                    if !matches!(error, Error::Unavailable { .. }) {
                        return Err(error);
                    }
                }
            }
        }
        Err(Error::unavailable("every connection to the PostgreSQL server was lost"))
    }

    /// Doubling from 1 ms to at most 64 ms, half of it spread by a counter: no clock and no chance.
    fn pause(&self, round: u32) -> Duration {
        let full = 1000_u64 << round.min(7);
        let turn = self.turn.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
        Duration::from_micros(full / 2 + (turn >> 16) % (full / 2))
    }

    fn failed(&self, error: &Error) {
        if error.is_passing() {
            Counters::add(&self.counters.failures, 1);
        }
    }
}

/// How one run of a write closure ended.
enum End<T, E> {
    Committed(T),
    /// The closure said no: its own answer.
    Undone(E),
    /// The engine failed at the commit.
    Failed(Error),
    /// Another transaction won: run again.
    Lost,
}

/// A connection inside a transaction, on a thread that may block.
pub(crate) struct Link {
    handle: Handle,
    client: Object,
    /// Not to be used again: closed instead of going back to the pool.
    broken: bool,
    /// When the transaction began, if it writes.
    since: Option<tokio::time::Instant>,
}

impl Link {
    fn write<T, E: From<Error>>(&mut self, f: &mut impl FnMut(&mut Tx<'_>) -> Result<T, E>) -> End<T, E> {
        let mut tx = Tx::new(tx::Link::Postgres(self));
        let outcome = attempt(&mut tx, f);
        let lost = matches!(tx.spoiled(), Some(Error::Busy));
        self.broken = matches!(tx.spoiled(), Some(Error::Unavailable { .. } | Error::Statement { .. }));
        match outcome {
            Ok(value) => match self.commit() {
                Ok(()) => End::Committed(value),
                Err(Error::Busy) => End::Lost,
                Err(error) => {
                    self.broken = true;
                    // A deferred rule may speak only now.
                    if matches!(error, Error::Conflict { .. } | Error::Reference | Error::Rule { .. }) {
                        return End::Undone(E::from(error));
                    }
                    End::Failed(error)
                }
            },
            Err(error) => {
                if !self.broken && self.run("ROLLBACK").is_err() {
                    self.broken = true;
                }
                if lost { End::Lost } else { End::Undone(error) }
            }
        }
    }

    fn commit(&self) -> Result<(), Error> {
        failpoint::reach("postgres-before-commit");
        if self.since.is_some_and(|since| since.elapsed() > WHOLE) {
            return Err(Error::unavailable("a transaction took too long"));
        }
        let outcome = self.run("COMMIT");
        failpoint::reach("postgres-after-commit");
        outcome
    }

    fn leave(self) {
        if self.broken {
            drop(Object::take(self.client));
        }
    }

    fn run(&self, sql: &'static str) -> Result<(), Error> {
        self.handle.block_on(limited(self.client.batch_execute(sql), sql))
    }

    pub(crate) fn query(&self, sql: &'static str, values: &[Value]) -> Result<Vec<Row>, Error> {
        self.handle.block_on(limited(
            async {
                let statement = self.client.prepare_cached(sql).await?;
                let rows = self.client.query(&statement, &parameters(values)).await?;
                rows.iter().map(row).collect()
            },
            sql,
        ))
    }

    pub(crate) fn execute(&self, sql: &'static str, values: &[Value]) -> Result<u64, Error> {
        self.handle.block_on(limited(
            async {
                let statement = self.client.prepare_cached(sql).await?;
                self.client.execute(&statement, &parameters(values)).await
            },
            sql,
        ))
    }
}

#[expect(clippy::disallowed_methods, reason = "how long a transaction lasts, and nothing that is written down")]
fn now() -> tokio::time::Instant {
    tokio::time::Instant::now()
}

async fn limited<T>(work: impl Future<Output = Result<T, tokio_postgres::Error>>, sql: &str) -> Result<T, Error> {
    match tokio::time::timeout(STATEMENT, work).await {
        Ok(answer) => answer.map_err(|error| translate(&error, sql)),
        Err(_) => Err(Error::unavailable("the PostgreSQL server did not answer in time")),
    }
}

fn parameters(values: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

fn row(row: &tokio_postgres::Row) -> Result<Row, tokio_postgres::Error> {
    (0..row.len()).map(|column| row.try_get::<_, Value>(column)).collect::<Result<_, _>>().map(Row::new)
}

/// Translates an engine error. Details of PostgreSQL hold values, so only names of tables, columns and rules are taken.
pub(crate) fn translate(error: &tokio_postgres::Error, sql: &str) -> Error {
    let Some(fault) = error.as_db_error() else {
        let said = error.to_string();
        // What this library says when a value does not fit a column or a column does not fit a value.
        return if said.contains("serializ") || said.contains("parameters but got") {
            Error::Statement { code: "binding".to_owned(), sql: sql.to_owned() }
        } else {
            Error::unavailable("the connection to the PostgreSQL server was lost")
        };
    };
    let table = fault.table().unwrap_or("?");
    let code = fault.code().code();
    match code {
        "23505" => Error::Conflict { constraint: columns(table, fault.detail(), fault.constraint()) },
        "23503" => Error::Reference,
        "23502" => Error::Rule { constraint: format!("{table}.{}", fault.column().unwrap_or("?")) },
        _ if code.starts_with("23") => Error::Rule { constraint: fault.constraint().unwrap_or("a rule").to_owned() },
        "40001" | "40P01" | "55P03" => Error::Busy,
        "53100" => Error::Full,
        "57014" => Error::unavailable("a statement took too long"),
        "XX001" | "XX002" => Error::corrupt("PostgreSQL found damaged pages"),
        _ if matches!(code.get(..2), Some("08" | "53" | "57" | "58")) => {
            Error::unavailable(format!("the PostgreSQL server is stopping, starting or out of something ({code})"))
        }
        _ => Error::Statement { code: code.to_owned(), sql: sql.to_owned() },
    }
}

/// `Key (a, b)=(…) already exists` → `table.a,table.b`; values are never looked at.
fn columns(table: &str, detail: Option<&str>, constraint: Option<&str>) -> String {
    let names = detail.and_then(|detail| detail.split_once('(')).and_then(|(_, rest)| rest.split_once(")=("));
    match names {
        Some((names, _)) => names.split(", ").map(|name| format!("{table}.{name}")).collect::<Vec<_>>().join(","),
        None => constraint.unwrap_or("a rule").to_owned(),
    }
}

/// Why a connection could not be made, for the operator.
fn refused(error: &tokio_postgres::Error) -> Error {
    let why = match error.as_db_error().map(|fault| fault.code().code()) {
        Some("3D000") => "the PostgreSQL server has no such database".to_owned(),
        Some(code @ ("28000" | "28P01")) => format!("the PostgreSQL server refused the user or password ({code})"),
        Some("53300") => "the PostgreSQL server has no free connections".to_owned(),
        Some(code) => format!("the PostgreSQL server refused the connection ({code})"),
        None => match said_of_tls(error) {
            Some(why) => format!("no TLS with the PostgreSQL server: {why}"),
            None => "the PostgreSQL server does not answer".to_owned(),
        },
    };
    Error::unavailable(why)
}

/// What went wrong with TLS, if it was that: words of the libraries, about certificates and nothing else.
fn said_of_tls(error: &tokio_postgres::Error) -> Option<String> {
    let tls = error.to_string().contains("TLS");
    tls.then(|| std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string))
}

impl ToSql for Value {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => return Ok(IsNull::Yes),
            Self::Int(value) if *kind == Type::INT8 => out.put_i64(*value),
            Self::Int(value) if *kind == Type::INT4 => out.put_i32(i32::try_from(*value)?),
            Self::Int(value) if *kind == Type::BOOL => out.put_u8(u8::from(*value != 0)),
            Self::Text(text) if [Type::TEXT, Type::VARCHAR, Type::NAME, Type::UNKNOWN].contains(kind) => {
                out.put_slice(text.as_bytes());
            }
            Self::Bytes(bytes) if *kind == Type::BYTEA => out.put_slice(bytes),
            _ => return Err("a value of another kind than its column".into()),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    tokio_postgres::types::to_sql_checked!();
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(match *kind {
            Type::INT8 => Self::Int(i64::from_sql(kind, raw)?),
            Type::INT4 => Self::Int(i32::from_sql(kind, raw)?.into()),
            Type::INT2 => Self::Int(i16::from_sql(kind, raw)?.into()),
            Type::BOOL => Self::Int(bool::from_sql(kind, raw)?.into()),
            Type::NUMERIC => Self::Int(whole(raw).ok_or("a number that is not a whole one of 64 bits")?),
            Type::BYTEA => Self::Bytes(raw.to_vec()),
            _ => Self::Text(String::from_utf8(raw.to_vec())?),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self::Null)
    }

    fn accepts(kind: &Type) -> bool {
        [Type::INT8, Type::INT4, Type::INT2, Type::BOOL, Type::NUMERIC, Type::BYTEA, Type::TEXT, Type::VARCHAR]
            .contains(kind)
            || [Type::NAME, Type::UNKNOWN].contains(kind)
    }
}

/// SUM over integers is NUMERIC on PostgreSQL: 16-bit words count, weight, sign, scale, then digits of base 10 000.
fn whole(raw: &[u8]) -> Option<i64> {
    let mut words = raw.chunks_exact(2).filter_map(|pair| pair.try_into().ok()).map(i16::from_be_bytes);
    let (count, weight, sign, _scale) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let digits: Vec<i64> = words.map(i64::from).collect();
    if digits.len() != usize::try_from(count).ok()? || digits.len() > usize::try_from(weight + 1).unwrap_or(0) {
        return (digits.is_empty() && count == 0).then_some(0);
    }
    let mut value = 0_i64;
    for place in 0..=usize::try_from(weight).unwrap_or(0) {
        value = value.checked_mul(10_000)?.checked_sub(digits.get(place).copied().unwrap_or(0))?;
    }
    match sign {
        0 => value.checked_neg(),
        0x4000 => Some(value),
        _ => None,
    }
}

//! The two engines behind one door.

use crate::migrate::{Migration, Standing};
use crate::{Address, Error, Tx, postgres, sqlite};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

pub(crate) enum Engine {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
}

impl Engine {
    pub(crate) async fn open(address: &Address, migrations: &'static [Migration]) -> Result<Self, Error> {
        match address {
            Address::Sqlite(path, pages) => Ok(Self::Sqlite(sqlite::Sqlite::open(path, *pages, migrations).await?)),
            Address::Postgres(server) => Ok(Self::Postgres(postgres::Postgres::open(server, migrations).await?)),
        }
    }

    pub(crate) async fn beside(address: &Address) -> Result<Self, Error> {
        let standing = Self::inspect(address).await?;
        if standing.found != standing.known {
            return Err(Error::Schema { found: standing.found, known: standing.known });
        }
        match address {
            Address::Sqlite(path, pages) => Ok(Self::Sqlite(sqlite::Sqlite::beside(path, *pages).await?)),
            Address::Postgres(server) => Ok(Self::Postgres(postgres::Postgres::beside(server).await?)),
        }
    }

    pub(crate) async fn inspect(address: &Address) -> Result<Standing, Error> {
        match address {
            Address::Sqlite(path, _) => sqlite::Sqlite::inspect(path).await,
            Address::Postgres(server) => postgres::Postgres::inspect(server).await,
        }
    }

    pub(crate) async fn read<T, E, F>(&self, f: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        match self {
            Self::Sqlite(engine) => engine.read(f).await,
            Self::Postgres(engine) => engine.read(f).await,
        }
    }

    pub(crate) async fn write<T, E, F>(&self, f: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        match self {
            Self::Sqlite(engine) => engine.write(f).await,
            Self::Postgres(engine) => engine.write(f).await,
        }
    }

    pub(crate) async fn glance<T, E, F>(&self, f: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        match self {
            Self::Sqlite(engine) => engine.glance(f).await,
            Self::Postgres(engine) => engine.glance(f).await,
        }
    }

    pub(crate) async fn compare_and_set<T, E, F>(&self, f: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        match self {
            // One writer: it is alone anyhow.
            Self::Sqlite(engine) => engine.write(f).await,
            Self::Postgres(engine) => engine.compare_and_set(f).await,
        }
    }

    pub(crate) fn figures(&self) -> Figures {
        match self {
            Self::Sqlite(engine) => engine.counters().figures(),
            Self::Postgres(engine) => engine.counters().figures(),
        }
    }

    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
            Self::Postgres(_) => "postgres",
        }
    }

    pub(crate) async fn tidy(&self) -> Result<bool, Error> {
        match self {
            Self::Sqlite(engine) => engine.tidy().await,
            Self::Postgres(_) => Ok(true),
        }
    }

    pub(crate) const fn sizes(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => sqlite::SIZES,
            Self::Postgres(_) => postgres::SIZES,
        }
    }

    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(engine) => engine.close().await,
            Self::Postgres(engine) => engine.close(),
        }
    }
}

/// What the store did since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Durable commits: one fsync each (of the WAL on SQLite; asked of the server on PostgreSQL).
    pub fsyncs: u64,
    /// Write closures that were committed.
    pub writes: u64,
    /// Read closures that ran.
    pub reads: u64,
    /// Write closures that ran again after a lost race.
    pub retries: u64,
    /// Writes and reads that failed because the engine was full, busy or away.
    pub failures: u64,
}

#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) fsyncs: AtomicU64,
    pub(crate) writes: AtomicU64,
    pub(crate) reads: AtomicU64,
    pub(crate) retries: AtomicU64,
    pub(crate) failures: AtomicU64,
}

impl Counters {
    pub(crate) fn add(counter: &AtomicU64, count: u64) {
        counter.fetch_add(count, Ordering::Relaxed);
    }

    fn figures(&self) -> Figures {
        Figures {
            fsyncs: self.fsyncs.load(Ordering::Relaxed),
            writes: self.writes.load(Ordering::Relaxed),
            reads: self.reads.load(Ordering::Relaxed),
            retries: self.retries.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
        }
    }
}

/// Runs a closure on a transaction: a panic becomes [`Error::Panicked`], and an `Ok` over a dead transaction becomes the
/// error that killed it.
pub(crate) fn attempt<T, E: From<Error>>(tx: &mut Tx<'_>, f: impl FnOnce(&mut Tx<'_>) -> Result<T, E>) -> Result<T, E> {
    let outcome = catch_unwind(AssertUnwindSafe(|| f(tx))).unwrap_or_else(|_| Err(E::from(Error::Panicked)));
    match tx.spoiled() {
        Some(error) if outcome.is_ok() => Err(E::from(error.clone())),
        _ => outcome,
    }
}

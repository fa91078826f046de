//! The memory of the platform: SQL, one text on two engines.
//!
//! Personal columns hold sealed bytes (`sealed_*`); this crate has no key and cannot open them. Each table has one file
//! here with its statements and functions over [`Tx`]; migrations are in `migrations/`. The subset of SQL is small on
//! purpose: no engine functions, sequences, triggers, `now()`, advisory locks. Write closures run again after a lost race, so
//! they may touch nothing but the transaction.

pub mod activation_key;
mod address;
pub mod authority;
pub mod backup;
pub mod break_glass;
pub mod bulk;
pub mod census;
pub mod ceremony;
pub mod certificate;
pub mod consent;
pub mod contact_change;
pub mod correction;
pub mod counter_case;
pub mod credential;
pub mod custody;
pub mod domain_lock;
mod engine;
pub mod erasure;
mod error;
pub mod exposure;
pub mod failpoint;
pub mod finding;
pub mod guardianship;
pub mod hold;
pub mod key_copy;
pub mod key_ring;
pub mod lane;
pub mod leaf;
pub mod level;
pub mod log_head;
mod migrate;
pub mod notice;
pub mod officer;
pub mod officer_act;
pub mod officer_credential;
pub mod officer_proposal;
pub mod officer_session;
pub mod oidc_assertion;
pub mod oidc_grant;
pub mod oidc_pseudonym;
pub mod oidc_request;
pub mod oidc_tombstone;
pub mod outbox;
mod postgres;
pub mod reading;
pub mod recovery;
pub mod recovery_code;
pub mod registration;
pub mod resident;
pub mod residue;
pub mod restore;
pub mod retention_tally;
pub mod rotation;
pub mod sealed;
pub mod server;
pub mod session;
pub mod signature;
pub mod signing_key;
pub mod signing_question;
pub mod signing_request;
mod sqlite;
pub mod staff_act;
pub mod staff_mark;
pub mod sweep;
pub mod ticket;
mod tls;
mod tx;
mod value;
mod writer;

use std::sync::Arc;
use std::time::Duration;

pub use address::{Address, PostgresAddress};
pub use engine::Figures;
pub use error::Error;
pub use migrate::{MIGRATIONS, Migration, Standing};
pub use tx::Tx;
pub use value::{Row, Value};

/// Nothing is committed to PostgreSQL later than this after its transaction began; on SQLite the writes of a server stand in one queue.
/// Whoever destroys a key waits longer.
pub const LONGEST_WRITE: Duration = Duration::from_secs(25);

/// A handle on the store; clones share it.
#[derive(Clone)]
pub struct Store {
    engine: Arc<engine::Engine>,
}

impl Store {
    /// Opens `sqlite:PATH` (made if missing) or `postgres://USER@HOST/DATABASE` and brings its schema up to date.
    ///
    /// SQLite addresses may end in `?max_pages=N` (4 KiB each): a limit of the file's size. PostgreSQL addresses may add `password_file=PATH` and `pool=N` to the options that libpq knows; a Unix socket is
    /// `postgres:///DATABASE?host=/FOLDER`.
    ///
    /// # Errors
    /// [`Error::Address`], [`Error::InUse`], [`Error::Foreign`], [`Error::Schema`], [`Error::SchemaEdited`] say what to mend;
    /// [`Error::Unavailable`] when the server does not answer within 5 seconds.
    pub async fn open(url: &str) -> Result<Self, Error> {
        Self::open_with(url, MIGRATIONS).await
    }

    /// Opens a store that a running server may be using, for a command that works beside it. On SQLite the engine's own locks keep the two
    /// apart; on PostgreSQL it is one more client. Nothing is made and no schema is changed.
    ///
    /// # Errors
    /// [`Error::Schema`] when the schema is not exactly this program's; else as [`Store::open`].
    pub async fn beside(url: &str) -> Result<Self, Error> {
        let engine = engine::Engine::beside(&Address::parse(url)?).await?;
        Ok(Self { engine: Arc::new(engine) })
    }

    /// As [`Store::open`], with another list of migrations: for tests of older and newer schemas.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn open_with(url: &str, migrations: &'static [Migration]) -> Result<Self, Error> {
        let engine = engine::Engine::open(&Address::parse(url)?, migrations).await?;
        Ok(Self { engine: Arc::new(engine) })
    }

    /// Compares the schema of an existing store with this program's, changing nothing: for `doctor`.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn inspect(url: &str) -> Result<Standing, Error> {
        engine::Engine::inspect(&Address::parse(url)?).await
    }

    /// Runs `f` over one consistent state of the store. It sees every write that was answered before; it cannot write.
    ///
    /// # Errors
    /// What `f` gives, or an [`Error`] of the store as `E`.
    pub async fn read<T, E>(&self, f: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.engine.read(f).await
    }

    /// Runs `f` as if it were alone (serializable) and commits durably what it wrote; `Err` undoes it. The answer comes after
    /// the commit. `f` may run several times when it loses a race, and touches nothing but the transaction. If the
    /// caller goes away while waiting, the work may still be committed.
    ///
    /// # Errors
    /// What `f` gives, or an [`Error`] of the store as `E`: [`Error::Busy`] when every retry lost, [`Error::Full`],
    /// [`Error::Unavailable`].
    pub async fn write<T, E>(&self, f: impl FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.engine.write(f).await
    }

    /// As [`Store::read`], for a few look-ups by key. No transaction is around them: each statement sees what was committed before it,
    /// so `f` must not need one state for all of them, and may run again on another connection. On SQLite they
    /// are done where they are asked, because handing them to another thread costs more than they do.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub async fn glance<T, E>(&self, f: impl FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.engine.glance(f).await
    }

    /// As [`Store::write`], for work that relies on no reading unless the statement that acts on it asserts it again (INSERT …
    /// ON CONFLICT, UPDATE … WHERE key AND state or version), and goes by how many rows that changed. All or nothing, but
    /// not as if it were alone: PostgreSQL runs it at READ COMMITTED, where it neither loses nor costs others a race over
    /// rows that only lie near each other. When in doubt, use `write`. Decision 0020 lists who may.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn compare_and_set<T, E>(
        &self,
        f: impl FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.engine.compare_and_set(f).await
    }

    /// Counters since the start, for `/metrics` and `bench`.
    #[must_use]
    pub fn figures(&self) -> Figures {
        self.engine.figures()
    }

    /// Which engine this is: `sqlite` or `postgres`.
    #[must_use]
    pub fn engine_name(&self) -> &'static str {
        self.engine.name()
    }

    /// Folds SQLite's write-ahead log into the file and cuts it to nothing, so that rows that were removed are gone from the disk; false
    /// when somebody was reading just then. PostgreSQL does it by itself (checkpoints, autovacuum).
    ///
    /// # Errors
    /// [`Error::Unavailable`] and its like.
    pub async fn tidy(&self) -> Result<bool, Error> {
        self.engine.tidy().await
    }

    /// Bytes of each table with its indexes, for figures and tests of growth.
    ///
    /// # Errors
    /// Of the store.
    pub async fn sizes(&self) -> Result<Vec<(String, u64)>, Error> {
        let ask = self.engine.sizes();
        self.read(move |tx| {
            let rows = tx.query(ask, &[])?;
            rows.iter().map(|row| Ok((row.text(0)?.to_owned(), u64::try_from(row.int(1)?).unwrap_or(0)))).collect()
        })
        .await
    }

    /// Finishes the queued writes and closes the files; later calls give [`Error::Unavailable`].
    pub async fn close(&self) {
        self.engine.close().await;
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Store({})", self.engine_name())
    }
}

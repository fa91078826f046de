//! Every test of the store and of journeys, once on SQLite and once on PostgreSQL.
//!
//! PostgreSQL is a private cluster whose address stands in `LIONROCK_TEST_POSTGRES`, or in the note that `tests/postgres
//! start` leaves under the target folder. Each test gets a schema of its own. Without a cluster the PostgreSQL half
//! fails, so that nobody takes half a run for a whole one; `LIONROCK_TEST_ENGINES=sqlite` leaves it out and says so.

use crate::canary::{self, Leak};
use lionrock_store::Store;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// Makes two tests, `NAME::sqlite` and `NAME::postgres`, of each body.
///
/// ```ignore
/// both_engines! {
///     fn a_row_is_kept(store) { store.write(|tx| …).await.unwrap(); }
/// }
/// // `at place` gives the address and folder instead, for tests that open the store themselves.
/// both_engines! {
///     fn it_survives(at place) { let store = place.open().await; … }
/// }
/// ```
#[macro_export]
macro_rules! both_engines {
    () => {};
    ($(#[$meta:meta])* fn $name:ident(at $place:ident) $body:block $($rest:tt)*) => {
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            async fn body($place: $crate::engines::Place) $body
            $(#[$meta])*
            #[test]
            fn sqlite() { $crate::engines::on_sqlite(body); }
            $(#[$meta])*
            #[test]
            fn postgres() { $crate::engines::on_postgres(body); }
        }
        $crate::both_engines! { $($rest)* }
    };
    ($(#[$meta:meta])* fn $name:ident($store:ident) $body:block $($rest:tt)*) => {
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            async fn body(place: $crate::engines::Place) {
                let $store = place.open().await;
                $body
            }
            $(#[$meta])*
            #[test]
            fn sqlite() { $crate::engines::on_sqlite(body); }
            $(#[$meta])*
            #[test]
            fn postgres() { $crate::engines::on_postgres(body); }
        }
        $crate::both_engines! { $($rest)* }
    };
}

/// A fresh store's address and a folder; both disappear with it.
pub struct Place {
    url: String,
    folder: tempfile::TempDir,
    server: Option<(String, String)>,
}

impl Place {
    /// A new SQLite file in a folder of its own.
    #[must_use]
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = format!("sqlite:{}", folder.path().join("lionrock.db").display());
        Self { url, folder, server: None }
    }

    /// A new schema in the private cluster.
    ///
    /// # Panics
    /// When no cluster is running.
    pub async fn postgres() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let server = server().expect(
            "no PostgreSQL for tests: run `tests/postgres start`, or set LIONROCK_TEST_ENGINES=sqlite to leave this half out",
        );
        let schema = format!("t{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        ask(&server, &format!("DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}")).await;
        let glue = if server.contains('?') { '&' } else { '?' };
        let url = format!("{server}{glue}pool=8&options=-c%20search_path%3D{schema}");
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self { url, folder, server: Some((server, schema)) }
    }

    /// A store elsewhere, as in a [cluster](crate::cluster::Cluster) of the test's own.
    ///
    /// # Panics
    /// When no temporary folder can be made.
    #[must_use]
    pub fn elsewhere(url: String) -> Self {
        Self { url, folder: tempfile::tempdir().expect("a temporary folder"), server: None }
    }

    /// The same place with another number of connections to PostgreSQL.
    #[must_use]
    pub fn with_pool(self, connections: u32) -> Self {
        Self { url: self.url.replace("pool=8", &format!("pool={connections}")), ..self }
    }

    /// The address for `Store::open`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A throw-away folder: the data folder of a test server.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Opens the store.
    ///
    /// # Panics
    /// When it cannot be opened.
    pub async fn open(&self) -> Store {
        Store::open(&self.url).await.expect("a fresh store opens")
    }

    /// Is this the SQLite half?
    #[must_use]
    pub fn is_sqlite(&self) -> bool {
        self.url.starts_with("sqlite:")
    }

    /// Looks for canaries in everything the store and the data folder hold: every file under [`Place::folder`], and on
    /// PostgreSQL every value of every row.
    ///
    /// # Panics
    /// When there was nothing to look at.
    pub async fn leaks(&self, canaries: &[&[u8]]) -> Vec<Leak> {
        let mut leaks = canary::scan(self.folder(), canaries);
        if let Some((server, schema)) = &self.server {
            let tables = dump(server, schema).await;
            assert!(!tables.is_empty(), "there are no tables to look at");
            leaks.extend(tables.iter().flat_map(|(name, bytes)| canary::scan_bytes(name, bytes, canaries)));
        } else {
            assert!(canary::weight(self.folder()) > 0, "there are no files to look at");
        }
        leaks
    }

    async fn clear(&self) {
        if let Some((server, schema)) = &self.server {
            ask(server, &format!("DROP SCHEMA IF EXISTS {schema} CASCADE")).await;
        }
    }
}

/// Runs a test body on a fresh SQLite file.
pub fn on_sqlite<F: Future<Output = ()>>(body: impl FnOnce(Place) -> F) {
    run(async { body(Place::sqlite()).await });
}

/// Runs a test body on a fresh PostgreSQL schema.
pub fn on_postgres<F: Future<Output = ()>>(body: impl FnOnce(Place) -> F) {
    if std::env::var("LIONROCK_TEST_ENGINES").is_ok_and(|engines| engines == "sqlite") {
        println!("left out: the PostgreSQL half, because LIONROCK_TEST_ENGINES=sqlite");
        return;
    }
    run(async {
        let place = Place::postgres().await;
        let leftover = Place {
            url: place.url.clone(),
            folder: tempfile::tempdir().expect("a temporary folder"),
            server: place.server.clone(),
        };
        body(place).await;
        leftover.clear().await;
    });
}

/// The address of the private cluster, if there is one.
#[must_use]
pub fn server() -> Option<String> {
    let named = std::env::var("LIONROCK_TEST_POSTGRES").ok().filter(|url| !url.is_empty());
    named.or_else(|| {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
        let note = std::fs::read_to_string(root.join("target/test-postgres/url")).ok()?;
        Some(note.trim().to_owned()).filter(|url| !url.is_empty())
    })
}

/// Runs one future to its end on a runtime of its own.
///
/// # Panics
/// When the runtime cannot be made.
pub fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(work)
}

/// The name and all bytes of every table of a schema.
async fn dump(server: &str, schema: &str) -> Vec<(String, Vec<u8>)> {
    let (client, connection) =
        tokio_postgres::connect(server, tokio_postgres::NoTls).await.expect("the test cluster answers");
    let serving = tokio::spawn(connection);
    let names = client.query("SELECT tablename::text FROM pg_tables WHERE schemaname = $1", &[&schema]).await;
    let mut tables = Vec::new();
    for name in names.expect("the names of tables").iter().map(|row| row.get::<_, String>(0)) {
        let rows = client.query(&format!("SELECT * FROM {schema}.{name}"), &[]).await.expect("the rows of a table");
        let cells = rows.iter().flat_map(|row| (0..row.len()).map(|column| row.get::<_, Raw>(column).0));
        tables.push((name, cells.collect::<Vec<_>>().join(&b"\0"[..])));
    }
    drop(client);
    drop(serving.await);
    tables
}

/// The bytes of a value as the server sends them.
struct Raw(Vec<u8>);

impl<'a> tokio_postgres::types::FromSql<'a> for Raw {
    fn from_sql(
        _: &tokio_postgres::types::Type,
        raw: &'a [u8],
    ) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(raw.to_vec()))
    }

    fn from_sql_null(_: &tokio_postgres::types::Type) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(Vec::new()))
    }

    fn accepts(_: &tokio_postgres::types::Type) -> bool {
        true
    }
}

async fn ask(server: &str, sql: &str) {
    let (client, connection) =
        tokio_postgres::connect(server, tokio_postgres::NoTls).await.expect("the test cluster answers");
    let serving = tokio::spawn(connection);
    client.batch_execute(sql).await.expect("the test cluster obeys");
    drop(client);
    drop(serving.await);
}

//! Opening a store that is new, older, newer, edited, taken, foreign or not one at all.

use lionrock_store::{Address, Error, MIGRATIONS, Migration, Standing, Store};
use lionrock_testkit::both_engines;
use lionrock_testkit::engines::Place;
use std::time::Duration;

const ONE: Migration =
    Migration { version: 1, name: "one", sql: "CREATE TABLE note (id INTEGER PRIMARY KEY, words TEXT NOT NULL);" };
const TWO: Migration =
    Migration { version: 2, name: "two", sql: "ALTER TABLE note ADD COLUMN tone TEXT NOT NULL DEFAULT 'calm';" };
const OLD: &[Migration] = &[ONE];
const NEW: &[Migration] = &[ONE, TWO];
const EDITED: &[Migration] =
    &[Migration { sql: "CREATE TABLE note (id INTEGER PRIMARY KEY, words TEXT);", ..ONE }, TWO];
const BROKEN: &[Migration] = &[
    ONE,
    Migration {
        version: 2,
        name: "broken",
        sql: "CREATE TABLE other (id INTEGER PRIMARY KEY); CREATE TABLE note (x TEXT);",
    },
];

async fn fill(place: &Place, migrations: &'static [Migration]) {
    let store = Store::open_with(place.url(), migrations).await.unwrap();
    store
        .write(|tx| tx.execute("INSERT INTO note (id, words) VALUES (1, 'kept')", &[]))
        .await
        .unwrap_or_else(|error: Error| panic!("{error}"));
    store.close().await;
}

async fn words(store: &Store) -> String {
    let row = store.read(|tx| tx.first("SELECT words FROM note WHERE id = 1", &[])).await;
    row.unwrap_or_else(|error: Error| panic!("{error}")).unwrap().text(0).unwrap().to_owned()
}

both_engines! {
    fn the_real_schema_is_made_and_opened_again(at place) {
        place.open().await.close().await;
        place.open().await.close().await;
        let known = MIGRATIONS.last().unwrap().version;
        assert_eq!(Store::inspect(place.url()).await, Ok(Standing { found: known, known }));
    }

    fn an_older_schema_is_brought_up_to_date(at place) {
        fill(&place, OLD).await;
        let store = Store::open_with(place.url(), NEW).await.unwrap();
        assert_eq!(words(&store).await, "kept");
        let tone = store.read(|tx| tx.first("SELECT tone FROM note", &[])).await;
        assert_eq!(tone.unwrap_or_else(|error: Error| panic!("{error}")).unwrap().text(0), Ok("calm"));
    }

    fn a_newer_schema_is_refused_and_left_alone(at place) {
        fill(&place, NEW).await;
        let error = Store::open_with(place.url(), OLD).await.unwrap_err();
        assert_eq!(error, Error::Schema { found: 2, known: 1 });
        let said = error.to_string();
        assert!(said.contains("version 2") && said.contains("up to 1") && said.contains("newer program"), "{said}");
        assert_eq!(words(&Store::open_with(place.url(), NEW).await.unwrap()).await, "kept");
    }

    fn an_edited_migration_is_refused(at place) {
        fill(&place, NEW).await;
        let error = Store::open_with(place.url(), EDITED).await.unwrap_err();
        assert_eq!(error, Error::SchemaEdited { version: 1, name: "one".to_owned() });
    }

    fn a_failing_migration_leaves_the_older_schema(at place) {
        fill(&place, OLD).await;
        let error = Store::open_with(place.url(), BROKEN).await.unwrap_err();
        assert!(matches!(error, Error::Statement { .. }), "{error:?}");
        let store = Store::open_with(place.url(), OLD).await.unwrap();
        assert_eq!(words(&store).await, "kept");
        let other = store.read(|tx| tx.query("SELECT id FROM other", &[])).await;
        assert!(matches!(other, Err(Error::Statement { .. })), "half a migration was kept");
    }
}

#[test]
fn many_servers_may_start_at_once_on_postgres() {
    lionrock_testkit::engines::on_postgres(|place| async move {
        let starts: Vec<_> = (0..6)
            .map(|_| {
                let url = place.url().to_owned();
                tokio::spawn(async move { Store::open(&url).await.map(drop) })
            })
            .collect();
        for start in starts {
            start.await.unwrap().unwrap();
        }
    });
}

#[test]
fn a_second_server_on_the_same_file_is_refused() {
    lionrock_testkit::engines::on_sqlite(|place| async move {
        let store = place.open().await;
        let error = Store::open(place.url()).await.unwrap_err();
        assert!(matches!(error, Error::InUse { .. }), "{error:?}");
        assert!(error.to_string().contains("another Lionrock server"), "{error}");
        assert!(Store::inspect(place.url()).await.is_ok(), "looking is allowed");
        store.close().await;
        drop(store);
        place.open().await;
    });
}

#[test]
fn a_file_of_something_else_is_refused_and_untouched() {
    lionrock_testkit::engines::on_sqlite(|place| async move {
        let file = place.folder().join("letter.txt");
        let url = format!("sqlite:{}", file.display());
        for text in ["Dear Sir, this is a letter and not a database. ".repeat(100), "short".to_owned()] {
            std::fs::write(&file, &text).unwrap();
            let error = Store::open(&url).await.unwrap_err();
            assert!(matches!(error, Error::Foreign { .. }), "{error:?}");
            assert!(error.to_string().contains("letter.txt"), "{error}");
            assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
        }
    });
}

#[test]
fn a_damaged_file_is_refused() {
    lionrock_testkit::engines::on_sqlite(|place| async move {
        fill(&place, OLD).await;
        let file = place.folder().join("lionrock.db");
        let mut bytes = std::fs::read(&file).unwrap();
        bytes[100..].fill(0xFF);
        std::fs::write(&file, bytes).unwrap();
        let error = Store::open_with(place.url(), OLD).await.unwrap_err();
        assert!(matches!(error, Error::Corrupt { .. }), "{error:?}");
    });
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    lionrock_testkit::engines::run(async {
        let error = Store::open("sqlite:/nowhere/at/all/lionrock.db").await.unwrap_err();
        assert!(error.to_string().contains("/nowhere/at/all"), "{error}");
    });
}

#[test]
fn nobody_else_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt;
    lionrock_testkit::engines::on_sqlite(|place| async move {
        let _store = place.open().await;
        let mut seen = 0;
        for file in std::fs::read_dir(place.folder()).unwrap().flatten() {
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o077, 0, "{:?}", file.path());
            seen += 1;
        }
        assert!(seen >= 3, "database, log and lock");
    });
}

#[test]
fn every_commit_waits_for_the_disk() {
    lionrock_testkit::engines::on_sqlite(|place| async move {
        let store = place.open().await;
        let settings = store
            .write(|tx| {
                let mut said = Vec::new();
                for ask in ["PRAGMA synchronous", "PRAGMA foreign_keys", "PRAGMA secure_delete"] {
                    said.push(tx.first(ask, &[])?.unwrap().int(0)?);
                }
                Ok::<_, Error>((said, tx.first("PRAGMA journal_mode", &[])?.unwrap().text(0)?.to_owned()))
            })
            .await
            .unwrap();
        assert_eq!(settings, (vec![2, 1, 1], "wal".to_owned()), "FULL, on, on");
    });
}

#[test]
fn addresses_are_checked() {
    let refused = [
        "",
        "mysql://x",
        "sqlite:",
        "sqlite::memory:",
        "/a/path",
        "postgres://h/d?pool=0",
        "postgres://h/d?pool=x",
        "postgres://h/d?sslmode=require",
        "postgres://h:notaport/d",
        "sqlite:/a?max_pages=1",
        "postgres://h/d?password_file=/nowhere/secret",
    ];
    for url in refused {
        let error = Address::parse(url).unwrap_err();
        assert!(matches!(error, Error::Address { .. }), "{url}: {error:?}");
    }
    let secret = "postgres://me:hunter2secret@h/d?pool=x";
    assert!(!Address::parse(secret).unwrap_err().to_string().contains("hunter2secret"));
    let shown = format!("{:?}", Address::parse("postgres://me:hunter2secret@h/d").unwrap());
    assert!(!shown.contains("hunter2secret"), "{shown}");
}

#[test]
fn a_server_that_is_not_there_is_unavailable_soon() {
    lionrock_testkit::engines::run(async {
        let begun = std::time::Instant::now();
        for url in ["postgres://me@localhost:1/none", "postgres://me@/none?host=/nowhere"] {
            let error = Store::open(url).await.unwrap_err();
            assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
        }
        assert!(begun.elapsed() < Duration::from_secs(20));
    });
}

#[test]
fn the_password_may_stand_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    std::fs::write(&file, "open sesame\n").unwrap();
    assert!(Address::parse(&format!("postgres://me@h/d?password_file={}", file.display())).is_ok());
    std::fs::write(&file, "\n").unwrap();
    assert!(Address::parse(&format!("postgres://me@h/d?password_file={}", file.display())).is_err());
}

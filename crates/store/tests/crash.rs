//! A server that is killed at any moment leaves whole transactions or none, and every one it answered for.

use lionrock_store::{Error, Migration, Store};
use lionrock_testkit::both_engines;
use lionrock_testkit::engines::{Place, run};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

const PAIRS: &[Migration] = &[Migration {
    version: 1,
    name: "pairs",
    sql: "CREATE TABLE left_half (id INTEGER PRIMARY KEY); CREATE TABLE right_half (id INTEGER PRIMARY KEY);",
}];
const ADDRESS: &str = "LIONROCK_TEST_CHILD_STORE";

/// Not a test: the program that the tests below kill. It writes pairs and says which were answered.
#[test]
#[ignore = "started by the tests of this file only"]
fn child() {
    let Ok(url) = std::env::var(ADDRESS) else { return };
    let first: i64 = std::env::var("LIONROCK_TEST_CHILD_FIRST").unwrap().parse().unwrap();
    run(async {
        let store = Store::open_with(&url, PAIRS).await.unwrap();
        let tasks: Vec<_> = (0..8_i64)
            .map(|writer| {
                let store = store.clone();
                tokio::spawn(async move {
                    for number in 0..1_000_000_i64 {
                        let id = first + number * 8 + writer;
                        let pair = store.write(move |tx| {
                            tx.execute("INSERT INTO left_half (id) VALUES ($1)", &[id.into()])?;
                            tx.execute("INSERT INTO right_half (id) VALUES ($1)", &[id.into()])
                        });
                        let answer: Result<u64, Error> = pair.await;
                        if answer == Ok(1) {
                            let mut out = std::io::stdout().lock();
                            writeln!(out, "kept {id}").unwrap();
                            out.flush().unwrap();
                        }
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
}

fn start(place: &Place, first: i64, fail_point: Option<&str>) -> std::process::Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["crash::child", "--exact", "--ignored", "--nocapture", "--test-threads=1"]);
    command.env(ADDRESS, place.url()).env("LIONROCK_TEST_CHILD_FIRST", first.to_string());
    if let Some(point) = fail_point {
        command.env("LIONROCK_FAIL_POINT", point);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

/// Reads what the child answered for until it is gone; kills it after `enough` answers.
fn reap(mut child: std::process::Child, enough: usize) -> BTreeSet<i64> {
    let mut kept = BTreeSet::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok) {
        // The test runner's own words may stand before the first.
        if let Some(id) = line.rsplit_once("kept ").and_then(|(_, id)| id.parse().ok()) {
            kept.insert(id);
        }
        if kept.len() == enough {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    kept
}

async fn halves(store: &Store) -> (BTreeSet<i64>, BTreeSet<i64>) {
    let ids = |rows: Vec<lionrock_store::Row>| rows.iter().map(|row| row.int(0).unwrap()).collect();
    store
        .read(move |tx| {
            let left = tx.query("SELECT id FROM left_half", &[])?;
            Ok::<_, Error>((ids(left), ids(tx.query("SELECT id FROM right_half", &[])?)))
        })
        .await
        .unwrap()
}

both_engines! {
    fn a_killed_server_leaves_whole_transactions(at place) {
        let mut answered = BTreeSet::new();
        for (round, enough) in [50, 333, 1].into_iter().enumerate() {
            let child = start(&place, round as i64 * 100_000_000, None);
            let kept = tokio::task::spawn_blocking(move || reap(child, enough)).await.unwrap();
            assert!(kept.len() >= enough, "the child wrote {} pairs only", kept.len());
            answered.extend(kept);
            let store = Store::open_with(place.url(), PAIRS).await.unwrap();
            let (left, right) = halves(&store).await;
            assert_eq!(left, right, "half a transaction was kept");
            assert!(answered.is_subset(&left), "an answered write is lost");
            store.close().await;
        }
    }

    fn dying_just_before_the_commit_keeps_nothing_of_it(at place) {
        let point = if place.is_sqlite() { "sqlite-before-commit=abort@5" } else { "postgres-before-commit=abort@40" };
        let child = start(&place, 0, Some(point));
        let kept = tokio::task::spawn_blocking(move || reap(child, usize::MAX)).await.unwrap();
        let store = Store::open_with(place.url(), PAIRS).await.unwrap();
        let (left, right) = halves(&store).await;
        assert_eq!(left, right);
        assert!(!kept.is_empty() && kept.is_subset(&left));
    }

    fn dying_just_after_the_commit_keeps_it(at place) {
        let point = if place.is_sqlite() { "sqlite-after-commit=abort@1" } else { "postgres-after-commit=abort@1" };
        let child = start(&place, 0, Some(point));
        let kept = tokio::task::spawn_blocking(move || reap(child, usize::MAX)).await.unwrap();
        let store = Store::open_with(place.url(), PAIRS).await.unwrap();
        let (left, right) = halves(&store).await;
        assert_eq!(left, right);
        assert!(kept.len() < left.len(), "the first commit was never answered, but is there");
    }
}

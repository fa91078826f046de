//! How many durable transactions a second: `cargo run --release -p lionrock-store --example speed -- [ADDRESS [CALLERS]]`.
//!
//! Each write is an insert, a keyed read and a compare-and-set; each read is one keyed row. Without an address a SQLite
//! file in a throw-away folder is used. For PostgreSQL: `LIONROCK_DURABLE=1 tests/postgres start target/speed` prints one.
#![allow(clippy::print_stdout, clippy::expect_used, clippy::indexing_slicing, reason = "a measuring tool")]
#![allow(clippy::disallowed_methods, reason = "it measures time")]

use lionrock_store::{Error, Migration, Store};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

const TABLES: &[Migration] = &[Migration {
    version: 1,
    name: "speed",
    sql: "CREATE TABLE account (id INTEGER PRIMARY KEY, version INTEGER NOT NULL);
          CREATE TABLE entry (id BYTES PRIMARY KEY, account INTEGER NOT NULL, body BYTES NOT NULL);",
}];
const ACCOUNTS: i64 = 10_000;
const SPAN: Duration = Duration::from_secs(5);

#[tokio::main(worker_threads = 2)]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = tempfile::tempdir().expect("a folder");
    let address = arguments.next().unwrap_or_else(|| format!("sqlite:{}", folder.path().join("speed.db").display()));
    let callers = arguments.next().map_or(64, |text| text.parse().expect("a number of callers"));
    let store = Store::open_with(&address, TABLES).await.expect("the store opens");
    for first in (0..ACCOUNTS).step_by(500) {
        let fill = store.write(move |tx| {
            for id in first..first + 500 {
                let add = "INSERT INTO account (id, version) VALUES ($1, 1) ON CONFLICT DO NOTHING";
                tx.execute(add, &[id.into()])?;
            }
            Ok::<_, Error>(())
        });
        fill.await.expect("the accounts are made");
    }
    println!("engine {}, {callers} callers, {} s each", store.engine_name(), SPAN.as_secs());
    let before = store.figures();
    let counter =
        Arc::new(AtomicI64::new(Instant::now().elapsed().as_nanos() as i64 + (i64::from(std::process::id()) << 32)));
    let writes = measure(callers, || write(store.clone(), counter.fetch_add(1, Ordering::Relaxed))).await;
    let after = store.figures();
    show("write", &writes);
    let (done, synced) = (after.writes - before.writes, after.fsyncs - before.fsyncs);
    println!("      {synced} fsyncs for {done} writes, {} retries", after.retries - before.retries);
    let reads = measure(callers, || read(store.clone(), counter.fetch_add(1, Ordering::Relaxed))).await;
    show("read", &reads);
}

async fn write(store: Store, number: i64) {
    let account = number.wrapping_mul(2_654_435_761).rem_euclid(ACCOUNTS);
    let id: [u8; 16] = [[0; 8], number.to_be_bytes()].concat().try_into().expect("16 bytes");
    let outcome = store.write(move |tx| {
        let add = "INSERT INTO entry (id, account, body) VALUES ($1, $2, $3)";
        tx.execute(add, &[id.into(), account.into(), vec![7; 200].into()])?;
        let row = tx.first("SELECT version FROM account WHERE id = $1", &[account.into()])?;
        let version = row.ok_or(Error::Reference)?.int(0)?;
        let set = "UPDATE account SET version = $1 WHERE id = $2 AND version = $3";
        tx.execute(set, &[(version + 1).into(), account.into(), version.into()])
    });
    assert_eq!(outcome.await, Ok(1));
}

async fn read(store: Store, number: i64) {
    let account = number.wrapping_mul(2_654_435_761).rem_euclid(ACCOUNTS);
    let found = store.read(move |tx| tx.first("SELECT version FROM account WHERE id = $1", &[account.into()]));
    assert!(matches!(found.await, Ok::<_, Error>(Some(_))));
}

/// Every call's time, from `callers` at once over the span.
async fn measure<F: Future<Output = ()> + Send + 'static>(callers: usize, call: impl Fn() -> F) -> Vec<Duration> {
    let begun = Instant::now();
    let mut running = tokio::task::JoinSet::new();
    let timed = |work: F| async move {
        let begun = Instant::now();
        work.await;
        begun.elapsed()
    };
    for _ in 0..callers {
        running.spawn(timed(call()));
    }
    let mut times = Vec::new();
    while let Some(time) = running.join_next().await {
        times.push(time.expect("no panic"));
        if begun.elapsed() < SPAN {
            running.spawn(timed(call()));
        }
    }
    times.sort();
    times
}

fn show(name: &str, times: &[Duration]) {
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1000.0;
    let rate = times.len() as f64 / SPAN.as_secs_f64();
    println!("{name:5} {rate:8.0}/s   p50 {:.2} ms   p95 {:.2} ms   p99 {:.2} ms", at(0.5), at(0.95), at(0.99));
}

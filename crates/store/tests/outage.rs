//! Disk full and server gone: a clear answer, nothing half written, and back by itself.

use lionrock_store::{Error, Migration, Store};
use lionrock_testkit::engines::{on_postgres, on_sqlite, run};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

const BLOBS: &[Migration] =
    &[Migration { version: 1, name: "blobs", sql: "CREATE TABLE blob (id INTEGER PRIMARY KEY, body BYTES NOT NULL);" }];
const ADD: &str = "INSERT INTO blob (id, body) VALUES ($1, $2)";

async fn add(store: &Store, id: i64, size: usize) -> Result<u64, Error> {
    store.write(move |tx| tx.execute(ADD, &[id.into(), vec![7; size].into()])).await
}

async fn ids(store: &Store) -> Vec<i64> {
    let rows = store.read(|tx| tx.query("SELECT id FROM blob ORDER BY id", &[])).await;
    rows.unwrap_or_else(|error: Error| panic!("{error}")).iter().map(|row| row.int(0).unwrap()).collect()
}

/// Writes until the store is full; gives the ids that were answered for.
async fn fill(store: &Store) -> Vec<i64> {
    for id in 0..10_000 {
        match add(store, id, 20_000).await {
            Ok(_) => {}
            Err(Error::Full) => return (0..id).collect(),
            Err(error) => panic!("a full disk is Full, not {error:?}"),
        }
    }
    panic!("the disk never became full");
}

#[test]
fn a_full_file_is_said_and_recovers() {
    on_sqlite(|place| async move {
        let url = format!("{}?max_pages=200", place.url());
        let store = Store::open_with(&url, BLOBS).await.unwrap();
        let kept = fill(&store).await;
        assert!(kept.len() > 10);
        assert_eq!(ids(&store).await, kept, "reads go on, nothing half written");
        // Together with a job that does not fit, one that does is kept.
        let (large, small) = tokio::join!(add(&store, 90_000, 2_000_000), add(&store, 90_001, 10));
        assert_eq!(large, Err(Error::Full));
        assert!(matches!(small, Ok(1) | Err(Error::Full)), "{small:?}");
        let removed = store.write(|tx| tx.execute("DELETE FROM blob WHERE id < 5", &[])).await;
        assert_eq!(removed, Ok::<_, Error>(5), "deleting needs no space");
        add(&store, 70_000, 20_000).await.unwrap();
        assert!(ids(&store).await.contains(&70_000));
        assert!(store.figures().writes > 0);
    });
}

/// A disk of two megabytes, unmounted when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn new(path: &Path) -> Option<Self> {
        std::fs::create_dir(path).unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"]).arg(path).output();
        mounted.is_ok_and(|output| output.status.success()).then(|| Self(path.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        Command::new("umount").arg("--lazy").arg(&self.0).output().unwrap();
    }
}

#[test]
fn a_full_disk_is_said_and_recovers() {
    on_sqlite(|place| async move {
        let Some(disk) = SmallDisk::new(&place.folder().join("small")) else {
            println!("left out: this account may not mount a small disk");
            return;
        };
        let url = format!("sqlite:{}", disk.0.join("lionrock.db").display());
        let ballast = disk.0.join("ballast");
        std::fs::write(&ballast, vec![1; 500_000]).unwrap();
        let store = Store::open_with(&url, BLOBS).await.unwrap();
        let kept = fill(&store).await;
        assert_eq!(ids(&store).await, kept);
        assert_eq!(add(&store, 90_000, 2_000_000).await, Err(Error::Full));
        assert_eq!(ids(&store).await, kept);
        std::fs::remove_file(&ballast).unwrap();
        add(&store, 70_000, 20_000).await.expect("there is space again");
        store.close().await;
        drop(store);
        let store = Store::open_with(&url, BLOBS).await.expect("and it opens again");
        assert_eq!(ids(&store).await.len(), kept.len() + 1);
        store.close().await;
    });
}

/// A cluster of its own, so that it can be ended.
pub struct Server(tempfile::TempDir, Option<u16>);

impl Server {
    /// One that also listens at a port, with TLS.
    pub fn with_tls(folder: tempfile::TempDir, port: u16) -> Self {
        Self(folder, Some(port))
    }

    /// Ends it, and starts it without TLS at the same port.
    pub fn without_tls(&self) {
        self.tell("halt");
        self.run("start", &[("LIONROCK_TLS", "off")]);
    }

    pub fn folder(&self) -> &Path {
        self.0.path()
    }

    pub fn tell(&self, word: &str) -> String {
        self.run(word, &[])
    }

    fn run(&self, word: &str, settings: &[(&str, &str)]) -> String {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/postgres");
        let output = Command::new(script)
            .arg(word)
            .arg(self.0.path().join("notes"))
            .env("LIONROCK_DURABLE", "1")
            .envs(self.1.map(|port| ("LIONROCK_TLS_PORT", port.to_string())))
            .envs(settings.iter().copied())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.tell("stop");
    }
}

#[test]
fn a_server_that_went_away_fails_closed_and_comes_back() {
    // The macro's place is not used: it only keeps the rule about leaving PostgreSQL out.
    on_postgres(|_place| async move {
        let server = Server(tempfile::tempdir().unwrap(), None);
        let url = server.tell("start");
        let store = Store::open_with(&format!("{url}&pool=4"), BLOBS).await.unwrap();
        let warm: Vec<_> = (0..4)
            .map(|id| {
                let store = store.clone();
                tokio::spawn(async move { add(&store, id, 10).await })
            })
            .collect();
        for task in warm {
            task.await.unwrap().unwrap();
        }
        server.tell("halt");
        let begun = Instant::now();
        for id in 100..106 {
            let answer = add(&store, id, 10).await;
            assert!(matches!(answer, Err(Error::Unavailable { .. })), "{answer:?}");
        }
        let answer: Result<_, Error> = store.read(|tx| tx.query("SELECT id FROM blob", &[])).await;
        assert!(matches!(answer, Err(Error::Unavailable { .. })), "{answer:?}");
        assert!(begun.elapsed() < Duration::from_secs(10), "said soon, not after {:?}", begun.elapsed());
        server.tell("start");
        add(&store, 200, 10).await.expect("back without anybody's help");
        assert_eq!(ids(&store).await, [0, 1, 2, 3, 200]);
        assert!(store.figures().failures >= 7);
    });
}

#[test]
fn a_server_that_restarted_unnoticed_is_used_again_at_once() {
    on_postgres(|_place| async move {
        let server = Server(tempfile::tempdir().unwrap(), None);
        let url = server.tell("start");
        let store = Store::open_with(&format!("{url}&pool=4"), BLOBS).await.unwrap();
        add(&store, 1, 10).await.unwrap();
        server.tell("halt");
        server.tell("start");
        add(&store, 2, 10).await.expect("the dead connections are passed over");
        assert_eq!(ids(&store).await, [1, 2]);
    });
}

#[test]
fn many_callers_share_one_fsync() {
    run(async {
        let place = lionrock_testkit::engines::Place::sqlite();
        let store = Store::open_with(place.url(), BLOBS).await.unwrap();
        let tasks: Vec<_> = (0..500)
            .map(|id| {
                let store = store.clone();
                tokio::spawn(async move { add(&store, id, 10).await })
            })
            .collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        let figures = store.figures();
        assert_eq!(figures.writes, 500);
        assert!(figures.fsyncs < 250, "{figures:?}");
    });
}

#[test]
fn a_failing_job_takes_nothing_of_its_neighbours() {
    run(async {
        let place = lionrock_testkit::engines::Place::sqlite();
        let store = Store::open_with(place.url(), BLOBS).await.unwrap();
        let tasks: Vec<_> = (0..300_i64)
            .map(|number| {
                let store = store.clone();
                tokio::spawn(async move {
                    store
                        .write(move |tx| {
                            tx.execute(ADD, &[number.into(), vec![1].into()])?;
                            match number % 3 {
                                0 => Ok(()),
                                1 => Err(Error::Busy),
                                _ => panic!("planned"),
                            }
                        })
                        .await
                })
            })
            .collect();
        for (number, task) in tasks.into_iter().enumerate() {
            let expected = match number % 3 {
                0 => Ok(()),
                1 => Err(Error::Busy),
                _ => Err(Error::Panicked),
            };
            assert_eq!(task.await.unwrap(), expected);
        }
        assert_eq!(ids(&store).await, (0..300).filter(|number| number % 3 == 0).collect::<Vec<_>>());
    });
}

#[test]
fn a_server_process_that_stands_still_cannot_commit_what_it_sealed_long_ago() {
    on_postgres(|place| async move {
        let store = Store::open_with(place.url(), BLOBS).await.unwrap();
        let show = |name: &'static str| {
            let ask: &'static str = Box::leak(format!("SELECT current_setting('{name}')").into_boxed_str());
            let store = store.clone();
            async move {
                let row: Result<_, Error> = store.read(move |tx| tx.first(ask, &[])).await;
                row.unwrap().unwrap().text(0).unwrap().to_owned()
            }
        };
        assert_eq!(show("idle_in_transaction_session_timeout").await, "10s");
        assert_eq!(show("statement_timeout").await, "15s");
        // The process is frozen between two statements: the server gives it up, whatever it does when it wakes.
        let begun = Instant::now();
        let written: Result<(), Error> = store
            .write(|tx| {
                tx.execute("INSERT INTO blob (id, body) VALUES ($1, $2)", &[7_i64.into(), vec![1_u8].into()])?;
                std::thread::sleep(Duration::from_secs(11));
                Ok(())
            })
            .await;
        assert!(matches!(written, Err(Error::Unavailable { .. })), "{written:?}");
        assert_eq!(ids(&store).await, [0_i64; 0]);
        // Busy all the time, statement after statement, and too old in the end: given up as well.
        let written: Result<(), Error> = store
            .write(|tx| {
                tx.execute("INSERT INTO blob (id, body) VALUES ($1, $2)", &[8_i64.into(), vec![1_u8].into()])?;
                for _ in 0..4 {
                    std::thread::sleep(Duration::from_secs(4));
                    tx.query("SELECT id FROM blob", &[])?;
                }
                Ok(())
            })
            .await;
        assert!(matches!(written, Err(Error::Unavailable { .. })), "{written:?}");
        assert_eq!(ids(&store).await, [0_i64; 0]);
        assert!(begun.elapsed() < lionrock_store::LONGEST_WRITE * 2);
        add(&store, 9, 10).await.expect("the next write is as good as ever");
    });
}

//! Sequencing and publishing: races, crashes, full disks, damaged files, restored backups.

use crate::stage::{caller, platform, platform_in};
use lionrock_ledger::checkpoint::Checkpoint;
use lionrock_ledger::source::Directory;
use lionrock_ledger::verify::{Log, Report};
use lionrock_service::audit::{self, Event};
use lionrock_service::fault::FaultKind;
use lionrock_service::ledger::{self, Publisher, receipt, sequence};
use lionrock_service::{Fault, Platform};
use lionrock_testkit::both_engines;
use lionrock_testkit::clock::Clock;
use serde_json::json;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

both_engines! {
    fn leaves_become_a_log_that_verifies(at place) {
        let (platform, clock) = (platform(&place).await, Clock::new());
        let mut publisher = Publisher::new(&platform).unwrap();
        assert_eq!(sequence(&platform, &caller(&clock)).await.unwrap(), 0);
        assert_eq!(publisher.publish(&platform).await.unwrap(), 0);
        assert!(check(&platform, None).is_good(), "an empty log is a log");
        let mut kept = checkpoint(&platform);
        for count in [1, 3, 252, 1, 300] {
            let events = append(&platform, &clock, count).await;
            let size = sequence(&platform, &caller(&clock)).await.unwrap();
            assert_eq!(publisher.publish(&platform).await.unwrap(), size);
            let report = check(&platform, Some(&kept));
            assert!(report.is_good(), "{:?}", report.findings);
            assert_eq!(report.entries, size);
            kept = checkpoint(&platform);
            let found = ledger::inclusion(&platform, *events.last().unwrap()).await.unwrap().unwrap();
            assert!((size - count as u64..size).contains(&found.proof.index), "leaves of one moment come in any order");
            let known = ledger::verifiers(&platform).unwrap();
            assert_eq!(found.proof.check(&found.entry, &ledger::origin(&platform), &known).unwrap().size, size);
        }
        let folder = ledger::folder(&platform);
        assert!(folder.join("tile/0/001").is_file() && folder.join("tile/0/002.p/45").is_file());
        assert!(!folder.join("tile/0/001.p").exists() && !folder.join("tile/entries/000.p").exists());
        let vkey = fs::read_to_string(folder.join("vkey")).unwrap();
        assert!(vkey.starts_with("lionrock.test-demo/localhost:8443+"), "{vkey}");
    }

    fn receipts_are_proved_by_the_log(at place) {
        let (platform, clock) = (platform(&place).await, Clock::new());
        append(&platform, &clock, 5).await;
        let statement = receipt::sign(&platform, &json!({"pictures": 7})).unwrap();
        assert_eq!(statement, receipt::sign(&platform, &json!({"pictures": 7})).unwrap(), "signing again signs nothing new");
        let event = Event::new("custody.closed", None, json!({"receipt": receipt::digest(&statement)}));
        let (shared, by) = (Arc::clone(&platform), caller(&clock));
        let event = platform.store.write(move |tx| audit::append(tx, &shared, &by, &event)).await.unwrap();
        let soon = Duration::from_millis(50);
        assert_eq!(receipt::file(&platform, &statement, event, soon).await.unwrap(), None, "not in the log yet");
        round(&platform, &clock).await.unwrap();
        let file = receipt::file(&platform, &statement, event, soon).await.unwrap().unwrap();
        let file = lionrock_ledger::receipt::Receipt::parse(file.to_json().to_string().as_bytes()).unwrap();
        let said = file.check(&ledger::verifiers(&platform).unwrap()).unwrap();
        assert_eq!((said.claims["pictures"].as_i64(), said.leaf.kind.as_str()), (Some(7), "custody.closed"));
        let other = receipt::sign(&platform, &json!({"pictures": 0})).unwrap();
        let fault = receipt::file(&platform, &other, event, soon).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::StoredData, "{fault}");
    }

    fn only_published_files_can_be_reached(at place) {
        let (platform, clock) = (platform(&place).await, Clock::new());
        append(&platform, &clock, 300).await;
        round(&platform, &clock).await.unwrap();
        fs::write(place.folder().join("secret"), b"secret").unwrap();
        fs::write(ledger::folder(&platform).join("tile/other"), b"secret").unwrap();
        let get = |path: &str| ledger::published(&platform, path.to_owned());
        let checkpoint = get("checkpoint").await.unwrap().unwrap();
        assert_eq!((checkpoint.immutable, checkpoint.text), (false, true));
        let tile = get("tile/0/000").await.unwrap().unwrap();
        assert_eq!((tile.immutable, tile.text, tile.bytes.len()), (true, false, 8192));
        assert_eq!(get("tile/0/001.p/44").await.unwrap().unwrap().bytes.len(), 44 * 32);
        assert!(get("vkey").await.unwrap().unwrap().text);
        for path in ["", "/", "../secret", "tile/../../secret", "tile/other", "tile/0/000/", "tile/0/../0/000", ".lock", "tile", "tile/0",
                     "tile/0/001.p", "tile/0/001.p/43", "tile/9/000", "/etc/passwd", "tile/0/000\0", "CHECKPOINT", "checkpoint/"] {
            assert_eq!(get(path).await.unwrap(), None, "{path:?}");
        }
    }

    fn racing_sequencers_give_each_leaf_one_place(at place) {
        let clock = Clock::new();
        let first = platform(&place).await;
        // SQLite is one process's; on PostgreSQL the second server has its own connections and folder.
        let second = if place.is_sqlite() { Arc::clone(&first) } else { platform_in(&place, &place.folder().join("second")).await };
        let mut work = Vec::new();
        for server in [&first, &second, &first, &second] {
            let (server, clock) = (Arc::clone(server), clock.clone());
            work.push(tokio::spawn(async move {
                for _ in 0..10 {
                    append(&server, &clock, 7).await;
                    sequence(&server, &caller(&clock)).await.unwrap();
                }
            }));
        }
        for one in work {
            one.await.unwrap();
        }
        assert_eq!(sequence(&first, &caller(&clock)).await.unwrap(), 280);
        for server in [&first, &second] {
            Publisher::new(server).unwrap().publish(server).await.unwrap();
            let report = check(server, None);
            assert!(report.is_good(), "{:?}", report.findings);
            assert_eq!(report.entries, 280);
        }
        assert_eq!(checkpoint(&first), checkpoint(&second));
    }

    fn what_a_crash_left_is_mended(at place) {
        let (platform, clock) = (platform(&place).await, Clock::new());
        append(&platform, &clock, 300).await;
        round(&platform, &clock).await.unwrap();
        // Committed, not published.
        append(&platform, &clock, 300).await;
        sequence(&platform, &caller(&clock)).await.unwrap();
        assert_eq!(size_of(&checkpoint(&platform)), 300);
        assert!(check(&platform, None).is_good(), "the older log stands whole meanwhile");
        round(&platform, &clock).await.unwrap();
        assert_eq!(check(&platform, None).entries, 600);
        // Died in the middle of publishing: half a file aside, a tile that no checkpoint names yet.
        let folder = ledger::folder(&platform);
        append(&platform, &clock, 300).await;
        sequence(&platform, &caller(&clock)).await.unwrap();
        fs::write(folder.join("tile/0/002.part"), b"half").unwrap();
        fs::write(folder.join("tile/0/002"), b"of a power cut").unwrap();
        round(&platform, &clock).await.unwrap();
        assert!(check(&platform, None).is_good());
        // The disk lost the edge, the checkpoint, or everything.
        for lost in ["tile/0/003.p", "tile/entries/003.p", "tile/1/000.p", "checkpoint", "vkey", "tile", ""] {
            let path = folder.join(lost);
            if path.is_dir() { fs::remove_dir_all(&path).unwrap() } else { fs::remove_file(&path).unwrap() }
            append(&platform, &clock, 1).await;
            round(&platform, &clock).await.unwrap();
            let report = check(&platform, None);
            assert!(report.is_good(), "after losing {lost:?}: {:?}", report.findings);
        }
        fs::write(folder.join("checkpoint"), b"").unwrap();
        round(&platform, &clock).await.unwrap();
        assert!(check(&platform, None).is_good());
        let damaged = folder.join(format!("tile/0/003.p/{}", size_of(&checkpoint(&platform)) - 768));
        fs::write(&damaged, [0; 40]).unwrap();
        append(&platform, &clock, 1).await;
        round(&platform, &clock).await.unwrap();
        assert!(check(&platform, None).is_good());
    }

    fn a_disk_that_takes_nothing_leaves_the_old_log_whole(at place) {
        let (platform, clock) = (platform(&place).await, Clock::new());
        append(&platform, &clock, 200).await;
        let mut publisher = Publisher::new(&platform).unwrap();
        sequence(&platform, &caller(&clock)).await.unwrap();
        publisher.publish(&platform).await.unwrap();
        // A file where a folder must be: every write below fails, as on a full disk.
        let folder = ledger::folder(&platform);
        fs::rename(folder.join("tile/0"), folder.join("tile/kept")).unwrap();
        fs::write(folder.join("tile/0"), b"").unwrap();
        append(&platform, &clock, 100).await;
        sequence(&platform, &caller(&clock)).await.unwrap();
        for _ in 0..2 {
            let fault = publisher.publish(&platform).await.unwrap_err();
            assert_eq!(fault.kind, FaultKind::Outside, "{fault}");
            assert!(fault.detail.contains("tile/0"), "{fault}");
            assert_eq!(size_of(&checkpoint(&platform)), 200);
        }
        fs::remove_file(folder.join("tile/0")).unwrap();
        fs::rename(folder.join("tile/kept"), folder.join("tile/0")).unwrap();
        assert!(check(&platform, None).is_good());
        publisher.publish(&platform).await.unwrap();
        assert_eq!(check(&platform, None).entries, 300);
    }

    fn a_store_that_contradicts_what_was_published_signs_no_more(at place) {
        let (platform, clock) = (platform(&place).await, Clock::new());
        append(&platform, &clock, 20).await;
        round(&platform, &clock).await.unwrap();
        let published = checkpoint(&platform);
        // As after restoring a backup: the newest entries are gone.
        write(&platform, "UPDATE leaf SET position = NULL WHERE position >= 10").await;
        write_head(&platform, 10).await;
        let fault = round(&platform, &clock).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::StoredData);
        assert!(fault.detail.contains("older backup"), "{fault}");
        assert_eq!(checkpoint(&platform), published);
        assert_eq!(head_size(&platform).await, 10, "nothing was signed");
        // Even when it grew past the published size with other entries, and even with all files but the checkpoint gone.
        sequence(&platform, &caller(&clock)).await.unwrap();
        write(&platform, "UPDATE leaf SET kind = 'test.other' WHERE position = 15").await;
        rebuild_head(&platform).await;
        append(&platform, &clock, 5).await;
        sequence(&platform, &caller(&clock)).await.unwrap();
        let fault = round(&platform, &clock).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::StoredData, "{fault}");
        fs::remove_dir_all(ledger::folder(&platform).join("tile")).unwrap();
        let fault = round(&platform, &clock).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::StoredData, "{fault}");
        assert_eq!(checkpoint(&platform), published);
    }

    fn an_entry_edited_in_the_store_is_not_published(at place) {
        let (platform, clock) = (platform(&place).await, Clock::new());
        append(&platform, &clock, 20).await;
        sequence(&platform, &caller(&clock)).await.unwrap();
        write(&platform, "UPDATE leaf SET kind = 'account.closed' WHERE position = 7").await;
        let fault = round(&platform, &clock).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::StoredData, "{fault}");
        assert!(!ledger::folder(&platform).join("checkpoint").exists());
    }

    fn another_deployments_folder_is_left_alone(at place) {
        let (platform, clock) = (platform(&place).await, Clock::new());
        append(&platform, &clock, 2).await;
        round(&platform, &clock).await.unwrap();
        let path = ledger::folder(&platform).join("checkpoint");
        let foreign = fs::read_to_string(&path).unwrap().replace("test-demo", "test-other");
        fs::write(&path, &foreign).unwrap();
        let fault = round(&platform, &clock).await.unwrap_err();
        assert!(fault.detail.contains("not this deployment's"), "{fault}");
        assert_eq!(fs::read_to_string(&path).unwrap(), foreign);
    }

    fn a_journey_waits_for_its_leaf(at place) {
        let (platform, clock) = (platform(&place).await, Clock::new());
        let early = append(&platform, &clock, 1).await[0];
        assert_eq!(ledger::wait(&platform, early, Duration::from_millis(300)).await.unwrap(), None, "no job is running");
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let (shared, time) = (Arc::clone(&platform), clock.clone());
        let job = tokio::spawn(ledger::run(shared, move || caller(&time), async { drop(stopped.await) }));
        let found = ledger::wait(&platform, early, Duration::from_secs(10)).await.unwrap().unwrap();
        assert_eq!(found.proof.index, 0);
        let start = std::time::Instant::now();
        for _ in 0..5 {
            let event = append(&platform, &clock, 1).await[0];
            assert!(ledger::wait(&platform, event, Duration::from_secs(10)).await.unwrap().is_some());
        }
        assert!(start.elapsed() < Duration::from_secs(4), "asking is faster than the second: {:?}", start.elapsed());
        assert_eq!(ledger::wait(&platform, [0; 16], Duration::from_millis(50)).await.unwrap(), None, "no such event");
        assert!(platform.ledger.standing().is_current(clock.now(), Duration::from_secs(5)));
        // The last round runs after the stop.
        append(&platform, &clock, 3).await;
        stop.send(()).unwrap();
        job.await.unwrap();
        assert_eq!(check(&platform, None).entries, 9);
    }
}

#[test]
fn a_failing_job_says_so_and_recovers() {
    lionrock_testkit::engines::on_sqlite(|place| async move {
        let (platform, clock) = (platform(&place).await, Clock::new());
        fs::write(ledger::folder(&platform), b"in the way").unwrap();
        let (shared, time) = (Arc::clone(&platform), clock.clone());
        let job = tokio::spawn(ledger::run(shared, move || caller(&time), std::future::pending()));
        let mut standing = platform.ledger.watch();
        standing.wait_for(|now| now.trouble.is_some()).await.unwrap();
        assert!(!platform.ledger.standing().is_current(clock.now(), Duration::from_secs(5)));
        fs::remove_file(ledger::folder(&platform)).unwrap();
        let event = append(&platform, &clock, 1).await[0];
        assert!(ledger::wait(&platform, event, Duration::from_secs(10)).await.unwrap().is_some());
        standing.wait_for(|now| now.trouble.is_none() && now.published == 1).await.unwrap();
        job.abort();
    });
}

/// What the job does in a round, with a publisher that remembers nothing.
pub async fn round(platform: &Arc<Platform>, clock: &Clock) -> Result<u64, Fault> {
    let mut publisher = Publisher::new(platform)?;
    publisher.publish(platform).await?;
    sequence(platform, &caller(clock)).await?;
    publisher.publish(platform).await
}

pub async fn append(platform: &Arc<Platform>, clock: &Clock, count: usize) -> Vec<[u8; 16]> {
    // A transaction has a limit of time, so many entries are many transactions, however slow the machine is.
    const AT_ONCE: usize = 500;
    let mut events = Vec::with_capacity(count);
    while events.len() < count {
        let (shared, caller, some) = (Arc::clone(platform), caller(clock), AT_ONCE.min(count - events.len()));
        let work = move |tx: &mut lionrock_store::Tx<'_>| {
            let event = Event::new("test.happened", None, json!({"n": 1}));
            (0..some).map(|_| audit::append(tx, &shared, &caller, &event)).collect::<Result<Vec<_>, Fault>>()
        };
        events.extend(platform.store.write(work).await.unwrap());
    }
    events
}

pub fn check(platform: &Platform, kept: Option<&[u8]>) -> Report {
    let source = Directory::new(ledger::folder(platform));
    let known = ledger::verifiers(platform).unwrap();
    let log = Log { source, origin: ledger::origin(platform), known };
    log.verify(kept, &mut |_, _| ()).unwrap()
}

fn checkpoint(platform: &Platform) -> Vec<u8> {
    fs::read(Path::new(&ledger::folder(platform)).join("checkpoint")).unwrap()
}

fn size_of(note: &[u8]) -> u64 {
    let text = std::str::from_utf8(note).unwrap();
    Checkpoint::parse(&format!("{}\n", text.split("\n\n").next().unwrap())).unwrap().size
}

async fn write(platform: &Platform, sql: &'static str) {
    platform.store.write(move |tx| tx.execute(sql, &[]).map(drop)).await.unwrap();
}

async fn head_size(platform: &Platform) -> u64 {
    platform.store.read(lionrock_store::log_head::read).await.unwrap().unwrap().size
}

/// Makes the head what it was at `size`.
async fn write_head(platform: &Platform, size: u64) -> lionrock_store::log_head::Head {
    replace_head(platform, Some(size)).await
}

/// Makes the head what the stored entries lead to, as somebody with the keys and the database could.
async fn rebuild_head(platform: &Platform) {
    replace_head(platform, None).await;
}

async fn replace_head(platform: &Platform, size: Option<u64>) -> lionrock_store::log_head::Head {
    use lionrock_ledger::hash::Hash;
    use lionrock_ledger::leaf::{CoarseTime, Kind, Leaf};
    let origin = ledger::origin(platform);
    let verifier = ledger::verifiers(platform).unwrap().pop().unwrap();
    let before = platform.store.read(lionrock_store::log_head::read).await.unwrap().unwrap();
    let most = size.unwrap_or(before.size);
    let entries = platform.store.read(|tx| lionrock_store::leaf::from_place(tx, 0, 10_000)).await.unwrap();
    let mut tree = lionrock_ledger::tree::Frontier::new();
    for entry in entries.iter().take(most as usize) {
        let leaf = Leaf {
            event: entry.event,
            kind: Kind::parse(&entry.kind).unwrap(),
            time: CoarseTime::from_seconds(entry.coarse_time as u64).unwrap(),
            commitment: entry.commitment,
            tag: None,
        };
        tree.push(Hash::of_entry(&leaf.encode()));
    }
    let (_, key) = platform.keys.signer(lionrock_crypto::ring::Signer::Checkpoint).unwrap();
    let note = Checkpoint { origin, size: tree.size(), root: tree.root() }.sign(&verifier, &key).unwrap();
    let head = lionrock_store::log_head::Head {
        version: before.version + 1,
        size: tree.size(),
        root: tree.root().0,
        frontier: tree.to_bytes(),
        checkpoint: note,
        signed_at: before.signed_at,
        tags: before.tags.clone(),
    };
    let after = head.clone();
    platform.store.write(move |tx| lionrock_store::log_head::replace(tx, &after).map(drop)).await.unwrap();
    head
}

both_engines! {
    fn ten_thousand_waiting_leaves_take_seconds(at place) {
        let (platform, clock) = (platform(&place).await, Clock::new());
        append(&platform, &clock, 10_000).await;
        let start = std::time::Instant::now();
        assert_eq!(sequence(&platform, &caller(&clock)).await.unwrap(), 10_000);
        let placed = start.elapsed();
        Publisher::new(&platform).unwrap().publish(&platform).await.unwrap();
        println!("10000 leaves placed in {placed:?}, published after {:?}", start.elapsed());
        assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
        assert_eq!(check(&platform, None).entries, 10_000);
    }
}

//! What is over goes, in time, in batches, told by the ledger; and what the store holds stays flat under steady use.

use crate::scene::{Person, Scene, answer, choice, person, scene};
use crate::stage::{self, caller};
use lionrock_crypto::sign::SigningKey;
use lionrock_model::policy::Field;
use lionrock_model::retention::{self as rules, Limit};
use lionrock_service::ledger::{self, Publisher, receipt};
use lionrock_service::{audit, oidc, retention};
use lionrock_store::residue::PLACES;
use lionrock_store::sweep::SWEEPS;
use lionrock_store::{Row, leaf};
use lionrock_testkit::both_engines;
use lionrock_testkit::clock::Clock;
use lionrock_testkit::engines::{Place, on_sqlite, run};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

const COLUMNS: &str = include_str!("../../../store/COLUMNS.md");
const ADDRESS: &str = "LIONROCK_TEST_CHILD_STORE";

fn fixed(sql: String) -> &'static str {
    Box::leak(sql.into_boxed_str())
}

async fn rows(scene: &Scene) -> BTreeMap<String, i64> {
    let mut counts = BTreeMap::new();
    for rule in &rules::TABLE {
        counts.insert(rule.table.to_owned(), count(scene, rule.table).await);
    }
    counts
}

async fn count(scene: &Scene, table: &str) -> i64 {
    let ask = fixed(format!("SELECT COUNT(*) FROM {table}"));
    let row: Result<Option<Row>, lionrock_store::Error> = scene.platform.store.read(move |tx| tx.first(ask, &[])).await;
    row.unwrap().unwrap().int(0).unwrap()
}

async fn sweep(scene: &Scene) -> retention::Swept {
    retention::sweep(&scene.platform, &caller(&scene.clock)).await.unwrap()
}

/// What the ledger says was swept, all entries together.
async fn told(scene: &Scene) -> BTreeMap<String, i64> {
    let ask = "SELECT event, sealed_body FROM leaf WHERE kind = 'retention.swept'";
    let found: Result<Vec<Row>, lionrock_store::Error> = scene.platform.store.read(move |tx| tx.query(ask, &[])).await;
    let mut all = BTreeMap::new();
    for row in found.unwrap() {
        let (_, body) = audit::open_body(&scene.platform, &row.array(0).unwrap(), row.bytes(1).unwrap()).unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        for (table, rows) in body["body"]["removed"].as_object().unwrap() {
            *all.entry(table.clone()).or_default() += rows.as_i64().unwrap();
        }
    }
    all
}

/// Logs in at a service and releases a name to it.
async fn login(scene: &Scene, who: &mut Person) {
    who.cookie = Some(scene.signs_in(&mut who.phone).await.unwrap());
    let uri = scene.push("library", &[("scope", "openid profile"), ("state", "CANARY-of-a-service")]).await.unwrap();
    let handle = scene.arrive("library", &uri).await.unwrap();
    let by = caller(&scene.clock);
    let view = oidc::consent::look(&scene.platform, &by, &handle, who.cookie.as_deref()).await.unwrap();
    let location = scene.approve(who, choice(&handle, &[Field::EnglishName], view.version)).await.unwrap();
    let tokens = scene.exchange("library", &[("code", &answer(&location)["code"])]).await.unwrap();
    assert!(scene.userinfo(&tokens.access_token).await.unwrap().contains_key("name"));
    // One that nobody carries on.
    scene.push("library", &[]).await.unwrap();
    lionrock_service::session::begin(&scene.platform, &by, "nobody").await.unwrap();
}

/// Stops a server; what the next one needs.
async fn stop(scene: Scene) -> (Clock, SigningKey) {
    let Scene { platform, clock, key } = scene;
    platform.store.close().await;
    (clock, key)
}

async fn fill(scene: &Scene, challenges: u32) {
    for n in 0..challenges {
        let sql = "INSERT INTO ceremony (challenge, kind, binding, expires_at) VALUES ($1, 'sign-in', $1, 1)";
        scene.by_hand(sql, vec![n.to_be_bytes().into()]).await;
    }
}

#[test]
fn the_table_says_what_is_swept_and_what_names_a_person() {
    let swept: BTreeSet<_> = SWEEPS.iter().map(|one| one.table).chain(["consent", "registration"]).collect();
    let ends: BTreeSet<_> =
        rules::TABLE.iter().filter(|rule| matches!(rule.limit, Limit::After(..))).map(|rule| rule.table).collect();
    assert_eq!(swept, ends, "a limit without a sweeper, or a sweeper without a limit");
    let named: BTreeSet<_> = COLUMNS
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split_once(" | resident | id |").map(|(table, _)| table))
        .collect();
    // These two are about the person by their own id, which another column's name does not show.
    let by_id = ["lane", "resident"];
    let places: BTreeSet<_> = PLACES.iter().map(|place| place.table).filter(|table| !by_id.contains(table)).collect();
    assert_eq!(named, places, "a table that names residents and is not cleared, or the other way round");
}

both_engines! {
    fn every_table_has_a_rule(at place) {
        let scene = scene(&place).await;
        let made: BTreeSet<String> = scene.platform.store.sizes().await.unwrap().into_iter().map(|(table, _)| table).collect();
        let made: BTreeSet<&str> = made.iter().map(String::as_str).filter(|table| !table.starts_with("sqlite_")).collect();
        let ruled: BTreeSet<&str> = rules::TABLE.iter().map(|rule| rule.table).collect();
        assert_eq!(made, ruled, "crates/model/src/retention.rs must list every table: why it is kept, and until when");
    }

    fn what_is_over_goes_and_the_ledger_says_so(at place) {
        let scene = scene(&place).await;
        let mut mei = person(&scene, "CHAN, Tai Man").await;
        login(&scene, &mut mei).await;
        assert_eq!(sweep(&scene).await.total(), 0, "nothing is over yet");
        assert_eq!(scene.leaves("retention.swept").await, 0, "and nothing is told");
        assert!(!place.leaks(&[b"CANARY-of-a-service"]).await.is_empty(), "the service's value is kept while the log-in runs");
        let before = rows(&scene).await;
        scene.pass(2 * 24 * 3600);
        let swept = sweep(&scene).await;
        let after = rows(&scene).await;
        for table in ["ceremony", "oidc_assertion", "oidc_grant", "oidc_request", "session"] {
            assert!(before[table] > 0 && after[table] == 0, "{table}: {} then {}", before[table], after[table]);
            assert_eq!(swept.0[table], u64::try_from(before[table]).unwrap());
        }
        for table in ["consent", "credential", "oidc_pseudonym", "resident", "sign_in"] {
            assert_eq!(before[table], after[table], "{table} stays");
        }
        let removed: i64 = told(&scene).await.values().sum();
        assert_eq!(u64::try_from(removed).unwrap(), swept.total());
        assert!(scene.platform.store.tidy().await.unwrap());
        let left = place.leaks(&[b"CANARY-of-a-service"]).await;
        assert!(left.is_empty(), "not a byte is left on the disk: {left:?}");
        // The statement in the entry verifies like every receipt.
        ledger::sequence(&scene.platform, &caller(&scene.clock)).await.unwrap();
        Publisher::new(&scene.platform).unwrap().publish(&scene.platform).await.unwrap();
        let entries = scene.platform.store.read(|tx| leaf::from_place(tx, 0, 10_000)).await.unwrap();
        let event = entries.iter().find(|entry| entry.kind == "retention.swept").unwrap().event;
        let sealed = scene.platform.store.read(move |tx| leaf::sealed_body(tx, &event)).await.unwrap().unwrap();
        let (_, body) = audit::open_body(&scene.platform, &event, &sealed).unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        let statement = body["body"]["statement"].as_str().unwrap();
        let file = receipt::file(&scene.platform, statement, event, Duration::ZERO).await.unwrap().unwrap();
        let said = file.check(&ledger::verifiers(&scene.platform).unwrap()).unwrap();
        assert_eq!((&said.claims["what"], &said.claims["removed"]["session"]), (&"retention-sweep".into(), &1.into()));
        // Nobody asked for it, so it is written down as a file, once.
        let folder = scene.platform.settings.data.join("receipts");
        assert_eq!(ledger::filed::round(&scene.platform).await.unwrap(), 1);
        assert_eq!(ledger::filed::round(&scene.platform).await.unwrap(), 0);
        let written = folder.join(format!("retention.swept-{:09}.json", file.proof.index));
        let read = lionrock_ledger::receipt::Receipt::parse(&std::fs::read(written).unwrap()).unwrap();
        assert_eq!(read.check(&ledger::verifiers(&scene.platform).unwrap()).unwrap().claims, said.claims);
        assert_eq!(sweep(&scene).await.total(), 0, "a second round finds nothing");
        assert_eq!(scene.leaves("retention.swept").await, 1);
    }

    fn a_year_on_only_what_still_stands_is_left(at place) {
        let scene = scene(&place).await;
        let mut mei = person(&scene, "CHAN, Tai Man").await;
        for _ in 0..3 {
            login(&scene, &mut mei).await;
            scene.pass(24 * 3600);
        }
        assert_eq!(count(&scene, "consent").await, 3);
        scene.pass(364 * 24 * 3600);
        sweep(&scene).await;
        assert_eq!(count(&scene, "consent").await, 1, "the newest approval stands, those it replaced are gone");
        assert_eq!(count(&scene, "sign_in").await, 1);
    }

    fn a_sweep_that_dies_in_the_middle_loses_nothing(at place) {
        let first = scene(&place).await;
        fill(&first, retention::BATCH * 2 + 100).await;
        let (clock, key) = stop(first).await;
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["retention::child", "--exact", "--ignored", "--test-threads=1"]).env(ADDRESS, place.url());
        command.env("LIONROCK_FAIL_POINT", "retention-batch=abort@2");
        let ended = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        assert!(!ended.success(), "the fail point ends the child");
        let scene = Scene { platform: stage::platform(&place).await, clock, key };
        assert_eq!(count(&scene, "ceremony").await, 100, "two batches went");
        assert!(told(&scene).await.is_empty(), "and nobody told of them yet");
        assert_eq!(sweep(&scene).await.total(), 100);
        assert_eq!(told(&scene).await["ceremony"], 1100, "the next round tells of all");
    }
}

/// Not a test: the program that the test above ends.
#[test]
#[ignore = "started by the tests of this file only"]
fn child() {
    let Ok(url) = std::env::var(ADDRESS) else { return };
    run(async {
        let platform = stage::platform_at(&url, &std::env::temp_dir()).await;
        retention::sweep(&platform, &caller(&Clock::new())).await.unwrap();
    });
}

#[test]
fn a_full_disk_in_the_middle_loses_nothing() {
    on_sqlite(|place: Place| async move {
        let first = scene(&place).await;
        fill(&first, 1500).await;
        let before = count(&first, "ceremony").await;
        let (clock, key) = stop(first).await;
        let pages = std::fs::metadata(place.folder().join("lionrock.db")).unwrap().len() / 4096;
        let tight = stage::platform_at(&format!("{}?max_pages={}", place.url(), pages + 1), place.folder()).await;
        let outcome = retention::sweep(&tight, &caller(&clock)).await;
        println!("on a full disk: {outcome:?}");
        tight.store.close().await;
        drop(tight);
        let scene = Scene { platform: stage::platform(&place).await, clock, key };
        sweep(&scene).await;
        assert_eq!(count(&scene, "ceremony").await, 0);
        assert_eq!(told(&scene).await["ceremony"], before, "every row that went was told, once");
    });
}

#[test]
fn forty_days_of_use_leave_the_store_as_large_as_twenty() {
    on_sqlite(|place: Place| async move {
        let mut scene = scene(&place).await;
        // Whatever is kept for longer than ten days by its rule is kept for ten here.
        Arc::get_mut(&mut scene.platform).unwrap().settings.limits.kept_longest = Duration::from_secs(10 * 24 * 3600);
        let mut mei = person(&scene, "CHAN, Tai Man").await;
        let mut seen = Vec::new();
        for day in 1..=40 {
            for _ in 0..2 {
                login(&scene, &mut mei).await;
                scene.pass(12 * 3600);
            }
            sweep(&scene).await;
            if day % 20 == 0 {
                assert!(scene.platform.store.tidy().await.unwrap());
                let file = std::fs::metadata(place.folder().join("lionrock.db")).unwrap().len();
                let sizes: BTreeMap<String, u64> = scene.platform.store.sizes().await.unwrap().into_iter().collect();
                seen.push((rows(&scene).await, file, sizes["leaf"]));
            }
        }
        let [(early, early_file, early_log), (late, late_file, late_log)] = &seen[..] else { panic!("two looks") };
        for rule in rules::TABLE.iter().filter(|rule| matches!(rule.limit, Limit::After(..))) {
            let (then, now) = (early[rule.table], late[rule.table]);
            assert!(now <= then + 2, "{}: {then} rows after twenty days, {now} after forty", rule.table);
        }
        assert!(late["sign_in"] > 10 && late["consent"] > 0, "there was something to sweep");
        assert!(late["leaf"] > early["leaf"], "the ledger alone grows");
        let (grown, log) = (late_file - early_file, late_log - early_log);
        println!("twenty days: the file grew by {grown} bytes, the ledger by {log}");
        assert!(grown <= log + 64 * 1024, "the file grew by {grown} bytes, the ledger by {log}");
    });
}

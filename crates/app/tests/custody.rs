//! The crash matrix of photo custody: at each of its moments the right process is held, looked into, and killed with
//! `kill -9`. Afterwards nothing of a picture is anywhere, the ledger holds what it must and nothing else, and the person
//! goes on as the table says.
//!
//! While a process is held, every process but the one that has the pictures is looked through, and that one must have
//! them: so each row also shows that the search would have found something.

mod film;
mod house;

use film::Film;
use house::{House, Server, kill};
use lionrock_model::custody::{CloseReason, State};
use lionrock_model::proofing::Action;
use lionrock_rehearsal::phone::{Phone, PhoneError};
use lionrock_testkit::engines;
use lionrock_testkit::scan::{Looked, memory};
use serde_json::json;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

/// Which process is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Killed {
    Server,
    Worker,
    Watchdog,
    /// All of them at once, and what was not forced to the disk is lost.
    Power,
}

/// What the browser does until then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Drive {
    /// Everything, until the held process stops answering.
    Whole,
    /// Everything, with a picture that is cut off.
    Damaged,
    /// Card and first picture only; then it waits.
    Half,
}

/// What the person meets afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sees {
    /// The same step again, with the same pictures: the page does it by itself.
    Retry,
    /// New pictures of new movements.
    Retake,
    /// The next step.
    Continue,
}

/// One row: when, who is killed, how that moment is caught, how the ledger closes the custody, what the person sees.
type Row = (&'static str, Killed, Drive, &'static str, Option<CloseReason>, Sees);

use CloseReason::{Deadline, ProcessLoss, Verified};
use Drive::{Damaged, Half, Whole};
use Sees::{Continue, Retake, Retry};

#[rustfmt::skip]
const MATRIX: [Row; 15] = [
    ("before open is sequenced",         Killed::Server,   Whole,   "custody-opening=hang",                      None,              Retry),
    ("after open, before bytes",         Killed::Server,   Whole,   "custody-opened=hang",                       Some(ProcessLoss), Retry),
    ("mid-upload, the server",           Killed::Server,   Whole,   "custody-received=hang@2",                   Some(ProcessLoss), Retake),
    ("mid-upload, the worker",           Killed::Worker,   Half,    "",                                          Some(ProcessLoss), Retake),
    ("after unseal, before decode",      Killed::Worker,   Whole,   "worker-unsealed=hang",                      Some(ProcessLoss), Retake),
    ("during decode (malformed input)",  Killed::Worker,   Damaged, "worker-decode=hang@5",                      Some(ProcessLoss), Retake),
    ("during match",                     Killed::Worker,   Whole,   "worker-compare=hang",                       Some(ProcessLoss), Retake),
    ("during PAD",                       Killed::Worker,   Whole,   "worker-presence=hang",                      Some(ProcessLoss), Retake),
    ("after verdict, before commit",     Killed::Worker,   Whole,   "worker-judged=hang",                        Some(ProcessLoss), Retake),
    ("between zeroise and commit",       Killed::Server,   Whole,   "custody-judged=hang",                       Some(ProcessLoss), Retake),
    ("commit unknown: it was not",       Killed::Server,   Whole,   "custody-closing>sqlite-before-commit=hang", Some(ProcessLoss), Retake),
    ("commit unknown: it was",           Killed::Server,   Whole,   "custody-closing>sqlite-after-commit=hang",  Some(Verified),    Continue),
    ("after commit",                     Killed::Server,   Whole,   "custody-closed=hang",                       Some(Verified),    Continue),
    ("watchdog dies",                    Killed::Watchdog, Half,    "",                                          Some(Deadline),    Retake),
    ("host power loss",                  Killed::Power,    Whole,   "worker-presence=hang",                      Some(ProcessLoss), Retake),
];

#[rustfmt::skip]
const ON_POSTGRES: [Row; 2] = [
    ("commit unknown: it was not",       Killed::Server,   Whole,   "custody-closing>postgres-before-commit=hang", Some(ProcessLoss), Retake),
    ("commit unknown: it was",           Killed::Server,   Whole,   "custody-closing>postgres-after-commit=hang",  Some(Verified),    Continue),
];

#[test]
fn killed_at_any_moment_a_custody_leaves_nothing_but_its_entry() {
    engines::run(run(House::build(None), &MATRIX));
}

#[test]
fn on_postgres_a_commit_of_unknown_fate_is_one_of_both() {
    if without_postgres() {
        return;
    }
    let cluster = Cluster(tempfile::tempdir().unwrap());
    engines::run(run(House::over(&cluster), &ON_POSTGRES));
}

async fn run(mut house: House, rows: &[Row]) {
    let film = Arc::new(Film::load());
    let mut expected = Vec::new();
    for row in rows {
        let (when, _, _, _, reason, _) = *row;
        let begun = std::time::Instant::now();
        crash(&mut house, &film, row, expected.len()).await;
        // A row that can be tried again leaves one judged custody more.
        expected.extend(reason);
        if row.5 == Retry {
            expected.push(Verified);
        }
        let all = house.custodies().await;
        let states: Vec<State> = all.iter().map(|(row, _)| row.state).collect();
        assert_eq!(states, expected.iter().copied().map(State::Closed).collect::<Vec<_>>(), "{when}");
        clean(&house.look(&film.needles), when);
        ledger(&house, expected.len(), when);
        println!("{when}: {:.1} s", begun.elapsed().as_secs_f32());
    }
}

/// Goes through one row, to the person's next step and a graceful stop.
async fn crash(house: &mut House, film: &Arc<Film>, row: &Row, position: usize) {
    let (when, killed, drive, plan, reason, sees) = *row;
    let server = house.start((!plan.is_empty()).then_some(plan));
    let mut phone = server.phone();
    phone.agree().await.unwrap();
    let actions = phone.challenge().await.unwrap();
    let driving = drive_on(&server, &phone, film, &actions, drive);
    let worker = if plan.is_empty() {
        driving.await.unwrap().unwrap();
        let (custody, _) = house.custodies().await.pop().unwrap();
        custody.worker.trim_start_matches("process ").parse().unwrap()
    } else {
        let held = server.held(house).await;
        driving.abort();
        let busy = if held == server.pid() { holder(house, position).await } else { Some(held) };
        busy.unwrap_or(0)
    };
    look_at_all(house, &server, film, worker, row);

    let watchdog = server.watchdog().expect("a watchdog");
    let server = match killed {
        Killed::Server => {
            server.kill();
            house.start(None)
        }
        Killed::Power => {
            house.cut_power(server);
            house.start(None)
        }
        Killed::Worker => {
            kill(worker);
            server
        }
        Killed::Watchdog => {
            kill(watchdog);
            server
        }
    };
    phone = server.phone_again(&phone);
    if let Some(reason) = reason {
        let (custody, registration) = house.closed(position).await;
        assert_eq!(custody.state, State::Closed(reason), "{when}");
        assert!(custody.receipt.is_some() && custody.closed_leaf.is_some(), "{when}: no receipt");
        let judged = registration.unwrap().verdict.is_some();
        assert_eq!(judged, reason == Verified, "{when}: a verdict if and only if the receipt tells of one");
    }
    assert!(!alive(worker), "{when}: a worker outlived its custody");
    if killed == Killed::Watchdog {
        let again = wait_for(|| server.watchdog().filter(|pid| *pid != watchdog)).await;
        assert!(alive(again), "the watchdog was not started again");
    }
    look_on(&phone, film, &actions, sees, when).await;
    clean(&server.memories(None, &film.needles), when);
    server.stop(house);
}

fn drive_on(
    server: &Server,
    phone: &Phone,
    film: &Arc<Film>,
    actions: &[Action],
    drive: Drive,
) -> tokio::task::JoinHandle<Result<(), PhoneError>> {
    let (phone, film, actions) = (server.phone_again(phone), Arc::clone(film), actions.to_vec());
    tokio::spawn(async move {
        let card = film.card();
        match drive {
            Whole => phone.send(&card, &film.faces(&actions)).await?,
            Damaged => phone.send(&card, &film.damaged(&actions)).await?,
            Half => return phone.send(&card, &film.faces(&actions)[..1]).await,
        }
        phone.judge().await.map(drop)
    })
}

/// The worker of the newest custody, if that lives.
async fn holder(house: &House, position: usize) -> Option<u32> {
    let row = house.custodies().await.into_iter().nth(position)?.0;
    row.worker.trim_start_matches("process ").parse().ok().filter(|pid| alive(*pid))
}

/// (a) of each row, before anything dies: pictures are in the worker, and nowhere else.
fn look_at_all(house: &House, server: &Server, film: &Film, worker: u32, row: &Row) {
    let (when, _, _, plan, ..) = *row;
    clean(&server.memories(Some(worker), &film.needles), when);
    clean(&house.look(&film.needles), when);
    let Ok(seen) = memory::scan(worker, &film.needles) else {
        let gone = plan.starts_with("custody-opening") || plan.starts_with("custody-judged") || plan.contains("clos");
        assert!(gone || !memory::sees_everything(), "{when}: the worker could not be looked into");
        return;
    };
    let has = |what: &str| seen.leaks.iter().any(|leak| leak.what == what);
    let (unsealed, decoded, compared) = match plan {
        "custody-opened=hang" | "custody-opening=hang" => (false, false, false),
        "worker-compare=hang" => (false, true, false),
        "worker-decode=hang@5" => (true, true, false),
        "worker-presence=hang" => (false, true, true),
        "worker-judged=hang" => return,
        _ => (true, false, false),
    };
    assert!(!unsealed || has("remark"), "{when}: the search does not find the remark where it must be");
    assert!(!decoded || has("card pixels") && has("face pixels"), "{when}: nor the pixels");
    assert!(!compared || has("embedding"), "{when}: nor the face");
    if (unsealed, decoded, compared) == (false, false, false) {
        clean(&seen, when);
    }
}

/// (c): what the person meets.
async fn look_on(phone: &Phone, film: &Film, actions: &[Action], sees: Sees, when: &str) {
    match sees {
        Retry => {
            phone.send(&film.card(), &film.faces(actions)).await.unwrap_or_else(|error| panic!("{when}: {error}"));
            assert_eq!(phone.judge().await.unwrap(), "/register/passkey", "{when}");
        }
        Retake => {
            let Err(PhoneError::Refused { code, .. }) = phone.post("/register/custody", &json!({})).await else {
                panic!("{when}: pictures of used movements were taken again")
            };
            assert_eq!(code, "presence-challenge-over", "{when}");
            assert!(!phone.challenge().await.unwrap().is_empty(), "{when}");
        }
        Continue => {
            let page = phone.open("/register/judging").await.unwrap();
            assert_eq!(page.url.path(), "/register/passkey", "{when}");
        }
    }
}

fn clean_memory(looked: &std::io::Result<Looked>, when: &str) {
    match looked {
        Ok(looked) => clean(looked, when),
        Err(error) => assert!(!memory::sees_everything(), "{when}: {error}"),
    }
}

fn clean(looked: &Looked, when: &str) {
    let some = &looked.leaks[..looked.leaks.len().min(5)];
    assert!(looked.leaks.is_empty(), "{when}: {} leaks: {some:?}", looked.leaks.len());
    assert!(looked.bytes > 1 << 20, "{when}: there was nothing to look at");
    assert!(looked.unreadable.is_empty() || !memory::sees_everything(), "{when}: {:?}", looked.unreadable);
}

/// (b): one entry for each opening and one for each end, an alarm if there was one, and a log that holds.
fn ledger(house: &House, custodies: usize, when: &str) {
    let folder = house.data().join("ledger");
    let verified = crate::run::lionrock(&["verify", "log", folder.to_str().unwrap(), "--json"], b"");
    assert_eq!(verified.code, 0, "{when}: {verified:?}");
    let types = verified.json()["types"].clone();
    let count = |kind: &str| types[kind].as_u64().unwrap_or(0);
    let expected = u64::try_from(custodies).unwrap();
    assert_eq!((count("custody.opened"), count("custody.closed")), (expected, expected), "{when}");
    assert_eq!(count("custody.alarm"), 0, "{when}: one loss is no pattern");
}

fn alive(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z')))
}

async fn wait_for<T>(mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..600 {
        if let Some(found) = look() {
            return found;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("waited in vain");
}

fn without_postgres() -> bool {
    let left_out = std::env::var("LIONROCK_TEST_ENGINES").is_ok_and(|engines| engines == "sqlite");
    if left_out {
        println!("left out: PostgreSQL, because LIONROCK_TEST_ENGINES=sqlite");
    }
    left_out
}

/// A PostgreSQL of its own, which may be crashed, and whose files can be looked through.
struct Cluster(tempfile::TempDir);

impl Cluster {
    /// Where its files lie.
    fn files(&self) -> std::path::PathBuf {
        std::fs::read_to_string(self.0.path().join("notes/folder")).unwrap().trim().into()
    }

    /// One statement of SQL, by the server's own client.
    fn tell(&self, sql: &str) {
        let url = std::fs::read_to_string(self.0.path().join("notes/url")).unwrap();
        let output = Command::new("psql")
            .args(["--no-psqlrc", "--quiet", "--dbname", url.trim(), "--command", sql])
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
    }

    fn ask(&self, verb: &str) -> String {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/postgres");
        let notes = self.0.path().join("notes");
        let output = Command::new(script).arg(verb).arg(notes).env("LIONROCK_DURABLE", "1").output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.ask("stop");
    }
}

/// The database crashes between the last statement and the commit, and the server lives: it closes the custody as soon as the
/// database is back, without a verdict, and the person takes new pictures.
#[test]
fn a_database_that_dies_at_the_commit_leaves_a_process_loss() {
    if without_postgres() {
        return;
    }
    engines::run(async {
        let cluster = Cluster(tempfile::tempdir().unwrap());
        let (house, film) = (House::over(&cluster), Arc::new(Film::load()));
        let server = house.start(Some("custody-closing>postgres-before-commit=pause"));
        let phone = server.phone();
        phone.agree().await.unwrap();
        let actions = phone.challenge().await.unwrap();
        let driving = drive_on(&server, &phone, &film, &actions, Whole);
        assert_eq!(server.held(&house).await, server.pid());
        cluster.ask("halt");
        std::fs::write(house.go(), "").unwrap();
        wait_for(|| house.log().contains("a judgement could not be written down").then_some(())).await;
        driving.abort();
        cluster.ask("start");
        let (custody, registration) = house.closed(0).await;
        assert_eq!(custody.state, State::Closed(ProcessLoss));
        assert!(custody.receipt.is_some() && registration.unwrap().verdict.is_none());
        look_on(&phone, &film, &actions, Retake, "a database that died").await;
        clean(&house.look(&film.needles), "a database that died");
        server.stop(&house);
    });
}

/// Pictures that kill the decoder again and again are somebody's attempt: the third within an hour is an entry of its own.
#[test]
fn repeated_losses_over_malformed_pictures_raise_an_alarm() {
    engines::run(async {
        let (house, film) = (House::build(None), Arc::new(Film::load()));
        let server = house.start(Some("worker-decode=hang@5"));
        for position in 0..3 {
            let phone = server.phone();
            phone.agree().await.unwrap();
            let actions = phone.challenge().await.unwrap();
            let driving = drive_on(&server, &phone, &film, &actions, Damaged);
            let held = server.held(&house).await;
            driving.abort();
            kill(held);
            assert_eq!(house.closed(position).await.0.state, State::Closed(ProcessLoss));
        }
        server.stop(&house);
        let log = house.log();
        assert_eq!(log.matches("somebody may be trying the decoder").count(), 1, "{log}");
        let folder = house.data().join("ledger");
        let verified = crate::run::lionrock(&["verify", "log", folder.to_str().unwrap(), "--json"], b"").json();
        assert_eq!((&verified["ok"], &verified["types"]["custody.alarm"]), (&json!(true), &json!(1)));
    });
}

/// What the worker still has when it says that everything is overwritten.
#[test]
fn after_overwriting_the_worker_has_nothing_left() {
    engines::run(async {
        let (house, film) = (House::build(None), Arc::new(Film::load()));
        let server = house.start(Some("worker-overwritten=hang"));
        let phone = server.phone();
        phone.agree().await.unwrap();
        let actions = phone.challenge().await.unwrap();
        let driving = drive_on(&server, &phone, &film, &actions, Whole);
        let held = server.held(&house).await;
        driving.abort();
        assert!(alive(held) && server.processes("proofing-worker").contains(&held));
        clean(&server.memories(None, &film.needles), "after overwriting");
    });
}

/// The test of the test: a worker that says a picture aloud to a server that writes it down is found out, in the log and on
/// the blocks of the device below.
#[test]
fn a_planted_leak_is_found() {
    engines::run(async {
        let (house, film) = (House::build(None), Arc::new(Film::load()));
        let server = house.start(Some("worker-unsealed=leak"));
        let phone = server.phone();
        phone.agree().await.unwrap();
        let actions = phone.challenge().await.unwrap();
        drive_on(&server, &phone, &film, &actions, Whole).await.unwrap().unwrap();
        server.stop(&house);
        let leaks = house.look(&film.needles).leaks;
        let found = |place: &str| {
            leaks.iter().any(|leak| leak.what == "remark" && leak.form == "hex" && leak.place.ends_with(place))
        };
        assert!(found("server.log") && (found("image") || !house.has_blocks()), "{leaks:?}");
    });
}

/// The test of the test, in the database: a picture's remark that was in a row for a moment, and deleted, is found in the files of
/// the server and in its write-ahead log.
#[test]
fn a_leak_into_the_database_is_found_in_its_files() {
    if without_postgres() {
        return;
    }
    engines::run(async {
        let cluster = Cluster(tempfile::tempdir().unwrap());
        let (house, film) = (House::over(&cluster), Film::load());
        house.start(None).stop(&house);
        clean(&house.look(&film.needles), "before");
        let hex: String = film.remark().iter().map(|byte| format!("{byte:02x}")).collect();
        cluster.tell(&format!(
            "INSERT INTO outbox (id, kind, sealed_message, created_at, due_at, attempts) VALUES ('\\x00', 'mail', '\\x{hex}', 0, 0, 0)"
        ));
        cluster.tell("CHECKPOINT");
        cluster.tell("DELETE FROM outbox WHERE kind = 'mail'");
        cluster.ask("halt");
        let leaks = house.look(&film.needles).leaks;
        let found = |place: &str| leaks.iter().any(|leak| leak.what == "remark" && leak.place.contains(place));
        assert!(found("/pg_wal/") && found("/base/"), "{leaks:?}");
    });
}

/// A backup is made while pictures are in custody: neither the process that makes it, nor its files, nor what they hold for
/// their custodian, has anything of them. A leak into a row would be found in what they hold.
#[test]
fn a_backup_made_while_pictures_are_there_holds_nothing_of_them() {
    engines::run(async {
        let (house, film) = (House::build(None), Arc::new(Film::load()));
        let server = house.start(Some("worker-presence=hang"));
        let phone = server.phone();
        phone.agree().await.unwrap();
        let actions = phone.challenge().await.unwrap();
        let driving = drive_on(&server, &phone, &film, &actions, Whole);
        let worker = server.held(&house).await;
        let has = memory::scan(worker, &film.needles).is_ok_and(|seen| !seen.leaks.is_empty());
        assert!(has || !memory::sees_everything(), "the pictures are there now");

        // Held when everything was read and sealed, and nothing has its name yet.
        let mut making = house.backup(Some("backup-written=hang"));
        let pid = making.id();
        wait_for(|| memory::has_thread(pid, lionrock_store::failpoint::HELD).then_some(())).await;
        clean_memory(&memory::scan(pid, &film.needles), "the process that makes a backup");
        clean(&house.look(&film.needles), "files of a backup under way");
        kill(pid);
        making.wait().unwrap();

        assert!(house.backup(None).wait().unwrap().success(), "{}", house.log());
        clean(&house.look(&film.needles), "a finished backup");
        clean(&house.opened_backup(&film.needles), "what a backup holds");
        driving.abort();
        kill(worker);
        house.closed(0).await;
        server.stop(&house);

        // The test of the test: a row with the remark, in a table that is kept.
        house
            .write(
                "INSERT INTO notice (digest, version, language, wording, created_at) VALUES ($1, '1', 'en', 'x', 0)",
                film.remark(),
            )
            .await;
        assert!(house.backup(None).wait().unwrap().success(), "{}", house.log());
        let folder = house.data().join("backups");
        let sealed = lionrock_testkit::scan::files(&folder, &film.needles);
        assert!(sealed.leaks.is_empty(), "sealed to the custodian, it is not to be seen: {:?}", sealed.leaks);
        let leaks = house.opened_backup(&film.needles).leaks;
        assert!(leaks.iter().any(|leak| leak.what == "remark"), "{leaks:?}");
    });
}

/// Ended by a signal that leaves a core file, with no limit from outside: none of the processes leaves one.
#[test]
fn no_process_leaves_a_core() {
    let folder = tempfile::tempdir().unwrap();
    let begin = |line: &str| {
        let script = format!("ulimit -c unlimited; cd \"$1\"; {line}");
        let mut shell = Command::new("sh");
        shell.args(["-c", &script, "sh"]).arg(folder.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
        shell.stderr(Stdio::null()).spawn().unwrap()
    };
    let dumped = |mut child: Child| {
        let pid = rustix::process::Pid::from_raw(child.id().try_into().unwrap()).unwrap();
        // Its input stays open meanwhile: at the end of it workers and watchdogs go by themselves, and may be faster.
        let _input = child.stdin.take();
        rustix::process::kill_process(pid, rustix::process::Signal::ABORT).unwrap();
        let ended = child.wait().unwrap();
        assert_eq!(ended.signal(), Some(6), "it should have been aborted");
        ended.core_dumped()
    };
    if !dumped(begin("exec sleep 60")) {
        println!("this machine writes no core files at all: the rest shows little");
    }
    let program = env!("CARGO_BIN_EXE_lionrock");
    let models = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models");
    let mut worker = begin(&format!("exec '{program}' proofing-worker --models '{models}'"));
    assert!(lionrock_app::worker::codec::read_frame(worker.stdout.as_mut().unwrap()).unwrap().is_some());
    assert!(!dumped(worker), "the worker left a core");
    let watchdog = begin(&format!("exec '{program}' proofing-watchdog"));
    std::fs::create_dir_all(folder.path().join("data/people")).unwrap();
    std::fs::write(folder.path().join("data/people/seed"), "1\n").unwrap();
    let mut server = begin(&format!(
        "exec '{program}' demo --json --port=0 --service-port=0 --data '{}'",
        folder.path().join("data").display()
    ));
    let mut line = String::new();
    BufReader::new(server.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("issuer"), "{line}");
    assert!(!dumped(watchdog), "the watchdog left a core");
    assert!(!dumped(server), "the server left a core");
}

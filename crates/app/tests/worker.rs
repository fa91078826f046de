//! The proofing worker as a process: what it cannot do, how it ends, and that nothing ends it with pictures left.

use lionrock_app::worker::child::code;
use lionrock_app::worker::codec::{read_frame, write_frame};
use lionrock_app::worker::host;
use lionrock_app::worker::message::{Answer, Order};
use lionrock_app::worker::pool::Pool;
use lionrock_app::worker::probe;
use lionrock_app::worker::provider::Builtin;
use lionrock_app::worker::session::{Host, Launch, Lost, Worker};
use lionrock_app::worker::watchdog::Watchdog;
use lionrock_crypto::hpke;
use lionrock_model::custody::{CloseReason, Label, PICTURE_BYTES, Part, seal_info};
use lionrock_model::id::CustodyId;
use lionrock_model::proofing::{Action, Challenge, Reason, Verdict};
use lionrock_model::time::Millis;
use lionrock_rehearsal::people::{Person, registers_by_camera};
use lionrock_rehearsal::scene::{Condition, photograph};
use lionrock_rehearsal::{card, face as faces};
use lionrock_service::port::{Ended, NotTaken, ProofingError, ProofingProvider};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::unbounded_channel;

fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_lionrock"))
}

fn models() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../models"))
}

fn launch(deadline: Duration, idle: Duration) -> Launch {
    Launch { program: program(), models: models(), strict: false, deadline, idle, host: Host::this(false) }
}

fn watchdog() -> Arc<Watchdog> {
    Watchdog::start(&program()).unwrap()
}

fn patient() -> Launch {
    launch(Duration::from_secs(120), Duration::from_secs(60))
}

async fn provider(launch: Launch, places: usize) -> Arc<Builtin> {
    Builtin::new(Pool::start(launch, places, 0).await.unwrap(), "test".to_owned(), [0; 16]).await
}

fn custody(n: u8) -> CustodyId {
    CustodyId::new(Millis(1), [n; 10])
}

const CARD: Label = Label { part: Part::Card, at_ms: 0, action: None };

fn face(n: u8, action: Option<Action>) -> Label {
    Label { part: Part::Face(n), at_ms: u32::from(n) * 500, action }
}

fn seal(key: &[u8; 32], custody: CustodyId, label: Label, picture: &[u8]) -> Vec<u8> {
    hpke::seal(key, &seal_info(custody), label.associated_data(custody).as_bytes(), picture).unwrap()
}

fn pid(worker: &str) -> Pid {
    Pid::from_raw(worker.trim_start_matches("process ").parse().unwrap()).unwrap()
}

fn lives(pid: Pid) -> bool {
    test_kill_process(pid).is_ok()
}

async fn next_end(provider: &Builtin) -> Ended {
    tokio::time::timeout(Duration::from_secs(20), provider.ended()).await.expect("no ending was told")
}

#[test]
fn a_confined_process_can_compute_and_nothing_else() {
    for (probe, outcome) in probe::run_all(&program()) {
        assert_eq!(outcome, probe.expected, "{probe:?}");
    }
}

#[tokio::test]
async fn the_kernel_says_the_worker_is_confined() {
    let worker = Worker::start(&patient(), &watchdog()).await.unwrap();
    let read = |file: &str| std::fs::read_to_string(format!("/proc/{}/{file}", worker.pid())).unwrap();
    let field = |name: &str| {
        let status = read("status");
        let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
        line.split_whitespace().nth(1).unwrap_or_default().to_owned()
    };
    assert_eq!(field("Seccomp:"), "2", "every system call is filtered");
    assert_eq!(field("NoNewPrivs:"), "1");
    let limits = read("limits");
    let limit = |name: &str| {
        let line = limits.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.trim_start_matches(name).split_whitespace().next().unwrap_or_default().to_owned()
    };
    assert_eq!(
        (limit("Max core file size"), limit("Max file size"), limit("Max open files")),
        ("0".into(), "0".into(), "0".into())
    );
    let held = |name: &str| worker.protections().iter().any(|protection| protection.name == name && protection.held);
    // Where the limit or a right of root allows it, memory must really be locked.
    let lockable = host::conditions(Path::new("/")).iter().any(|one| one.name == "lockable-memory" && one.held);
    assert_eq!(held("memory-locked"), lockable);
    let locked: u64 = field("VmLck:").parse().unwrap();
    assert!(locked > 50_000 || !lockable, "only {locked} KiB are locked");
    assert!(held("system-call-filter") && held("not-dumpable") && held("no-core-dump"));
    let thread_states = std::fs::read_dir(format!("/proc/{}/task", worker.pid())).unwrap();
    for thread in thread_states {
        let status = std::fs::read_to_string(thread.unwrap().path().join("status")).unwrap();
        assert!(status.contains("Seccomp:\t2"), "a thread outside the filter");
    }
}

#[tokio::test]
async fn a_custody_ends_with_a_verdict_and_without_a_process() {
    let provider = provider(patient(), 1).await;
    let opened = provider.open(custody(1)).await.unwrap();
    assert_eq!(provider.open(custody(2)).await, Err(ProofingError::Busy));
    let mut sent = 0;
    for (label, picture) in
        [(CARD, &b"not a picture"[..]), (face(0, None), b"nor this"), (face(1, Some(Action::LookUp)), b"nor this one")]
    {
        let taken = provider.receive(custody(1), label, seal(&opened.seal_key, custody(1), label, picture)).await;
        assert_eq!(taken, Ok(Ok(picture.len() as u32)));
        sent += picture.len() as u64;
    }
    let (progress, _stages) = unbounded_channel();
    let challenge = Challenge { actions: vec![Action::LookUp, Action::TurnLeft] };
    let judged = provider.judge(custody(1), challenge, "2026-11-23".into(), progress).await.unwrap();
    assert_eq!(judged.judgement.verdict, Verdict::Retake);
    assert_eq!((judged.pictures, judged.bytes), (3, sent));
    assert!(judged.judgement.card.is_none());
    assert!(!lives(pid(&opened.worker)), "the process that held the pictures must be gone before the verdict is told");
    // The place is free again, and the custody is not to be had twice.
    let (progress, _stages) = unbounded_channel();
    let again = provider.judge(custody(1), Challenge { actions: vec![] }, "2026-11-23".into(), progress).await;
    assert_eq!(again.err(), Some(ProofingError::NotHeld));
    tokio::time::timeout(Duration::from_secs(20), async {
        while provider.open(custody(3)).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn only_what_is_sealed_to_this_worker_custody_and_place_is_taken() {
    let provider = provider(patient(), 2).await;
    let opened = provider.open(custody(1)).await.unwrap();
    let other = provider.open(custody(2)).await.unwrap();
    let picture = b"a picture".to_vec();
    let good = seal(&opened.seal_key, custody(1), CARD, &picture);
    let mut damaged = good.clone();
    damaged[40] ^= 1;
    let own_key = hpke::KeyPair::generate().unwrap();
    for (why, label, sealed) in [
        ("another worker's key", CARD, seal(&other.seal_key, custody(1), CARD, &picture)),
        ("nobody's key", CARD, seal(own_key.public(), custody(1), CARD, &picture)),
        ("another custody", CARD, seal(&opened.seal_key, custody(2), CARD, &picture)),
        ("swapped with the face", face(0, None), good.clone()),
        ("another time", Label { at_ms: 1, ..CARD }, good.clone()),
        (
            "another movement",
            face(1, Some(Action::LookUp)),
            seal(&opened.seal_key, custody(1), face(1, Some(Action::LookDown)), &picture),
        ),
        ("damaged", CARD, damaged),
        ("truncated", CARD, good[..good.len() - 1].to_vec()),
        ("empty", CARD, Vec::new()),
    ] {
        assert_eq!(provider.receive(custody(1), label, sealed).await, Ok(Err(NotTaken::Unsealable)), "{why}");
    }
    // The custody has lost nothing by it, and a repeated part replaces the earlier one.
    assert_eq!(provider.receive(custody(1), CARD, good.clone()).await, Ok(Ok(9)));
    assert_eq!(provider.receive(custody(1), CARD, good).await, Ok(Ok(9)));
    assert_eq!(provider.destroy(custody(1)).await, (1, 9));
    assert!(!lives(pid(&opened.worker)));
    assert!(lives(pid(&other.worker)), "another person's worker is not touched");
}

#[tokio::test]
async fn pictures_over_the_limits_are_refused_and_the_custody_goes_on() {
    let provider = provider(patient(), 1).await;
    let opened = provider.open(custody(1)).await.unwrap();
    let send = |label, bytes: usize| {
        provider.receive(custody(1), label, seal(&opened.seal_key, custody(1), label, &vec![7; bytes]))
    };
    assert_eq!(send(CARD, PICTURE_BYTES + 1).await, Ok(Err(NotTaken::TooLarge)));
    for n in 0..3 {
        assert!(matches!(send(face(n, None), PICTURE_BYTES).await, Ok(Ok(_))), "face {n}");
    }
    assert_eq!(send(CARD, PICTURE_BYTES).await, Ok(Err(NotTaken::TooLarge)), "all together");
    assert!(matches!(send(CARD, 1000).await, Ok(Ok(_))));
}

#[tokio::test]
async fn a_missing_picture_is_named() {
    let provider = provider(patient(), 1).await;
    let opened = provider.open(custody(1)).await.unwrap();
    provider.receive(custody(1), CARD, seal(&opened.seal_key, custody(1), CARD, b"x")).await.unwrap().unwrap();
    let (progress, _stages) = unbounded_channel();
    let judged =
        provider.judge(custody(1), Challenge { actions: vec![] }, "2026-11-23".into(), progress).await.unwrap();
    assert_eq!(judged.judgement.reasons, vec![Reason::PictureMissing]);
}

#[tokio::test]
async fn a_killed_worker_is_a_process_loss_at_any_moment() {
    let provider = provider(patient(), 1).await;
    // Before the first byte.
    let opened = provider.open(custody(1)).await.unwrap();
    kill_process(pid(&opened.worker), Signal::KILL).unwrap();
    assert_eq!(next_end(&provider).await, Ended { custody: custody(1), reason: CloseReason::ProcessLoss });
    // In the middle of the upload.
    let opened = provider.open(custody(2)).await.unwrap();
    provider.receive(custody(2), CARD, seal(&opened.seal_key, custody(2), CARD, b"x")).await.unwrap().unwrap();
    kill_process(pid(&opened.worker), Signal::KILL).unwrap();
    assert_eq!(next_end(&provider).await.custody, custody(2));
    let late = provider.receive(custody(2), CARD, seal(&opened.seal_key, custody(2), CARD, b"x")).await;
    assert_eq!(late, Err(ProofingError::NotHeld));
    // Between the order to judge and the verdict: stopped first, so that the kill cannot come too late.
    let opened = provider.open(custody(3)).await.unwrap();
    for label in [CARD, face(0, None)] {
        provider.receive(custody(3), label, seal(&opened.seal_key, custody(3), label, b"x")).await.unwrap().unwrap();
    }
    kill_process(pid(&opened.worker), Signal::STOP).unwrap();
    let (progress, _stages) = unbounded_channel();
    let judging = provider.judge(custody(3), Challenge { actions: vec![] }, "2026-11-23".into(), progress);
    let killing = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        kill_process(pid(&opened.worker), Signal::KILL).unwrap();
    };
    let (judged, ()) = tokio::join!(judging, killing);
    assert_eq!(judged.err(), Some(ProofingError::Lost(CloseReason::ProcessLoss)));
    assert_eq!(next_end(&provider).await.custody, custody(3));
    // And the next person is served.
    assert!(provider.open(custody(4)).await.is_ok());
}

#[tokio::test]
async fn the_watchdog_ends_a_worker_at_its_deadline() {
    let watched = provider(launch(Duration::from_millis(400), Duration::from_secs(60)), 1).await;
    let slow = watched.open(custody(2)).await.unwrap();
    let begun = Instant::now();
    watched.receive(custody(2), CARD, seal(&slow.seal_key, custody(2), CARD, b"x")).await.unwrap().unwrap();
    assert_eq!(next_end(&watched).await, Ended { custody: custody(2), reason: CloseReason::Deadline });
    assert!(begun.elapsed() >= Duration::from_millis(400), "not before the deadline");
    assert!(!lives(pid(&slow.worker)));
    let watched = provider(launch(Duration::from_secs(60), Duration::from_millis(300)), 1).await;
    let idle = watched.open(custody(1)).await.unwrap();
    assert_eq!(next_end(&watched).await, Ended { custody: custody(1), reason: CloseReason::Deadline });
    assert!(!lives(pid(&idle.worker)), "a worker nobody sends anything to is ended too");
}

#[tokio::test]
async fn the_watchdog_strikes_even_when_the_server_does_not() {
    // The process alone, without anything of the server that keeps a clock beside it.
    let dog = watchdog();
    let mut sleeper = Command::new("sleep").arg("60").spawn().unwrap();
    let begun = Instant::now();
    dog.guard(sleeper.id(), Duration::from_secs(30));
    dog.guard(sleeper.id(), Duration::from_millis(300));
    let ended = tokio::task::spawn_blocking(move || sleeper.wait().unwrap()).await.unwrap();
    assert_eq!(ended.signal(), Some(9));
    assert!(begun.elapsed() >= Duration::from_millis(300));
    // What was released is left alone; what is still guarded when the server goes is ended.
    let mut released = Command::new("sleep").arg("60").spawn().unwrap();
    let mut guarded = Command::new("sleep").arg("60").spawn().unwrap();
    dog.guard(released.id(), Duration::from_millis(300));
    dog.release(released.id());
    dog.guard(guarded.id(), Duration::from_secs(60));
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert!(released.try_wait().unwrap().is_none() && guarded.try_wait().unwrap().is_none());
    drop(dog);
    let ended = tokio::task::spawn_blocking(move || guarded.wait().unwrap()).await.unwrap();
    assert_eq!(ended.signal(), Some(9));
    released.kill().unwrap();
    released.wait().unwrap();
}

#[tokio::test]
async fn a_dead_watchdog_takes_its_workers_along_and_comes_back() {
    let provider = provider(patient(), 1).await;
    let opened = provider.open(custody(1)).await.unwrap();
    let dog = provider.pool().watchdog().pid();
    kill_process(Pid::from_raw(dog.try_into().unwrap()).unwrap(), Signal::KILL).unwrap();
    assert_eq!(next_end(&provider).await, Ended { custody: custody(1), reason: CloseReason::Deadline });
    assert!(!lives(pid(&opened.worker)));
    let again = loop {
        match provider.open(custody(2)).await {
            Ok(opened) => break opened,
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    };
    assert_ne!(provider.pool().watchdog().pid(), dog);
    provider.receive(custody(2), CARD, seal(&again.seal_key, custody(2), CARD, b"x")).await.unwrap().unwrap();
}

#[tokio::test]
async fn no_custody_opens_while_the_host_breaks_a_condition() {
    let root = tempfile::tempdir().unwrap();
    let set = |file: &str, content: &str| {
        let path = root.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    };
    set("proc/sys/kernel/yama/ptrace_scope", "2\n");
    set("proc/self/limits", "Max locked memory  unlimited  unlimited  bytes\n");
    let host = Host { root: root.path().to_owned(), required: true };
    let provider = provider(Launch { host, ..patient() }, 1).await;
    // Sound when the server started, and broken since.
    set("proc/swaps", "Filename Type Size Used Priority\n/dev/zram0 partition 4194300 0 100\n");
    assert_eq!(provider.open(custody(1)).await, Err(ProofingError::Unavailable));
    set("proc/swaps", "Filename Type Size Used Priority\n");
    assert!(provider.open(custody(1)).await.is_ok());
}

#[tokio::test]
async fn a_worker_that_hangs_in_judging_is_ended_too() {
    let provider = provider(launch(Duration::from_millis(600), Duration::from_secs(5)), 1).await;
    let opened = provider.open(custody(1)).await.unwrap();
    provider.receive(custody(1), CARD, seal(&opened.seal_key, custody(1), CARD, b"x")).await.unwrap().unwrap();
    kill_process(pid(&opened.worker), Signal::STOP).unwrap();
    let (progress, _stages) = unbounded_channel();
    let judged = provider.judge(custody(1), Challenge { actions: vec![] }, "2026-11-23".into(), progress).await;
    assert_eq!(judged.err(), Some(ProofingError::Lost(CloseReason::Deadline)));
    assert!(!lives(pid(&opened.worker)));
}

#[test]
fn a_worker_without_parent_ends_itself() {
    let mut child = Command::new(program())
        .args(["proofing-worker", "--models"])
        .arg(models())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let ready = read_frame(child.stdout.as_mut().unwrap()).unwrap().unwrap();
    assert!(matches!(Answer::from_frame(ready.0, &ready.1), Some(Answer::Ready { .. })));
    drop(child.stdin.take());
    assert_eq!(child.wait().unwrap().code(), Some(code::ORPHAN));
}

#[test]
fn a_worker_whose_watchdog_died_ends_itself_after_its_deadline() {
    let mut child = Command::new(program())
        .args(["proofing-worker", "--models"])
        .arg(models())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (kind, body) = read_frame(child.stdout.as_mut().unwrap()).unwrap().unwrap();
    let Some(Answer::Ready { seal_key, .. }) = Answer::from_frame(kind, &body) else { panic!("not ready") };
    let mut pipe = child.stdin.take().unwrap();
    let mut tell = |order: &Order| {
        let (kind, body) = order.to_frame();
        write_frame(&mut pipe, kind, &body).unwrap();
    };
    tell(&Order::Begin { custody: custody(1), deadline_ms: 100 });
    tell(&Order::Picture { label: CARD, sealed: seal(&seal_key, custody(1), CARD, b"x") });
    let begun = Instant::now();
    assert_eq!(child.wait().unwrap().code(), Some(code::DEADLINE));
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_garbled_order_ends_the_worker() {
    let mut child = Command::new(program())
        .args(["proofing-worker", "--models"])
        .arg(models())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    read_frame(child.stdout.as_mut().unwrap()).unwrap().unwrap();
    write_frame(child.stdin.as_mut().unwrap(), 99, b"what").unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(code::GARBLED));
}

#[tokio::test]
async fn without_models_no_worker_starts_and_it_says_why() {
    let launch = Launch { models: PathBuf::from("/nonexistent"), ..patient() };
    let Err(Lost::CannotStart(why)) = Worker::start(&launch, &watchdog()).await else {
        panic!("started without models")
    };
    assert!(why.contains("restore the models folder"), "{why}");
}

#[tokio::test]
async fn production_starts_only_with_every_protection() {
    let lenient = Worker::start(&patient(), &watchdog()).await.unwrap();
    let all_held = lenient.protections().iter().all(|protection| protection.held);
    let strict = Worker::start(&Launch { strict: true, ..patient() }, &watchdog()).await;
    match (all_held, strict.map(|_| ())) {
        (true, Ok(())) => {}
        (false, Err(Lost::CannotStart(why))) => assert!(why.contains("does not give the protection"), "{why}"),
        (held, other) => panic!("protections all held: {held}, strict start: {other:?}"),
    }
}

const ASKED: [Action; 2] = [Action::TurnLeft, Action::LookUp];

/// A synthetic person's card and face pictures, labelled as a page labels them.
fn capture(person: &Person) -> Vec<(Label, Vec<u8>)> {
    let front = photograph(&card::draw(person, 1), Condition::Ordinary(0), 1);
    let frames = faces::selfie_frames(person, &ASKED, 1);
    let frames = frames.into_iter().enumerate();
    let frames =
        frames.map(|(n, (action, at_ms, picture))| (Label { part: Part::Face(n as u8), at_ms, action }, picture));
    std::iter::once((CARD, front)).chain(frames).collect()
}

async fn send(provider: &Builtin, id: CustodyId, key: &[u8; 32], pictures: &[(Label, Vec<u8>)]) {
    for (label, picture) in pictures {
        provider.receive(id, *label, seal(key, id, *label, picture)).await.unwrap().unwrap();
    }
}

fn asked() -> Challenge {
    Challenge { actions: ASKED.to_vec() }
}

#[tokio::test(flavor = "multi_thread")]
async fn real_pictures_are_judged_in_the_confined_process() {
    let people = registers_by_camera(1).unwrap();
    let pictures = capture(&people[0]);
    let provider = provider(patient(), 1).await;
    let opened = provider.open(custody(1)).await.unwrap();
    send(&provider, custody(1), &opened.seal_key, &pictures).await;
    let (progress, mut stages) = unbounded_channel();
    let judged = provider.judge(custody(1), asked(), "2026-11-23".into(), progress).await.unwrap();
    assert_eq!(judged.judgement.verdict, Verdict::Accepted, "{:?}", judged.judgement.reasons);
    let text = judged.judgement.card.unwrap();
    assert_eq!(text.hkid, people[0].printed_number());
    assert_eq!(judged.pictures as usize, pictures.len());
    assert_eq!(judged.bytes, pictures.iter().map(|(_, picture)| picture.len() as u64).sum::<u64>());
    let mut told = Vec::new();
    while let Some(stage) = stages.recv().await {
        told.push(stage);
    }
    assert!(told.is_sorted() && told.last() == Some(&lionrock_model::proofing::Stage::Destroy), "{told:?}");
    assert!(!lives(pid(&opened.worker)));
    // The promise is 100 ms at the 99th percentile on an idle machine; here others build and test beside it.
    assert!(
        judged.verdict_to_zeroise < Duration::from_secs(1),
        "{:?} from verdict to oblivion",
        judged.verdict_to_zeroise
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn swapped_foreign_and_repeated_pictures_are_not_accepted() {
    let people = registers_by_camera(1).unwrap();
    let (own, other) = (capture(&people[0]), capture(&people[1]));
    let swap = |pictures: &[(Label, Vec<u8>)]| {
        let mut swapped = pictures.to_vec();
        let (card, face) = (swapped[0].1.clone(), swapped[1].1.clone());
        (swapped[0].1, swapped[1].1) = (face, card);
        swapped
    };
    let foreign: Vec<_> = std::iter::once(other[0].clone()).chain(own[1..].iter().cloned()).collect();
    let still: Vec<_> = own
        .iter()
        .map(|(label, picture)| (*label, if label.part == Part::Card { picture } else { &own[1].1 }.clone()))
        .collect();
    let provider = provider(patient(), 1).await;
    for (n, (what, pictures, challenge)) in [
        ("card and face swapped", swap(&own), asked()),
        ("another person's card", foreign, asked()),
        ("one picture for all movements", still, asked()),
        ("movements in another order", own.clone(), Challenge { actions: vec![Action::LookUp, Action::TurnLeft] }),
    ]
    .into_iter()
    .enumerate()
    {
        let id = custody(n as u8 + 1);
        let opened = loop {
            match provider.open(id).await {
                Err(ProofingError::Busy) => tokio::time::sleep(Duration::from_millis(20)).await,
                opened => break opened.unwrap(),
            }
        };
        send(&provider, id, &opened.seal_key, &pictures).await;
        let (progress, _stages) = unbounded_channel();
        let judged = provider.judge(id, challenge, "2026-11-23".into(), progress).await.unwrap();
        assert_ne!(judged.judgement.verdict, Verdict::Accepted, "{what}");
        assert!(judged.judgement.card.is_none(), "{what}: no text leaves without acceptance");
        assert!(!lives(pid(&opened.worker)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_killed_in_the_middle_of_any_stage_gives_no_verdict() {
    use lionrock_model::proofing::Stage;
    let pictures = capture(&registers_by_camera(1).unwrap()[0]);
    let provider = provider(patient(), 1).await;
    for (n, at) in [Stage::Decode, Stage::FindCard, Stage::ReadCard, Stage::FindFace].into_iter().enumerate() {
        let id = custody(n as u8 + 1);
        let opened = loop {
            match provider.open(id).await {
                Err(ProofingError::Busy) => tokio::time::sleep(Duration::from_millis(20)).await,
                opened => break opened.unwrap(),
            }
        };
        send(&provider, id, &opened.seal_key, &pictures).await;
        let (progress, mut stages) = unbounded_channel();
        let worker = pid(&opened.worker);
        let killing = async move {
            while let Some(stage) = stages.recv().await {
                if stage >= at {
                    // Gone already only when the whole judgement was faster than this line.
                    let _ = kill_process(worker, Signal::KILL);
                    return stage;
                }
            }
            panic!("the stage {at:?} never came");
        };
        let (judged, stage) = tokio::join!(provider.judge(id, asked(), "2026-11-23".into(), progress), killing);
        assert_eq!(judged.err(), Some(ProofingError::Lost(CloseReason::ProcessLoss)), "killed at {stage:?}");
        assert_eq!(next_end(&provider).await.custody, id);
    }
}

//! The server itself dies at each point of a custody, as in a power cut. Afterwards there is a verdict if and only if there is
//! its receipt; everything else is a process-loss, and the person can begin again.

use lionrock_model::custody::{CloseReason, State};
use lionrock_model::proofing::Action;
use lionrock_rehearsal::authenticator::Authenticator;
use lionrock_rehearsal::http::Browser;
use lionrock_rehearsal::people::{Person, registers_by_camera};
use lionrock_rehearsal::phone::{Phone, Pictures};
use lionrock_rehearsal::scene::{Condition, photograph};
use lionrock_rehearsal::{card, face};
use lionrock_store::{Store, custody};
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

struct Camera(Person);

impl Pictures for Camera {
    fn card(&self) -> Vec<u8> {
        photograph(&card::draw(&self.0, 7), Condition::Ordinary(0), 7)
    }

    fn faces(&self, actions: &[Action]) -> Vec<(Option<Action>, u32, Vec<u8>)> {
        face::selfie_frames(&self.0, actions, 7)
    }
}

/// A demo over this folder that dies at the point, if one is named.
struct Demo {
    server: Child,
    issuer: String,
    authority: String,
}

impl Demo {
    fn start(data: &Path, point: Option<&str>) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lionrock"));
        command.args(["demo", "--json", "--port=0", "--service-port=0", "--data"]).arg(data);
        if let Some(point) = point {
            command.env("LIONROCK_FAIL_POINT", format!("{point}=abort"));
        }
        let mut server = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(server.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("the demo did not start: {line}"));
        let authority = std::fs::read_to_string(said["ca"].as_str().unwrap()).unwrap();
        Self { server, issuer: said["issuer"].as_str().unwrap().to_owned(), authority }
    }

    fn phone(&self) -> Phone {
        Phone::new(Browser::new(&self.authority).unwrap(), &self.issuer, Authenticator::default())
    }

    fn stop(mut self) {
        let pid = rustix::process::Pid::from_raw(self.server.id().try_into().unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        assert!(self.server.wait().unwrap().success(), "a graceful stop");
    }
}

const POINTS: [(&str, Option<CloseReason>); 6] = [
    ("custody-opening", None),
    ("custody-opened", Some(CloseReason::ProcessLoss)),
    ("custody-received", Some(CloseReason::ProcessLoss)),
    ("custody-judging", Some(CloseReason::ProcessLoss)),
    ("custody-judged", Some(CloseReason::ProcessLoss)),
    ("custody-closed", Some(CloseReason::Verified)),
];

#[test]
fn killed_at_any_point_of_a_custody_nothing_remains_but_its_receipt() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("demo");
    let person = registers_by_camera(1).unwrap().remove(0);
    let email = person.email.reveal().to_owned();
    let camera = Camera(person);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for (point, _) in POINTS {
        let mut demo = Demo::start(&data, Some(point));
        let outcome = runtime.block_on(demo.phone().register(&camera, &email, &mut |_| ()));
        assert!(outcome.is_err(), "{point}: the server should have died");
        assert_eq!(demo.server.wait().unwrap().signal(), Some(rustix::process::Signal::ABORT.as_raw()), "{point}");
    }
    // The person comes again and is served.
    let demo = Demo::start(&data, None);
    let done = runtime.block_on(demo.phone().register(&camera, &email, &mut |_| ())).unwrap();
    assert!(done.receipt.get("statement").is_some());
    demo.stop();

    let rows = runtime.block_on(async {
        let store = Store::open(&format!("sqlite:{}", data.join("lionrock.db").display())).await.unwrap();
        let open = store.read(custody::open).await.unwrap();
        assert!(open.is_empty(), "left open: {open:?}");
        store.read(custody::all).await.unwrap()
    });
    let expected = POINTS.into_iter().filter_map(|(_, reason)| reason).chain([CloseReason::Verified]);
    let found: Vec<_> = rows.iter().map(|row| row.state).collect();
    assert_eq!(found, expected.map(State::Closed).collect::<Vec<_>>());
    assert!(rows.iter().all(|row| row.receipt.is_some() && row.closed_leaf.is_some()));

    let verified = crate::run::lionrock(&["verify", "log", data.join("ledger").to_str().unwrap()], b"");
    assert_eq!(verified.code, 0, "{verified:?}");
}

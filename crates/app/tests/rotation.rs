//! `lionrock key rotate` from outside: beside a server, over a server that dies, and without one.

use crate::run::lionrock;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A demo over this folder, whose pictures stay undrawn.
struct Demo(Child);

impl Demo {
    fn start(data: &Path, point: Option<&str>) -> Self {
        std::fs::create_dir_all(data.join("people")).unwrap();
        std::fs::write(data.join("people/seed"), "1\n").unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_lionrock"));
        command.args(["demo", "--json", "--port=0", "--service-port=0", "--data"]).arg(data);
        if let Some(point) = point {
            command.env("LIONROCK_FAIL_POINT", format!("{point}=abort"));
        }
        let mut server = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(server.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert!(line.contains("issuer"), "the demo did not start: {line}");
        Self(server)
    }

    fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn rotate(data: &Path, more: &[&str]) -> Value {
    let config = data.join("lionrock.toml");
    let arguments = [&["key", "rotate", "--json", "--config", config.to_str().unwrap()], more].concat();
    let ran = lionrock(&arguments, b"");
    assert_eq!(ran.code, 0, "{ran:?}");
    ran.json()["rotations"].clone()
}

fn epochs(data: &Path, name: &str) -> Vec<u64> {
    let config = data.join("lionrock.toml");
    let said = lionrock(&["key", "status", "--json", "--config", config.to_str().unwrap()], b"").json();
    let keys = said["keys"].as_array().unwrap().clone();
    keys.iter().filter(|key| key["name"] == json!(name)).map(|key| key["epoch"].as_u64().unwrap()).collect()
}

fn verified(data: &Path, rotation: &Value) {
    let receipt = PathBuf::from(rotation["receipt"].as_str().expect("a receipt"));
    let key = data.join("ledger/vkey");
    let said =
        lionrock(&["verify", "receipt", receipt.to_str().unwrap(), "--key", key.to_str().unwrap(), "--json"], b"");
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(said.json()["statement"]["keys"], rotation["keys"]);
}

#[test]
fn a_request_outlives_the_server_that_carries_it_out() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("demo");
    let receipts = folder.path().join("receipts");
    // It dies as soon as the first page is written, before the commit.
    let mut server = Demo::start(&data, Some("rotation-page"));
    rotate(&data, &["--what=domain:profile"]);
    assert!(!server.0.wait().unwrap().success(), "it should have died");
    assert_eq!(epochs(&data, "domain/profile"), [1, 2], "half way: both keys are there");
    // The next start goes on with the same request; asking again is no other one.
    let server = Demo::start(&data, None);
    let done = rotate(&data, &["--what=domain:profile", "--receipts", receipts.to_str().unwrap()]);
    assert_eq!((done.as_array().unwrap().len(), &done[0]["state"], &done[0]["epoch"]), (1, &json!("done"), &json!(2)));
    assert!(done[0]["records"].as_u64().unwrap() >= 10, "{done}");
    assert_eq!(epochs(&data, "domain/profile"), [2]);
    verified(&data, &done[0]);
    server.kill();
    // Nobody serves: the command does the work, and does not wait for the server that was killed.
    let new = folder.path().join("new.key");
    assert_eq!(lionrock(&["key", "init", "--out", new.to_str().unwrap()], b"").code, 0);
    let residents = rotate(&data, &["--what=residents", "--receipts", receipts.to_str().unwrap()]);
    assert!(residents[0]["records"].as_u64().unwrap() >= 10);
    verified(&data, &residents[0]);
    // Another root: the old file opens nothing any more.
    let more = ["--what=root", "--new-root-file", new.to_str().unwrap(), "--receipts", receipts.to_str().unwrap()];
    verified(&data, &rotate(&data, &more)[0]);
    let config = data.join("lionrock.toml");
    let refused = lionrock(&["key", "rotate", "--config", config.to_str().unwrap(), "--what=residents"], b"");
    assert!(refused.code != 0 && refused.err.contains("does not open this store"), "{refused:?}");
    std::fs::copy(&new, data.join("keys/root.key")).unwrap();
    Demo::start(&data, None).kill();
}

#[test]
fn what_makes_no_sense_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("none.toml");
    let ran = lionrock(&["key", "rotate", "--config", missing.to_str().unwrap(), "--what=realm"], b"");
    assert!(ran.code != 0 && ran.err.contains("none.toml"), "{ran:?}");
    let data = folder.path().join("demo");
    Demo::start(&data, None).kill();
    let config = data.join("lionrock.toml");
    let config = config.to_str().unwrap();
    for (arguments, says) in [
        (&["--what=everything"][..], "no such keys"),
        (&["--what=root"], "--new-root-file"),
        (&["--what=realm", "--new-root-file=x"], "--what root"),
        (&["--what=root", "--new-root-file=/dev/null"], "/dev/null"),
    ] {
        let ran = lionrock(&[&["key", "rotate", "--config", config], arguments].concat(), b"");
        assert!(ran.code != 0 && ran.err.contains(says), "{arguments:?}: {ran:?}");
    }
}

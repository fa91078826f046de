//! `lionrock verify`, from outside: good and bad logs, from a folder and over the wire, and receipts.

use crate::run::{Ran, lionrock};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use lionrock_crypto::sign::{PublicKey, SigningKey};
use lionrock_ledger::bundle::Bundle;
use lionrock_ledger::checkpoint::Checkpoint;
use lionrock_ledger::hash::Hash;
use lionrock_ledger::leaf::{CoarseTime, Kind, Leaf};
use lionrock_ledger::note::Verifier;
use lionrock_ledger::receipt::{Receipt, digest};
use lionrock_ledger::source::Directory;
use lionrock_ledger::tile;
use lionrock_ledger::tree::Edge;
use serde_json::{Value, json};
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;

const ORIGIN: &str = "lionrock.test-demo/localhost:8443";

#[test]
fn a_good_log_passes_with_and_without_a_given_key() {
    let folder = log(300, 0);
    let ran = verify(&["log", text(folder.path()), "--key", &vkey()]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("✓ 300 entries read") && !ran.out.contains('!') && ran.err.is_empty(), "{ran:?}");
    let ran = verify(&["log", text(folder.path())]);
    assert_eq!(ran.code, 0);
    assert!(ran.out.contains("! the key is the one published beside the log"), "{ran:?}");
    let json = verify(&["log", text(folder.path()), "--json"]).json();
    assert_eq!(
        (&json["ok"], &json["size"], &json["key_given"], &json["log"]),
        (&json!(true), &json!(300), &json!(false), &json!(ORIGIN))
    );
    assert_eq!(json["types"]["test.happened"], 300);
    // The data folder stands for its ledger folder; a key may come from a file.
    let data = tempfile::tempdir().unwrap();
    fs::rename(folder.path(), data.path().join("ledger")).unwrap();
    let key = data.path().join("ledger/vkey");
    assert_eq!(verify(&["log", text(data.path()), "--key", text(&key)]).code, 0);
}

#[test]
fn a_touched_log_is_refused_and_named() {
    let folder = log(300, 0);
    let bundle = folder.path().join("tile/entries/000");
    let good = fs::read(&bundle).unwrap();
    let mut bad = good.clone();
    bad[100] ^= 1;
    fs::write(&bundle, &bad).unwrap();
    let ran = verify(&["log", text(folder.path()), "--key", &vkey()]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("✗ entry-changed") && ran.out.contains("entry 1 "), "{ran:?}");
    assert_eq!(ran.err.trim_end().lines().count(), 2, "{ran:?}");
    let json = verify(&["log", text(folder.path()), "--json"]).json();
    assert_eq!((&json["ok"], &json["findings"][0]["code"]), (&json!(false), &json!("entry-changed")));
    fs::write(&bundle, &good).unwrap();
    let thief = Verifier::new(ORIGIN, [9; 32]).unwrap().to_string();
    assert_eq!(
        verify(&["log", text(folder.path()), "--key", &thief, "--json"]).json()["findings"][0]["code"],
        "bad-checkpoint"
    );
    let other = verify(&["log", text(folder.path()), "--key", &vkey(), "--origin", "lionrock.production/x", "--json"]);
    assert_eq!((other.code, &other.json()["findings"][0]["code"]), (1, &json!("wrong-origin")));
}

#[test]
fn a_kept_checkpoint_shows_cuts_and_forks() {
    let (kept, longer, forked, cut) = (log(300, 0), log(600, 0), log(600, 1), log(200, 0));
    let kept = kept.path().join("checkpoint");
    let against = |folder: &Path| verify(&["log", text(folder), "--key", &vkey(), "--against", text(&kept), "--json"]);
    let ran = against(longer.path());
    assert_eq!((ran.code, &ran.json()["continues"]), (0, &json!(300)));
    let ran = against(forked.path());
    assert_eq!((ran.code, &ran.json()["findings"][0]["code"]), (1, &json!("forked")));
    let ran = against(cut.path());
    assert_eq!((ran.code, &ran.json()["findings"][0]["code"]), (1, &json!("older")));
}

#[test]
fn what_cannot_be_checked_is_not_called_bad() {
    let folder = log(3, 0);
    for arguments in [
        vec!["log", "/nowhere/at/all"],
        vec!["log", text(folder.path()), "--key", "nonsense"],
        vec!["log", text(folder.path()), "--against", "/nowhere"],
        vec!["log", "http://127.0.0.1:1/ledger"],
        vec!["log", "http://example.org/ledger"],
        vec!["log", "https://127.0.0.1:1/ledger"],
        vec!["receipt", "/nowhere"],
        vec!["log"],
    ] {
        let ran = verify(&arguments);
        assert_eq!(ran.code, 2, "{arguments:?}: {ran:?}");
        assert!(ran.out.is_empty() && ran.err.starts_with("error: "), "{ran:?}");
    }
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(verify(&["log", text(empty.path())]).code, 2, "no key there");
    assert_eq!(
        verify(&["log", text(empty.path()), "--key", &vkey()]).code,
        1,
        "a log that is not there is not a good log"
    );
}

#[test]
fn a_log_far_away_is_checked_the_same() {
    let folder = log(700, 0);
    let address = serve(folder.path());
    let ran = verify(&["log", &format!("http://{address}/ledger"), "--key", &vkey()]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let ran = verify(&["log", &format!("http://{address}")]);
    assert_eq!(ran.code, 0, "{ran:?}");
    fs::remove_file(folder.path().join("tile/0/001")).unwrap();
    let ran = verify(&["log", &format!("http://{address}/ledger"), "--json"]);
    assert_eq!((ran.code, &ran.json()["findings"][0]["code"]), (1, &json!("missing")));
}

#[test]
fn receipts_hold_against_key_and_log() {
    let (folder, receipt) = with_receipt();
    let file = folder.path().join("receipt.json");
    fs::write(&file, receipt.to_json().to_string()).unwrap();
    let longer = folder.path().join("now");
    for (arguments, sure) in [
        (vec!["receipt", text(&file)], false),
        (vec!["receipt", text(&file), "--key", &vkey()], true),
        (vec!["receipt", text(&file), "--log", text(&longer)], true),
        (vec!["receipt", text(&file), "--log", text(&longer), "--key", &vkey()], true),
    ] {
        let ran = verify(&arguments);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(ran.out.contains("pictures: 7") && ran.out.contains("zeroised: 2026-11-23T"), "{ran:?}");
        assert_eq!(!ran.out.contains('!'), sure, "{ran:?}");
    }
    let json = verify(&["receipt", text(&file), "--json", "--log", text(&longer)]).json();
    assert_eq!((&json["statement"]["pictures"], &json["log_size_now"]), (&json!(7), &json!(40)));
    // Another history of the same log, by the same key.
    let forked = log(50, 3);
    let ran = verify(&["receipt", text(&file), "--log", text(forked.path()), "--key", &vkey()]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let mut changed = receipt.to_json();
    changed["statement"] = json!(receipt.statement.replacen('e', "f", 1));
    fs::write(&file, changed.to_string()).unwrap();
    assert_eq!(verify(&["receipt", text(&file), "--key", &vkey()]).code, 1);
    fs::write(&file, "hello").unwrap();
    let ran = verify(&["receipt", text(&file)]);
    assert_eq!((ran.code, ran.err.trim_end().lines().count()), (1, 2), "{ran:?}");
}

#[test]
fn hostile_receipts_are_refused() {
    let (folder, receipt) = with_receipt();
    let file = folder.path().join("receipt.json");
    let whole = receipt.to_json();
    let judged = |hostile: &Value, more: &[&str]| {
        fs::write(&file, hostile.to_string()).unwrap();
        verify(&[&["receipt", text(&file)], more].concat()).code
    };
    assert_eq!(judged(&whole, &["--key", &vkey()]), 0);
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let (thief, parts): (_, Vec<&str>) =
        (SigningKey::from_ed25519_seed(&[9; 32]).unwrap(), receipt.statement.split('.').collect());
    let claims = String::from_utf8(URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
    let fewer = part(&claims.replace("\"pictures\":7", "\"pictures\":6"));
    let signed_by_thief = |claims: &str| {
        let head = format!("{}.{claims}", parts[0]);
        format!("{head}.{}", URL_SAFE_NO_PAD.encode(thief.sign(head.as_bytes()).unwrap()))
    };
    let with = |changes: &[(&str, Value)]| {
        let mut changed = whole.clone();
        changes.iter().for_each(|(member, value)| changed[*member] = value.clone());
        changed
    };
    let mut thiefs_key = whole["key"].clone();
    thiefs_key["x"] = json!(URL_SAFE_NO_PAD.encode(public(&thief)));
    let statement = |text: String| ("statement", json!(text));
    let other = Leaf::commit(
        [3; 16],
        Kind::parse("custody.closed").unwrap(),
        CoarseTime::from_millis(0),
        &[2; 32],
        receipt.event.as_bytes(),
    );
    let unsigned = format!("{}.{}.", part("{\"alg\":\"none\",\"typ\":\"receipt+jwt\"}"), parts[1]);
    for (what, hostile) in [
        ("an edited count", with(&[statement(format!("{}.{fewer}.{}", parts[0], parts[2]))])),
        (
            "an edited count, signed by another key",
            with(&[statement(signed_by_thief(&fewer)), ("key", thiefs_key.clone())]),
        ),
        (
            "the same words, signed by another key",
            with(&[statement(signed_by_thief(parts[1])), ("key", thiefs_key.clone())]),
        ),
        ("another key beside the old signature", with(&[("key", thiefs_key)])),
        ("no signature", with(&[statement(unsigned)])),
        ("another leaf of the log", with(&[("entry", json!(STANDARD.encode(entry(19, 0))))])),
        ("a leaf the log does not hold", with(&[("entry", json!(STANDARD.encode(other.encode())))])),
        ("another event", with(&[("event", json!(receipt.event.replace("body", "b0dy")))])),
        ("another key of the event", with(&[("event_key", json!(URL_SAFE_NO_PAD.encode([4; 32])))])),
        ("the proof of another place", with(&[("proof", json!(receipt.proof.to_string().replacen("20", "19", 1)))])),
        ("no proof", with(&[("proof", json!(""))])),
        ("another format", with(&[("format", json!("lionrock receipt v2"))])),
    ] {
        assert_eq!(judged(&hostile, &["--key", &vkey()]), 1, "{what}");
        assert_eq!(judged(&hostile, &[]), 1, "{what}, without a key given");
    }
    for member in whole.as_object().unwrap().keys() {
        let mut without = whole.clone();
        without.as_object_mut().unwrap().remove(member);
        assert_eq!(judged(&without, &["--key", &vkey()]), 1, "without {member}");
    }
    // Another realm's log is another log, even by the same key.
    let realm = Verifier::new("lionrock.production/id.example.gov.hk", public(&key())).unwrap().to_string();
    assert_eq!(judged(&whole, &["--key", &realm]), 1, "another realm");
    assert_eq!(
        judged(&whole, &["--key", &Verifier::new(ORIGIN, [9; 32]).unwrap().to_string()]),
        1,
        "another log's key"
    );
    let good = whole.to_string();
    for share in 1..8 {
        fs::write(&file, &good[..good.len() * share / 8]).unwrap();
        assert_eq!(verify(&["receipt", text(&file), "--key", &vkey()]).code, 1, "cut off after {share} eighths");
    }
}

fn verify(arguments: &[&str]) -> Ran {
    lionrock(&[&["verify"], arguments].concat(), b"")
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn key() -> SigningKey {
    SigningKey::from_ed25519_seed(&[5; 32]).unwrap()
}

fn public(key: &SigningKey) -> [u8; 32] {
    let PublicKey::Ed25519(public) = key.public().unwrap() else { panic!("not Ed25519") };
    public
}

fn vkey() -> String {
    Verifier::new(ORIGIN, public(&key())).unwrap().to_string()
}

fn entry(index: u64, salt: u8) -> Vec<u8> {
    let kind = Kind::parse("test.happened").unwrap();
    let mut event = [salt; 16];
    event[..8].copy_from_slice(&index.to_be_bytes());
    Leaf::commit(event, kind, CoarseTime::from_millis(0), &[1; 32], b"{}").encode()
}

fn log(size: u64, salt: u8) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    publish(folder.path(), &(0..size).map(|index| entry(index, salt)).collect::<Vec<_>>());
    folder
}

fn publish(folder: &Path, entries: &[Vec<u8>]) -> String {
    let put = |path: String, bytes: &[u8]| {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    };
    let mut edge = Edge::new();
    let bundles: Vec<Vec<u8>> = entries
        .chunks(256)
        .map(|chunk| {
            let mut bundle = Vec::new();
            chunk.iter().for_each(|entry| assert!(tile::push_entry(&mut bundle, entry)));
            bundle
        })
        .collect();
    for entry in entries {
        edge.push(Hash::of_entry(entry), |resource, hashes| {
            if let Some(entries) = resource.entries() {
                put(entries.to_string(), &bundles[resource.index as usize]);
            }
            put(resource.to_string(), &tile::bytes_of(hashes));
            Ok::<_, ()>(())
        })
        .unwrap();
    }
    for (resource, hashes) in edge.partials() {
        if let Some(entries) = resource.entries() {
            put(entries.to_string(), &bundles[resource.index as usize]);
        }
        put(resource.to_string(), &tile::bytes_of(hashes));
    }
    let verifier = Verifier::parse(&vkey()).unwrap();
    let checkpoint = Checkpoint { origin: ORIGIN.into(), size: edge.size(), root: edge.root() };
    let note = checkpoint.sign(&verifier, &key()).unwrap();
    put("checkpoint".into(), note.as_bytes());
    put("vkey".into(), format!("{}\n", vkey()).as_bytes());
    note
}

/// A receipt under a log of 21 entries, and the same log later with 40 in the folder `now`.
fn with_receipt() -> (tempfile::TempDir, Receipt) {
    let folder = tempfile::tempdir().unwrap();
    let signer = SigningKey::from_ed25519_seed(&[8; 32]).unwrap();
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({"custody": "5d2f", "pictures": 7, "reason": "verified", "zeroised": 1_795_430_123_456_i64});
    let signed = format!("{}.{}", part(json!({"alg": "EdDSA", "typ": "receipt+jwt"})), part(claims));
    let statement = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signer.sign(signed.as_bytes()).unwrap()));
    let event = json!({"body": {"receipt": digest(&statement)}}).to_string();
    let kind = Kind::parse("custody.closed").unwrap();
    let leaf = Leaf::commit([1; 16], kind, CoarseTime::from_millis(0), &[2; 32], event.as_bytes());
    let mut entries: Vec<Vec<u8>> = (0..20).map(|index| entry(index, 0)).collect();
    entries.push(leaf.encode());
    let then = folder.path().join("then");
    let note = publish(&then, &entries);
    let proof = Bundle::make(Directory::new(&then), &note, 21, 20).unwrap().unwrap();
    entries.extend((21..40).map(|index| entry(index, 0)));
    publish(&folder.path().join("now"), &entries);
    let receipt = Receipt {
        statement,
        key: public(&signer),
        entry: leaf.encode(),
        event,
        event_key: [2; 32],
        proof,
        log: vkey(),
    };
    (folder, receipt)
}

/// A web server of the smallest kind: files below `/ledger/`, one request a connection.
fn serve(folder: &Path) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let folder = folder.to_path_buf();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut request = Vec::new();
            let mut byte = [0; 1];
            while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
                request.push(byte[0]);
            }
            let request = String::from_utf8(request).unwrap();
            let path = request.split(' ').nth(1).unwrap_or_default().trim_start_matches("/ledger/");
            let (status, body) = match fs::read(folder.join(path)) {
                Ok(body) => ("200 OK", body),
                Err(_) => ("404 Not Found", Vec::new()),
            };
            let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            let _ = stream.write_all(&[head.as_bytes(), &body].concat());
        }
    });
    address
}

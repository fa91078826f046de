//! `lionrock renew`, from outside: what it refuses, and that it leaves such files alone. A renewal itself runs in docs/operate/archive.md.

use crate::run::{Ran, lionrock};
use lionrock_crypto::sign::{Algorithm, SigningKey};
use lionrock_pki::certificate::{self, Order, Places};
use lionrock_pki::name::Subject;
use lionrock_pki::profile::Profile;
use serde_json::json;
use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// A root nobody has heard of, as PEM.
fn root() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let order = Order {
        profile: Profile::Root,
        subject: Subject::Organisation {
            country: "HK".into(),
            organisation: "TEST".into(),
            identifier: None,
            unit: None,
            common_name: "TEST Root".into(),
        },
        key: key.public().unwrap(),
        serial: [0x7f; 16],
        from: now - 60,
        until: now + 300 * 86_400,
        policies: vec![],
        hosts: vec![],
        places: Places::default(),
    };
    certificate::issue(&order, None, &key).unwrap().to_pem().unwrap()
}

fn renew(folder: &Path, more: &[&str]) -> Ran {
    let trust = folder.join("root.pem");
    let archive = folder.join("archive");
    let all = [&["renew", archive.to_str().unwrap(), "--trust", trust.to_str().unwrap()], more].concat();
    lionrock(&all, b"")
}

#[test]
fn what_holds_nothing_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("archive");
    fs::create_dir_all(archive.join("below")).unwrap();
    fs::write(folder.path().join("root.pem"), root()).unwrap();
    let ran = renew(folder.path(), &["--dry-run", "--json"]);
    assert_eq!((ran.code, ran.json()), (0, json!({"files": []})), "an empty folder is in order");
    let inside = archive.join("below/One.PDF");
    fs::write(&inside, b"%PDF-1.7\nnothing\n%%EOF\n").unwrap();
    fs::write(archive.join("notes.txt"), b"no PDF").unwrap();
    std::os::unix::fs::symlink(&inside, archive.join("link.pdf")).unwrap();
    for more in [&["--dry-run", "--json"][..], &["--pki", "http://127.0.0.1:1", "--within", "9999", "--json"]] {
        let ran = renew(folder.path(), more);
        let json = ran.json();
        assert_eq!((ran.code, json["files"].as_array().unwrap().len()), (1, 1), "{ran:?}");
        assert_eq!(json["files"][0]["outcome"], "refused");
        assert_eq!(fs::read(&inside).unwrap(), b"%PDF-1.7\nnothing\n%%EOF\n");
        assert_eq!(fs::read_dir(archive.join("below")).unwrap().count(), 1, "nothing lies beside");
    }
    // A link that is named, and a file that is not there, have failed; so has a set-up that cannot be.
    let link = archive.join("link.pdf");
    let trust = folder.path().join("root.pem");
    let ran = lionrock(&["renew", link.to_str().unwrap(), "--trust", trust.to_str().unwrap(), "--dry-run"], b"");
    assert!(ran.code == 2 && ran.out.contains("a link is not followed"), "{ran:?}");
    for more in [&["--pki", "http://example.org"][..], &["--pki", "https://127.0.0.1:1"], &[]] {
        let ran = renew(folder.path(), more);
        assert!(ran.code == 2 && ran.out.is_empty(), "{ran:?}");
    }
}

//! After the whole main journey, nothing that was said about a person, and nothing of a picture, lies anywhere in clear:
//! not in the store, its log files, the published ledger or what the server printed.

use lionrock_app::demo::people;
use lionrock_testkit::both_engines;
use std::path::Path;
use std::process::{Command, Stdio};

both_engines! {
    fn the_main_journey_leaves_nothing_in_clear(at place) {
        let data = place.folder().join("data");
        let said = tokio::task::spawn_blocking({
            let (data, url) = (data.clone(), place.url().to_owned());
            move || walk(&data, &url)
        }).await.unwrap();

        // What the rehearsal made for people to look at holds their data on purpose: it is the stage, not the platform.
        let stage = tempfile::tempdir().unwrap();
        for folder in ["people", "walk", "rehearsal"] {
            std::fs::rename(data.join(folder), stage.path().join(folder)).unwrap();
        }
        let canaries = canaries(&stage.path().join("people"));
        assert!(canaries.len() > 100, "{} canaries are too few", canaries.len());
        let canaries: Vec<&[u8]> = canaries.iter().map(Vec::as_slice).collect();
        let leaks = place.leaks(&canaries).await;
        assert!(leaks.is_empty(), "{} leaks: {:?}", leaks.len(), &leaks[..leaks.len().min(5)]);
        let leaks = lionrock_testkit::canary::scan_bytes("what the server printed", &said, &canaries);
        assert!(leaks.is_empty(), "{} leaks: {:?}", leaks.len(), &leaks[..leaks.len().min(5)]);

        // The search would have found something, had it been there.
        let found = lionrock_testkit::canary::scan(stage.path(), &canaries);
        assert!(found.len() > 10, "the stage itself was searched in vain");
    }
}

/// Goes through the journey; gives what the server printed.
fn walk(data: &Path, store: &str) -> Vec<u8> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lionrock"));
    command.args(["demo", "--walk", "--port=0", "--service-port=0", "--store", store, "--data"]).arg(data);
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "the walk failed:\n{}", String::from_utf8_lossy(&said));
    said
}

/// Names in both scripts, card numbers, addresses, and pieces of the pictures of everybody on the stage.
fn canaries(folder: &Path) -> Vec<Vec<u8>> {
    let mut canaries = Vec::new();
    for person in people::all(1).unwrap() {
        let facts = &person.facts;
        canaries.push(facts.english_name.reveal().as_bytes().to_vec());
        canaries.extend(facts.chinese_name.iter().map(|name| name.reveal().as_bytes().to_vec()));
        canaries.push(facts.hkid.body().as_bytes().to_vec());
        canaries.push(person.email.reveal().as_bytes().to_vec());
        for picture in ["card.jpg", "face.jpg"] {
            let Ok(bytes) = std::fs::read(folder.join(&person.slug).join(picture)) else { continue };
            for share in [3, 2] {
                let middle = bytes.len() / share;
                canaries.push(bytes[middle..middle + 32].to_vec());
            }
        }
    }
    canaries.retain(|canary| canary.len() >= 6);
    canaries
}

//! A server that dies while it places or publishes leaves a log that verifies, and the next one carries on with it.

use crate::ledger::{append, check, round};
use crate::stage::platform_in;
use lionrock_service::ledger;
use lionrock_testkit::both_engines;
use lionrock_testkit::clock::Clock;
use lionrock_testkit::engines::{Place, run};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

const ADDRESS: &str = "LIONROCK_TEST_CHILD_STORE";
const FOLDER: &str = "LIONROCK_TEST_CHILD_FOLDER";

/// Not a test: the program that the tests below end. It adds leaves, places and publishes them.
#[test]
#[ignore = "started by the tests of this file only"]
fn child() {
    let Ok(url) = std::env::var(ADDRESS) else { return };
    let folder = std::env::var(FOLDER).unwrap();
    run(async {
        let (platform, clock) = (crate::stage::platform_at(&url, Path::new(&folder)).await, Clock::new());
        for count in [100, 300, 1, 700] {
            append(&platform, &clock, count).await;
            round(&platform, &clock).await.unwrap();
        }
    });
}

both_engines! {
    fn death_at_any_step_is_mended(at place) {
        for (done, point) in ["ledger-sequenced=abort@1", "ledger-sequenced=abort@3", "ledger-tiles=abort@1", "ledger-tiles=abort@3", "ledger-tiles=abort@4"].into_iter().enumerate() {
            let kept = fs::read(place.folder().join("ledger/checkpoint")).ok();
            assert!(!start(&place, point), "{point} ends the child");
            let platform = platform_in(&place, place.folder()).await;
            if done > 0 {
                let report = check(&platform, kept.as_deref());
                assert!(report.is_good(), "as it died at {point}: {:?}", report.findings);
            }
            round(&platform, &Clock::new()).await.unwrap();
            let report = check(&platform, kept.as_deref());
            assert!(report.is_good(), "after {point}: {:?}", report.findings);
            let waiting = platform.store.read(lionrock_store::leaf::any_waiting).await.unwrap();
            assert!(!waiting, "every committed leaf has its place");
            assert!(ledger::folder(&platform).join("checkpoint").is_file());
            platform.store.close().await;
        }
        assert!(start(&place, "nothing=abort"), "without a fail point the child comes to its end");
    }
}

/// Runs the child; whether it came to its end.
fn start(place: &Place, point: &str) -> bool {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["ledger_crash::child", "--exact", "--ignored", "--test-threads=1"]);
    command.env(ADDRESS, place.url()).env(FOLDER, place.folder()).env("LIONROCK_FAIL_POINT", point);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success()
}

//! A server that dies while it signs: nothing is half signed, the approval is worth nothing any more, and the person signs again. And what
//! happens when the status service is gone.

use super::scene::{Person, Reader, Scene, StandIn, pdf, ready, response};
use crate::oidc::scene as oidc;
use crate::stage::{caller, platform_at};
use lionrock_model::signing::{Form, SigningRefusal};
use lionrock_model::time::Millis;
use lionrock_rehearsal::authenticator::Manner;
use lionrock_service::authority;
use lionrock_service::signing::approve;
use lionrock_testkit::both_engines;
use lionrock_testkit::clock::Clock;
use lionrock_testkit::engines::{Place, run};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

const ADDRESS: &str = "LIONROCK_TEST_CHILD_STORE";
const FOLDER: &str = "LIONROCK_TEST_CHILD_FOLDER";

/// Not a test: the server that the tests below end while it takes an approval.
#[test]
#[ignore = "started by the tests of this file only"]
fn child() {
    let Ok(url) = std::env::var(ADDRESS) else { return };
    let folder = std::env::var(FOLDER).unwrap();
    let told: Value = serde_json::from_slice(&fs::read(Path::new(&folder).join("told.json")).unwrap()).unwrap();
    run(async {
        let mut platform = platform_at(&url, Path::new(&folder)).await;
        let clock = Clock::at(Millis(told["now"].as_i64().unwrap()));
        let own = Arc::get_mut(&mut platform).unwrap();
        own.ports.activation = StandIn::new(&clock);
        own.ports.documents = Arc::new(Reader);
        let (cookie, handle) = (told["cookie"].as_str().unwrap(), told["handle"].as_str().unwrap());
        let done = approve::approve(&platform, &caller(&clock), cookie, handle, response(&told["answer"])).await;
        assert!(done.is_ok(), "{done:?}");
        platform.store.close().await;
    });
}

/// Runs the child; whether it came to its end.
fn start(place: &Place, point: &str) -> bool {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["signing::death::child", "--exact", "--ignored", "--test-threads=1"]);
    command.env(ADDRESS, place.url()).env(FOLDER, place.folder()).env("LIONROCK_FAIL_POINT", point);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success()
}

/// Ends this server as it does by itself, lets another take the approval and die at `point`, and starts again. SQLite's file is one
/// server's: nothing of the first may be left. Whether the one in between came to its end.
async fn past(place: &Place, before: Scene, point: &str) -> (Scene, bool) {
    let Scene { oidc: oidc::Scene { platform, clock, key }, stand_in } = before;
    platform.store.close().await;
    drop(platform);
    let ended = start(place, point);
    let mut platform = platform_at(place.url(), place.folder()).await;
    let own = Arc::get_mut(&mut platform).unwrap();
    own.settings.services = oidc::declared(&own.settings.realm, &key);
    own.ports.activation = Arc::<StandIn>::clone(&stand_in);
    own.ports.documents = Arc::new(Reader);
    (Scene { oidc: oidc::Scene { platform, clock, key }, stand_in }, ended)
}

async fn signatures(scene: &Scene) -> (i64, i64, i64) {
    (
        scene.count("SELECT COUNT(*) FROM signature").await,
        scene.count("SELECT COUNT(*) FROM signing_part WHERE kind <> 'document'").await,
        scene.oidc.leaves("document.signed").await,
    )
}

fn told(place: &Place, scene: &Scene, mei: &Person, handle: &str, answer: &Value) {
    let told = json!({"answer": answer, "cookie": mei.cookie, "handle": handle, "now": scene.oidc.clock.now().0});
    fs::write(place.folder().join("told.json"), told.to_string()).unwrap();
}

both_engines! {
    fn death_at_any_step_signs_nothing_by_halves(at place) {
        let (mut scene, mut mei) = ready(&place).await;
        let engine = if place.is_sqlite() { "sqlite" } else { "postgres" };
        let (before, after) = (format!("signing-keeping>{engine}-before-commit=abort"), format!("signing-keeping>{engine}-after-commit=abort"));
        let points = ["signing-approved=abort", "signing-signed=abort", "signing-proved=abort", "signing-keeping=abort", &before, &after, "nothing=abort"];
        let mut signed = 0;
        for point in points {
            let kept = point == after || point == "nothing=abort";
            let begun = scene.request(&pdf(point), Form::Pdf).await;
            let asked = scene.options(&mei, &begun.handle).await.unwrap();
            let answer = scene.answer(&mut mei, &asked, &Manner::default());
            told(&place, &scene, &mei, &begun.handle, &answer);
            let was = signatures(&scene).await;
            let (next, ended) = past(&place, scene, point).await;
            scene = next;
            assert_eq!(ended, point == "nothing=abort", "{point} ends the child");
            // All of it, or nothing of it.
            signed += i64::from(kept);
            let now = signatures(&scene).await;
            assert_eq!((now.0, now.2), (signed, signed), "{point}");
            assert_eq!(now.1 > was.1, kept, "{point}");
            assert_eq!(scene.state(&begun).await, if kept { "signed" } else { "approved" }, "{point}");
            // The approval is used up, whatever came of it.
            assert!(scene.approve(&mei, &begun.handle, &answer).await.is_err(), "{point}: the answer again");
            if !kept {
                assert_eq!(scene.options(&mei, &begun.handle).await.unwrap_err(), SigningRefusal::WrongStep, "somebody may still be at it");
                scene.oidc.pass(91);
                let again = scene.options(&mei, &begun.handle).await.unwrap();
                assert!(scene.approve(&mei, &begun.handle, &answer).await.is_err(), "{point}: the answer to the older question");
                assert_eq!(signatures(&scene).await.0, signed, "{point}");
                // One new question, one new answer, one signature.
                let again = scene.answer(&mut mei, &again, &Manner::default());
                let done = scene.approve(&mei, &begun.handle, &again).await;
                let done = match done {
                    Err(SigningRefusal::Passkey(_)) => scene.sign(&mut mei, &begun.handle).await,
                    other => other,
                };
                assert!(done.is_ok(), "{point}: {:?}", done.err());
                signed += 1;
                assert_eq!(scene.state(&begun).await, "signed");
            }
            assert_eq!(signatures(&scene).await.0, signed, "{point}");
        }
    }

    fn without_status_nothing_is_signed(at place) {
        let (scene, mut mei) = ready(&place).await;
        let begun = scene.request(&pdf("One"), Form::Pdf).await;
        let forget = |tx: &mut lionrock_store::Tx<'_>| tx.execute("DELETE FROM authority WHERE purpose = 'ocsp'", &[]);
        let gone = scene.oidc.platform.store.write(forget).await.unwrap_or_else(|error: lionrock_store::Error| panic!("{error}"));
        assert_eq!(gone, 1);
        authority::reload(&scene.oidc.platform).await.unwrap();
        assert_eq!(scene.sign(&mut mei, &begun.handle).await.unwrap_err(), SigningRefusal::ProofUnavailable);
        scene.nothing_signed().await;
        assert_eq!(scene.state(&begun).await, "shown", "it waits for another approval");
        // The job certifies a status service, and the same request is signed.
        authority::attend(&scene.oidc.platform, &scene.by()).await.unwrap();
        scene.sign(&mut mei, &begun.handle).await.unwrap();
        assert_eq!(scene.state(&begun).await, "signed");
    }
}

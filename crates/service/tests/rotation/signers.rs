//! Signing keys turn: what the old one signed is verified on, both sign for a while, and then the old one is no more.

use super::scene::Server;
use lionrock_crypto::ring::{KeyRing, Signer};
use lionrock_ledger::checkpoint::Checkpoint;
use lionrock_ledger::note::Verifier;
use lionrock_service::ledger::{self, Publisher, receipt};
use lionrock_service::oidc::publish;
use lionrock_service::rotation::{self, Step, What};
use lionrock_store::{key_ring, log_head};
use lionrock_testkit::both_engines;
use serde_json::json;
use std::time::Duration;

/// Carries on as far as it goes now.
async fn settle(server: &Server) {
    for _ in 0..50 {
        if server.round().await.unwrap() != Step::Moved {
            server.clock.advance(Duration::from_secs(1));
            if server.round().await.unwrap() != Step::Moved {
                return;
            }
        }
    }
    panic!("it never settles");
}

async fn ask(server: &Server, what: &str) {
    rotation::ask(server.store(), &server.by(), &What::list(what).unwrap()).await.unwrap();
}

async fn state(server: &Server) -> String {
    rotation::standing(server.store(), 1).await.unwrap().remove(0).state.word().to_owned()
}

/// The kinds of what is stored under a name: kept, or only its public half.
async fn stored(server: &Server, name: &'static str) -> Vec<(u32, bool)> {
    let all = server.store().read(key_ring::all).await.unwrap();
    let own = all.into_iter().filter(|entry| entry.name == name);
    own.map(|entry| (entry.epoch, KeyRing::is_retired(&entry.sealed_key).unwrap())).collect()
}

/// Adds an entry, publishes, and gives the checkpoint's note.
async fn published(server: &Server) -> String {
    crate::ledger::append(&server.platform, &server.clock, 2).await;
    ledger::sequence(&server.platform, &server.by()).await.unwrap();
    Publisher::new(&server.platform).unwrap().publish(&server.platform).await.unwrap();
    server.store().read(log_head::read).await.unwrap().unwrap().checkpoint
}

fn opens(server: &Server, note: &str, known: &[Verifier]) -> bool {
    Checkpoint::open(note.as_bytes(), &ledger::origin(&server.platform), known).is_ok()
}

fn kids(server: &Server) -> Vec<String> {
    let set = publish::jwks(&server.platform).unwrap();
    set["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

both_engines! {
    fn the_key_of_id_tokens_turns_and_both_are_published_until_tokens_ended(at place) {
        let server = Server::start(&place, 1).await;
        let before = kids(&server);
        assert_eq!(before.len(), 1);
        let (epoch, old) = server.platform.keys.signer(Signer::Token).unwrap();
        let by_old = old.sign(b"an ID Token").unwrap();
        ask(&server, "token").await;
        settle(&server).await;
        assert_eq!(state(&server).await, "counted");
        let both = kids(&server);
        assert!(both.len() == 2 && both.contains(&before[0]), "{both:?}");
        assert_eq!(server.platform.keys.signer(Signer::Token).unwrap().0, epoch + 1, "the new one signs");
        // Nothing else waits for it: another rotation is carried out meanwhile.
        ask(&server, "domain:session").await;
        settle(&server).await;
        server.clock.advance(Duration::from_secs(31));
        settle(&server).await;
        let all = rotation::standing(server.store(), 2).await.unwrap();
        assert_eq!((all[0].what.as_str(), all[0].finished.is_some()), ("domain:session", true), "{all:?}");
        assert!(all[1].finished.is_none());
        // An hour later the old one is no more, with a receipt; what it signed is verified on.
        server.clock.advance(Duration::from_secs(3600));
        settle(&server).await;
        let all = rotation::standing(server.store(), 2).await.unwrap();
        let done = all.iter().find(|one| one.what == "token").unwrap();
        assert!(done.finished.is_some() && done.trouble.is_none(), "{done:?}");
        assert_eq!(stored(&server, "signer/token").await, [(1, true), (2, false)]);
        let after = kids(&server);
        assert!(after.len() == 1 && !after.contains(&before[0]));
        let known = server.platform.keys.verifiers(Signer::Token).unwrap();
        assert_eq!(known.len(), 2);
        assert!(known[0].1.verify(lionrock_crypto::sign::Algorithm::Es256, b"an ID Token", &by_old).is_ok());
        published(&server).await;
        let file = rotation::receipt(&server.platform, done.id, Duration::ZERO).await.unwrap().unwrap();
        let said = file.check(&ledger::verifiers(&server.platform).unwrap()).unwrap();
        assert_eq!(said.claims["facts"], json!({"destroyed": [1], "epoch": 2, "in_module": 0, "verifies": [1]}));
        // A server that starts on it knows the same.
        let clock = server.clock.clone();
        server.store().close().await;
        drop(server);
        let again = Server::start_at(place.url(), place.folder(), 2, "node-2", clock).await;
        assert_eq!(kids(&again), after);
        assert_eq!(again.platform.keys.verifiers(Signer::Token).unwrap().len(), 2);
    }

    fn checkpoints_carry_both_signatures_while_the_key_turns(at place) {
        let server = Server::start(&place, 1).await;
        let first = published(&server).await;
        let old = ledger::verifiers(&server.platform).unwrap();
        assert_eq!(old.len(), 1);
        assert!(opens(&server, &first, &old));
        ask(&server, "checkpoint").await;
        settle(&server).await;
        let both = published(&server).await;
        let new = [ledger::verifiers(&server.platform).unwrap().pop().unwrap()];
        assert!(opens(&server, &both, &old), "who knows the old key alone goes on");
        assert!(opens(&server, &both, &new), "and so does who knows the new one");
        assert!(!opens(&server, &first, &new));
        server.clock.advance(Duration::from_secs(25 * 3600));
        settle(&server).await;
        assert_eq!(state(&server).await, "done");
        let after = published(&server).await;
        assert!(opens(&server, &after, &new) && !opens(&server, &after, &old));
        // What is published names both, newest first, and the whole log verifies from its first checkpoint on.
        let keys = std::fs::read_to_string(ledger::folder(&server.platform).join("vkey")).unwrap();
        assert_eq!(keys.lines().collect::<Vec<_>>(), [new[0].to_string(), old[0].to_string()]);
        let report = crate::ledger::check(&server.platform, Some(first.as_bytes()));
        assert!(report.is_good(), "{:?}", report.findings);
        assert_eq!(stored(&server, "signer/checkpoint").await, [(1, true), (2, false)]);
    }

    fn receipts_of_a_key_that_was_destroyed_verify_on(at place) {
        let server = Server::start(&place, 1).await;
        let claims = json!({"what": "test"});
        let statement = receipt::sign(&server.platform, &claims).unwrap();
        let (owned, by, digest) = (std::sync::Arc::clone(&server.platform), server.by(), receipt::digest(&statement));
        let event = server.store().write(move |tx| {
            let event = lionrock_service::audit::Event::new("custody.closed", None, json!({"receipt": digest}));
            lionrock_service::audit::append(tx, &owned, &by, &event)
        }).await.unwrap();
        published(&server).await;
        ask(&server, "receipt").await;
        settle(&server).await;
        server.clock.advance(Duration::from_secs(3700));
        settle(&server).await;
        assert_eq!(stored(&server, "signer/receipt").await, [(1, true), (2, false)]);
        let file = receipt::file(&server.platform, &statement, event, Duration::ZERO).await.unwrap().unwrap();
        assert_eq!(serde_json::Value::Object(file.check(&ledger::verifiers(&server.platform).unwrap()).unwrap().claims), claims);
        assert_ne!(receipt::sign(&server.platform, &claims).unwrap(), statement, "another key signs now");
    }
}

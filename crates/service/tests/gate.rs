//! What the gate leaves in the ledger, and deviations that end while the server runs.

use crate::stage::{self, caller};
use lionrock_model::deviation::{Deviation, Excusable};
use lionrock_model::statement::Span;
use lionrock_service::gate::{self, Finding, Watch};
use lionrock_service::{Platform, audit};
use lionrock_store::leaf;
use lionrock_testkit::both_engines;
use lionrock_testkit::clock::Clock;
use lionrock_testkit::engines::Place;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const FINDINGS: [Finding; 2] = [
    Finding { check: "release-build", outcome: "passed" },
    Finding { check: "root-key-in-a-module", outcome: "excused" },
];

fn deviation(clock: &Clock, id: &str, check: Excusable, hours: u64) -> Deviation {
    let span = Span { from: clock.now(), until: clock.now().after(Duration::from_secs(3600 * hours)) };
    Deviation { check, id: id.to_owned(), realm: "test-demo".to_owned(), reason: "A canary reason".to_owned(), span }
}

async fn platform(place: &Place, deviations: Vec<Deviation>) -> Arc<Platform> {
    let mut platform = Arc::into_inner(stage::platform(place).await).unwrap();
    platform.gate = Watch::new(deviations);
    Arc::new(platform)
}

/// Kinds and bodies of all leaves, oldest first.
async fn leaves(platform: &Arc<Platform>) -> Vec<(String, Value)> {
    let ask = "SELECT kind, event, sealed_body FROM leaf ORDER BY created_at, kind";
    let rows = platform.store.read(move |tx| tx.query(ask, &[])).await;
    let rows = rows.unwrap_or_else(|error: lionrock_store::Error| panic!("{error}"));
    let read = |row: &lionrock_store::Row| {
        let (_, event) = audit::open_body(platform, &row.array(1).unwrap(), row.bytes(2).unwrap()).unwrap();
        let event: Value = serde_json::from_slice(&event).unwrap();
        (row.text(0).unwrap().to_owned(), event["body"].clone())
    };
    rows.iter().map(read).collect()
}

both_engines! {
    fn an_open_gate_is_in_the_ledger_with_each_check_and_each_deviation(at place) {
        let clock = Clock::new();
        let platform = platform(&place, vec![deviation(&clock, "root-1", Excusable::RootInSoftware, 1)]).await;
        gate::passed(&platform, &caller(&clock), FINDINGS.to_vec()).await.unwrap();
        let until = clock.now().after(Duration::from_secs(3600)).0;
        assert_eq!(leaves(&platform).await, [
            ("deviation.accepted".to_owned(), json!({"check": "root-key-in-a-module", "id": "root-1", "until": until})),
            ("gate.passed".to_owned(), json!({
                "checks": {"release-build": "passed", "root-key-in-a-module": "excused"}, "realm": "test-demo",
            })),
        ]);
    }

    fn a_shut_gate_is_in_the_ledger_too(at place) {
        let clock = Clock::new();
        let platform = platform(&place, Vec::new()).await;
        let keys = lionrock_service::boot::key_ring(
            &platform.store,
            &lionrock_crypto::ring::Root::new(lionrock_crypto::secret::Secret::new([3; 32])),
            &platform.settings.realm,
            &caller(&clock),
        ).await.unwrap();
        let findings = vec![Finding { check: "release-build", outcome: "refused" }];
        gate::refused(&platform.store, keys, &platform.settings.realm, &caller(&clock), findings).await.unwrap();
        assert_eq!(leaves(&platform).await, [
            ("gate.refused".to_owned(), json!({"checks": {"release-build": "refused"}, "realm": "test-demo"})),
        ]);
    }

    fn a_deviation_ends_at_its_moment_and_the_server_with_it(at place) {
        let clock = Clock::new();
        let platform = platform(&place, vec![deviation(&clock, "root-1", Excusable::RootInSoftware, 1)]).await;
        let end = platform.gate.end();
        clock.advance(Duration::from_secs(3599));
        assert_eq!(gate::expire(&platform, &caller(&clock)).await.unwrap(), 0);
        assert!(platform.gate.open() && end.borrow().is_none());
        assert_eq!(platform.gate.standing(clock.now()).len(), 1);
        clock.advance(Duration::from_secs(1));
        assert!(platform.gate.standing(clock.now()).is_empty(), "nothing is excused from that moment on");
        assert_eq!(gate::expire(&platform, &caller(&clock)).await.unwrap(), 1);
        assert!(!platform.gate.open(), "no work is accepted");
        let why = end.borrow().clone().unwrap();
        assert!(why.contains("root-1") && why.contains("root-key-in-a-module"), "{why}");
        assert_eq!(gate::expire(&platform, &caller(&clock)).await.unwrap(), 0, "once");
        assert_eq!(leaves(&platform).await, [
            ("deviation.expired".to_owned(), json!({"check": "root-key-in-a-module", "id": "root-1"})),
        ]);
    }

    fn another_deviation_for_the_same_check_keeps_the_server_up(at place) {
        let clock = Clock::new();
        let both = ["root-1", "root-2"].into_iter().zip([1, 2]);
        let both = both.map(|(id, hours)| deviation(&clock, id, Excusable::RootInSoftware, hours)).collect();
        let platform = platform(&place, both).await;
        clock.advance(Duration::from_secs(3600));
        assert_eq!(gate::expire(&platform, &caller(&clock)).await.unwrap(), 1);
        assert!(platform.gate.open());
        clock.advance(Duration::from_secs(3600));
        assert_eq!(gate::expire(&platform, &caller(&clock)).await.unwrap(), 1);
        assert!(!platform.gate.open());
    }

    fn what_lapses_makes_the_server_unready_until_it_holds_again(at place) {
        let clock = Clock::new();
        let platform = platform(&place, vec![deviation(&clock, "cloud-1", Excusable::CloudMetadata, 1)]).await;
        clock.advance(Duration::from_secs(3600));
        gate::expire(&platform, &caller(&clock)).await.unwrap();
        assert_eq!(platform.gate.lapsed(), ["no-cloud-metadata"]);
        assert!(!platform.gate.open() && platform.gate.end().borrow().is_none(), "it goes on, but is not ready");
        clock.advance(Duration::from_secs(60));
        gate::looked_again(&platform, &caller(&clock), vec!["trusted-clock"]).await.unwrap();
        gate::looked_again(&platform, &caller(&clock), vec!["trusted-clock"]).await.unwrap();
        assert_eq!(platform.gate.lapsed(), ["trusted-clock"]);
        clock.advance(Duration::from_secs(60));
        gate::looked_again(&platform, &caller(&clock), Vec::new()).await.unwrap();
        assert!(platform.gate.open());
        let looked: Vec<_> = leaves(&platform).await.into_iter().filter(|(kind, _)| kind == "gate.looked").collect();
        assert_eq!(looked.len(), 2, "one leaf a change: {looked:?}");
    }

    fn the_reason_of_a_deviation_is_nowhere_in_the_store(at place) {
        let clock = Clock::new();
        let platform = platform(&place, vec![deviation(&clock, "root-1", Excusable::RootInSoftware, 1)]).await;
        gate::passed(&platform, &caller(&clock), FINDINGS.to_vec()).await.unwrap();
        assert!(place.leaks(&[b"A canary reason"]).await.is_empty());
        let waiting = platform.store.read(leaf::any_waiting).await.unwrap_or_else(|error: lionrock_store::Error| panic!("{error}"));
        assert!(waiting, "the search looked at a store with leaves in it");
    }
}

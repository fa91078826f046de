//! The database ends in the middle of a rotation: nothing is destroyed that is needed, and it goes on when the database is back.

use super::scene::{Server, epochs, fill, open_all, stored};
use lionrock_crypto::ring::Domain;
use lionrock_service::fault::FaultKind;
use lionrock_service::rotation::{self, Step, What};
use lionrock_testkit::clock::Clock;
use lionrock_testkit::cluster::Cluster;
use lionrock_testkit::engines::{Place, run};
use std::time::Duration;

#[test]
fn a_database_that_ends_in_the_middle_is_waited_for() {
    let Some(cluster) = Cluster::start() else { return };
    run(async {
        let place = Place::elsewhere(format!("{}&pool=4", cluster.url()));
        let server = Server::start_at(place.url(), place.folder(), 1, "one", Clock::new()).await;
        let mut people = fill(&server).await;
        server.ask(&[What::Domain(Domain::Account), What::Realm]).await;
        let mut failed = 0;
        let mut moments = Vec::new();
        for round in 0..400 {
            // Every few steps the database is gone, whatever is under way; a step in between fails and changes nothing.
            if round % 4 == 3 && moments.len() < 5 {
                let before = rotation::standing(server.store(), 2).await.unwrap();
                cluster.halt();
                let fault = server.round().await.unwrap_err();
                assert_eq!(fault.kind, FaultKind::Store, "{fault}");
                assert!(server.round().await.is_err());
                failed += 1;
                cluster.again();
                let after = rotation::standing(server.store(), 2).await.unwrap();
                let states = |all: &[rotation::Standing]| {
                    all.iter().map(|one| (one.what.clone(), one.state)).collect::<Vec<_>>()
                };
                assert_eq!(states(&before), states(&after));
                moments
                    .extend(after.iter().filter(|one| one.finished.is_none()).map(|one| one.state.word().to_owned()));
                open_all(&server.platform).await;
            }
            match server.round().await {
                Ok(Step::Idle) => break,
                Ok(Step::Waiting) => drop(server.clock.advance(Duration::from_secs(1))),
                Ok(Step::Moved) => {}
                Err(fault) => panic!("the database is there: {fault}"),
            }
        }
        assert!(failed >= 2, "it was gone in the middle: {moments:?}");
        let all = rotation::standing(server.store(), 2).await.unwrap();
        assert!(all.iter().all(|one| one.finished.is_some() && one.trouble.is_none()), "{all:?}");
        open_all(&server.platform).await;
        assert!(epochs(&server.platform, Domain::Account).await.iter().all(|epoch| *epoch == 2));
        assert_eq!(stored(&server.platform, "domain/account").await, [2]);
        assert_eq!(stored(&server.platform, "realm").await, [2]);
        server.sign_in(&mut people[0]).await.unwrap();
    });
}

//! A full disk, a store that is away, and servers that work beside each other.

use super::scene::{Server, epochs, fill, open_all, stored};
use lionrock_crypto::ring::Domain;
use lionrock_model::rotation::State;
use lionrock_service::fault::FaultKind;
use lionrock_service::rotation::{self, Step, What};
use lionrock_testkit::clock::Clock;
use lionrock_testkit::engines::{on_postgres, on_sqlite};
use std::time::Duration;

const BALLAST: &str =
    "INSERT INTO notice (digest, version, language, wording, created_at) VALUES ($1, '1', 'en', $2, 0)";

#[test]
fn a_full_disk_stops_it_and_space_lets_it_go_on() {
    on_sqlite(|place| async move {
        let filled = Server::start(&place, 1).await;
        let mut people = fill(&filled).await;
        filled.ask(&What::all()).await;
        filled.store().close().await;
        drop(filled);
        let size = std::fs::metadata(place.folder().join("lionrock.db")).unwrap().len() / 4096;
        let url = format!("{}?max_pages={}", place.url(), size + 40);
        let server = Server::start_at(&url, place.folder(), 2, "node-1", Clock::new()).await;
        let mut ballast = 0_u8;
        loop {
            let row = [ballast; 32];
            let added: Result<u64, lionrock_store::Error> =
                server.store().write(move |tx| tx.execute(BALLAST, &[row.into(), "x".repeat(3000).into()])).await;
            match added {
                Ok(_) => ballast += 1,
                Err(lionrock_store::Error::Full) => break,
                Err(other) => panic!("{other}"),
            }
        }
        let mut full = 0;
        for _ in 0..200 {
            match server.round().await {
                Err(fault) => {
                    assert_eq!(fault.kind, FaultKind::Store, "{fault}");
                    full += 1;
                }
                Ok(Step::Waiting) => drop(server.clock.advance(Duration::from_secs(1))),
                Ok(_) => {}
            }
        }
        assert!(full > 0, "the disk was never full");
        open_all(&server.platform).await;
        let stands = rotation::standing(server.store(), 1).await.unwrap().remove(0);
        assert!(stands.finished.is_none(), "it stopped in the middle");
        let freed = server.store().write(|tx| tx.execute("DELETE FROM notice", &[])).await;
        assert!(freed.unwrap_or_else(|error: lionrock_store::Error| panic!("{error}")) > 0);
        server.turn().await;
        open_all(&server.platform).await;
        for domain in Domain::ALL {
            assert!(epochs(&server.platform, domain).await.iter().all(|epoch| *epoch == 2), "{}", domain.word());
        }
        server.sign_in(&mut people[0]).await.unwrap();
    });
}

#[test]
fn two_servers_turn_the_keys_of_one_store() {
    on_postgres(|place| async move {
        let clock = Clock::new();
        let one = Server::start_at(place.url(), place.folder(), 1, "one", clock.clone()).await;
        let two = Server::start_at(place.url(), place.folder(), 2, "two", clock.clone()).await;
        let mut people = fill(&one).await;
        one.ask(&[What::Domain(Domain::Session), What::Realm]).await;
        // The second server is slow to look: the first must not use a key that the second does not know.
        for _ in 0..20 {
            one.round().await.unwrap();
        }
        let stands = |server: &Server| {
            let store = server.store().clone();
            async move { rotation::standing(&store, 2).await.unwrap() }
        };
        assert!(stands(&one).await.iter().any(|now| now.state == State::Prepared && now.waits_for == ["two"]));
        // Now both look, in turn; people sign in at both, and each opens what the other sealed.
        let mut rounds = 0;
        loop {
            rounds += 1;
            let (first, second) = (one.round().await.unwrap(), two.round().await.unwrap());
            if rounds % 3 == 0 {
                let cookie = one.sign_in(&mut people[0]).await.unwrap();
                two.shown(&cookie).await.unwrap();
                let cookie = two.sign_in(&mut people[1]).await.unwrap();
                one.shown(&cookie).await.unwrap();
                open_all(&one.platform).await;
                open_all(&two.platform).await;
            }
            if (first, second) == (Step::Idle, Step::Idle) {
                break;
            }
            if first == Step::Waiting || second == Step::Waiting {
                clock.advance(Duration::from_secs(3));
            }
            assert!(rounds < 300, "{:?}", stands(&one).await);
        }
        assert_eq!(
            (stored(&one.platform, "domain/session").await, stored(&two.platform, "realm").await),
            (vec![2], vec![2])
        );
        assert_eq!((one.platform.keys.newest(Domain::Session), two.platform.keys.newest_realm()), (2, 2));
        // At the same moment, both at once: each step is done by one of them.
        one.ask(&[What::Domain(Domain::Account), What::Domain(Domain::Audit)]).await;
        let both = [one, two].map(|server| {
            tokio::spawn(async move {
                for _ in 0..3_000 {
                    match server.round().await {
                        Ok(Step::Idle) => return server,
                        Ok(Step::Waiting) => {
                            server.clock.advance(Duration::from_millis(300));
                            tokio::time::sleep(Duration::from_millis(5)).await;
                        }
                        Ok(Step::Moved) => {}
                        Err(fault) => assert!(fault.is_passing(), "{fault}"),
                    }
                }
                panic!("it never ends: {:?}", rotation::standing(server.store(), 2).await)
            })
        });
        for server in both {
            let server = server.await.unwrap();
            open_all(&server.platform).await;
            assert_eq!(stored(&server.platform, "domain/account").await, [2]);
            assert_eq!(super::scene::leaves(&server.platform, "rotation.finished").await, 4);
            server.store().close().await;
        }
    });
}

#[test]
fn a_server_with_another_root_is_waited_for_and_makes_no_realm_key() {
    on_postgres(|place| async move {
        use lionrock_crypto::ring::Root;
        use lionrock_crypto::secret::Secret;
        let clock = Clock::new();
        let old = Server::start_at(place.url(), place.folder(), 1, "old", clock.clone()).await;
        let new = Server::start_at(place.url(), place.folder(), 2, "new", clock.clone()).await;
        fill(&old).await;
        let root = Root::new(Secret::new([4; 32]));
        rotation::replace_root(&new.platform, &new.by(), &root).await.unwrap();
        // The server that was not restarted goes on, but wraps nothing under the root that is gone.
        old.round().await.unwrap();
        open_all(&old.platform).await;
        old.ask(&[What::Realm]).await;
        assert_eq!(old.round().await.unwrap_err().kind, FaultKind::Key);
        // The other one makes the key; the first cannot take it up and says so, and is waited for however long it takes.
        for _ in 0..200 {
            new.round().await.unwrap();
            assert!(old.round().await.is_err());
            clock.advance(Duration::from_secs(5));
        }
        let stands = rotation::standing(new.store(), 1).await.unwrap().remove(0);
        assert_eq!((stands.state, stands.waits_for), (State::Prepared, vec!["old".to_owned()]));
        rotation::leave(&old.platform, &old.seat).await.unwrap();
        new.turn().await;
        assert_eq!(stored(&new.platform, "realm").await, [2]);
        open_all(&new.platform).await;
    });
}

#[test]
fn the_job_goes_on_by_itself_when_the_store_comes_back() {
    on_sqlite(|place| async move {
        let server = Server::start(&place, 1).await;
        fill(&server).await;
        server.ask(&[What::Domain(Domain::Session)]).await;
        while server.platform.keys.newest(Domain::Session) == 1 {
            server.round().await.unwrap();
        }
        server.store().close().await;
        let away = server.round().await.unwrap_err();
        assert!(away.is_passing(), "{away}");
        assert!(server.round().await.is_err());
        drop(server);
        let server = Server::start(&place, 1).await;
        open_all(&server.platform).await;
        server.turn().await;
        assert_eq!(stored(&server.platform, "domain/session").await, [2]);
    });
}

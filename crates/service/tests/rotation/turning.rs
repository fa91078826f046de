//! One server turns its keys, from the request to the receipt.

use super::scene::{Server, address, epochs, fill, leaves, name, newest, open_all, opens, records, stored};
use super::work::signers;
use lionrock_crypto::random::System;
use lionrock_crypto::ring::{Domain, KeyRing, REALM, Root, Sealed, Wrapped};
use lionrock_crypto::secret::Secret;
use lionrock_model::rotation::State;
use lionrock_service::boot;
use lionrock_service::ledger::{self, Publisher};
use lionrock_service::rotation::{self, Step, What, home};
use lionrock_store::sealed::COLUMNS;
use lionrock_store::{credential, key_ring, resident, server};
use lionrock_testkit::both_engines;
use serde_json::json;
use std::time::Duration;

async fn standing(server: &Server) -> rotation::Standing {
    rotation::standing(server.store(), 1).await.unwrap().remove(0)
}

both_engines! {
    fn every_column_is_filled_by_the_journeys_and_opens_where_the_list_says(at place) {
        let server = Server::start(&place, 1).await;
        fill(&server).await;
        let few: Vec<_> = open_all(&server.platform).await.into_iter().filter(|(_, count)| *count < 2).collect();
        assert!(few.is_empty(), "fill these columns in rotation/scene.rs, by the journey that writes them: {few:?}");
    }

    fn after_all_keys_turned_everything_opens_and_nothing_refers_to_an_old_one(at place) {
        let server = Server::start(&place, 1).await;
        let mut people = fill(&server).await;
        let cookie = server.sign_in(&mut people[0]).await.unwrap();
        let before = open_all(&server.platform).await;
        let old = records(&server.platform).await;
        let keys_before: Vec<_> = people.iter().map(|person| person.id).collect();

        server.rotate(&What::all()).await;
        for domain in Domain::ALL {
            let found = epochs(&server.platform, domain).await;
            assert!(found.iter().all(|epoch| *epoch == 2), "{}: {found:?}", domain.word());
            assert_eq!(server.platform.keys.newest(domain), 2);
        }
        for name in [REALM, "domain/account", "domain/audit", "domain/contact", "domain/profile", "domain/registration", "domain/session"] {
            assert_eq!(stored(&server.platform, name).await, [2], "{name}");
        }
        for entry in server.store().read(key_ring::all).await.unwrap().iter().filter(|entry| entry.name != REALM) {
            assert_eq!(KeyRing::wrapping_epoch(&entry.sealed_key), Ok(2), "{}", entry.name);
        }
        for id in keys_before {
            let row = server.store().read(move |tx| resident::find(tx, id)).await.unwrap().unwrap();
            assert_eq!(KeyRing::wrapping_epoch(&row.sealed_key.unwrap()), Ok(2));
        }
        let after = open_all(&server.platform).await;
        for ((title, had), (_, has)) in before.iter().zip(&after) {
            assert!(has == had || title == "leaf.sealed_body", "{title}: {had} before, {has} after");
        }
        // A row put back as it was: its key is destroyed.
        for (column, record, key) in &old {
            assert!(!opens(&server.platform.keys, column, record, key.as_ref()), "{}", column.title());
        }
        // The journeys go on: the same session, a new one, the person's own page.
        let shown = server.shown(&cookie).await.unwrap();
        assert_eq!(shown, (Some(name(1)), Some(address(1)), vec!["Rehearsal phone".to_owned()]));
        server.sign_in(&mut people[1]).await.unwrap();
        // Again, and from what is stored alone.
        server.rotate(&[What::Domain(Domain::Session), What::Realm]).await;
        assert_eq!((epochs(&server.platform, Domain::Session).await, stored(&server.platform, REALM).await), (vec![3], vec![3]));
        let root = Root::new(Secret::new([3; 32]));
        let ring = boot::key_ring(server.store(), &root, &server.platform.settings.realm, &server.by()).await.unwrap();
        for (column, record, key) in records(&server.platform).await {
            assert!(opens(&ring, column, &record, key.as_ref()), "{}", column.title());
        }
    }

    fn each_step_is_stored_and_the_old_key_goes_last(at place) {
        let server = Server::start(&place, 1).await;
        fill(&server).await;
        let opened = leaves(&server.platform, "personal.opened").await;
        let [id] = server.ask(&[What::Domain(Domain::Session)]).await[..] else { panic!("one rotation") };
        assert_eq!(server.ask(&[What::Domain(Domain::Session)]).await, [id], "it is not asked for twice");
        let mut seen = vec![standing(&server).await.state];
        let mut counted_at = None;
        loop {
            let step = server.round().await.unwrap();
            let now = standing(&server).await;
            if seen.last() != Some(&now.state) {
                seen.push(now.state);
            }
            let held = server.store().read(key_ring::held).await.unwrap();
            match now.state {
                State::Prepared => assert_eq!((held.len(), server.platform.keys.newest(Domain::Session)), (1, 1), "held"),
                State::Counted => {
                    counted_at.get_or_insert(server.clock.now());
                    assert_eq!(epochs(&server.platform, Domain::Session).await, [2]);
                }
                _ => {}
            }
            if now.state < State::Destroyed {
                assert_eq!(stored(&server.platform, "domain/session").await[0], 1, "{:?}: the old key is still there", now.state);
            } else {
                assert_eq!(stored(&server.platform, "domain/session").await, [2]);
            }
            open_all(&server.platform).await;
            match step {
                Step::Idle => break,
                Step::Waiting => drop(server.clock.advance(Duration::from_secs(1))),
                Step::Moved => {}
            }
        }
        assert_eq!(seen, State::ALL);
        let waited = server.clock.now().since(counted_at.unwrap());
        assert!(waited >= server.platform.settings.limits.rotation_grace, "the second count comes {waited:?} after the first");
        assert_eq!((leaves(&server.platform, "rotation.begun").await, leaves(&server.platform, "rotation.finished").await), (1, 1));
        assert!(leaves(&server.platform, "rotation.page").await >= 2, "a leaf for each page");
        let page = newest(&server.platform, "rotation.page").await;
        assert_eq!((&page["purpose"], &page["epoch"]), (&json!("key-rotation"), &json!(2)));
        assert_eq!(leaves(&server.platform, "personal.opened").await, opened, "no field was opened for anybody");

        // The receipt says what was destroyed, and verifies with the log alone.
        let publisher = &mut Publisher::new(&server.platform).unwrap();
        ledger::sequence(&server.platform, &server.by()).await.unwrap();
        publisher.publish(&server.platform).await.unwrap();
        let receipt = rotation::receipt(&server.platform, id, Duration::ZERO).await.unwrap().expect("a receipt");
        let said = receipt.check(&ledger::verifiers(&server.platform).unwrap()).unwrap();
        assert_eq!(said.claims["keys"], json!("domain:session"));
        assert_eq!(said.claims["facts"]["destroyed"], json!([1]));
        assert_eq!(said.claims["facts"]["counted"], json!([0, 0]));
        assert_eq!(said.leaf.kind.as_str(), "rotation.finished");
    }

    fn a_write_that_was_under_way_when_nothing_was_counted_is_moved_too(at place) {
        let server = Server::start(&place, 1).await;
        let people = fill(&server).await;
        server.ask(&[What::Domain(Domain::Session)]).await;
        while standing(&server).await.state != State::Counted {
            if server.round().await.unwrap() == Step::Waiting {
                server.clock.advance(Duration::from_secs(1));
            }
        }
        // Sealed before the new key was in use, committed only now.
        let root = Root::new(Secret::new([3; 32]));
        let late = boot::key_ring(server.store(), &root, &server.platform.settings.realm, &server.by()).await.unwrap();
        let stored = server.store().read(key_ring::all).await.unwrap();
        let stored: Vec<_> = stored.into_iter().map(|entry| Wrapped { name: entry.name, epoch: entry.epoch, sealed: entry.sealed_key }).collect();
        late.adopt_holding(&stored, &[("domain/session".to_owned(), 2)]).unwrap();
        let all = records(&server.platform).await;
        let (column, record, key) = all.iter().find(|(column, record, _)| column.table == "session" && record.person == Some(*people[0].id.as_bytes())).unwrap();
        let sealed = late.seal(Domain::Session, &home::slot(column, record, 1), key.as_ref(), b"{}", &System).unwrap().to_bytes();
        assert_eq!(Sealed::epoch_of(&sealed), Ok(1));
        let (column, record) = (*column, record.clone());
        assert_eq!(server.store().write(move |tx| column.replace(tx, &record, sealed.clone())).await, Ok(true));
        server.turn().await;
        assert_eq!((standing(&server).await.trouble, stored_epochs(&server).await), (None, vec![2]));
        assert_eq!(epochs(&server.platform, Domain::Session).await, [2]);
        open_all(&server.platform).await;
    }

    fn who_signs_in_while_their_key_turns_reads_again(at place) {
        let server = Server::start(&place, 1).await;
        let people = fill(&server).await;
        let who = people[0].id;
        let versions = || async {
            let found = server.store().read(move |tx| credential::standing(tx, who)).await.unwrap();
            found.into_iter().map(|one| (one.version, one.name_version)).collect::<Vec<_>>()
        };
        let before = versions().await;
        server.rotate(&[What::Resident(who)]).await;
        let after = versions().await;
        assert_eq!(after.len(), before.len());
        for ((row, name), (row_before, name_before)) in after.iter().zip(&before) {
            assert!(row > row_before, "a signature noted on the old version is noted again, on the new key");
            assert_eq!(name, name_before, "the name stays at its version");
        }
    }

    fn a_resident_gets_a_new_key_and_only_that_one(at place) {
        let server = Server::start(&place, 1).await;
        let mut people = fill(&server).await;
        let old = records(&server.platform).await;
        server.rotate(&[What::Resident(people[0].id)]).await;
        open_all(&server.platform).await;
        let (mut moved, mut kept) = (0, 0);
        for (column, record, key) in &old {
            let theirs = record.person.as_ref() == Some(people[0].id.as_bytes());
            let now = records(&server.platform).await;
            let (_, now, new_key) = now.iter().find(|(own, now, _)| own.title() == column.title() && now.row == record.row).unwrap();
            assert_eq!(now.sealed != record.sealed, theirs, "{}", column.title());
            assert_eq!(Sealed::version_of(&now.sealed), Sealed::version_of(&record.sealed), "the version stays");
            if theirs {
                assert!(!opens(&server.platform.keys, column, record, new_key.as_ref()), "an old copy does not open with the new key");
                assert!(!opens(&server.platform.keys, column, now, key.as_ref()), "nor the new one with the old key");
                moved += 1;
            } else {
                kept += 1;
            }
        }
        assert!(moved >= 6 && kept > 10, "{moved} {kept}");
        let cookie = server.sign_in(&mut people[0]).await.unwrap();
        assert_eq!(server.shown(&cookie).await.unwrap().1, Some(address(1)));
    }

    fn a_destroyed_resident_leaves_nothing_that_needs_the_old_key(at place) {
        let server = Server::start(&place, 1).await;
        let people = fill(&server).await;
        // One who lived here, and one who signed: between them they have something in every column that is sealed with a person's key.
        let signer = signers(&server).await.remove(0);
        let gone = [people[1].id, signer];
        for who in gone {
            let outcome: Result<bool, lionrock_service::Fault> = server.store().write(move |tx| {
                let row = resident::find(tx, who)?.unwrap();
                Ok(resident::close(tx, who, row.version, 1)?)
            }).await;
            assert!(outcome.unwrap());
        }
        server.rotate(&What::all()).await;
        let of_people = COLUMNS.iter().filter(|column| column.person().is_some());
        for column in of_people {
            let all = server.store().read(|tx| column.all(tx)).await.unwrap();
            let theirs: Vec<_> = all.iter().filter(|record| gone.iter().any(|who| record.person == Some(*who.as_bytes()))).collect();
            assert!(theirs.iter().all(|record| record.sealed.is_empty()), "{}", column.title());
            assert!(all.iter().any(|record| !record.sealed.is_empty()), "{}: others keep theirs", column.title());
            // An empty value stands where one is required; where none is, nothing stands.
            assert!(!column.required || !theirs.is_empty(), "{}: nobody who is gone had one", column.title());
        }
        assert_eq!(stored(&server.platform, "domain/account").await, [2]);
    }

    fn what_does_not_open_keeps_the_key_it_may_need(at place) {
        let server = Server::start(&place, 1).await;
        fill(&server).await;
        let spoil = "UPDATE session SET sealed_place = $2 WHERE id = $1";
        let column = home::columns(Domain::Session).find(|column| column.table == "session").unwrap();
        let mut record = server.store().read(|tx| column.all(tx)).await.unwrap().remove(0);
        let (row, good) = (record.row.clone(), record.sealed.clone());
        *record.sealed.last_mut().unwrap() ^= 1;
        let bad = record.sealed.clone();
        let set = |row: Vec<u8>, bytes: Vec<u8>| async {
            let done: Result<u64, lionrock_store::Error> = server.store().write(move |tx| tx.execute(spoil, &[(&row).into(), (&bytes).into()])).await;
            assert_eq!(done, Ok(1));
        };
        set(row.clone(), bad).await;
        server.rotate(&[What::Domain(Domain::Session)]).await;
        let said = standing(&server).await;
        assert_eq!(said.state, State::Done);
        assert!(said.trouble.unwrap().starts_with("1 records do not open"));
        assert_eq!(stored(&server.platform, "domain/session").await, [1, 2], "nothing is destroyed");
        assert_eq!(newest(&server.platform, "rotation.finished").await["destroyed"], json!([]));
        // The owner of that record is left alone, the others get their keys.
        server.rotate(&[What::Residents]).await;
        assert!(standing(&server).await.trouble.unwrap().starts_with("1 residents have a record that does not open"));
        // Mended, and asked for again: both older epochs go.
        set(row, good).await;
        server.rotate(&[What::Domain(Domain::Session)]).await;
        assert_eq!((standing(&server).await.trouble, stored(&server.platform, "domain/session").await), (None, vec![3]));
        open_all(&server.platform).await;
    }

    fn another_root_opens_and_the_old_one_does_not(at place) {
        let server = Server::start(&place, 1).await;
        let mut people = fill(&server).await;
        let new = Root::new(Secret::new([4; 32]));
        rotation::replace_root(&server.platform, &server.by(), &new).await.unwrap();
        assert_eq!(standing(&server).await.state, State::Done);
        let old = Root::new(Secret::new([3; 32]));
        let realm = &server.platform.settings.realm;
        let refused = boot::key_ring(server.store(), &old, realm, &server.by()).await;
        assert!(matches!(refused, Err(boot::KeyRingError::WrongRoot)), "{refused:?}");
        let ring = boot::key_ring(server.store(), &new, realm, &server.by()).await.unwrap();
        for (column, record, key) in records(&server.platform).await {
            assert!(opens(&ring, column, &record, key.as_ref()));
        }
        // The server that did it goes on, and can turn the realm key under the new root.
        server.sign_in(&mut people[0]).await.unwrap();
        server.rotate(&[What::Realm, What::Domain(Domain::Profile)]).await;
        assert_eq!(stored(&server.platform, REALM).await, [2]);
        boot::key_ring(server.store(), &new, realm, &server.by()).await.unwrap();
        open_all(&server.platform).await;
    }

    fn logins_go_on_while_all_keys_turn(at place) {
        let server = std::sync::Arc::new(Server::start(&place, 1).await);
        let people = fill(&server).await;
        let (tell, stop) = tokio::sync::watch::channel(false);
        let logins: Vec<_> = people.into_iter().map(|mut person| {
            let (server, stop) = (server.clone(), stop.clone());
            tokio::spawn(async move {
                let mut cookies = Vec::new();
                while !*stop.borrow() {
                    match server.sign_in(&mut person).await {
                        Ok(cookie) => cookies.push(cookie),
                        Err(lionrock_service::Error::Fault(fault)) if fault.is_passing() => {}
                        Err(other) => panic!("{other}"),
                    }
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                // What was sealed in the middle of it is read back by the person's own page.
                let shown = server.shown(cookies.last().expect("a login")).await.unwrap();
                assert_eq!(shown.1, Some(address(person.serial)));
                cookies
            })
        }).collect();
        server.ask(&What::all()).await;
        // What may pass is tried again, as the job does.
        for _ in 0..5_000 {
            match server.round().await {
                Ok(Step::Idle) => break,
                Ok(Step::Waiting) => { server.clock.advance(Duration::from_millis(500)); tokio::task::yield_now().await }
                Ok(Step::Moved) => {}
                Err(fault) => assert!(fault.is_passing(), "{fault}"),
            }
        }
        assert!(standing(&server).await.finished.is_some());
        tell.send_replace(true);
        let mut made = 0;
        for login in logins {
            made += login.await.unwrap().len();
        }
        assert!(made >= 3, "{made} logins while the keys turned");
        let after = open_all(&server.platform).await;
        let sessions = after.iter().find(|(title, _)| title == "session.sealed_place").unwrap().1;
        // The ones of before, the two registrations' own, and every one that was answered.
        assert!(sessions >= 3 + made, "{sessions} sessions, {made} logins");
        for domain in Domain::ALL {
            assert!(epochs(&server.platform, domain).await.iter().all(|epoch| *epoch == 2), "{}", domain.word());
        }
    }

    fn a_server_that_is_behind_is_waited_for(at place) {
        let server = Server::start(&place, 1).await;
        fill(&server).await;
        // Another server, which has seen the present state of the ring and is slow to see the next.
        let present = server.store().read(server::generation).await.unwrap();
        let other = server::Server { boot: [9; 16], node: "slow".to_owned(), generation: present, seen: server.clock.now() };
        let alive = |generation: i64| {
            let row = server::Server { generation, seen: server.clock.now(), ..other.clone() };
            async { server.store().write(move |tx| server::report(tx, &row)).await.unwrap() }
        };
        alive(present).await;
        server.ask(&[What::Domain(Domain::Profile)]).await;
        for _ in 0..60 {
            server.round().await.unwrap();
            server.clock.advance(Duration::from_secs(5));
            alive(present).await;
        }
        let now = standing(&server).await;
        assert_eq!((now.state, now.waits_for), (State::Prepared, vec!["slow".to_owned()]));
        assert_eq!(server.platform.keys.newest(Domain::Profile), 1, "the new key is not used");
        alive(present + 1).await;
        for _ in 0..60 {
            server.round().await.unwrap();
            server.clock.advance(Duration::from_secs(5));
            alive(present + 1).await;
        }
        assert_eq!(standing(&server).await.state, State::InUse, "nothing is moved before it uses the new key");
        // It dies: after a while nobody waits for it any more.
        let died = server.clock.now();
        server.turn().await;
        assert!(server.clock.now().since(died) >= server.platform.settings.limits.server_silence);
        assert_eq!(standing(&server).await.state, State::Done);
        open_all(&server.platform).await;
    }
}

async fn stored_epochs(server: &Server) -> Vec<u32> {
    stored(&server.platform, "domain/session").await
}

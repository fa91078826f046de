//! Ciphertexts stay where they belong: a sealed value that somebody moves in the database opens nowhere else.
//!
//! Over the real list of columns and records made by the journeys: every pair of columns in both directions, and within a column
//! every other row, person, version, epoch, purpose and realm.

use super::scene::{Person, Server, fill, opens, records, stored};
use lionrock_crypto::random::System;
use lionrock_crypto::ring::{Domain, KeyRing, ResidentKey, Root, Sealed, Slot};
use lionrock_crypto::secret::Secret;
use lionrock_service::Fault;
use lionrock_service::rotation::{What, home};
use lionrock_store::sealed::{COLUMNS, Column, Record};
use lionrock_store::{key_ring, resident};
use lionrock_testkit::both_engines;

type Found = (&'static Column, Record, Option<ResidentKey>);

/// Writes `bytes` over the record in the database, reads it back as the platform would, and says whether it opens; then puts
/// the record back.
async fn opens_after_planting(server: &Server, (column, record, key): &Found, bytes: Vec<u8>) -> bool {
    let (own, planted) = (record.clone(), bytes.clone());
    let column = *column;
    let edit = server.store().write(move |tx| column.replace(tx, &own, planted.clone())).await;
    assert_eq!(edit, Ok(true), "{}: the edit of the database", column.title());
    let all = server.store().read(|tx| column.all(tx)).await.unwrap();
    let found = all.into_iter().find(|found| found.row == record.row).unwrap();
    assert_eq!(found.sealed, bytes);
    let opened = opens(&server.platform.keys, column, &found, key.as_ref());
    let good = record.sealed.clone();
    assert_eq!(server.store().write(move |tx| column.replace(tx, &found, good.clone())).await, Ok(true));
    opened
}

/// The same plain text, sealed at this slot by this ring.
fn sealed_at(keys: &KeyRing, domain: Domain, slot: &Slot<'_>, key: Option<&ResidentKey>) -> Vec<u8> {
    keys.seal(domain, slot, key, b"planted", &System).unwrap().into()
}

both_engines! {
    fn no_value_opens_in_another_column(at place) {
        let server = Server::start(&place, 1).await;
        fill(&server).await;
        let all = records(&server.platform).await;
        let one = |column: &Column| all.iter().find(|(own, _, _)| own.title() == column.title()).unwrap().clone();
        let mut pairs = 0;
        for from in COLUMNS {
            for to in COLUMNS.iter().filter(|to| to.title() != from.title()) {
                let (source, target) = (one(from), one(to));
                assert!(opens(&server.platform.keys, target.0, &target.1, target.2.as_ref()));
                let moved = opens_after_planting(&server, &target, source.1.sealed.clone()).await;
                assert!(!moved, "a value of {} opens in {}", from.title(), to.title());
                pairs += 1;
            }
        }
        assert_eq!(pairs, COLUMNS.len() * (COLUMNS.len() - 1));
    }

    fn no_value_opens_in_another_row_person_version_epoch_purpose_or_realm(at place) {
        let server = Server::start(&place, 1).await;
        fill(&server).await;
        let all = records(&server.platform).await;
        let (foreign, _) = KeyRing::create(&Root::new(Secret::new([3; 32])), "test-other", &System).unwrap();
        for column in COLUMNS {
            let own: Vec<_> = all.iter().filter(|(own, _, _)| own.title() == column.title()).cloned().collect();
            let title = column.title();
            let target @ (_, record, key) = &own[0];
            for (_, other, _) in &own[1..] {
                assert!(!opens_after_planting(&server, target, other.sealed.clone()).await, "{title}: another row's value");
            }
            let keys = &server.platform.keys;
            let domain = home::domain(column).unwrap();
            let slot = home::slot(column, record, record.version);
            let plant = |bytes: Vec<u8>| opens_after_planting(&server, target, bytes);
            assert!(plant(sealed_at(keys, domain, &slot, key.as_ref())).await, "{title}: what is sealed here opens here");
            for version in [record.version + 1, record.version.saturating_sub(1)] {
                let bytes = sealed_at(keys, domain, &Slot { version, ..slot }, key.as_ref());
                assert!(!plant(bytes).await, "{title}: sealed at version {version}, the row is at {}", record.version);
            }
            // The version in front is edited as well.
            let mut edited = sealed_at(keys, domain, &Slot { version: record.version + 1, ..slot }, key.as_ref());
            edited[5..13].copy_from_slice(&record.version.to_be_bytes());
            assert!(!plant(edited).await, "{title}: another version under the row's number");
            for purpose in Domain::ALL.into_iter().filter(|purpose| *purpose != domain) {
                assert!(!plant(sealed_at(keys, purpose, &slot, key.as_ref())).await, "{title}: sealed for {}", purpose.word());
            }
            assert!(!plant(sealed_at(keys, domain, &Slot { schema: 2, ..slot }, key.as_ref())).await, "{title}: another layout");
            for elsewhere in COLUMNS.iter().filter(|other| other.title() != title) {
                // Sealed as if for the same row and person there: only table and column tell the two apart.
                let table = Slot { table: elsewhere.table, ..slot };
                let name = Slot { column: elsewhere.name, ..slot };
                for (other, changed) in [(table, elsewhere.table != column.table), (name, elsewhere.name != column.name)] {
                    let opened = plant(sealed_at(keys, domain, &other, key.as_ref())).await;
                    assert_eq!(opened, !changed, "{title}: sealed for {}.{}", other.table, other.column);
                }
            }
            assert!(!plant(sealed_at(keys, domain, &Slot { row: &[8; 16], ..slot }, key.as_ref())).await, "{title}: another row");
            assert!(!plant(sealed_at(keys, domain, &Slot { resident: &[8; 16], ..slot }, key.as_ref())).await, "{title}: another person");
            if let Some(key) = key {
                assert!(!plant(sealed_at(keys, domain, &slot, None)).await, "{title}: without the person's key");
                let (other_key, _) = keys.new_resident_key(&[8; 16], &System).unwrap();
                assert!(!plant(sealed_at(keys, domain, &slot, Some(&other_key))).await, "{title}: with another person's key");
                assert!(!plant(sealed_at(&foreign, domain, &slot, Some(key))).await, "{title}: of another realm");
            } else {
                assert!(!plant(sealed_at(&foreign, domain, &slot, None)).await, "{title}: of another realm");
            }
            // An epoch that does not exist, and every single bit.
            let mut epoch = record.sealed.clone();
            epoch[4] = 7;
            assert!(!plant(epoch).await, "{title}: another epoch");
            for at in [0, 1, 4, 5, 12, 13, 24, 25, record.sealed.len() - 1] {
                let mut bytes = record.sealed.clone();
                bytes[at] ^= 1;
                assert!(!plant(bytes).await, "{title}: byte {at}");
            }
        }
    }

    fn no_value_of_one_epoch_opens_as_another(at place) {
        let server = Server::start(&place, 1).await;
        fill(&server).await;
        let old = records(&server.platform).await;
        server.ask(&[What::Domain(Domain::Account)]).await;
        // Half way: the new key of the first domain is in use, the old one is there as well.
        while server.platform.keys.newest(Domain::Account) == 1 {
            server.round().await.unwrap();
        }
        assert_eq!(stored(&server.platform, "domain/account").await, [1, 2]);
        for (column, record, key) in old.iter().filter(|(column, _, _)| home::domain(column) == Some(Domain::Account)) {
            let now = records(&server.platform).await;
            let target = now.iter().find(|(own, now, _)| own.title() == column.title() && now.row == record.row).unwrap();
            for epoch in [2_u32, 3, 0] {
                let mut bytes = record.sealed.clone();
                bytes[1..5].copy_from_slice(&epoch.to_be_bytes());
                assert!(!opens_after_planting(&server, target, bytes).await, "{}: epoch 1 as {epoch}", column.title());
            }
            drop(key.clone());
        }
        server.turn().await;
        server.rotate(&Domain::ALL.map(What::Domain).into_iter().filter(|what| *what != What::Domain(Domain::Account)).collect::<Vec<_>>()).await;
        let now = records(&server.platform).await;
        for (column, record, _) in &old {
            let target = now.iter().find(|(own, now, _)| own.title() == column.title() && now.row == record.row).unwrap();
            let newest = Sealed::epoch_of(&target.1.sealed).unwrap();
            assert_eq!(newest, 2);
            assert!(!opens_after_planting(&server, target, record.sealed.clone()).await, "{}: a row put back", column.title());
            let mut bytes = record.sealed.clone();
            bytes[1..5].copy_from_slice(&2_u32.to_be_bytes());
            assert!(!opens_after_planting(&server, target, bytes).await, "{}: put back with the epoch edited", column.title());
        }
    }

    fn no_wrapped_key_opens_elsewhere(at place) {
        let server = Server::start(&place, 1).await;
        let people = fill(&server).await;
        let ids: Vec<_> = people.iter().map(|person| person.id).collect();
        let rows: Result<Vec<_>, Fault> = server.store().read(move |tx| ids.iter().map(|id| Ok(resident::find(tx, *id)?.unwrap())).collect()).await;
        let rows = rows.unwrap();
        for own in &rows {
            for other in rows.iter().filter(|other| other.id != own.id) {
                let wrapped = other.sealed_key.as_deref().unwrap();
                assert!(server.platform.keys.resident_key(own.id.as_bytes(), wrapped).is_err(), "a resident's key under another's name");
            }
        }
        let stored: Vec<_> = server.store().read(key_ring::all).await.unwrap();
        let wrapped = |entry: &key_ring::Entry| lionrock_crypto::ring::Wrapped { name: entry.name.clone(), epoch: entry.epoch, sealed: entry.sealed_key.clone() };
        let root = Root::new(Secret::new([3; 32]));
        let realm = server.platform.settings.realm.to_string();
        assert!(KeyRing::open(&root, &realm, &stored.iter().map(wrapped).collect::<Vec<_>>()).is_ok());
        for to in 0..stored.len() {
            for from in (0..stored.len()).filter(|from| *from != to) {
                let mut swapped: Vec<_> = stored.iter().map(wrapped).collect();
                swapped[to].sealed = stored[from].sealed_key.clone();
                assert!(KeyRing::open(&root, &realm, &swapped).is_err(), "{} as {}", stored[from].name, stored[to].name);
            }
            // A resident's key in place of one of the ring's.
            let mut swapped: Vec<_> = stored.iter().map(wrapped).collect();
            swapped[to].sealed = rows[0].sealed_key.clone().unwrap();
            assert!(KeyRing::open(&root, &realm, &swapped).is_err());
        }
    }

    fn the_pages_show_nothing_that_was_moved(at place) {
        let server = Server::start(&place, 1).await;
        let mut people = fill(&server).await;
        let cookie = server.sign_in(&mut people[0]).await.unwrap();
        assert!(server.shown(&cookie).await.is_ok());
        let all = records(&server.platform).await;
        for table in ["resident", "credential"] {
            for column in COLUMNS.iter().filter(|column| column.table == table) {
                let of = |person: &Person| {
                    all.iter().find(|(own, record, _)| own.title() == column.title() && record.person == Some(*person.id.as_bytes())).unwrap().1.clone()
                };
                let (own, theirs) = (of(&people[0]), of(&people[1]));
                let planted = theirs.sealed.clone();
                let (mine, back) = (own.clone(), own.sealed.clone());
                assert_eq!(server.store().write(move |tx| column.replace(tx, &mine, planted.clone())).await, Ok(true));
                assert!(server.shown(&cookie).await.is_err(), "{}: another person's value is shown", column.title());
                let now = Record { sealed: theirs.sealed, ..own };
                assert_eq!(server.store().write(move |tx| column.replace(tx, &now, back.clone())).await, Ok(true));
                assert!(server.shown(&cookie).await.is_ok());
            }
        }
    }
}

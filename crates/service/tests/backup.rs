//! Backups: made while people come and go, put back into either engine, and never the way back for somebody who was erased.

mod certificates;
mod copies;
mod damage;
mod death;
mod officers;
mod outage;
mod scene;

use crate::stage::caller;
use lionrock_ledger::receipt::Receipt;
use lionrock_model::id::CredentialId;
use lionrock_model::policy::{Actor, Field, Purpose, Subject, decide};
use lionrock_service::backup::file::Reader;
use lionrock_service::backup::rows::{Content, Frame};
use lionrock_service::backup::{self, KEYS};
use lionrock_service::ledger::{self, receipt};
use lionrock_service::{audit, vault};
use lionrock_store::{Value, credential, leaf, resident};
use lionrock_testkit::both_engines;
use lionrock_testkit::engines::Place;
use scene::{House, again, name_of, other_engine, sign_in};
use serde_json::json;
use std::fs;
use std::io::{Read as _, Seek as _};
use std::sync::Arc;
use std::time::Duration;

both_engines! {
    fn who_was_erased_stays_closed_after_a_restore_and_everybody_else_comes_back(at place) {
        let house = House::open(&place).await;
        let (mut anna, mut ben, mut cleo) = (house.person(3).await, house.person(4).await, house.person(5).await);
        house.publish().await;
        let kept = fs::read(house.ledger().join("checkpoint")).unwrap();
        let made = house.backup().await;
        house.publish().await;
        // Afterwards Anna is erased, Ben loses a passkey, and Dora registers.
        house.close(&mut anna).await;
        let key = remove_passkey(&house, &ben).await;
        let dora = house.person(6).await;
        house.publish().await;

        let target = other_engine(&place).await;
        let data = target.folder().join("data");
        let restored = house.restore(target.open().await, &data).await.unwrap();
        assert_eq!(restored.counts["resident"], 3);
        // The passkey Ben removed, and the one that went with Anna.
        assert_eq!((restored.replayed.erasures, restored.replayed.revocations), (1, 2));
        let there = &restored.platform;
        // Anna: the row is shut, no key, no way in, nothing opens.
        assert!(sign_in(there, &house.clock, &mut anna).await.is_err());
        let row = there.store.read(move |tx| resident::find(tx, anna.id)).await.unwrap().unwrap();
        assert!(!row.active && row.sealed_key.is_none() && row.sealed_profile.is_none() && row.sealed_contact.is_none());
        let (owned, by) = (Arc::clone(there), caller(&house.clock));
        let opened = there.store.write(move |tx| {
            let decision = decide(Actor::Resident(anna.id), Subject::Resident(anna.id), Purpose::AccountManagement, &[Field::Hkid], None).unwrap();
            vault::grant(tx, &owned, &by, &decision).map(drop)
        }).await;
        assert!(opened.is_err());
        // Ben: that passkey is gone. Cleo: everything as it was. Dora was never in the backup.
        assert!(sign_in(there, &house.clock, &mut ben).await.is_err());
        let removed = there.store.read(move |tx| credential::of_resident(tx, ben.id, key)).await.unwrap().unwrap();
        assert!(removed.removed.is_some());
        let cookie = sign_in(there, &house.clock, &mut cleo).await.unwrap();
        assert_eq!(name_of(there, &house.clock, &cookie).await, cleo.name);
        assert!(there.store.read(move |tx| resident::find(tx, dora.id)).await.unwrap().is_none());

        // The log goes on where the published one stood, under receipts that verify.
        crate::ledger::round(there, &house.clock).await.unwrap();
        let report = crate::ledger::check(there, Some(&kept));
        assert!(report.is_good(), "{:?}", report.findings);
        assert_eq!((report.kinds["backup.created"], report.kinds["backup.restored"]), (1, 1));
        let wait = Duration::from_secs(1);
        for (platform, statement, event, says) in [
            (&house.platform, &made.statement, made.event, "backup"),
            (there, &restored.statement, restored.event, "restore"),
        ] {
            let file = receipt::file(platform, statement, event, wait).await.unwrap().unwrap();
            let file = Receipt::parse(file.to_json().to_string().as_bytes()).unwrap();
            let said = file.check(&ledger::verifiers(platform).unwrap()).unwrap();
            assert_eq!(said.claims["what"], says);
        }
        // The journal goes on in the new place. The old store may not continue what the new one published.
        assert!(data.join("journal").is_dir());
        fs::copy(data.join("ledger/checkpoint"), house.ledger().join("checkpoint")).unwrap();
        let fault = crate::ledger::round(&house.platform, &house.clock).await.unwrap_err();
        assert!(fault.detail.contains("lionrock backup restore"), "{fault}");
        // What came back opens.
        let sampled = backup::sample(there, &caller(&house.clock), 10).await.unwrap();
        assert_eq!((sampled.residents, sampled.shut), (2, 0), "{sampled:?}");
        assert!(sampled.opened >= 6, "{sampled:?}");
    }

    fn an_old_data_file_does_not_open_with_the_keys_of_today(at place) {
        let house = House::open(&place).await;
        let (mut anna, ben) = (house.person(3).await, house.person(4).await);
        let row = house.platform.store.read(move |tx| resident::find(tx, anna.id)).await.unwrap().unwrap();
        let (annas_key, sealed) = (row.sealed_key.unwrap(), row.sealed_profile.unwrap());
        let first = house.backup().await;
        let mut old_keys = fs::File::open(&first.keys).unwrap();
        let length = fs::metadata(&first.keys).unwrap().len();
        house.close(&mut anna).await;
        let second = house.backup().await;
        assert_eq!(first.keys, second.keys);

        // The earlier key file is not only replaced: what it held is overwritten.
        let mut bytes = Vec::new();
        old_keys.rewind().unwrap();
        old_keys.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes.len() as u64, length);
        assert!(bytes.iter().all(|byte| *byte == 0), "the earlier keys can still be read");

        // With the custodian's help the old data file opens. Anna's sealed profile is in it, her key is not, in either.
        let (values, _) = everything(&house, &first.data);
        assert!(values.contains(&sealed), "the old data holds her record");
        assert!(!values.contains(&annas_key));
        let (wrapped, keys) = everything(&house, &second.keys);
        assert!(!wrapped.contains(&annas_key) && keys.iter().all(|(id, key)| *id != *anna.id.as_bytes() && *key != annas_key));
        assert_eq!(keys.len(), 1, "Ben's alone");
        assert_eq!(keys[0].0, *ben.id.as_bytes());
        // Whatever key there is, taken for hers, opens nothing: no step of this is a rule somebody could forget to follow.
        let ring = &house.platform.keys;
        for key in wrapped.iter().chain(keys.iter().map(|(_, key)| key)) {
            assert!(ring.resident_key(anna.id.as_bytes(), key).is_err());
        }
        for (id, key) in &keys {
            let key = ring.resident_key(id, key).unwrap();
            let slot = lionrock_crypto::ring::Slot {
                table: "resident", column: "sealed_profile", row: anna.id.as_bytes(), resident: anna.id.as_bytes(), schema: 1, version: 1,
            };
            let domain = lionrock_crypto::ring::Domain::Profile;
            assert!(ring.open_sealed(domain, &slot, Some(&key), &sealed).is_err());
            assert!(ring.open_sealed(domain, &slot, None, &sealed).is_err());
        }
    }

    fn a_backup_is_one_moment_though_people_come_and_go(at place) {
        let house = House::open(&place).await;
        house.person(3).await;
        crate::ledger::append(&house.platform, &house.clock, 3000).await;
        house.publish().await;
        let (platform, clock) = (Arc::clone(&house.platform), house.clock.clone());
        let busy = tokio::spawn(async move {
            for _ in 0..40 {
                crate::ledger::append(&platform, &clock, 20).await;
                ledger::sequence(&platform, &caller(&clock)).await.unwrap();
            }
        });
        let made = house.backup().await;
        busy.await.unwrap();
        house.publish().await;
        let target = Place::sqlite();
        let data = target.folder().join("data");
        let restored = house.restore(target.open().await, &data).await.unwrap();
        assert_eq!(restored.counts, made.counts);
        let (before, now) = restored.ledger;
        assert!(before >= 3000 && now > before, "{before} {now}");
        crate::ledger::round(&restored.platform, &house.clock).await.unwrap();
        assert!(crate::ledger::check(&restored.platform, None).is_good());
    }

    fn records_changed_since_are_not_taken_for_tampering(at place) {
        let house = House::open(&place).await;
        let mut anna = house.person(3).await;
        house.backup().await;
        // Her row changes after the backup, as with a new address.
        let (owned, by, id) = (Arc::clone(&house.platform), house.by(), anna.id);
        house.platform.store.write(move |tx| {
            let row = resident::find(tx, id)?.unwrap();
            let key = vault::sealing_key(tx, &owned, id)?;
            let email = lionrock_model::person::Email::parse("new@example.test").unwrap();
            let sealed = vault::seal_email(&owned, &by, id, row.version + 1, &key, &email)?;
            assert!(resident::set_contact(tx, id, row.version, sealed)?);
            let event = audit::Event::new("contact.changed", Some(id), json!({}));
            lionrock_service::freshness::record(tx, &owned, &by, &event).map(drop)
        }).await.unwrap();
        house.publish().await;
        let target = Place::sqlite();
        let restored = house.restore(target.open().await, &target.folder().join("data")).await.unwrap();
        let cookie = sign_in(&restored.platform, &house.clock, &mut anna).await.unwrap();
        assert_eq!(name_of(&restored.platform, &house.clock, &cookie).await, anna.name);
        let kinds: Vec<String> = restored.platform.store
            .read(|tx| leaf::from_place(tx, 0, 1000)).await.unwrap().into_iter().map(|entry| entry.kind).collect();
        assert!(kinds.iter().any(|kind| kind == "contact.changed"), "the ledger still tells of what was lost");
    }
}

/// Removes the passkey of a person, with the entry the account page writes.
async fn remove_passkey(house: &House, person: &scene::Person) -> CredentialId {
    let (owned, by, who) = (Arc::clone(&house.platform), house.by(), person.id);
    house
        .platform
        .store
        .write(move |tx| {
            let passkey = credential::standing(tx, who)?.remove(0);
            credential::remove(tx, who, passkey.id, by.now)?;
            let body = json!({"credential": passkey.id.to_string(), "sessions_ended": 0});
            audit::append(tx, &owned, &by, &audit::Event::new("authenticator.removed", Some(who), body))?;
            Ok::<_, lionrock_service::Fault>(passkey.id)
        })
        .await
        .unwrap()
}

/// Every value of bytes in a file, and the residents' keys.
#[allow(clippy::type_complexity)]
fn everything(house: &House, path: &std::path::Path) -> (Vec<Vec<u8>>, Vec<([u8; 16], Vec<u8>)>) {
    let mut content = Content::new(Reader::open(path, &[again(&house.custodian)]).unwrap());
    let (mut values, mut keys) = (Vec::new(), Vec::new());
    while let Some(frame) = content.frame().unwrap() {
        match frame {
            Frame::Row(row) => values.extend(row.into_iter().filter_map(|value| match value {
                Value::Bytes(bytes) => Some(bytes),
                _ => None,
            })),
            Frame::Key(id, key) => keys.push((id, key)),
            Frame::Print(..) => {}
            Frame::Table(..) => {}
        }
    }
    assert!(path.file_name().unwrap() == KEYS || keys.is_empty());
    (values, keys)
}

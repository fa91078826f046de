//! Certificates for signing after a restore: no backup holds their keys, so they end, and everybody who asks is told.

use super::scene::{House, other_engine};
use crate::oidc::scene as oidc;
use crate::rotation::work;
use crate::signing::scene::{Scene, StandIn, pdf};
use crate::stage::caller;
use lionrock_crypto::sign::{Algorithm, SigningKey};
use lionrock_model::certificate::Ground;
use lionrock_model::id::ResidentId;
use lionrock_model::policy::{Actor, Field, Purpose, Subject, decide};
use lionrock_model::signing::Form;
use lionrock_pki::certificate::Certificate;
use lionrock_pki::crl::{self, Reason};
use lionrock_pki::ocsp::{self, Status};
use lionrock_service::authority::{self, Act, By};
use lionrock_service::{Platform, ledger, status, vault};
use lionrock_store::{Row, certificate, outbox};
use lionrock_testkit::both_engines;
use lionrock_testkit::clock::Clock;
use std::sync::Arc;

/// The newest certificate of a person.
async fn newest(platform: &Arc<Platform>, clock: &Clock, who: ResidentId) -> Certificate {
    let (owned, by) = (Arc::clone(platform), caller(clock));
    let read = move |tx: &mut lionrock_store::Tx<'_>| {
        let names = [Field::EnglishName, Field::ChineseName];
        let decision = decide(Actor::Resident(who), Subject::Resident(who), Purpose::AccountManagement, &names, None);
        let grant = vault::grant(tx, &owned, &by, &decision.unwrap())?;
        authority::open(&owned, Some(&grant), &certificate::of_resident(tx, who)?[0])
    };
    platform.store.write(read).await.unwrap()
}

async fn change(platform: &Arc<Platform>, clock: &Clock, one: &Certificate, act: Act, by: By) {
    let (owned, who, serial) = (Arc::clone(platform), caller(clock), one.serial().to_vec());
    let write = move |tx: &mut lionrock_store::Tx<'_>| authority::change(tx, &owned, &who, &serial, act, by);
    platform.store.write(write).await.unwrap();
}

/// What the status service says of a certificate, and what the list says.
async fn asked(platform: &Arc<Platform>, clock: &Clock, one: &Certificate) -> (Status, Option<Reason>, u64) {
    let issuing = authority::chain(platform).await.unwrap().unwrap().issuing.certificate.clone();
    let now = u64::try_from(clock.now().seconds()).unwrap();
    let answer = status::answer(platform, &caller(clock), &ocsp::ask(one, &issuing, None).unwrap()).await.unwrap();
    let said = ocsp::check(&answer.der, one, &issuing, None, now).unwrap();
    let list = status::list(platform, &caller(clock), authority::ISSUING).await.unwrap().unwrap();
    let list = crl::check(&list.der, &issuing, now).unwrap();
    let listed = list.entries.iter().find(|(serial, ..)| serial == one.serial()).and_then(|(.., reason)| *reason);
    (said, listed, list.number.unwrap())
}

async fn signs(scene: &Scene, who: &mut oidc::Person) {
    let begun = scene.request(&pdf("Rules"), Form::Pdf).await;
    scene.sign(who, &begun.handle).await.unwrap();
}

both_engines! {
    fn certificates_whose_keys_no_backup_holds_are_revoked_and_a_new_one_can_be_had(at place) {
        let clock = Clock::new();
        let stand_in = StandIn::new(&clock);
        let mut house = House::open_with(&place, |platform| work::settle(platform, &stand_in)).await;
        house.clock = clock.clone();
        authority::establish(&house.platform, &house.by()).await.unwrap().unwrap();
        let over = |platform: &Arc<Platform>| Scene {
            oidc: oidc::Scene {
                platform: Arc::clone(platform),
                clock: clock.clone(),
                key: SigningKey::generate(Algorithm::Es256).unwrap(),
            },
            stand_in: Arc::clone(&stand_in),
        };
        let scene = over(&house.platform);
        // In the backup: Mei, who signs; Ann and Dan, who do too; Eve, who has no certificate yet.
        let mut mei = scene.plus("CANARY, Mei", "U123456").await;
        let mut ann = scene.plus("CANARY, Ann", "U123457").await;
        let mut dan = scene.plus("CANARY, Dan", "U123458").await;
        let mut eve = scene.plus("CANARY, Eve", "U123459").await;
        for who in [&mut mei, &mut ann, &mut dan] {
            scene.enrol(who, "ES256").await.unwrap();
        }
        signs(&scene, &mut mei).await;
        house.publish().await;
        house.backup().await;
        // Since: Ann revokes hers, an officer suspends Dan's, Eve gets one, and Fay, who is in no backup, gets one as well.
        let mut fay = scene.plus("CANARY, Fay", "U123460").await;
        for who in [&mut eve, &mut fay] {
            scene.enrol(who, "ES256").await.unwrap();
        }
        let mut known = Vec::new();
        for who in [mei.id, ann.id, dan.id, eve.id, fay.id] {
            known.push(newest(&house.platform, &clock, who).await);
        }
        change(&house.platform, &clock, &known[1], Act::Revoke(Ground::KeyCompromise), By::Resident).await;
        change(&house.platform, &clock, &known[2], Act::Hold, By::Officer).await;
        let (before, _, number) = asked(&house.platform, &clock, &known[0]).await;
        assert_eq!(before, Status::Good);
        house.publish().await;
        drop(scene);

        let target = other_engine(&place).await;
        let mut restored = house.restore(target.open().await, &target.folder().join("data")).await.unwrap();
        assert_eq!(restored.replayed.certificates, 4, "all but Ann's");
        work::settle(Arc::get_mut(&mut restored.platform).unwrap(), &stand_in);
        let there = &restored.platform;
        let over_there = over(there);
        for (one, name) in known.iter().zip(["Mei", "Ann", "Dan", "Eve", "Fay"]) {
            let (said, listed, now) = asked(there, &clock, one).await;
            let why = if name == "Ann" { Reason::KeyCompromise } else { Reason::CessationOfOperation };
            assert!(matches!(said, Status::Revoked(_, reason) if reason == why), "{name}: {said:?}");
            assert_eq!(listed, Some(why), "{name}");
            assert!(now > number, "{name}: list {now} comes after list {number}");
        }
        // Everybody who is there was told, the ledger says why, and nothing signs with an old key.
        let waiting = there.store.read(|tx| outbox::due(tx, i64::MAX, 100)).await.unwrap();
        for who in [mei.id, dan.id, eve.id] {
            assert!(waiting.iter().any(|letter| letter.resident == Some(who)), "{who} was not told");
        }
        let keys: Result<Option<Row>, lionrock_store::Error> = there.store.read(|tx| tx.first("SELECT COUNT(*) FROM signing_key", &[])).await;
        assert_eq!(keys.unwrap().unwrap().int(0).unwrap(), 0);
        crate::ledger::round(there, &clock).await.unwrap();
        let report = crate::ledger::check(there, None);
        assert!(report.is_good(), "{:?}", report.findings);
        assert_eq!(report.kinds["certificate.revoked"], 5, "Ann's, and four ends");
        assert!(ledger::verifiers(there).is_ok());
        // Mei gets in again, makes a new key, and signs.
        over_there.oidc.code(&mut mei, "game").await;
        over_there.enrol(&mut mei, "ES256").await.unwrap();
        signs(&over_there, &mut mei).await;
        let fresh = newest(there, &clock, mei.id).await;
        assert_eq!(asked(there, &clock, &fresh).await.0, Status::Good);
        assert_ne!(fresh.serial(), known[0].serial());
    }
}

//! Who stopped working here after a backup was made works here no more when it is put back.

use super::scene::{House, other_engine};
use crate::staff::scene::Scene;
use lionrock_model::staff::{DutyRefusal, OfficerState, Role};
use lionrock_rehearsal::maker::Maker;
use lionrock_rehearsal::officers::MODEL;
use lionrock_service::staff;
use lionrock_store::{officer, officer_credential};
use lionrock_testkit::both_engines;
use lionrock_testkit::clock::Clock;
use std::sync::Arc;

both_engines! {
    fn an_officer_who_was_ended_since_stays_ended(at place) {
        let maker = Arc::new(Maker::create(MODEL, Clock::new().now().hong_kong_date()).unwrap());
        let house = House::open_with(&place, |platform| platform.settings.staff = Some(Scene::house(&maker))).await;
        let scene = Scene { platform: Arc::clone(&house.platform), clock: house.clock.clone(), maker };
        let mut manager = scene.officer("M-1", Role::Manager, "head-office").await;
        let mut leaves = scene.officer("C-1", Role::Counter, "north-point").await;
        let mut stays = scene.officer("C-2", Role::Counter, "north-point").await;
        let badge = scene.sign_in(&mut leaves).await.unwrap();
        house.publish().await;
        house.backup().await;
        house.publish().await;
        assert!(staff::require(&house.platform, &scene.caller(), &badge).await.is_ok());
        let cookie = scene.sign_in(&mut manager).await.unwrap();
        scene.end(&mut manager, &cookie, leaves.id).await.unwrap();
        assert!(scene.sign_in(&mut leaves).await.is_err(), "they are ended here");
        house.publish().await;

        let target = other_engine(&place).await;
        let mut restored = house.restore(target.open().await, &target.folder().join("data")).await.unwrap();
        assert_eq!((restored.counts["officer"], restored.replayed.revocations), (3, 1));
        Arc::get_mut(&mut restored.platform).unwrap().settings.staff = Some(Scene::house(&scene.maker));
        let there = Scene { platform: restored.platform, clock: scene.clock.clone(), maker: Arc::clone(&scene.maker) };
        let who = leaves.id;
        let row = there.platform.store.read(move |tx| officer::find(tx, who)).await.unwrap().unwrap();
        assert_eq!(row.officer.state, OfficerState::Ended, "the row came back as it was, and was ended again");
        let keys = there.platform.store.read(move |tx| officer_credential::of_officer(tx, who)).await.unwrap();
        assert!(!keys.is_empty() && keys.iter().all(|key| key.removed.is_some()), "no key of theirs stands");
        assert_eq!(there.sign_in(&mut leaves).await.unwrap_err(), DutyRefusal::KeyNotAccepted);
        assert!(staff::require(&there.platform, &there.caller(), &badge).await.is_err(), "their session is in no backup");
        let good = there.sign_in(&mut stays).await.expect("a colleague works on");
        assert!(staff::require(&there.platform, &there.caller(), &good).await.is_ok());
    }
}

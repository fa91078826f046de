//! Nothing lasts by itself: sessions, rights, what nobody used and what nobody confirmed.

use super::scene::{Scene, refusal};
use lionrock_model::staff::{DutyRefusal, Role};
use lionrock_service::staff::officers::{Decision, list};
use lionrock_service::staff::{require, rights};
use lionrock_testkit::both_engines;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

both_engines! {
    fn a_session_ends_after_fifteen_idle_minutes_and_after_twelve_hours(at place) {
        let scene = Scene::new(&place).await;
        let mut one = scene.officer("C-1", Role::Counter, "north-point").await;
        let cookie = scene.sign_in(&mut one).await.unwrap();
        scene.clock.advance(14 * MINUTE);
        assert!(require(&scene.platform, &scene.caller(), &cookie).await.is_ok());
        scene.clock.advance(14 * MINUTE);
        assert!(require(&scene.platform, &scene.caller(), &cookie).await.is_ok(), "use keeps it");
        scene.clock.advance(15 * MINUTE);
        let idle = require(&scene.platform, &scene.caller(), &cookie).await.unwrap_err();
        assert_eq!(refusal(idle), DutyRefusal::SessionOver);
        let cookie = scene.sign_in(&mut one).await.unwrap();
        for _ in 0..71 {
            scene.clock.advance(10 * MINUTE);
            assert!(require(&scene.platform, &scene.caller(), &cookie).await.is_ok());
        }
        scene.clock.advance(10 * MINUTE);
        let total = require(&scene.platform, &scene.caller(), &cookie).await.unwrap_err();
        assert_eq!(refusal(total), DutyRefusal::SessionOver, "twelve hours are over");
    }
}

both_engines! {
    fn rights_end_on_their_day_though_nobody_ends_them(at place) {
        let scene = Scene::new(&place).await;
        let mut one = scene.officer("C-1", Role::Counter, "north-point").await;
        let cookie = scene.sign_in(&mut one).await.unwrap();
        assert!(require(&scene.platform, &scene.caller(), &cookie).await.is_ok());
        for _ in 0..6 {
            scene.clock.advance(30 * DAY);
        }
        assert_eq!(scene.sign_in(&mut one).await, Err(DutyRefusal::RightsOver));
    }
}

both_engines! {
    fn rights_nobody_used_are_withdrawn_and_two_others_give_them_back(at place) {
        let scene = Scene::new(&place).await;
        let mut idle = scene.officer("C-1", Role::Counter, "north-point").await;
        let mut busy = scene.officer("M-1", Role::Manager, "head-office").await;
        let mut other = scene.officer("S-1", Role::Security, "kwun-tong").await;
        scene.clock.advance(44 * DAY);
        scene.sign_in(&mut busy).await.unwrap();
        scene.sign_in(&mut other).await.unwrap();
        assert_eq!(rights::round(&scene.platform, &scene.caller()).await.unwrap().unused, 0);
        scene.clock.advance(DAY);
        assert_eq!(rights::round(&scene.platform, &scene.caller()).await.unwrap().unused, 1);
        assert_eq!(rights::round(&scene.platform, &scene.caller()).await.unwrap().unused, 0, "once");
        assert_eq!(scene.sign_in(&mut idle).await, Err(DutyRefusal::RightsOver));
        let first = scene.sign_in(&mut busy).await.unwrap();
        let second = scene.sign_in(&mut other).await.unwrap();
        let wanted = lionrock_service::staff::officers::Wanted::Rights {
            officer: idle.id,
            role: Role::Counter,
            unit: crate::staff::scene::unit("north-point"),
            until: scene.month(),
        };
        let (proposed, _) = scene.propose(&mut busy, &first, wanted).await.unwrap();
        scene.decide(&mut other, &second, proposed.proposal, Decision::Approve).await.unwrap();
        assert!(scene.sign_in(&mut idle).await.is_ok());
    }
}

both_engines! {
    fn every_quarter_somebody_of_another_unit_confirms_and_what_nobody_confirms_is_over(at place) {
        let scene = Scene::new(&place).await;
        let mut kept = scene.officer("C-1", Role::Counter, "north-point").await;
        let mut forgotten = scene.officer("C-2", Role::Counter, "north-point").await;
        let mut manager = scene.officer("M-1", Role::Manager, "head-office").await;
        let mut near = scene.officer("M-9", Role::Manager, "north-point").await;
        let manager_id = manager.id;
        for _ in 0..3 {
            scene.clock.advance(30 * DAY);
            for one in [&mut kept, &mut forgotten, &mut manager, &mut near] {
                scene.sign_in(one).await.unwrap();
            }
        }
        let round = rights::round(&scene.platform, &scene.caller()).await.unwrap();
        assert_eq!((round.reviews, round.unconfirmed), (4, 0), "{round:?}");
        assert_eq!(rights::round(&scene.platform, &scene.caller()).await.unwrap().reviews, 0, "opened once");
        let cookie = scene.sign_in(&mut manager).await.unwrap();
        let near_cookie = scene.sign_in(&mut near).await.unwrap();
        let people = list::read(&scene.platform, &scene.caller(), &cookie).await.unwrap();
        let review = |id| people.waiting.iter().find(|one| one.proposal.officer == id).unwrap().proposal.id;
        let same = scene.decide(&mut near, &near_cookie, review(kept.id), Decision::Approve).await.unwrap_err();
        assert!(matches!(same, DutyRefusal::SameUnit | DutyRefusal::NotPermitted), "{same:?}");
        let own = scene.decide(&mut manager, &cookie, review(manager_id), Decision::Approve).await.unwrap_err();
        assert_eq!(own, DutyRefusal::OwnMatter);
        scene.decide(&mut manager, &cookie, review(kept.id), Decision::Approve).await.unwrap();
        scene.clock.advance(14 * DAY);
        let round = rights::round(&scene.platform, &scene.caller()).await.unwrap();
        assert_eq!(round.unconfirmed, 3, "{round:?}");
        assert!(scene.sign_in(&mut kept).await.is_ok());
        assert_eq!(scene.sign_in(&mut forgotten).await, Err(DutyRefusal::RightsOver));
    }
}

//! A further key, and a new code for somebody whose ten minutes ran out: two others of two units, as for a first one.

use crate::staff::scene::{ORIGIN, Person, Scene, alone, refusal};
use lionrock_crypto::random::System;
use lionrock_model::staff::{DutyRefusal, Role};
use lionrock_rehearsal::authenticator::Authenticator;
use lionrock_service::access::acts::Acts;
use lionrock_service::access::openings;
use lionrock_service::ledger;
use lionrock_service::staff::enrol::{self, Code};
use lionrock_service::staff::officers::{Decision, Wanted};
use lionrock_testkit::both_engines;
use lionrock_wire::webauthn::json::RegistrationResponse;
use serde_json::Value;
use std::time::Duration;

fn code(first: &str, second: &str) -> Code {
    Code { first: first.to_owned(), second: second.to_owned(), browser: "new".to_owned() }
}

/// Makes a key with a code, on a device of its own.
async fn enrolled(scene: &Scene, code: Code) -> Result<Person, DutyRefusal> {
    let options = enrol::begin(&scene.platform, &scene.caller(), code).await.map_err(refusal)?;
    let mut key = Authenticator::default();
    let answer = key.create(&alone(&options), ORIGIN, &scene.manner(), &System).unwrap();
    let answer = RegistrationResponse::from_json(answer.to_string().as_bytes()).unwrap();
    let id = enrol::finish(&scene.platform, &scene.caller(), "new", answer).await.map_err(refusal)?;
    Ok(Person { id, key })
}

/// What an auditor finds in everything that was written down: signatures that hold, entries that stand on them.
async fn audited(scene: &Scene) -> (u64, u64) {
    ledger::sequence(&scene.platform, &scene.caller()).await.unwrap();
    let mut acts = Acts::default();
    let mut take = |line: &Value| {
        if let Some(event) = line.get("event").and_then(Value::as_str) {
            let event: Value = serde_json::from_str(event).unwrap();
            let apart = line["apart"].as_str().map(|apart| serde_json::from_str::<Value>(apart).unwrap());
            acts.take(line["index"].as_u64().unwrap(), &event, apart.as_ref());
        }
        Ok(())
    };
    openings::openings(&scene.platform, &scene.caller(), &mut take).await.unwrap();
    let judged = acts.judge();
    assert_eq!(judged.wrong, []);
    (judged.signatures, judged.approved)
}

both_engines! {
    fn two_others_give_an_officer_a_second_key(at place) {
        let scene = Scene::new(&place).await;
        let mut one = scene.officer("M-1", Role::Manager, "head-office").await;
        let mut other = scene.officer("M-2", Role::Manager, "kwun-tong").await;
        let mut near = scene.officer("M-3", Role::Manager, "head-office").await;
        let mut clerk = scene.officer("C-1", Role::Counter, "north-point").await;
        let first = scene.sign_in(&mut one).await.unwrap();
        let second = scene.sign_in(&mut other).await.unwrap();
        let beside = scene.sign_in(&mut near).await.unwrap();
        let own = scene.sign_in(&mut clerk).await.unwrap();
        let wanted = Wanted::Key { officer: clerk.id };
        // Nobody for themselves, nobody without the right to.
        assert_eq!(scene.propose(&mut clerk, &own, wanted.clone()).await.unwrap_err(), DutyRefusal::OwnMatter);
        let mine = Wanted::Key { officer: one.id };
        assert_eq!(scene.propose(&mut one, &first, mine).await.unwrap_err(), DutyRefusal::OwnMatter);
        scene.clock.advance(Duration::from_secs(1));
        let (proposed, text) = scene.propose(&mut one, &first, wanted.clone()).await.unwrap();
        assert!(text.contains("kind: key") && text.contains(&format!("officer: {}", clerk.id)), "{text}");
        let half = proposed.half.unwrap().reveal().to_owned();
        // Not the proposer, not somebody of their unit, not the officer.
        for (who, cookie, why) in [
            (&mut one, &first, DutyRefusal::OwnProposal),
            (&mut near, &beside, DutyRefusal::SameUnit),
            (&mut clerk, &own, DutyRefusal::OwnMatter),
        ] {
            let refused = scene.decide(who, cookie, proposed.proposal, Decision::Approve).await;
            assert_eq!(refused.unwrap_err(), why);
        }
        // One half opens nothing.
        assert_eq!(enrolled(&scene, code(&half, &half)).await.unwrap_err(), DutyRefusal::InviteUnknown);
        scene.clock.advance(Duration::from_secs(1));
        let decided = scene.decide(&mut other, &second, proposed.proposal, Decision::Approve).await.unwrap();
        let other_half = decided.half.unwrap().reveal().to_owned();
        let mut spare = enrolled(&scene, code(&half, &other_half)).await.unwrap();
        assert_eq!(spare.id, clerk.id);
        assert_eq!(enrolled(&scene, code(&half, &other_half)).await.unwrap_err(), DutyRefusal::InviteUnknown, "once");
        // Both keys work, and what was begun goes on.
        for person in [&mut clerk, &mut spare] {
            scene.sign_in(person).await.unwrap();
        }
        assert!(lionrock_service::staff::require(&scene.platform, &scene.caller(), &own).await.is_ok());
        assert_eq!(audited(&scene).await, (2, 2));
        // Their end is the end of both.
        scene.end(&mut other, &second, clerk.id).await.unwrap();
        for person in [&mut clerk, &mut spare] {
            assert_eq!(scene.sign_in(person).await, Err(DutyRefusal::KeyNotAccepted));
        }
        assert_eq!(audited(&scene).await, (3, 3));
    }

    fn a_code_that_ran_out_is_replaced_by_two(at place) {
        let scene = Scene::new(&place).await;
        let mut one = scene.officer("M-1", Role::Manager, "head-office").await;
        let mut other = scene.officer("M-2", Role::Manager, "kwun-tong").await;
        let first = scene.sign_in(&mut one).await.unwrap();
        let second = scene.sign_in(&mut other).await.unwrap();
        let (proposed, _) = scene.propose(&mut one, &first, scene.new_counter("C-1")).await.unwrap();
        // Nobody approved yet: there is no code to replace.
        let early = scene.propose(&mut one, &first, Wanted::Key { officer: proposed.officer }).await;
        assert_eq!(early.unwrap_err(), DutyRefusal::OfficerUnknown);
        scene.clock.advance(Duration::from_secs(1));
        let decided = scene.decide(&mut other, &second, proposed.proposal, Decision::Approve).await.unwrap();
        let old = code(proposed.half.unwrap().reveal(), decided.half.unwrap().reveal());
        scene.clock.advance(Duration::from_secs(10 * 60));
        assert_eq!(enrolled(&scene, old.clone()).await.unwrap_err(), DutyRefusal::InviteUnknown, "too late");
        let wanted = Wanted::Key { officer: proposed.officer };
        let (again, _) = scene.propose(&mut one, &first, wanted).await.unwrap();
        scene.clock.advance(Duration::from_secs(1));
        let decided = scene.decide(&mut other, &second, again.proposal, Decision::Approve).await.unwrap();
        let fresh = code(again.half.unwrap().reveal(), decided.half.unwrap().reveal());
        let mixed = Code { first: old.first.clone(), ..fresh.clone() };
        for gone in [old, mixed] {
            assert_eq!(enrolled(&scene, gone).await.unwrap_err(), DutyRefusal::InviteUnknown);
        }
        let mut clerk = enrolled(&scene, fresh).await.unwrap();
        scene.sign_in(&mut clerk).await.unwrap();
        assert_eq!(audited(&scene).await, (4, 4));
    }
}

//! Which keys are taken: bound to their device, vouched for by a maker, of a listed model, used by their owner.

use super::scene::{ORIGIN, Scene, alone, assertion, refusal};
use crate::stage;
use lionrock_model::staff::{DutyRefusal, Role};
use lionrock_rehearsal::authenticator::{Authenticator, DeviceError, Manner};
use lionrock_rehearsal::maker::Maker;
use lionrock_service::caller::System;
use lionrock_service::staff::enrol::{self, Code};
use lionrock_service::staff::officers::Decision;
use lionrock_service::staff::{require, session, sign_in};
use lionrock_service::{Error, Platform, rehearse};
use lionrock_testkit::both_engines;
use lionrock_testkit::engines::Place;
use lionrock_wire::webauthn::json::RegistrationResponse;
use std::sync::Arc;

/// Somebody who was proposed and approved, with both halves of their code.
async fn invited(scene: &Scene) -> Code {
    let mut one = scene.officer("M-1", Role::Manager, "head-office").await;
    let mut other = scene.officer("M-2", Role::Manager, "kwun-tong").await;
    let first = scene.sign_in(&mut one).await.unwrap();
    let second = scene.sign_in(&mut other).await.unwrap();
    let (proposed, _) = scene.propose(&mut one, &first, scene.new_counter("C-1")).await.unwrap();
    let decided = scene.decide(&mut other, &second, proposed.proposal, Decision::Approve).await.unwrap();
    Code {
        first: proposed.half.unwrap().reveal().to_owned(),
        second: decided.half.unwrap().reveal().to_owned(),
        browser: "new".to_owned(),
    }
}

async fn make(scene: &Scene, code: &Code, manner: &Manner) -> Result<(), DutyRefusal> {
    let options = enrol::begin(&scene.platform, &scene.caller(), code.clone()).await.map_err(refusal)?;
    let mut key = Authenticator::default();
    let answer = key.create(&alone(&options), ORIGIN, manner, &System).unwrap();
    let answer = RegistrationResponse::from_json(answer.to_string().as_bytes()).unwrap();
    enrol::finish(&scene.platform, &scene.caller(), "new", answer).await.map(drop).map_err(refusal)
}

both_engines! {
    fn only_attested_device_bound_keys_of_listed_models_are_made(at place) {
        let scene = Scene::new(&place).await;
        let code = invited(&scene).await;
        let good = scene.manner();
        let today = scene.clock.now().hong_kong_date();
        let stranger = Arc::new(Maker::create(scene.maker.model, today).unwrap());
        let mut unlisted = Maker::clone(&scene.maker);
        unlisted.model = *b"another-model-01";
        let unlisted = Arc::new(unlisted);
        let cases = [
            ("unattested", Manner { maker: None, ..good.clone() }, DutyRefusal::KeyNotAttested),
            ("a maker nobody trusts", Manner { maker: Some(stranger), ..good.clone() }, DutyRefusal::KeyNotAttested),
            // Its certificate names the true model, so the statement contradicts itself.
            ("a model it is not", Manner { maker: Some(unlisted), ..good.clone() }, DutyRefusal::KeyNotAttested),
            ("copied to other devices", Manner { synced: true, ..good.clone() }, DutyRefusal::KeySynced),
            ("nobody verified", Manner { verified: false, ..good.clone() }, DutyRefusal::UserNotVerified),
            (
                "made on the residents' site",
                Manner { origin: Some("https://localhost:8443".to_owned()), ..good.clone() },
                DutyRefusal::KeyNotAccepted,
            ),
        ];
        for (what, manner, wanted) in cases {
            assert_eq!(make(&scene, &code, &manner).await, Err(wanted), "{what}");
        }
        assert_eq!(make(&scene, &code, &good).await, Ok(()), "and a good one is taken");
    }
}

both_engines! {
    fn a_model_off_the_list_is_refused_though_its_maker_is_trusted(at place) {
        let mut scene = Scene::new(&place).await;
        let code = invited(&scene).await;
        let old = Maker::create(*b"withdrawn-model1", scene.clock.now().hong_kong_date()).unwrap();
        let platform = Arc::get_mut(&mut scene.platform).unwrap();
        platform.settings.staff.as_mut().unwrap().roots.push(old.root());
        let manner = Manner { maker: Some(Arc::new(old)), ..scene.manner() };
        assert_eq!(make(&scene, &code, &manner).await, Err(DutyRefusal::KeyNotAttested));
        let model = manner.maker.as_ref().unwrap().model;
        Arc::get_mut(&mut scene.platform).unwrap().settings.staff.as_mut().unwrap().models.push(model);
        assert_eq!(make(&scene, &code, &manner).await, Ok(()), "once it is listed it is taken");
    }
}

both_engines! {
    fn an_authenticator_with_a_key_of_an_officer_makes_no_second_and_no_key_is_two_officers(at place) {
        let scene = Scene::new(&place).await;
        let code = invited(&scene).await;
        let mut known = scene.officer("C-7", Role::Counter, "north-point").await;
        // The device itself refuses: it is told whose keys it must not hold.
        let options = enrol::begin(&scene.platform, &scene.caller(), code.clone()).await.unwrap();
        let asked = serde_json::to_value(&options).unwrap();
        assert_eq!(known.key.create(&asked, ORIGIN, &scene.manner(), &System), Err(DeviceError::Excluded));
        // A device that lies brings the same key again: its question is over, and the key is known.
        let mut key = Authenticator::default();
        let answer = key.create(&alone(&options), ORIGIN, &scene.manner(), &System).unwrap();
        let answer = RegistrationResponse::from_json(answer.to_string().as_bytes()).unwrap();
        enrol::finish(&scene.platform, &scene.caller(), "new", answer.clone()).await.unwrap();
        let again = enrol::finish(&scene.platform, &scene.caller(), "new", answer).await.unwrap_err();
        assert_eq!(refusal(again), DutyRefusal::QuestionOver);
    }
}

both_engines! {
    fn sign_ins_that_are_not_an_officers_own_are_refused(at place) {
        let scene = Scene::new(&place).await;
        let mut one = scene.officer("C-1", Role::Counter, "north-point").await;
        let good = scene.manner();
        let cases = [
            ("synced", Manner { synced: true, ..good.clone() }, DutyRefusal::KeySynced),
            ("unverified", Manner { verified: false, ..good.clone() }, DutyRefusal::UserNotVerified),
            ("wrong key", Manner { wrong_key: true, ..good.clone() }, DutyRefusal::KeyNotAccepted),
            (
                "residents' origin",
                Manner { origin: Some("https://localhost:8443".to_owned()), ..good.clone() },
                DutyRefusal::KeyNotAccepted,
            ),
            ("framed", Manner { cross_origin: true, ..good.clone() }, DutyRefusal::KeyNotAccepted),
        ];
        for (what, manner, wanted) in cases {
            assert_eq!(scene.sign_in_as(&mut one, &manner).await, Err(wanted), "{what}");
        }
        // A counter that goes back: a copy of the key.
        scene.sign_in_as(&mut one, &Manner { counter: Some(7), ..good.clone() }).await.unwrap();
        let copied = scene.sign_in_as(&mut one, &Manner { counter: Some(7), ..good.clone() }).await;
        assert_eq!(copied, Err(DutyRefusal::KeyNotAccepted));
        // An answer is good once, in the browser it was asked in.
        let options = sign_in::begin(&scene.platform, &scene.caller(), "browser").await.unwrap();
        let manner = Manner { counter: Some(9), ..good };
        let options = serde_json::to_value(&options).unwrap();
        let answer = one.key.get(&options, ORIGIN, &manner).unwrap();
        let elsewhere = sign_in::SignIn {
            answer: assertion(&answer),
            browser: "another".to_owned(),
            earlier: None,
            agent: None,
        };
        let outcome = sign_in::finish(&scene.platform, &scene.caller(), elsewhere).await;
        assert!(matches!(outcome, Err(Error::Refuse(DutyRefusal::QuestionOver))));
        scene.answer(&answer).await.unwrap();
        assert_eq!(scene.answer(&answer).await, Err(DutyRefusal::QuestionOver), "replayed");
        // Too late.
        let options = serde_json::to_value(
            sign_in::begin(&scene.platform, &scene.caller(), "browser").await.unwrap(),
        )
        .unwrap();
        let answer = one.key.get(&options, ORIGIN, &Manner { counter: Some(11), ..manner }).unwrap();
        scene.clock.advance(std::time::Duration::from_secs(5 * 60));
        assert_eq!(scene.answer(&answer).await, Err(DutyRefusal::QuestionOver), "stale");
    }
}

both_engines! {
    fn a_residents_passkey_and_session_are_worth_nothing_in_the_staff_house(at place) {
        let scene = Scene::new(&place).await;
        let options = rehearse::begin(&scene.platform, &scene.caller()).await.unwrap();
        let mut phone = Authenticator::default();
        let issuer = scene.platform.settings.issuer.clone();
        let made = phone.create(&serde_json::to_value(&options).unwrap(), &issuer, &Manner::default(), &System).unwrap();
        drop(made);
        // Whatever the device signs for the residents' site, and whatever it claims, the staff house knows no such key.
        let options = sign_in::begin(&scene.platform, &scene.caller(), "browser").await.unwrap();
        let mut asked = serde_json::to_value(&options).unwrap();
        asked["rpId"] = serde_json::json!(scene.platform.settings.rp_id);
        let answer = phone.get(&asked, ORIGIN, &Manner::default()).unwrap();
        assert_eq!(scene.answer(&answer).await, Err(DutyRefusal::KeyNotAccepted));
        let mut one = scene.officer("C-1", Role::Counter, "north-point").await;
        let badge = scene.sign_in(&mut one).await.unwrap();
        let resident = lionrock_service::session::current(&scene.platform, &scene.caller(), &badge).await;
        assert!(resident.is_err(), "an officer's session is no resident's");
        for other in ["", "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
            let outcome = require(&scene.platform, &scene.caller(), other).await;
            assert!(matches!(outcome, Err(Error::Refuse(DutyRefusal::SignInFirst))));
        }
    }
}

both_engines! {
    fn nobody_ends_another_officers_session(at place) {
        let scene = Scene::new(&place).await;
        let mut one = scene.officer("C-1", Role::Counter, "north-point").await;
        let mut other = scene.officer("C-2", Role::Counter, "north-point").await;
        let (badge, foreign) = (scene.sign_in(&mut one).await.unwrap(), scene.sign_in(&mut other).await.unwrap());
        let (_, open) = session::own(&scene.platform, &scene.caller(), &badge).await.unwrap();
        let id = open[0].id;
        assert!(!session::end_own(&scene.platform, &scene.caller(), &foreign, id).await.unwrap());
        assert!(require(&scene.platform, &scene.caller(), &badge).await.is_ok(), "it stands");
        assert!(session::end_own(&scene.platform, &scene.caller(), &badge, id).await.unwrap());
        assert!(require(&scene.platform, &scene.caller(), &badge).await.is_err());
    }
}

both_engines! {
    fn without_a_house_there_is_nothing_to_sign_in_to_and_production_rehearses_nobody(at place) {
        let plain: Arc<Platform> = stage::platform(&place).await;
        let caller = stage::caller(&lionrock_testkit::clock::Clock::new());
        let outcome = sign_in::begin(&plain, &caller, "browser").await;
        assert!(matches!(outcome, Err(Error::Refuse(DutyRefusal::NoHouse))));
        assert!(rehearse::begin_officer(&plain, &caller).await.is_err());
        let other = Place::sqlite();
        let url = other.url();
        let production = stage::platform_of("production", "https://id.example.hk", url, other.folder()).await;
        let refused = rehearse::begin_officer(&production, &caller).await;
        assert!(matches!(refused, Err(Error::Refuse(rehearse::EnrolRefusal::NotSynthetic))));
    }
}

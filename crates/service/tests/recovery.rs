//! Getting back in by recovery codes, on both engines: the whole way, and every way in that must stay shut.

mod planted;

use crate::account::{Person, Scene, refusal, scene};
use lionrock_crypto::random::System;
use lionrock_model::account::RecoveryCode;
use lionrock_model::credential::{CredentialName, PasskeyRefusal};
use lionrock_model::hkid::Hkid;
use lionrock_model::recovery::RecoveryRefusal;
use lionrock_rehearsal::authenticator::{Authenticator, Manner};
use lionrock_service::recovery::{self, Begin, Finish};
use lionrock_service::{Error, session};
use lionrock_store::leaf;
use lionrock_testkit::both_engines;
use lionrock_wire::webauthn::json::RegistrationResponse;

const ORIGIN: &str = "https://localhost:8443";

fn number(serial: u32) -> String {
    Hkid::with_check_digit(&format!("U{serial:06}")).unwrap().reveal()
}

impl Scene {
    async fn begin(
        &self,
        browser: &str,
        hkid: &str,
        codes: [&RecoveryCode; 2],
        lost: bool,
    ) -> Result<(), Error<RecoveryRefusal>> {
        let codes = codes.map(|code| code.shown().to_lowercase());
        let command = Begin { hkid: hkid.to_owned(), codes, lost, browser: browser.to_owned() };
        recovery::begin(&self.platform, &self.by(), command).await
    }

    async fn finish(&self, browser: &str, phone: &mut Authenticator) -> Result<String, Error<RecoveryRefusal>> {
        let options = recovery::options(&self.platform, &self.by(), browser).await?;
        let options = serde_json::to_value(options).unwrap();
        let made = phone.create(&options, ORIGIN, &Manner::default(), &System).unwrap();
        self.answer(browser, &made.to_string()).await
    }

    async fn answer(&self, browser: &str, made: &str) -> Result<String, Error<RecoveryRefusal>> {
        let answer = RegistrationResponse::from_json(made.as_bytes()).unwrap();
        let name = CredentialName::parse("new phone").unwrap();
        let command = Finish { browser: browser.to_owned(), answer, name, agent: None };
        Ok(recovery::finish(&self.platform, &self.by(), command).await?.cookie().to_owned())
    }

    async fn kinds(&self, person: &Person) -> Vec<String> {
        let who = *person.id.as_bytes();
        let leaves = self.platform.store.read(move |tx| leaf::of_resident(tx, &who, i64::MAX, 50)).await.unwrap();
        leaves.into_iter().map(|(entry, ..)| entry.kind).collect()
    }
}

both_engines! {
    fn two_codes_make_a_new_passkey_and_end_the_lost_ones(at place) {
        let scene = scene(&place).await;
        let mut person = scene.registered(41).await;
        let elsewhere = scene.sign_in(&mut person).await;
        scene.begin("b", &number(41), [&person.codes[0], &person.codes[1]], true).await.unwrap();
        let mut phone = Authenticator::default();
        let cookie = scene.finish("b", &mut phone).await.unwrap();
        let current = session::current(&scene.platform, &scene.by(), &cookie).await.unwrap();
        assert_eq!(current.resident.id, person.id);
        assert!(session::current(&scene.platform, &scene.by(), &elsewhere).await.is_err(), "other sessions end");
        refusal(scene.try_sign_in(&mut person.phone, &Manner::default()).await);
        scene.try_sign_in(&mut phone, &Manner::default()).await.unwrap();
        assert!(scene.kinds(&person).await.iter().any(|kind| kind == "account.recovered"));
        let who = person.id;
        let now = scene.by().now;
        let waits = scene.platform.store.read(move |tx| recovery::cooling_until(tx, who, now)).await.unwrap();
        assert!(waits.is_some());
        // Spent codes stay spent, the rest are good.
        let again = scene.begin("c", &number(41), [&person.codes[0], &person.codes[2]], true).await;
        assert_eq!(refusal(again), RecoveryRefusal::NotAccepted);
        scene.begin("c", &number(41), [&person.codes[3], &person.codes[2]], false).await.unwrap();
        scene.finish("c", &mut Authenticator::default()).await.unwrap();
        scene.try_sign_in(&mut phone, &Manner::default()).await.unwrap();
        scene.pass(73 * 3600);
        let caller = scene.by();
        lionrock_service::retention::sweep(&scene.platform, &caller).await.unwrap();
        let waits = scene.platform.store.read(move |tx| recovery::cooling_until(tx, who, caller.now)).await.unwrap();
        assert!(waits.is_none());
    }

    fn wrong_ways_look_alike_and_change_nothing(at place) {
        let scene = scene(&place).await;
        let (mut person, other) = (scene.registered(42).await, scene.registered(43).await);
        let (a, b) = (person.codes[0].clone(), person.codes[1].clone());
        for (hkid, codes) in [
            (number(44), [&a, &b]),
            (number(43), [&a, &b]),
            (number(42), [&a, &other.codes[0]]),
            ("U00004".to_owned(), [&a, &b]),
            (String::new(), [&a, &b]),
        ] {
            assert_eq!(refusal(scene.begin("b", &hkid, codes, true).await), RecoveryRefusal::NotAccepted, "{hkid}");
        }
        assert_eq!(refusal(scene.begin("b", &number(42), [&a, &a], true).await), RecoveryRefusal::SameCodeTwice);
        assert_eq!(refusal(recovery::options(&scene.platform, &scene.by(), "b").await), RecoveryRefusal::Over);
        scene.sign_in(&mut person).await;
        // A stranger's failures never keep the right codes out.
        for _ in 0..30 {
            refusal(scene.begin("stranger", &number(42), [&a, &other.codes[0]], true).await);
        }
        let tired = refusal(scene.begin("stranger", &number(42), [&a, &other.codes[0]], true).await);
        assert_eq!(tired, RecoveryRefusal::TooManyTries);
        scene.begin("b", &number(42), [&a, &b], true).await.unwrap();
    }

    fn a_chance_is_one_browsers_one_time_and_short(at place) {
        let scene = scene(&place).await;
        let person = scene.registered(45).await;
        let codes = [&person.codes[0], &person.codes[1]];
        scene.begin("b", &number(45), codes, true).await.unwrap();
        refusal(scene.finish("another browser", &mut Authenticator::default()).await);
        // Two browsers, the same two codes: the first to finish has them.
        scene.begin("c", &number(45), codes, true).await.unwrap();
        let mut first = Authenticator::default();
        let options = recovery::options(&scene.platform, &scene.by(), "c").await.unwrap();
        let made = Authenticator::default()
            .create(&serde_json::to_value(options).unwrap(), ORIGIN, &Manner::default(), &System).unwrap().to_string();
        scene.finish("b", &mut first).await.unwrap();
        assert_eq!(refusal(scene.answer("c", &made).await), RecoveryRefusal::Over);
        assert_eq!(refusal(scene.answer("b", &made).await), RecoveryRefusal::Over);
        scene.try_sign_in(&mut first, &Manner::default()).await.unwrap();
        // Too late; and a challenge of another browser's chance.
        let codes = [&person.codes[2], &person.codes[3]];
        scene.begin("d", &number(45), codes, false).await.unwrap();
        scene.pass(16 * 60);
        assert_eq!(refusal(scene.finish("d", &mut Authenticator::default()).await), RecoveryRefusal::Over);
        scene.begin("e", &number(45), codes, false).await.unwrap();
        assert_eq!(
            refusal(scene.answer("e", &made).await),
            RecoveryRefusal::Passkey(PasskeyRefusal::ChallengeUnknown)
        );
        scene.finish("e", &mut Authenticator::default()).await.unwrap();
    }
}

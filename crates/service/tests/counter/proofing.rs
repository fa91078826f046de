//! Card and face again: to be raised, and to get back in.

use crate::{ORIGIN, Scene, card, notice, refusal, scene};
use lionrock_crypto::random::System;
use lionrock_model::account::Level;
use lionrock_model::counter::{CaseKind, CounterRefusal};
use lionrock_model::credential::CredentialName;
use lionrock_model::level::{Ground, LevelRefusal};
use lionrock_model::recovery::RecoveryRefusal;
use lionrock_model::register::Step;
use lionrock_rehearsal::authenticator::{Authenticator, Manner};
use lionrock_service::counter::code;
use lionrock_service::recovery::{self, Finish, Proofing};
use lionrock_service::register::{self, Begun};
use lionrock_service::{Error, suspension, upgrade};
use lionrock_testkit::both_engines;
use lionrock_wire::webauthn::json::RegistrationResponse;

impl Scene {
    pub async fn recover(&self, browser: &str, lost: bool) -> Begun {
        let command = Proofing { notice: notice(), lost, browser: browser.to_owned() };
        recovery::begin_proofing(&self.platform, &self.by(), command).await.unwrap()
    }

    pub async fn new_passkey(
        &self,
        browser: &str,
        phone: &mut Authenticator,
    ) -> Result<String, Error<RecoveryRefusal>> {
        let options = recovery::options(&self.platform, &self.by(), browser).await?;
        let made = phone.create(&serde_json::to_value(options).unwrap(), ORIGIN, &Manner::default(), &System).unwrap();
        let answer = RegistrationResponse::from_json(made.to_string().as_bytes()).unwrap();
        let name = CredentialName::parse("new phone").unwrap();
        let command = Finish { browser: browser.to_owned(), answer, name, agent: None };
        Ok(recovery::finish(&self.platform, &self.by(), command).await?.cookie().to_owned())
    }
}

both_engines! {
    fn card_and_face_again_raise_their_own_account_and_no_other(at place) {
        let scene = scene(&place).await;
        let (mut person, other) = (scene.person(11).await, scene.person(12).await);
        let cookie = scene.sign_in(&mut person).await;
        // Somebody else's card.
        let begun = code::proof_again(&scene.platform, &scene.by(), &cookie, notice()).await.unwrap().unwrap();
        assert_eq!(scene.accepted(&begun.cookie, card(12, "1990-02-03")).await, Step::Pictures);
        assert_eq!(refusal(scene.raise(&mut person, &cookie).await), LevelRefusal::EvidenceMissing);
        assert_eq!(scene.level(other.id).await.unwrap(), Level::Basic);
        // Their own.
        assert_eq!(scene.accepted(&begun.cookie, card(11, "1990-02-03")).await, Step::Shown);
        let look = upgrade::look(&scene.platform, &scene.by(), &cookie).await.unwrap();
        assert_eq!(look.evidence.map(|(ground, _)| ground), Some(Ground::Proofing));
        let receipt = register::shown_receipt(&scene.platform, &scene.by(), &begun.cookie).await.unwrap();
        assert!(receipt.receipt.is_some(), "the same custody, the same receipt");
        // Such a registration makes no passkey and no account.
        assert!(register::passkey_options(&scene.platform, &scene.by(), &begun.cookie).await.is_err());
        scene.raise(&mut person, &cookie).await.unwrap();
        assert_eq!(scene.level(person.id).await.unwrap(), Level::Plus);
    }

    fn card_and_face_again_let_back_in_and_make_wait(at place) {
        let scene = scene(&place).await;
        let mut person = scene.person(13).await;
        scene.sign_in(&mut person).await;
        let begun = scene.recover("b", true).await;
        assert_eq!(refusal(scene.new_passkey("b", &mut Authenticator::default()).await), RecoveryRefusal::Over);
        assert_eq!(scene.accepted(&begun.cookie, card(13, "1990-02-03")).await, Step::Shown);
        assert_eq!(refusal(scene.new_passkey("another", &mut Authenticator::default()).await), RecoveryRefusal::Over);
        let mut phone = Authenticator::default();
        let cookie = scene.new_passkey("b", &mut phone).await.unwrap();
        assert!(scene.try_sign_in(&mut person.phone).await.is_err(), "the lost passkey is gone");
        assert!(scene.letter().await.contains("face"));
        person.phone = phone;
        scene.evidence(person.id).await;
        assert_eq!(refusal(scene.raise(&mut person, &cookie).await), LevelRefusal::CoolingOff);
        let no = code::of_session(&scene.platform, &scene.by(), &cookie).await;
        assert_eq!(refusal(no), LevelRefusal::CoolingOff);
        let no = code::proof_again(&scene.platform, &scene.by(), &cookie, notice()).await;
        assert_eq!(refusal(no), LevelRefusal::CoolingOff);
        scene.pass(73 * 3600);
        let cookie = scene.sign_in(&mut person).await;
        scene.evidence(person.id).await;
        scene.raise(&mut person, &cookie).await.unwrap();
    }

    fn nothing_tells_whether_there_is_an_account(at place) {
        let scene = scene(&place).await;
        scene.issued(&card(14, "1990-02-03"));
        // Known to the registry, no account; and not known to the registry at all.
        let (nobody, unknown) = (scene.recover("n", true).await, scene.recover("u", true).await);
        let nobody = scene.judged(&nobody.cookie, crate::stand_in::accept(card(14, "1990-02-03"))).await;
        let unknown = scene.judged(&unknown.cookie, crate::stand_in::accept(card(15, "1990-02-03"))).await;
        assert_eq!(nobody.step, Step::Pictures);
        assert_eq!((nobody.step, nobody.verdict, nobody.reasons), (unknown.step, unknown.verdict, unknown.reasons));
        for browser in ["n", "u"] {
            assert_eq!(refusal(recovery::options(&scene.platform, &scene.by(), browser).await), RecoveryRefusal::Over);
        }
    }

    fn a_suspended_account_comes_back_by_card_and_face(at place) {
        let scene = scene(&place).await;
        let mut person = scene.person(16).await;
        let cookie = scene.sign_in(&mut person).await;
        assert!(suspension::by_session(&scene.platform, &scene.by(), &cookie).await.unwrap());
        let begun = scene.recover("b", false).await;
        assert_eq!(scene.accepted(&begun.cookie, card(16, "1990-02-03")).await, Step::Shown);
        scene.new_passkey("b", &mut Authenticator::default()).await.unwrap();
        scene.sign_in(&mut person).await;
        assert!(scene.kinds(person.id).await.iter().any(|kind| kind == "account.reinstated"));
    }

    fn a_registration_moves_to_the_phone_once(at place) {
        let scene = scene(&place).await;
        let begun = register::begin(&scene.platform, &scene.by(), None, notice()).await.unwrap();
        let shown = code::of_registration(&scene.platform, &scene.by(), &begun.cookie, CaseKind::Phone).await.unwrap();
        let another = code::of_registration(&scene.platform, &scene.by(), &begun.cookie, CaseKind::Phone).await.unwrap();
        let take = async |typed: &str| code::carry_on(&scene.platform, &scene.by(), typed).await;
        assert_eq!(refusal(take(&shown.code.shown()).await), CounterRefusal::CodeNotGood, "an earlier code is void");
        let counter = code::of_registration(&scene.platform, &scene.by(), &begun.cookie, CaseKind::Registration).await.unwrap();
        assert_eq!(refusal(take(&counter.code.shown()).await), CounterRefusal::CodeNotGood, "a code for an officer");
        let phone = take(&another.code.shown().to_lowercase()).await.unwrap();
        assert_eq!(phone.step, Step::Pictures);
        register::standing(&scene.platform, &scene.by(), &phone.cookie).await.unwrap();
        assert!(register::standing(&scene.platform, &scene.by(), &begun.cookie).await.is_err(), "the first screen has it no more");
        assert_eq!(refusal(take(&another.code.shown()).await), CounterRefusal::CodeNotGood, "once");
        let late = code::of_registration(&scene.platform, &scene.by(), &phone.cookie, CaseKind::Phone).await.unwrap();
        scene.pass(16 * 60);
        assert_eq!(refusal(take(&late.code.shown()).await), CounterRefusal::CodeNotGood, "too late");
        for _ in 0..25 {
            let _ = take("0000-0000-0000").await;
        }
        assert_eq!(refusal(take("0000-0000-0000").await), CounterRefusal::TooManyTries);
    }
}

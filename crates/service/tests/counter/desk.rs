//! The counter: an officer beside the person, who alone can do nothing.

use crate::officer::Colleague;
use crate::{ORIGIN, Scene, card, notice, number, refusal, scene};
use lionrock_crypto::random::System;
use lionrock_model::account::Level;
use lionrock_model::counter::{CaseKind, CounterRefusal};
use lionrock_model::id::CaseId;
use lionrock_model::level::LevelRefusal;
use lionrock_model::proofing::Reason;
use lionrock_model::register::{RegisterRefusal, Step};
use lionrock_model::staff::{DutyRefusal, Role};
use lionrock_rehearsal::authenticator::{Authenticator, Manner};
use lionrock_service::counter::{code, desk};
use lionrock_service::register::{self, Made};
use lionrock_service::{Error, custody};
use lionrock_testkit::both_engines;
use lionrock_wire::webauthn::json::RegistrationResponse;

impl Scene {
    pub async fn take_up(&self, one: &Colleague, typed: &str) -> Result<CaseId, Error<CounterRefusal>> {
        desk::take_up(&self.platform, &self.inside(), &one.cookie, typed).await
    }

    async fn compare(&self, one: &Colleague, id: CaseId, number: &str) -> Result<(), Error<CounterRefusal>> {
        desk::compare(&self.platform, &self.inside(), &one.cookie, id, number).await
    }

    pub async fn sign(&self, one: &mut Colleague, id: CaseId) -> Result<(), Error<CounterRefusal>> {
        let options = desk::begin(&self.platform, &self.inside(), &one.cookie, id).await?;
        let answer = one.answer(&options);
        desk::sign(&self.platform, &self.inside(), &one.cookie, id, answer).await
    }

    pub async fn make_passkey(&self, cookie: &str) -> Result<Made, Error<RegisterRefusal>> {
        self.make_passkey_on(cookie, &mut Authenticator::default()).await
    }

    pub async fn make_passkey_on(
        &self,
        cookie: &str,
        phone: &mut Authenticator,
    ) -> Result<Made, Error<RegisterRefusal>> {
        let options = register::passkey_options(&self.platform, &self.by(), cookie).await?;
        let options = serde_json::to_value(options).unwrap();
        let made = phone.create(&options, ORIGIN, &Manner::default(), &System).unwrap();
        let answer = RegistrationResponse::from_json(made.to_string().as_bytes()).unwrap();
        register::make_passkey(&self.platform, &self.by(), cookie, answer, None).await
    }
}

both_engines! {
    fn an_officer_sees_signs_and_the_person_raises_themselves(at place) {
        let scene = scene(&place).await;
        let mut person = scene.person(31).await;
        scene.person(32).await;
        let mut one = scene.officer(900_001, Role::Counter, "north").await;
        let two = scene.officer(900_002, Role::Counter, "north").await;
        let cookie = scene.sign_in(&mut person).await;
        let shown = code::of_session(&scene.platform, &scene.by(), &cookie).await.unwrap();
        let id = scene.take_up(&one, &shown.code.shown()).await.unwrap();
        assert_eq!(refusal(scene.take_up(&two, &shown.code.shown()).await), CounterRefusal::CodeNotGood, "once");
        assert_eq!(refusal(scene.compare(&two, id, &number(31)).await), CounterRefusal::CaseOver, "another's errand");
        assert_eq!(refusal(scene.sign(&mut one, id).await), CounterRefusal::PersonNotReady, "no card was compared");
        assert_eq!(refusal(scene.compare(&one, id, &number(32)).await), CounterRefusal::CardDiffers);
        scene.compare(&one, id, &number(31)).await.unwrap();
        assert_eq!(refusal(scene.raise(&mut person, &cookie).await), LevelRefusal::EvidenceMissing, "nobody signed");
        let text = desk::look(&scene.platform, &scene.inside(), &one.cookie, id).await.unwrap().text.unwrap();
        assert!(text.starts_with("counter-upgrade\n") && !text.contains("U000031"), "{text}");
        scene.sign(&mut one, id).await.unwrap();
        // An officer alone raises nobody: without the person's passkey it stays Basic.
        assert_eq!(scene.level(person.id).await.unwrap(), Level::Basic);
        assert_eq!(refusal(scene.sign(&mut one, id).await), CounterRefusal::PersonNotReady, "signed once");
        scene.raise(&mut person, &cookie).await.unwrap();
        assert_eq!(scene.level(person.id).await.unwrap(), Level::Plus);
    }

    fn nobody_serves_themselves_and_roles_keep_to_their_work(at place) {
        let scene = scene(&place).await;
        let mut person = scene.person(33).await;
        let own = scene.officer(33, Role::Counter, "north").await;
        let privacy = scene.officer(900_003, Role::Privacy, "desk-one").await;
        let cookie = scene.sign_in(&mut person).await;
        let shown = code::of_session(&scene.platform, &scene.by(), &cookie).await.unwrap();
        let no = refusal(scene.take_up(&privacy, &shown.code.shown()).await);
        assert_eq!(no, CounterRefusal::Duty(DutyRefusal::NotPermitted));
        let id = scene.take_up(&own, &shown.code.shown()).await.unwrap();
        assert_eq!(refusal(scene.compare(&own, id, &number(33)).await), CounterRefusal::OwnAccount);
        // Wrong numbers end the errand.
        for _ in 0..3 {
            assert_eq!(refusal(scene.compare(&own, id, "U000001(0)").await), CounterRefusal::CardDiffers);
        }
        assert_eq!(refusal(scene.compare(&own, id, &number(33)).await), CounterRefusal::CaseOver);
        // A code that is too old.
        let late = code::of_session(&scene.platform, &scene.by(), &cookie).await.unwrap();
        scene.pass(16 * 60);
        let fresh = scene.officer(900_004, Role::Counter, "south").await;
        assert_eq!(refusal(scene.take_up(&fresh, &late.code.shown()).await), CounterRefusal::CodeNotGood);
        // A stranger without a badge.
        let stranger = Colleague { cookie: "nothing".into(), ..own };
        assert!(matches!(refusal(scene.take_up(&stranger, "0000-0000-0000").await), CounterRefusal::Duty(_)));
    }

    fn a_registration_beside_an_officer_waits_for_their_signature(at place) {
        let scene = scene(&place).await;
        let mut one = scene.officer(900_005, Role::Counter, "north").await;
        let text = card(34, "1990-02-03");
        scene.issued(&text);
        let begun = register::begin(&scene.platform, &scene.by(), None, notice()).await.unwrap();
        // Three failures lead to the counter; the code carries on there.
        for _ in 0..3 {
            scene.judged(&begun.cookie, crate::stand_in::retake(Reason::CardBlurred)).await;
        }
        let standing = register::standing(&scene.platform, &scene.by(), &begun.cookie).await.unwrap();
        assert_eq!(standing.step, Step::Counter);
        let shown = code::of_registration(&scene.platform, &scene.by(), &begun.cookie, CaseKind::Registration).await.unwrap();
        let id = scene.take_up(&one, &shown.code.shown()).await.unwrap();
        // The pictures may take ten minutes now.
        let asked = register::challenge(&scene.platform, &scene.by(), &begun.cookie).await.unwrap();
        custody::open(&scene.platform, &scene.by(), &begun.cookie, Some(asked.id)).await.unwrap();
        custody::receive(&scene.platform, &scene.by(), &begun.cookie, crate::CARD, b"card".to_vec()).await.unwrap();
        let deadline = register::standing(&scene.platform, &scene.by(), &begun.cookie).await.unwrap().deadline.unwrap();
        assert_eq!(deadline.since(scene.by().now).as_secs(), 600);
        assert_eq!(scene.accepted(&begun.cookie, text).await, Step::Presence);
        assert_eq!(refusal(scene.make_passkey(&begun.cookie).await), RegisterRefusal::OutOfOrder, "nobody signed");
        // Writing the step by hand makes it no registration at all.
        scene.by_hand("UPDATE registration SET step = 'passkey' WHERE step = 'presence'", vec![]).await;
        assert_eq!(refusal(scene.make_passkey(&begun.cookie).await), RegisterRefusal::RegistrationOver);
        scene.by_hand("UPDATE registration SET step = 'presence' WHERE step = 'passkey'", vec![]).await;
        scene.sign(&mut one, id).await.unwrap();
        // On to the person's own phone.
        let phone = code::of_registration(&scene.platform, &scene.by(), &begun.cookie, CaseKind::Phone).await.unwrap();
        let phone = code::carry_on(&scene.platform, &scene.by(), &phone.code.shown()).await.unwrap();
        assert_eq!(refusal(scene.make_passkey(&begun.cookie).await), RegisterRefusal::RegistrationOver);
        assert!(matches!(scene.make_passkey(&phone.cookie).await.unwrap(), Made::Account(_)));
    }

    fn an_officer_registers_nobody_with_their_own_card(at place) {
        let scene = scene(&place).await;
        let one = scene.officer(35, Role::Counter, "north").await;
        let text = card(35, "1990-02-03");
        scene.issued(&text);
        let begun = register::begin(&scene.platform, &scene.by(), None, notice()).await.unwrap();
        let shown = code::of_registration(&scene.platform, &scene.by(), &begun.cookie, CaseKind::Registration).await.unwrap();
        scene.take_up(&one, &shown.code.shown()).await.unwrap();
        assert_eq!(scene.accepted(&begun.cookie, text).await, Step::Pictures);
    }

    fn a_counter_that_is_closed_does_nothing(at place) {
        let scene = scene(&place).await;
        // The clock stands at eight in the morning; this counter closes at nine.
        scene.pass(55 * 60);
        let one = scene.officer(900_006, Role::Counter, "early").await;
        let code_of = async || {
            let begun = register::begin(&scene.platform, &scene.by(), None, notice()).await.unwrap();
            code::of_registration(&scene.platform, &scene.by(), &begun.cookie, CaseKind::Registration).await.unwrap().code
        };
        scene.take_up(&one, &code_of().await.shown()).await.unwrap();
        scene.pass(6 * 60);
        let no = refusal(scene.take_up(&one, &code_of().await.shown()).await);
        assert_eq!(no, CounterRefusal::Duty(DutyRefusal::NotPermitted));
        // At another counter it is office hours; at no counter nobody registers.
        let office = scene.officer(900_007, Role::Counter, "desk-one").await;
        let no = refusal(scene.take_up(&office, &code_of().await.shown()).await);
        assert_eq!(no, CounterRefusal::Duty(DutyRefusal::NotPermitted));
        let open = scene.officer(900_008, Role::Counter, "north").await;
        scene.take_up(&open, &code_of().await.shown()).await.unwrap();
    }

    fn codes_cannot_be_tried_out_at_the_counter(at place) {
        let scene = scene(&place).await;
        let one = scene.officer(900_009, Role::Counter, "north").await;
        for tries in 1..=25 {
            let no = refusal(scene.take_up(&one, &format!("0000-0000-{tries:04}")).await);
            let wanted = if tries > 20 { CounterRefusal::TooManyTries } else { CounterRefusal::CodeNotGood };
            assert_eq!(no, wanted, "try {tries}");
        }
        // Ten minutes later there are tries again.
        scene.pass(10 * 60 + 1);
        assert_eq!(refusal(scene.take_up(&one, "0000-0000-0000").await), CounterRefusal::CodeNotGood);
    }
}

//! The help desk's kill switch: nothing without call-back evidence, and nothing is told.

use crate::officer::Colleague;
use crate::{Scene, number, refusal, scene};
use lionrock_model::counter::CounterRefusal;
use lionrock_model::id::CaseId;
use lionrock_model::staff::{DutyRefusal, Role};
use lionrock_service::authority::Judged;
use lionrock_service::counter::switch::{self, Signed};
use lionrock_service::{Error, outbox};
use lionrock_testkit::both_engines;

impl Scene {
    async fn ask(&self, one: &Colleague, number: &str) -> Result<CaseId, Error<CounterRefusal>> {
        switch::open(&self.platform, &self.inside(), &one.cookie, number).await
    }

    async fn read_out(&self, one: &Colleague, id: CaseId, digits: &str) -> Result<(), Error<CounterRefusal>> {
        switch::answer(&self.platform, &self.inside(), &one.cookie, id, digits).await
    }

    async fn freeze(&self, one: &mut Colleague, id: CaseId) -> Result<Signed, Error<CounterRefusal>> {
        let options = switch::begin(&self.platform, &self.inside(), &one.cookie, id).await?;
        let answer = one.answer(&options);
        switch::sign(&self.platform, &self.inside(), &one.cookie, id, answer).await
    }

    /// The digits of the newest call-back letter.
    async fn digits(&self) -> String {
        outbox::deliver(&self.platform, &self.by()).await.unwrap();
        let letters = self.letters.0.lock().unwrap();
        let text = &letters.iter().rev().find(|letter| letter.subject.contains("call-back")).unwrap().text;
        text.lines().find(|line| line.len() == 6 && line.chars().all(|c| c.is_ascii_digit())).unwrap().to_owned()
    }
}

both_engines! {
    fn digits_read_back_suspend_at_once(at place) {
        let scene = scene(&place).await;
        let mut person = scene.person(41).await;
        let mut one = scene.officer(900_011, Role::HelpDesk, "desk-one").await;
        let cookie = scene.sign_in(&mut person).await;
        let serial = scene.certified(person.id).await;
        let id = scene.ask(&one, &number(41)).await.unwrap();
        for wrong in ["", "000000", "abcdef"] {
            assert_eq!(refusal(scene.read_out(&one, id, wrong).await), CounterRefusal::CallBackWrong);
        }
        scene.sign_in(&mut person).await;
        let digits = scene.digits().await;
        let spoken = format!("{} {}", &digits[..3], &digits[3..]);
        scene.read_out(&one, id, &spoken).await.unwrap();
        scene.sign_in(&mut person).await;
        assert_eq!(scene.freeze(&mut one, id).await.unwrap(), Signed::Done);
        assert!(scene.try_sign_in(&mut person.phone).await.is_err());
        assert!(lionrock_service::session::current(&scene.platform, &scene.by(), &cookie).await.is_err());
        assert_eq!(refusal(scene.freeze(&mut one, id).await), CounterRefusal::CaseOver);
        assert!(scene.letter().await.contains("suspended"));
        assert!(matches!(scene.judged_now(&serial).await, Judged::Revoked(..)), "nothing is signed any more");
    }

    fn a_stranger_with_a_number_locks_nobody_out(at place) {
        let scene = scene(&place).await;
        let mut person = scene.person(42).await;
        let mut one = scene.officer(900_012, Role::HelpDesk, "desk-one").await;
        let mut near = scene.officer(900_013, Role::HelpDesk, "desk-one").await;
        let mut far = scene.officer(900_014, Role::HelpDesk, "desk-two").await;
        let privacy = scene.officer(900_015, Role::Privacy, "desk-two").await;
        assert_eq!(refusal(scene.ask(&privacy, &number(42)).await), CounterRefusal::Duty(DutyRefusal::NotPermitted));
        let id = scene.ask(&one, &number(42)).await.unwrap();
        for _ in 0..6 {
            assert_eq!(refusal(scene.read_out(&one, id, "123456").await), CounterRefusal::CallBackWrong);
        }
        let digits = scene.digits().await;
        assert_eq!(refusal(scene.read_out(&one, id, &digits).await), CounterRefusal::CallBackWrong, "guessed too often");
        // Without digits: a second officer, of another unit, after the first signed.
        assert_eq!(refusal(scene.freeze(&mut far, id).await), CounterRefusal::SecondOfficer, "the first has not signed");
        assert_eq!(scene.freeze(&mut one, id).await.unwrap(), Signed::Waits);
        assert_eq!(refusal(scene.freeze(&mut one, id).await), CounterRefusal::SecondOfficer, "twice is not two");
        assert_eq!(refusal(scene.freeze(&mut near, id).await), CounterRefusal::SecondOfficer, "the same unit");
        scene.sign_in(&mut person).await;
        assert_eq!(scene.freeze(&mut far, id).await.unwrap(), Signed::Done);
        assert!(scene.try_sign_in(&mut person.phone).await.is_err());
    }

    fn a_number_without_account_looks_the_same(at place) {
        let scene = scene(&place).await;
        scene.person(43).await;
        let mut one = scene.officer(900_016, Role::HelpDesk, "desk-one").await;
        let mut far = scene.officer(900_017, Role::HelpDesk, "desk-two").await;
        let mut told = Vec::new();
        for hkid in [number(43), number(44), "nonsense".to_owned()] {
            let id = scene.ask(&one, &hkid).await.unwrap();
            let wrong = refusal(scene.read_out(&one, id, "000000").await);
            let listed = switch::list(&scene.platform, &scene.inside(), &one.cookie).await.unwrap();
            let seen = listed.into_iter().find(|view| view.case == id).unwrap();
            let first = scene.freeze(&mut one, id).await.unwrap();
            let second = scene.freeze(&mut far, id).await.unwrap();
            told.push((wrong, seen.own, seen.called_back, seen.signed, first, second));
        }
        assert!(told.windows(2).all(|pair| pair[0] == pair[1]), "{told:?}");
        // Nobody suspends themselves this way either.
        let own = scene.officer(43, Role::HelpDesk, "desk-one").await;
        assert_eq!(refusal(scene.ask(&own, &number(43)).await), CounterRefusal::OwnAccount);
    }
}

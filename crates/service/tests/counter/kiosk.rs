//! Kiosks: nothing without an officer, nothing of the last person, and no way back to an ordinary browser.

use crate::{CARD, Scene, card, notice, refusal, scene};
use lionrock_model::counter::{CaseKind, CounterRefusal};
use lionrock_model::register::Step;
use lionrock_model::staff::{DutyRefusal, Role};
use lionrock_service::counter::code;
use lionrock_service::kiosk::{self, Standing};
use lionrock_service::{custody, register};
use lionrock_testkit::both_engines;

impl Scene {
    async fn stands(&self, cookie: &str) -> Option<Standing> {
        kiosk::standing(&self.platform, &self.by(), cookie).await.unwrap()
    }
}

both_engines! {
    fn a_device_is_a_kiosk_when_an_officer_signed(at place) {
        let scene = scene(&place).await;
        let offer = kiosk::offer(&scene.platform, &scene.by(), None).await.unwrap();
        assert_eq!(scene.stands(&offer.cookie).await, Some(Standing::Asked));
        let help = scene.officer(900_021, Role::HelpDesk, "desk-one").await;
        let no = refusal(scene.take_up(&help, &offer.code.shown()).await);
        assert_eq!(no, CounterRefusal::Duty(DutyRefusal::NotPermitted));
        let mut one = scene.officer(900_022, Role::Counter, "north").await;
        let id = scene.take_up(&one, &offer.code.shown()).await.unwrap();
        // Written by hand it is none: the ledger says it.
        scene.by_hand("UPDATE counter_case SET state = 'shown'", vec![]).await;
        assert_eq!(scene.stands(&offer.cookie).await, Some(Standing::Asked));
        scene.by_hand("UPDATE counter_case SET state = 'opened'", vec![]).await;
        scene.sign(&mut one, id).await.unwrap();
        let Some(Standing::Kiosk(until)) = scene.stands(&offer.cookie).await else { panic!("it is a kiosk") };
        assert_eq!(until.since(scene.by().now).as_secs(), 7 * 86_400);
        // A week later an officer looks again, and until then it is locked, whatever somebody presses.
        scene.pass(7 * 86_400);
        assert_eq!(scene.stands(&offer.cookie).await, Some(Standing::Over));
        let again = kiosk::offer(&scene.platform, &scene.by(), Some(&offer.cookie)).await.unwrap();
        assert_eq!(scene.stands(&again.cookie).await, Some(Standing::Over));
        let third = kiosk::offer(&scene.platform, &scene.by(), Some(&again.cookie)).await.unwrap();
        assert_eq!(scene.stands(&third.cookie).await, Some(Standing::Over));
        let mut two = scene.officer(900_023, Role::Counter, "south").await;
        let id = scene.take_up(&two, &third.code.shown()).await.unwrap();
        scene.sign(&mut two, id).await.unwrap();
        assert!(matches!(scene.stands(&third.cookie).await, Some(Standing::Kiosk(_))));
        assert_eq!(scene.stands(&again.cookie).await, Some(Standing::Over), "each code pairs one device");
    }

    fn a_cookie_that_was_made_up_is_no_kiosk(at place) {
        let scene = scene(&place).await;
        let one = kiosk::offer(&scene.platform, &scene.by(), None).await.unwrap();
        let other = kiosk::offer(&scene.platform, &scene.by(), None).await.unwrap();
        assert_eq!(scene.stands("").await, None);
        assert_eq!(scene.stands("nonsense").await, None);
        // One errand with the code of another; another flag; a bit elsewhere.
        let bytes = |cookie: &str| lionrock_wire::jose::decode(cookie, "kiosk").unwrap();
        let (a, b) = (bytes(&one.cookie), bytes(&other.cookie));
        let mixed = [&a[..16], &b[16..]].concat();
        assert_eq!(scene.stands(&lionrock_wire::jose::encode(&mixed)).await, None);
        for at in [0, 16, 17, 48] {
            let mut bent = a.clone();
            bent[at] ^= 1;
            assert_eq!(scene.stands(&lionrock_wire::jose::encode(&bent)).await, None, "byte {at}");
        }
        for _ in 0..18 {
            kiosk::offer(&scene.platform, &scene.by(), None).await.unwrap();
        }
        let no = refusal(kiosk::offer(&scene.platform, &scene.by(), None).await);
        assert_eq!(no, CounterRefusal::TooManyTries);
    }

    fn whoever_leaves_leaves_no_pictures_and_goes_on_elsewhere(at place) {
        let scene = scene(&place).await;
        let begun = register::begin(&scene.platform, &scene.by(), None, notice()).await.unwrap();
        let asked = register::challenge(&scene.platform, &scene.by(), &begun.cookie).await.unwrap();
        custody::open(&scene.platform, &scene.by(), &begun.cookie, Some(asked.id)).await.unwrap();
        custody::receive(&scene.platform, &scene.by(), &begun.cookie, CARD, b"card".to_vec()).await.unwrap();
        let id = register::standing(&scene.platform, &scene.by(), &begun.cookie).await.unwrap().custody.unwrap().id;
        assert!(scene.provider.holds(id));
        kiosk::over(&scene.platform, &scene.by(), None, Some(&begun.cookie)).await.unwrap();
        assert!(!scene.provider.holds(id), "the pictures are destroyed at once");
        let left = register::standing(&scene.platform, &scene.by(), &begun.cookie).await.unwrap();
        assert!(left.custody.unwrap().closed.is_some());
        kiosk::over(&scene.platform, &scene.by(), Some("nobody"), Some("nothing")).await.unwrap();
        // A session that somebody left there ends.
        let mut person = scene.person(81).await;
        let session = scene.sign_in(&mut person).await;
        kiosk::over(&scene.platform, &scene.by(), Some(&session), None).await.unwrap();
        assert!(lionrock_service::session::current(&scene.platform, &scene.by(), &session).await.is_err());
        // Where a registration stands is told to whoever has its code, and the code stays good.
        let text = card(82, "1990-02-03");
        scene.issued(&text);
        assert_eq!(scene.accepted(&begun.cookie, text).await, Step::Passkey);
        let shown = code::of_registration(&scene.platform, &scene.by(), &begun.cookie, CaseKind::Phone).await.unwrap();
        for _ in 0..2 {
            let (step, until) = code::status(&scene.platform, &scene.by(), &shown.code.shown()).await.unwrap();
            assert_eq!((step, until), (Step::Passkey, shown.until));
        }
        let phone = code::carry_on(&scene.platform, &scene.by(), &shown.code.shown()).await.unwrap();
        let no = code::status(&scene.platform, &scene.by(), &shown.code.shown()).await;
        assert_eq!(refusal(no), CounterRefusal::CodeNotGood, "a code is good once");
        kiosk::over(&scene.platform, &scene.by(), None, Some(&begun.cookie)).await.unwrap();
        scene.make_passkey(&phone.cookie).await.unwrap();
        for _ in 0..20 {
            let _ = code::status(&scene.platform, &scene.by(), "0000-0000-0000").await;
        }
        let no = code::status(&scene.platform, &scene.by(), "0000-0000-0000").await;
        assert_eq!(refusal(no), CounterRefusal::TooManyTries);
    }
}

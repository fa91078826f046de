//! The kill switch, by the person.

use crate::{number, refusal, scene};
use lionrock_model::recovery::RecoveryRefusal;
use lionrock_service::suspension::{self, Lost};
use lionrock_service::{recovery_codes, session};
use lionrock_testkit::both_engines;
use std::sync::Arc;

both_engines! {
    fn another_device_puts_the_lost_one_to_sleep(at place) {
        let scene = scene(&place).await;
        let mut person = scene.person(21).await;
        let (here, lost) = (scene.sign_in(&mut person).await, scene.sign_in(&mut person).await);
        assert!(suspension::by_session(&scene.platform, &scene.by(), &here).await.unwrap());
        assert!(session::current(&scene.platform, &scene.by(), &lost).await.is_err(), "other sessions end");
        session::current(&scene.platform, &scene.by(), &here).await.unwrap();
        // This passkey was left working; a second press changes nothing.
        scene.sign_in(&mut person).await;
        assert!(!suspension::by_session(&scene.platform, &scene.by(), &here).await.unwrap());
        assert!(scene.letter().await.contains("suspended"));
        assert!(suspension::lift_by_session(&scene.platform, &scene.by(), &here).await.unwrap());
        assert!(!suspension::lift_by_session(&scene.platform, &scene.by(), &here).await.unwrap());
        scene.pass(6 * 60);
        assert!(suspension::by_session(&scene.platform, &scene.by(), &here).await.is_err(), "presence is not fresh");
    }

    fn one_code_puts_everything_to_sleep_and_a_stranger_has_none(at place) {
        let scene = scene(&place).await;
        let mut person = scene.person(22).await;
        let (shared, by, who) = (Arc::clone(&scene.platform), scene.by(), person.id);
        let codes = scene.platform.store.write(move |tx| recovery_codes::make(tx, &shared, &by, who)).await.unwrap();
        let cookie = scene.sign_in(&mut person).await;
        let lost = async |hkid: String, code: &str| {
            suspension::by_code(&scene.platform, &scene.by(), Lost { hkid, code: code.to_owned() }).await
        };
        for (hkid, code) in [(number(22), "0000-0000-0000"), (number(23), &codes[0].shown()), (String::new(), "")] {
            assert_eq!(refusal(lost(hkid, code).await), RecoveryRefusal::NotAccepted);
        }
        scene.sign_in(&mut person).await;
        lost(number(22), &codes[0].shown()).await.unwrap();
        assert!(scene.try_sign_in(&mut person.phone).await.is_err());
        assert!(session::current(&scene.platform, &scene.by(), &cookie).await.is_err());
        assert_eq!(refusal(lost(number(22), &codes[0].shown()).await), RecoveryRefusal::NotAccepted, "used up");
        // Taking the entries away by hand does not wake it: there is no other row to write.
        let kinds = scene.kinds(person.id).await;
        assert!(kinds.iter().any(|kind| kind == "account.suspended") && kinds.iter().any(|kind| kind == "recovery-code.used"));
    }
}

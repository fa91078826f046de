//! Older rows put back by hand, each with the honest way beside it: what the ledger does not confirm opens nothing.

use crate::attacker::response;
use crate::scene::{ISSUER, Person, Scene, person, scene};
use crate::stage::caller;
use lionrock_model::account::RecoveryCode;
use lionrock_model::id::ResidentId;
use lionrock_rehearsal::authenticator::{Authenticator, Manner};
use lionrock_service::fault::FaultKind;
use lionrock_service::freshness::Mark;
use lionrock_service::{Fault, erasure, recovery_codes, session, vault};
use lionrock_store::{Value, resident};
use lionrock_testkit::both_engines;
use lionrock_testkit::engines::Place;
use std::sync::Arc;

const BACK: &str = "RolledBack";
const UNKNOWN: &str = "Passkey(PasskeyNotAccepted)";

/// A scene with two officers who hear of alarms, and somebody with an account.
async fn set(place: &Place) -> (Scene, Person) {
    let mut scene = scene(place).await;
    let officers = ["privacy@example.test", "security@example.test"];
    let alerts = officers.map(|address| lionrock_model::person::Email::parse(address).unwrap()).to_vec();
    Arc::get_mut(&mut scene.platform).unwrap().settings.alerts = alerts;
    let mei = person(&scene, "CHAN, Tai Man").await;
    (scene, mei)
}

async fn newest(scene: &Scene, id: ResidentId) -> i64 {
    scene.platform.store.read(move |tx| resident::find(tx, id)).await.unwrap().unwrap().version
}

both_engines! {
    fn a_session_turned_by_hand_into_somebody_elses_signs_nobody_in(at place) {
        let (scene, mut mei) = set(&place).await;
        let mut eve = person(&scene, "LEE, Eve").await;
        let (hers, theirs) = (scene.signs_in(&mut mei.phone).await.unwrap(), scene.signs_in(&mut eve.phone).await.unwrap());
        let now = || caller(&scene.clock);
        assert_eq!(session::current(&scene.platform, &now(), &theirs).await.unwrap().resident.id, eve.id);
        let turned = "UPDATE session SET resident = $1, credential = (SELECT id FROM credential WHERE resident = $1) WHERE resident = $2";
        let ids = vec![Value::from(mei.id.as_bytes()), Value::from(eve.id.as_bytes())];
        assert_eq!(scene.by_hand(turned, ids).await, 1);
        assert!(session::current(&scene.platform, &now(), &theirs).await.is_err(), "Eve's cookie opens Mei's account");
        assert_eq!(session::current(&scene.platform, &now(), &hers).await.unwrap().resident.id, mei.id, "Mei's own still does");
    }

    fn an_older_row_opens_nothing(at place) {
        let (scene, mut mei) = set(&place).await;
        assert_eq!(scene.opened(mei.id).await.unwrap().1, "mei@example.hk");
        let older = scene.copy_of(mei.id).await;
        scene.moves_to(mei.id, "mei.new@example.hk").await;
        assert_eq!(scene.opened(mei.id).await.unwrap().1, "mei.new@example.hk", "the honest change opens");
        assert_eq!(scene.alarms().await, (0, 0));
        let opened = scene.leaves("personal.opened").await;
        scene.put_back(older).await;
        assert_eq!(scene.opened(mei.id).await, Err(FaultKind::RolledBack));
        assert_eq!(scene.leaves("personal.opened").await, opened, "nothing was opened, so nothing says so");
        assert_eq!(scene.signs_in(&mut mei.phone).await, Err(BACK.to_owned()), "their holder is told, in clear words");
        assert_eq!(scene.alarms().await, (2, 1), "both officers, one entry");
        scene.opened(mei.id).await.unwrap_err();
        assert_eq!(scene.alarms().await, (2, 1), "and again only after an hour");
        scene.pass(3600);
        scene.opened(mei.id).await.unwrap_err();
        assert_eq!(scene.alarms().await, (4, 2));
    }

    fn an_older_value_under_the_newest_version_opens_nothing(at place) {
        let (scene, mei) = set(&place).await;
        let older = scene.copy_of(mei.id).await;
        scene.moves_to(mei.id, "mei.new@example.hk").await;
        let version = newest(&scene, mei.id).await;
        scene.put_back(older).await;
        let back = "UPDATE resident SET version = $2 WHERE id = $1";
        scene.by_hand(back, vec![mei.id.as_bytes().into(), version.into()]).await;
        assert_eq!(scene.opened(mei.id).await, Err(FaultKind::RolledBack));
        // A version nobody wrote is none either.
        scene.by_hand(back, vec![mei.id.as_bytes().into(), (version + 7).into()]).await;
        assert_eq!(scene.opened(mei.id).await, Err(FaultKind::RolledBack));
    }

    fn clear_columns_are_what_was_committed(at place) {
        let (scene, mei) = set(&place).await;
        for sql in [
            "UPDATE resident SET blind_index = $2 WHERE id = $1",
            "UPDATE resident SET user_handle = $2 WHERE id = $1",
            "UPDATE resident SET notice_hash = $2 WHERE id = $1",
        ] {
            let before = scene.copy_of(mei.id).await;
            scene.by_hand(sql, vec![mei.id.as_bytes().into(), Value::from([7; 32])]).await;
            assert_eq!(scene.opened(mei.id).await, Err(FaultKind::RolledBack), "{sql}");
            scene.put_back(before).await;
            assert!(scene.opened(mei.id).await.is_ok(), "put right, it opens");
        }
    }

    fn another_entry_cannot_stand_in_for_the_newest(at place) {
        let (scene, mei) = set(&place).await;
        let other = person(&scene, "WONG, Siu Ming").await;
        let older = scene.copy_of(mei.id).await;
        scene.moves_to(mei.id, "mei.new@example.hk").await;
        // The newest mark is given the id of the one before, body and all: the sealed body belongs to another id.
        let (here, next) = (Mark::Record(mei.id, 2), Mark::Record(mei.id, 3));
        let (here, next) = (here.event(&scene.platform).unwrap(), next.event(&scene.platform).unwrap());
        let theirs = Mark::Record(other.id, 2).event(&scene.platform).unwrap();
        let body = "UPDATE leaf SET sealed_body = (SELECT sealed_body FROM leaf WHERE event = $2) WHERE event = $1";
        scene.by_hand(body, vec![next.into(), here.into()]).await;
        assert_eq!(scene.opened(mei.id).await, Err(FaultKind::Key), "an older body under the newest id");
        scene.by_hand(body, vec![next.into(), theirs.into()]).await;
        assert_eq!(scene.opened(mei.id).await, Err(FaultKind::Key), "another person's body");
        scene.put_back(older).await;
        assert_eq!(scene.opened(mei.id).await, Err(FaultKind::RolledBack), "the id alone tells");
        // Columns of the entry that are not its id change nothing.
        for sql in ["UPDATE leaf SET resident = NULL WHERE event = $1", "UPDATE leaf SET kind = 'session.opened' WHERE event = $1"] {
            scene.by_hand(sql, vec![next.into()]).await;
            assert_eq!(scene.opened(mei.id).await, Err(FaultKind::RolledBack), "{sql}");
        }
    }

    fn a_removed_passkey_that_is_put_back_signs_no_more(at place) {
        let (scene, mut mei) = set(&place).await;
        let cookie = scene.signs_in(&mut mei.phone).await.unwrap();
        let mut second = Authenticator::default();
        let added = scene.adds_passkey(&cookie, &mut second).await;
        let inside = scene.signs_in(&mut second).await.unwrap();
        scene.removes_passkey(&cookie, added).await;
        assert_eq!(scene.signs_in(&mut second).await, Err(UNKNOWN.to_owned()));
        assert_eq!(scene.alarms().await, (0, 0), "the honest removal is no alarm");
        scene.by_hand("UPDATE credential SET removed_at = NULL WHERE id = $1", vec![added.as_bytes().into()]).await;
        assert_eq!(scene.signs_in(&mut second).await, Err(UNKNOWN.to_owned()));
        // Its session put back with it helps to look, not to prove presence.
        scene.by_hand("UPDATE session SET ended_at = NULL, end_reason = NULL WHERE credential = $1", vec![added.as_bytes().into()]).await;
        assert_eq!(scene.steps_up(&inside, &mut second).await, Err(UNKNOWN.to_owned()));
        assert!(scene.signs_in(&mut mei.phone).await.is_ok(), "the passkey that stayed signs");
        assert_eq!(scene.alarms().await, (2, 1));
    }

    fn a_passkey_written_by_hand_signs_for_nobody(at place) {
        let (scene, mut mei) = set(&place).await;
        let mut thief = person(&scene, "WONG, Siu Ming").await;
        // The thief's passkey is written over to Mei's account.
        let sql = "UPDATE credential SET resident = $1 WHERE resident = $2";
        scene.by_hand(sql, vec![mei.id.as_bytes().into(), thief.id.as_bytes().into()]).await;
        let options = lionrock_service::session::begin(&scene.platform, &caller(&scene.clock), "browser").await.unwrap();
        let mut answered = thief.phone.get(&serde_json::to_value(options).unwrap(), ISSUER, &Manner::default()).unwrap();
        answered["response"]["userHandle"] = mei.phone.passkeys()[0].user_handle.clone().into();
        let command = lionrock_service::session::SignIn { answer: response(&answered), browser: "browser".into(), earlier: None, agent: None };
        let refused = lionrock_service::session::sign_in(&scene.platform, &caller(&scene.clock), command).await;
        assert!(matches!(refused, Err(lionrock_service::Error::Refuse(_))), "{refused:?}");
        scene.by_hand(sql, vec![thief.id.as_bytes().into(), mei.id.as_bytes().into()]).await;
        assert!(scene.alarms().await.1 > 0);
        assert!(scene.signs_in(&mut mei.phone).await.is_err(), "all passkeys are the thief's now: nobody signs in");
        assert!(scene.signs_in(&mut thief.phone).await.is_ok(), "their own, on their own account");
    }

    fn a_closed_account_stays_closed_whatever_is_put_back(at place) {
        let (scene, mut mei) = set(&place).await;
        let (row, passkeys) = (scene.copy_of(mei.id).await, scene.passkeys_of(mei.id).await);
        let again = scene.copy_of(mei.id).await;
        let cookie = scene.signs_in(&mut mei.phone).await.unwrap();
        scene.closes(&mut mei, &cookie).await;
        assert_eq!(erasure::resume(&scene.platform, &caller(&scene.clock)).await.unwrap(), 1);
        scene.put_back(row).await;
        for passkey in passkeys {
            scene.put_passkey_back(passkey).await;
        }
        assert_eq!(scene.opened(mei.id).await, Err(FaultKind::RolledBack), "old row, old wrapped key: nothing opens");
        assert_eq!(scene.signs_in(&mut mei.phone).await, Err(UNKNOWN.to_owned()));
        let (shared, who) = (Arc::clone(&scene.platform), mei.id);
        let key: Result<_, Fault> = scene.platform.store.write(move |tx| vault::sealing_key(tx, &shared, who).map(drop)).await;
        assert_eq!(key.unwrap_err().kind, FaultKind::RolledBack);
        // The round tells it and erases again; nothing is left of what was put back.
        assert!(scene.alarms().await.1 > 0);
        assert_eq!(erasure::resume(&scene.platform, &caller(&scene.clock)).await.unwrap(), 1);
        let row = scene.platform.store.read(move |tx| resident::find(tx, who)).await.unwrap().unwrap();
        assert!(!row.active && row.sealed_key.is_none() && row.sealed_profile.is_none() && row.blind_index.is_none());
        assert!(scene.passkeys_of(mei.id).await.is_empty());
        // Also when the last row of it had gone, long after.
        scene.by_hand("DELETE FROM erasure WHERE resident = $1", vec![who.as_bytes().into()]).await;
        scene.by_hand("DELETE FROM resident WHERE id = $1", vec![who.as_bytes().into()]).await;
        scene.put_back_anew(again).await;
        assert_eq!(scene.opened(mei.id).await, Err(FaultKind::RolledBack));
    }

    fn a_used_recovery_code_that_is_put_back_is_used(at place) {
        let (scene, mei) = set(&place).await;
        let make = || async {
            let (shared, by, who) = (Arc::clone(&scene.platform), caller(&scene.clock), mei.id);
            let made: Result<Vec<RecoveryCode>, Fault> =
                scene.platform.store.write(move |tx| recovery_codes::make(tx, &shared, &by, who)).await;
            made.unwrap()
        };
        let good = |code: &RecoveryCode| {
            let (shared, who, code) = (Arc::clone(&scene.platform), mei.id, code.clone());
            let store = scene.platform.store.clone();
            async move {
                let found: Result<_, Fault> = store.write(move |tx| recovery_codes::unused(tx, &shared, who, &code)).await;
                found.unwrap()
            }
        };
        let codes = make().await;
        let digest = good(&codes[0]).await.unwrap();
        let (shared, by, who) = (Arc::clone(&scene.platform), caller(&scene.clock), mei.id);
        let spent: Result<bool, Fault> =
            scene.platform.store.write(move |tx| recovery_codes::spend(tx, &shared, &by, who, &digest)).await;
        assert!(spent.unwrap());
        assert_eq!(good(&codes[0]).await, None);
        assert_eq!(scene.alarms().await, (0, 0));
        scene.by_hand("UPDATE recovery_code SET used_at = NULL WHERE digest = $1", vec![digest.into()]).await;
        assert_eq!(good(&codes[0]).await, None, "the ledger knows that it was used");
        let (shared, by) = (Arc::clone(&scene.platform), caller(&scene.clock));
        let again: Result<bool, Fault> =
            scene.platform.store.write(move |tx| recovery_codes::spend(tx, &shared, &by, who, &digest)).await;
        assert!(!again.unwrap());
        assert!(good(&codes[1]).await.is_some(), "the others are as good as before");
        // New codes; the rows of the old list are put back beside them.
        let old = good(&codes[1]).await.unwrap();
        let fresh = make().await;
        assert_eq!(good(&codes[1]).await, None);
        let insert = "INSERT INTO recovery_code (digest, resident, created_at) VALUES ($1, $2, 1)";
        scene.by_hand(insert, vec![old.into(), mei.id.as_bytes().into()]).await;
        assert_eq!(good(&codes[1]).await, None);
        assert!(good(&fresh[1]).await.is_some());
        assert_eq!(scene.alarms().await, (2, 1));
    }
}

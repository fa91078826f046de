//! Registrations that somebody wrote, or turned, by hand: none of them goes on.

use super::{Scene, card, refused, scene};
use crate::stand_in::accept;
use lionrock_crypto::digest::sha256;
use lionrock_model::register::{RegisterRefusal as No, Step};
use lionrock_service::register;
use lionrock_store::{Row, Value};
use lionrock_testkit::both_engines;

async fn by_hand(scene: &Scene, sql: &'static str, values: Vec<Value>) -> u64 {
    let done: Result<u64, lionrock_store::Error> = scene.platform.store.write(move |tx| tx.execute(sql, &values)).await;
    done.unwrap()
}

async fn standing(scene: &Scene, cookie: &str) -> Result<Step, No> {
    match register::standing(&scene.platform, &scene.by(), cookie).await {
        Ok(standing) => Ok(standing.step),
        Err(error) => Err(refused::<()>(Err(error))),
    }
}

both_engines! {
    fn another_cookie_opens_no_registration(at place) {
        let scene = scene(&place).await;
        let (own, theirs) = (scene.begin().await, scene.begin().await);
        assert_eq!(standing(&scene, &own).await, Ok(Step::Pictures));
        assert_eq!(standing(&scene, &theirs).await, Ok(Step::Pictures));
        let decode = |cookie: &str| lionrock_wire::jose::decode(cookie, "cookie").unwrap();
        let (mine, other) = (decode(&own), decode(&theirs));
        // The secret of one with the id of the other.
        let mixed = lionrock_wire::jose::encode(&[&other[..16], &mine[16..]].concat());
        assert_eq!(standing(&scene, &mixed).await, Err(No::RegistrationOver));
        // The digest of a secret of the attacker's, as earlier programs kept it.
        let set = "UPDATE registration SET secret_digest = $2 WHERE id = $1";
        by_hand(&scene, set, vec![other[..16].to_vec().into(), sha256(&mine[16..]).into()]).await;
        for cookie in [&mixed, &theirs] {
            assert_eq!(standing(&scene, cookie).await, Err(No::RegistrationOver));
        }
        assert_eq!(standing(&scene, &own).await, Ok(Step::Pictures), "the attacker's own is as good as before");
        // The digest of the attacker's own registration, given up for it: two rows never hold one.
        let ask = "SELECT secret_digest FROM registration WHERE id = $1";
        let id = mine[..16].to_vec();
        let kept: Result<Option<Row>, lionrock_store::Error> =
            scene.platform.store.read(move |tx| tx.first(ask, &[id.into()])).await;
        let kept = kept.unwrap().unwrap().into_values().remove(0);
        by_hand(&scene, "DELETE FROM registration WHERE id = $1", vec![mine[..16].to_vec().into()]).await;
        by_hand(&scene, set, vec![other[..16].to_vec().into(), kept]).await;
        for cookie in [&own, &mixed, &theirs] {
            assert_eq!(standing(&scene, cookie).await, Err(No::RegistrationOver));
        }
    }

    fn no_step_is_skipped_by_writing_another_one_down(at place) {
        let scene = scene(&place).await;
        // A card the camera took for real and the registry does not know: the attacker writes down that it was asked.
        *scene.records.down.lock().unwrap() = true;
        let cookie = scene.begin().await;
        assert_eq!(scene.judged(&cookie, accept(card(9))).await.step, Step::Registry);
        assert_eq!(by_hand(&scene, "UPDATE registration SET step = 'passkey'", vec![]).await, 1);
        let shown = register::preview(&scene.platform, &scene.by(), &cookie).await;
        assert_eq!(refused(shown), No::RegistrationOver);
        assert_eq!(refused(register::passkey_options(&scene.platform, &scene.by(), &cookie).await), No::RegistrationOver);
        // Put right again it goes on: it was that row and no other reason.
        assert_eq!(by_hand(&scene, "UPDATE registration SET step = 'registry'", vec![]).await, 1);
        assert_eq!(standing(&scene, &cookie).await, Ok(Step::Registry));
        for turned in [
            "UPDATE registration SET attempts = 0 - 1 + 2",
            "UPDATE registration SET resident = id",
            "UPDATE registration SET expires_at = expires_at + 3600000",
            "UPDATE registration SET email_code_until = 9999999999999, email_code_digest = secret_digest",
            "UPDATE registration SET proof = NULL",
        ] {
            let good = scene.begin().await;
            assert_eq!(standing(&scene, &good).await, Ok(Step::Pictures));
            by_hand(&scene, turned, vec![]).await;
            assert_eq!(standing(&scene, &good).await, Err(No::RegistrationOver), "{turned}");
            by_hand(&scene, "DELETE FROM registration", vec![]).await;
        }
    }
}

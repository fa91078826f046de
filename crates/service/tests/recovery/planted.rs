//! Chances to get back in, and codes, that somebody wrote by hand: nobody gets in by them.

use super::{number, refusal};
use crate::account::{Scene, scene};
use lionrock_crypto::digest::sha256;
use lionrock_model::recovery::RecoveryRefusal;
use lionrock_rehearsal::authenticator::Authenticator;
use lionrock_store::Value;
use lionrock_testkit::both_engines;

async fn by_hand(scene: &Scene, sql: &'static str, values: Vec<Value>) -> u64 {
    let done: Result<u64, lionrock_store::Error> = scene.platform.store.write(move |tx| tx.execute(sql, &values)).await;
    done.unwrap()
}

both_engines! {
    fn a_chance_nobody_was_given_is_over(at place) {
        let scene = scene(&place).await;
        let (own, victim) = (scene.registered(51).await, scene.registered(52).await);
        // Whole rows: the victim's codes stand in the next table, readable for whoever reads the database.
        let made = "INSERT INTO recovery (id, resident, browser, first_code, second_code, lost, created_at, expires_at, ground) \
                    VALUES ($1, $3, $2, (SELECT digest FROM recovery_code WHERE resident = $3 ORDER BY digest LIMIT 1), \
                    (SELECT digest FROM recovery_code WHERE resident = $3 ORDER BY digest DESC LIMIT 1), 1, 0, 9999999999999, 'codes')";
        let browser = sha256(&[b"lionrock recovery v1\0".as_slice(), b"evil"].concat());
        let id = lionrock_model::id::RecoveryId::new(scene.by().now, [9; 10]);
        assert_eq!(by_hand(&scene, made, vec![id.as_bytes().into(), browser.into(), victim.id.as_bytes().into()]).await, 1);
        assert_eq!(refusal(scene.finish("evil", &mut Authenticator::default()).await), RecoveryRefusal::Over);
        // The attacker's own chance, turned into the victim's, or into a longer one, or into one that takes passkeys away.
        for turned in [
            "UPDATE recovery SET resident = $1",
            "UPDATE recovery SET resident = $1, first_code = (SELECT digest FROM recovery_code WHERE resident = $1 ORDER BY digest LIMIT 1), \
             second_code = (SELECT digest FROM recovery_code WHERE resident = $1 ORDER BY digest DESC LIMIT 1)",
            "UPDATE recovery SET expires_at = expires_at + 3600000 WHERE resident <> $1",
            "UPDATE recovery SET lost = 1 WHERE resident <> $1",
            "UPDATE recovery SET proof = NULL WHERE resident <> $1",
        ] {
            by_hand(&scene, "DELETE FROM recovery", vec![]).await;
            scene.begin("b", &number(51), [&own.codes[0], &own.codes[1]], false).await.unwrap();
            assert_eq!(by_hand(&scene, turned, vec![victim.id.as_bytes().into()]).await, 1, "{turned}");
            assert_eq!(refusal(scene.finish("b", &mut Authenticator::default()).await), RecoveryRefusal::Over, "{turned}");
        }
        by_hand(&scene, "DELETE FROM recovery", vec![]).await;
        scene.begin("b", &number(51), [&own.codes[0], &own.codes[1]], false).await.unwrap();
        scene.finish("b", &mut Authenticator::default()).await.expect("left alone it is good");
    }

    fn a_code_nobody_was_given_is_no_code(at place) {
        let scene = scene(&place).await;
        let (own, victim) = (scene.registered(53).await, scene.registered(54).await);
        let made = "INSERT INTO recovery_code (digest, resident, created_at) VALUES ($1, $2, 0)";
        for code in &own.codes[..2] {
            by_hand(&scene, made, vec![sha256(code.reveal().as_bytes()).into(), victim.id.as_bytes().into()]).await;
        }
        let codes = [&own.codes[0], &own.codes[1]];
        assert_eq!(refusal(scene.begin("b", &number(54), codes, true).await), RecoveryRefusal::NotAccepted);
        // The attacker's own codes, given to the victim.
        by_hand(&scene, "UPDATE recovery_code SET resident = $2 WHERE resident = $1", vec![own.id.as_bytes().into(), victim.id.as_bytes().into()]).await;
        assert_eq!(refusal(scene.begin("b", &number(54), codes, true).await), RecoveryRefusal::NotAccepted);
    }
}

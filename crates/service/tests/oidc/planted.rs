//! Somebody can write to the database and has no key: rows they make, and rows they turn, are worth nothing.

use super::scene::{CHALLENGE, ISSUER, Person, REDIRECT, Scene, answer, choice, person, scene};
use crate::stage::caller;
use lionrock_crypto::digest::sha256;
use lionrock_model::credential::PasskeyRefusal;
use lionrock_model::oidc::PageRefusal;
use lionrock_model::policy::Field;
use lionrock_model::session::SessionRefusal;
use lionrock_rehearsal::authenticator::Manner;
use lionrock_service::fault::FaultKind;
use lionrock_service::session::{self, SignIn};
use lionrock_service::{Error, oidc};
use lionrock_store::{Row, Value};
use lionrock_testkit::both_engines;
use lionrock_wire::oauth::Code;
use lionrock_wire::webauthn::json::AuthenticationResponse;
use serde_json::Value as Json;

async fn by_hand(scene: &Scene, sql: &'static str, values: Vec<Value>) -> u64 {
    let done: Result<u64, lionrock_store::Error> = scene.platform.store.write(move |tx| tx.execute(sql, &values)).await;
    done.unwrap()
}

async fn copied(scene: &Scene, sql: &'static str) -> Vec<Value> {
    let rows: Result<Vec<Row>, lionrock_store::Error> = scene.platform.store.read(move |tx| tx.query(sql, &[])).await;
    rows.unwrap().remove(0).into_values()
}

/// A token for the name of a person, and nothing else.
async fn token(scene: &Scene, who: &mut Person) -> String {
    let uri = scene.push("library", &[("scope", "openid profile")]).await.unwrap();
    let handle = scene.arrive("library", &uri).await.unwrap();
    if who.cookie.is_none() {
        let location = scene.code(who, "library").await;
        scene.exchange("library", &[("code", &location)]).await.unwrap();
    }
    let by = caller(&scene.clock);
    let view = oidc::consent::look(&scene.platform, &by, &handle, who.cookie.as_deref()).await.unwrap();
    let location = scene.approve(who, choice(&handle, &[Field::EnglishName], view.version)).await.unwrap();
    scene.exchange("library", &[("code", &answer(&location)["code"])]).await.unwrap().access_token
}

fn word(letter: char) -> String {
    letter.to_string().repeat(43)
}

/// What earlier programs kept of a secret: no key is needed for it.
fn unkeyed(word: &str) -> Value {
    Value::from(sha256(word.as_bytes()))
}

both_engines! {
    fn a_request_nobody_made_is_gone(at place) {
        let scene = scene(&place).await;
        let uri = scene.push("library", &[]).await.unwrap();
        scene.arrive("library", &uri).await.unwrap();
        // Made up from a good one, under a handle of the attacker's, leading elsewhere.
        let made = "INSERT INTO oidc_request (handle, service, redirect_uri, scope, challenge, prompt, salt, created_at, expires_at, proof) \
                    SELECT $1, service, 'https://evil.example/', scope, challenge, prompt, salt, created_at, expires_at, proof FROM oidc_request";
        let planted = word('A');
        assert_eq!(by_hand(&scene, made, vec![unkeyed(&planted)]).await, 1);
        let uri_of = |word: &str| format!("urn:ietf:params:oauth:request_uri:{word}");
        assert_eq!(scene.arrive("library", &uri_of(&planted)).await.unwrap_err(), PageRefusal::RequestGone);
        // A good one, turned: another place, another challenge, another service, more time.
        for turned in [
            "UPDATE oidc_request SET redirect_uri = 'https://evil.example/'",
            "UPDATE oidc_request SET challenge = salt",
            "UPDATE oidc_request SET service = 'museum'",
            "UPDATE oidc_request SET scope = 'openid profile email'",
            "UPDATE oidc_request SET nonce = NULL",
            "UPDATE oidc_request SET expires_at = expires_at + 3600000",
            "UPDATE oidc_request SET proof = NULL",
        ] {
            by_hand(&scene, "DELETE FROM oidc_request", vec![]).await;
            let uri = scene.push("library", &[]).await.unwrap();
            scene.arrive("library", &uri).await.unwrap();
            assert_eq!(by_hand(&scene, turned, vec![]).await, 1);
            for service in ["library", "museum"] {
                assert_eq!(scene.arrive(service, &uri).await.unwrap_err(), PageRefusal::RequestGone, "{turned}");
            }
        }
    }

    fn a_code_nobody_was_given_is_not_known(at place) {
        let scene = scene(&place).await;
        let (mut mei, mut ben) = (person(&scene, "CHAN, Tai Man").await, person(&scene, "LEE, Siu Ming").await);
        let good = scene.code(&mut mei, "library").await;
        let made = "INSERT INTO oidc_grant (code, service, resident, consent, sub, scope, redirect_uri, challenge, authenticated_at, acr, \
                    issued_at, expires_at, fields, proof) SELECT $1, service, resident, consent, sub, scope, redirect_uri, challenge, \
                    authenticated_at, acr, issued_at, expires_at, fields, proof FROM oidc_grant";
        assert_eq!(by_hand(&scene, made, vec![unkeyed(&word('B'))]).await, 1);
        assert_eq!(scene.exchange("library", &[("code", &word('B'))]).await.unwrap_err(), Code::InvalidGrant);
        scene.exchange("library", &[("code", &good)]).await.expect("the one that was given");
        // The attacker's own code, turned into another person's, another strength, more time.
        for turned in [
            "UPDATE oidc_grant SET resident = $2, sub = (SELECT sub FROM oidc_pseudonym WHERE resident = $2) WHERE resident = $1",
            "UPDATE oidc_grant SET acr = acr || 'x' WHERE resident = $1 AND resident <> $2",
            "UPDATE oidc_grant SET authenticated_at = authenticated_at + 1000 WHERE resident = $1 AND resident <> $2",
            "UPDATE oidc_grant SET redirect_uri = 'https://evil.example/' WHERE resident = $1 AND resident <> $2",
            "UPDATE oidc_grant SET fields = 'hkid' WHERE resident = $1 AND resident <> $2",
            "UPDATE oidc_grant SET proof = NULL WHERE resident = $1 AND resident <> $2",
        ] {
            by_hand(&scene, "DELETE FROM oidc_grant", vec![]).await;
            let own = scene.code(&mut ben, "library").await;
            assert_eq!(by_hand(&scene, turned, vec![ben.id.as_bytes().into(), mei.id.as_bytes().into()]).await, 1, "{turned}");
            assert_eq!(scene.exchange("library", &[("code", &own)]).await.unwrap_err(), Code::InvalidGrant, "{turned}");
        }
        let own = scene.code(&mut ben, "library").await;
        scene.exchange("library", &[("code", &own)]).await.expect("left alone it is good");
    }

    fn a_token_opens_what_was_approved_and_nobody_else(at place) {
        let scene = scene(&place).await;
        let (mut mei, mut ben) = (person(&scene, "CHAN, Tai Man").await, person(&scene, "LEE, Siu Ming").await);
        let theirs = token(&scene, &mut mei).await;
        let own = token(&scene, &mut ben).await;
        assert_eq!(scene.userinfo(&theirs).await.unwrap()["name"], "CHAN, Tai Man");
        assert_eq!(scene.userinfo(&own).await.unwrap()["name"], "LEE, Siu Ming");
        let (ben_id, mei_id) = (ben.id, mei.id);
        let (me, victim) = (|| Value::from(ben_id.as_bytes()), || Value::from(mei_id.as_bytes()));
        // Made up: a row for the victim, under a token of the attacker's choice.
        let made = "UPDATE oidc_grant SET access = $1 WHERE resident = $2 AND fields = 'english-name'";
        assert_eq!(by_hand(&scene, made, vec![unkeyed(&word('C')), victim()]).await, 1);
        assert_eq!(scene.userinfo(&word('C')).await.unwrap_err(), Code::InvalidToken);
        // The attacker's own token, moved to the victim's row.
        let mine: Result<Option<Row>, lionrock_store::Error> = {
            let id = ben.id;
            let ask = "SELECT access FROM oidc_grant WHERE resident = $1 AND fields <> ''";
            scene.platform.store.read(move |tx| tx.first(ask, &[id.as_bytes().into()])).await
        };
        let mine = mine.unwrap().unwrap().into_values().remove(0);
        by_hand(&scene, "UPDATE oidc_grant SET access = NULL WHERE resident = $1", vec![me()]).await;
        assert_eq!(by_hand(&scene, made, vec![mine, victim()]).await, 1);
        assert_eq!(scene.userinfo(&own).await.unwrap_err(), Code::InvalidToken);
        // The attacker's own row, turned into the victim's, or into more than it was.
        for turned in [
            "UPDATE oidc_grant SET resident = $2, consent = (SELECT id FROM consent WHERE resident = $2 AND fields <> '' LIMIT 1), \
             sub = (SELECT sub FROM oidc_pseudonym WHERE resident = $2) WHERE resident = $1 AND fields <> ''",
            "UPDATE oidc_grant SET consent = (SELECT id FROM consent WHERE resident = $2 AND fields <> '' LIMIT 1) WHERE resident = $1 AND fields <> ''",
            "UPDATE oidc_grant SET fields = 'english-name birth hkid' WHERE resident = $1 AND resident <> $2 AND fields <> ''",
            "UPDATE oidc_grant SET access_expires_at = access_expires_at + 3600000 WHERE resident = $1 AND resident <> $2 AND fields <> ''",
            "UPDATE oidc_grant SET access_proof = proof WHERE resident = $1 AND resident <> $2 AND fields <> ''",
            "UPDATE oidc_grant SET access_proof = NULL WHERE resident = $1 AND resident <> $2 AND fields <> ''",
        ] {
            by_hand(&scene, "DELETE FROM oidc_grant WHERE resident = $1", vec![me()]).await;
            let own = token(&scene, &mut ben).await;
            assert!(scene.userinfo(&own).await.is_ok());
            assert_eq!(by_hand(&scene, turned, vec![me(), victim()]).await, 1, "{turned}");
            assert_eq!(scene.userinfo(&own).await.unwrap_err(), Code::InvalidToken, "{turned}");
        }
        // An approval that was widened releases no more than was approved.
        by_hand(&scene, "DELETE FROM oidc_grant WHERE resident = $1", vec![me()]).await;
        let own = token(&scene, &mut ben).await;
        let wider = "UPDATE consent SET fields = 'english-name birth email' WHERE resident = $1";
        assert!(by_hand(&scene, wider, vec![me()]).await >= 1);
        let told = scene.userinfo(&own).await.unwrap();
        assert_eq!((told.len(), told.contains_key("name")), (2, true), "{told:?}");
    }

    fn a_silent_answer_releases_nothing(at place) {
        let scene = scene(&place).await;
        let mut mei = person(&scene, "CHAN, Tai Man").await;
        let shown = token(&scene, &mut mei).await;
        assert!(scene.userinfo(&shown).await.unwrap().contains_key("name"));
        let query = [
            ("client_id", "game"), ("response_type", "code"), ("redirect_uri", REDIRECT), ("scope", "openid"), ("state", "s"),
            ("code_challenge", CHALLENGE), ("code_challenge_method", "S256"), ("prompt", "none"),
        ];
        let silent = scene.authorize(&query, mei.cookie.as_deref()).await.unwrap();
        let oidc::authorize::Outcome::Answer { location } = silent else { panic!("nobody is asked") };
        assert_eq!(answer(&location)["error"], "consent_required", "each service for itself");
        let uri = scene.push("library", &[("prompt", "none")]).await.unwrap();
        let silent = scene.authorize(&[("client_id", "library"), ("request_uri", &uri)], mei.cookie.as_deref()).await.unwrap();
        let oidc::authorize::Outcome::Answer { location } = silent else { panic!("nobody is asked") };
        let tokens = scene.exchange("library", &[("code", &answer(&location)["code"])]).await.unwrap();
        let told = scene.userinfo(&tokens.access_token).await.unwrap();
        assert_eq!(told.keys().collect::<Vec<_>>(), ["sub"], "the earlier approval was for that time: {told:?}");
    }

    fn a_used_assertion_is_known_and_a_planted_one_hinders_nobody(at place) {
        let scene = scene(&place).await;
        // The next id an honest client will use, as an earlier program would have kept it.
        let planted = "INSERT INTO oidc_assertion (service, jti, expires_at) VALUES ('library', $1, $2)";
        for n in 0..64 {
            let until = scene.clock.now().0 + 60_000;
            by_hand(&scene, planted, vec![unkeyed(&n.to_string()), until.into()]).await;
        }
        scene.push("library", &[]).await.expect("the client is not kept out");
    }

    fn a_ceremony_nobody_began_is_unknown(at place) {
        let scene = scene(&place).await;
        let mut mei = person(&scene, "CHAN, Tai Man").await;
        let by = || caller(&scene.clock);
        let sign_in = async |answered: &Json| {
            let answer = AuthenticationResponse::from_json(answered.to_string().as_bytes()).unwrap();
            let command = SignIn { answer, browser: "b".into(), earlier: None, agent: None };
            match session::sign_in(&scene.platform, &by(), command).await {
                Ok(_) => None,
                Err(Error::Refuse(SessionRefusal::Passkey(refusal))) => Some(refusal),
                Err(error) => panic!("{error}"),
            }
        };
        let options = serde_json::to_value(session::begin(&scene.platform, &by(), "b").await.unwrap()).unwrap();
        let answered = mei.phone.get(&options, ISSUER, &Manner::default()).unwrap();
        let row = copied(&scene, "SELECT challenge, kind, binding, resident, user_handle, expires_at, proof FROM ceremony").await;
        assert_eq!(sign_in(&answered).await, None);
        // The answer was seen by somebody, who keeps its challenge alive: with another end it is no ceremony.
        let back = "INSERT INTO ceremony (challenge, kind, binding, resident, user_handle, expires_at, proof) VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let mut later = row.clone();
        later[5] = Value::from(i64::MAX);
        by_hand(&scene, back, later).await;
        assert_eq!(sign_in(&answered).await, Some(PasskeyRefusal::ChallengeUnknown));
        scene.pass(600);
        by_hand(&scene, back, row.clone()).await;
        assert_eq!(sign_in(&answered).await, Some(PasskeyRefusal::ChallengeExpired));
        // Made up whole: a challenge of the attacker's, bound as earlier programs did.
        let mut made = row;
        let challenge = [7_u8; 64];
        made[0] = Value::from(challenge.to_vec());
        made[2] = unkeyed("b");
        made[5] = Value::from(i64::MAX);
        by_hand(&scene, back, made).await;
        let mut asked = options.clone();
        asked["challenge"] = lionrock_wire::jose::encode(&challenge).into();
        let answered = mei.phone.get(&asked, ISSUER, &Manner::default()).unwrap();
        assert_eq!(sign_in(&answered).await, Some(PasskeyRefusal::ChallengeUnknown));
    }
}

/// Logs in at the library, and says what went wrong when it was not the person's doing.
async fn again(scene: &Scene, who: &mut Person) -> Result<(), FaultKind> {
    let uri = scene.push("library", &[]).await.unwrap();
    let handle = scene.arrive("library", &uri).await.unwrap();
    let (by, choice) = (caller(&scene.clock), choice(&handle, &[], 0));
    let asked = oidc::consent::options(&scene.platform, &by, &choice, who.cookie.as_deref()).await.unwrap();
    let answered = who.phone.get(&serde_json::to_value(asked).unwrap(), ISSUER, &Manner::default()).unwrap();
    let command = oidc::approve::Approve {
        answer: AuthenticationResponse::from_json(answered.to_string().as_bytes()).unwrap(),
        cookie: who.cookie.clone(),
        handle,
        place: Default::default(),
    };
    match oidc::approve::approve(&scene.platform, &by, command).await {
        Ok(approved) => {
            who.cookie = Some(approved.session.cookie().to_owned());
            Ok(())
        }
        Err(Error::Fault(fault)) => Err(fault.kind),
        Err(Error::Refuse(refusal)) => panic!("{refusal:?}"),
    }
}

both_engines! {
    fn nobody_comes_to_a_service_under_anothers_name(at place) {
        let scene = scene(&place).await;
        let (mut mei, mut ben) = (person(&scene, "CHAN, Tai Man").await, person(&scene, "LEE, Siu Ming").await);
        again(&scene, &mut mei).await.unwrap();
        let name = copied(&scene, "SELECT sub FROM oidc_pseudonym").await.remove(0);
        let (me, victim) = (ben.id, mei.id);
        for turned in [
            "UPDATE oidc_pseudonym SET sub = $2 WHERE resident = $1",
            "UPDATE oidc_pseudonym SET created_at = created_at + 1 WHERE resident = $1 AND sub <> $2",
            "UPDATE oidc_pseudonym SET proof = NULL WHERE resident = $1 AND sub <> $2",
        ] {
            again(&scene, &mut ben).await.expect("left alone it is good");
            by_hand(&scene, "DELETE FROM oidc_pseudonym WHERE resident = $1", vec![victim.as_bytes().into()]).await;
            assert_eq!(by_hand(&scene, turned, vec![me.as_bytes().into(), name.clone()]).await, 1, "{turned}");
            assert_eq!(again(&scene, &mut ben).await, Err(FaultKind::RolledBack), "{turned}");
            by_hand(&scene, "DELETE FROM oidc_pseudonym WHERE resident = $1", vec![me.as_bytes().into()]).await;
        }
        // The victim's own row, given to the attacker.
        again(&scene, &mut mei).await.unwrap();
        let given = "UPDATE oidc_pseudonym SET resident = $1 WHERE resident = $2";
        assert_eq!(by_hand(&scene, given, vec![me.as_bytes().into(), victim.as_bytes().into()]).await, 1);
        assert_eq!(again(&scene, &mut ben).await, Err(FaultKind::RolledBack));
    }

    fn names_of_an_earlier_version_are_bound_once(at place) {
        let scene = scene(&place).await;
        let mut mei = person(&scene, "CHAN, Tai Man").await;
        again(&scene, &mut mei).await.unwrap();
        let unbound = "UPDATE oidc_pseudonym SET proof = NULL";
        assert_eq!(by_hand(&scene, unbound, vec![]).await, 1);
        assert_eq!(lionrock_service::pseudonym::bind(&scene.platform, &caller(&scene.clock)).await.unwrap(), 1);
        again(&scene, &mut mei).await.expect("the name she had");
        assert_eq!(by_hand(&scene, unbound, vec![]).await, 1);
        assert_eq!(lionrock_service::pseudonym::bind(&scene.platform, &caller(&scene.clock)).await.unwrap(), 0, "never again");
        assert_eq!(again(&scene, &mut mei).await, Err(FaultKind::RolledBack));
    }
}

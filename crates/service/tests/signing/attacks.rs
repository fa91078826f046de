//! Who tries to sign for somebody else: with the database, with the keys of the web process, with answers of other acts.

use super::scene::{ISSUER, KEY, Person, Scene, ask, opening, pdf, ready, response, said};
use lionrock_activation::message::Order;
use lionrock_activation::{Answer, Chamber, Enrol, Sign};
use lionrock_crypto::aead::Key;
use lionrock_crypto::random::System;
use lionrock_crypto::ring::{Domain, Root, Slot};
use lionrock_crypto::secret::Secret;
use lionrock_model::credential::PasskeyRefusal;
use lionrock_model::realm::Realm;
use lionrock_model::signing::{Form, SigningRefusal};
use lionrock_rehearsal::authenticator::Manner;
use lionrock_service::authority::{self, Act, By};
use lionrock_service::signing::key;
use lionrock_service::signing::request::Signer;
use lionrock_store::{Value, activation_key, signing_key};
use lionrock_testkit::both_engines;
use lionrock_wire::webauthn::json::Base64Url;

async fn execute(scene: &Scene, sql: &'static str, values: Vec<Value>) -> u64 {
    let done = scene.oidc.platform.store.write(move |tx| tx.execute(sql, &values)).await;
    done.unwrap_or_else(|error: lionrock_store::Error| panic!("{error}"))
}

/// Two residents who can sign, and a request that the first one was asked about.
async fn two(
    place: &lionrock_testkit::engines::Place,
) -> (Scene, Person, Person, lionrock_service::signing::request::Begun) {
    let (scene, mei) = ready(place).await;
    let mut thief = scene.plus("CANARY, Ho", "U234567").await;
    scene.enrol(&mut thief, "ES256").await.unwrap();
    let begun = scene.request(&pdf("Rules"), Form::Pdf).await;
    (scene, mei, thief, begun)
}

/// The last order to the chamber, as a compromised web process has it.
fn last(scene: &Scene) -> Sign {
    scene.stand_in.orders.lock().unwrap().last().unwrap().clone()
}

both_engines! {
    fn an_answer_is_for_one_document_once(at place) {
        let (scene, mut mei) = ready(&place).await;
        let (one, two) = (scene.request(&pdf("One"), Form::Pdf).await, scene.request(&pdf("Two"), Form::Pdf).await);
        let first = scene.options(&mei, &one.handle).await.unwrap();
        let answer = scene.answer(&mut mei, &first, &Manner::default());
        // Of the other document; before that one was ever asked about, and after.
        assert_eq!(scene.approve(&mei, &two.handle, &answer).await.unwrap_err(), SigningRefusal::RequestGone);
        scene.options(&mei, &two.handle).await.unwrap();
        let shown = SigningRefusal::Passkey(PasskeyRefusal::ShownChanged);
        assert_eq!(scene.approve(&mei, &two.handle, &answer).await.unwrap_err(), shown);
        scene.nothing_signed().await;
        scene.approve(&mei, &one.handle, &answer).await.unwrap();
        assert_eq!(scene.approve(&mei, &one.handle, &answer).await.unwrap_err(), SigningRefusal::WrongStep);
        // The chamber itself takes the same order no second time, whatever the web process says.
        let again = scene.stand_in.ask(&Order::Sign(Box::new(last(&scene))));
        assert!(matches!(&again, Answer::Refused(word) if word == "counter" || word == "replayed"), "{again:?}");
        assert_eq!(scene.count("SELECT COUNT(*) FROM signature").await, 1);
    }

    fn a_newer_question_voids_the_older_and_two_answers_at_once_sign_once(at place) {
        let (scene, mut mei) = ready(&place).await;
        let begun = scene.request(&pdf("One"), Form::Pdf).await;
        let old = scene.options(&mei, &begun.handle).await.unwrap();
        let late = scene.answer(&mut mei, &old, &Manner::default());
        let new = scene.options(&mei, &begun.handle).await.unwrap();
        assert_eq!(
            scene.approve(&mei, &begun.handle, &late).await.unwrap_err(),
            SigningRefusal::Passkey(PasskeyRefusal::ShownChanged)
        );
        // Two tabs answer the same question at the same moment.
        let (one, two) = (scene.answer(&mut mei, &new, &Manner::default()), scene.answer(&mut mei, &new, &Manner::default()));
        let (first, second) = tokio::join!(scene.approve(&mei, &begun.handle, &one), scene.approve(&mei, &begun.handle, &two));
        assert_eq!(u8::from(first.is_ok()) + u8::from(second.is_ok()), 1, "{first:?} {second:?}");
        assert_eq!(scene.count("SELECT COUNT(*) FROM signature").await, 1);
        assert_eq!(scene.oidc.leaves("document.signed").await, 1);
    }

    fn an_answer_is_good_for_five_minutes(at place) {
        let (scene, mut mei) = ready(&place).await;
        let begun = scene.request(&pdf("One"), Form::Pdf).await;
        let asked = scene.options(&mei, &begun.handle).await.unwrap();
        let answer = scene.answer(&mut mei, &asked, &Manner::default());
        scene.oidc.pass(5 * 60 + 1);
        assert_eq!(scene.approve(&mei, &begun.handle, &answer).await.unwrap_err(), SigningRefusal::SoleControlRefused);
        assert_eq!(scene.state(&begun).await, "shown");
        scene.nothing_signed().await;
        scene.sign(&mut mei, &begun.handle).await.unwrap();
    }

    fn a_chamber_that_began_anew_takes_no_older_approval(at place) {
        let (scene, mut mei) = ready(&place).await;
        let begun = scene.request(&pdf("One"), Form::Pdf).await;
        let asked = scene.options(&mei, &begun.handle).await.unwrap();
        let answer = scene.answer(&mut mei, &asked, &Manner::default());
        scene.oidc.pass(1);
        *scene.stand_in.chamber.lock().unwrap() = Chamber::open(&opening(), scene.by().now.0).unwrap();
        assert_eq!(scene.approve(&mei, &begun.handle, &answer).await.unwrap_err(), SigningRefusal::SoleControlRefused);
        scene.nothing_signed().await;
        scene.sign(&mut mei, &begun.handle).await.unwrap();
    }

    fn only_the_device_that_guards_the_key_approves(at place) {
        let (scene, mut mei) = ready(&place).await;
        let begun = scene.request(&pdf("One"), Form::Pdf).await;
        for manner in [
            Manner { verified: false, ..Manner::default() },
            Manner { wrong_key: true, ..Manner::default() },
            Manner { synced: true, ..Manner::default() },
            Manner { origin: Some("https://localhost:9999".to_owned()), ..Manner::default() },
        ] {
            let asked = scene.options(&mei, &begun.handle).await.unwrap();
            let answer = scene.answer(&mut mei, &asked, &manner);
            assert!(matches!(scene.approve(&mei, &begun.handle, &answer).await.unwrap_err(), SigningRefusal::Passkey(_)), "{manner:?}");
        }
        scene.nothing_signed().await;
        scene.sign(&mut mei, &begun.handle).await.unwrap();
    }

    fn another_residents_request_and_passkey_are_worth_nothing(at place) {
        let (scene, mut mei, mut thief, begun) = two(&place).await;
        let asked = scene.options(&mei, &begun.handle).await.unwrap();
        // Opened by the first, it is theirs alone.
        assert_eq!(scene.options(&thief, &begun.handle).await.unwrap_err(), SigningRefusal::RequestGone);
        // The thief's phone answers the question in the victim's session.
        let mut forged = serde_json::to_value(&asked).unwrap();
        forged["allowCredentials"] = serde_json::json!([]);
        let answer = thief.phone.get(&forged, ISSUER, &Manner::default()).unwrap();
        assert!(matches!(scene.approve(&mei, &begun.handle, &answer).await.unwrap_err(), SigningRefusal::Passkey(_)));
        scene.nothing_signed().await;
        scene.sign(&mut mei, &begun.handle).await.unwrap();
        let _ = Signer::Anyone;
    }

    /// Whoever writes to the database, in each way that comes to mind. The chamber is asked with what the web process would send then.
    fn writing_to_the_database_signs_nothing(at place) {
        let (scene, mut mei, mut thief, begun) = two(&place).await;
        // The victim's rows of passkeys now hold the thief's key and id.
        let ids = [Value::from(mei.id.as_bytes()), Value::from(thief.id.as_bytes())];
        let swap = "UPDATE credential SET public_key = (SELECT public_key FROM credential WHERE resident = $2) WHERE resident = $1";
        let before = "SELECT public_key FROM credential WHERE resident = $1";
        let id = mei.id;
        let own = scene.oidc.platform.store.read(move |tx| tx.first(before, &[id.as_bytes().into()])).await;
        let own: Option<lionrock_store::Row> = own.unwrap_or_else(|error: lionrock_store::Error| panic!("{error}"));
        let own = own.unwrap().bytes(0).unwrap().to_vec();
        assert_eq!(execute(&scene, swap, ids.to_vec()).await, 1);
        let asked = scene.options(&mei, &begun.handle).await.unwrap();
        let mut forged = serde_json::to_value(&asked).unwrap();
        forged["allowCredentials"] = serde_json::json!([]);
        let mut answer = thief.phone.get(&forged, ISSUER, &Manner::default()).unwrap();
        let victims = asked_id(&asked);
        answer["id"] = victims.clone();
        answer["rawId"] = victims;
        answer["response"]["userHandle"] = serde_json::Value::Null;
        assert!(scene.approve(&mei, &begun.handle, &answer).await.is_err());
        // The web process is in the thief's hands too: it sends the order all the same. The chamber knows the true passkey.
        scene.oidc.pass(1);
        let order = order_with(&scene, &mei, &answer).await;
        let said = scene.stand_in.ask(&order);
        assert!(matches!(&said, Answer::Refused(word) if word == "passkey"), "{said:?}");
        let restore = "UPDATE credential SET public_key = $2 WHERE resident = $1";
        execute(&scene, restore, vec![mei.id.as_bytes().into(), own.into()]).await;

        // The thief's sealed record in the victim's row, and the other way round.
        let steal = "UPDATE signing_key SET sealed_record = (SELECT sealed_record FROM signing_key WHERE resident = $2) WHERE resident = $1";
        let victims_record = record(&scene, &mei).await;
        assert_eq!(execute(&scene, steal, ids.to_vec()).await, 1);
        assert_eq!(scene.sign(&mut mei, &begun.handle).await.unwrap_err(), SigningRefusal::SoleControlRefused);
        // The whole row is the thief's, with the victim's certificate: the key's id is part of the seal.
        execute(&scene, "UPDATE signing_key SET sealed_record = $2 WHERE resident = $1", vec![
            mei.id.as_bytes().into(), victims_record.clone().into(),
        ]).await;
        execute(&scene, "UPDATE signing_key SET sealed_record = $2 WHERE resident = $1", vec![
            thief.id.as_bytes().into(), victims_record.into(),
        ]).await;
        let theirs = scene.request(&pdf("Theirs"), Form::Pdf).await;
        assert_eq!(scene.sign(&mut thief, &theirs.handle).await.unwrap_err(), SigningRefusal::SoleControlRefused);
        // The approval that was kept is another text: the passkey did not sign that.
        scene.nothing_signed().await;
        scene.sign(&mut mei, &begun.handle).await.unwrap();
    }

    fn the_keys_of_the_web_process_open_no_signing_key(at place) {
        let (scene, mei) = ready(&place).await;
        let record = record(&scene, &mei).await;
        // Every domain of the ring, with and without the resident's own key, at any place of the row.
        let (id, key) = (mei.id, scene.key(&mei).await);
        let owned = std::sync::Arc::clone(&scene.oidc.platform);
        let own: Result<_, lionrock_service::Fault> =
            scene.oidc.platform.store.read(move |tx| lionrock_service::vault::sealing_key(tx, &owned, id)).await;
        let own = own.unwrap();
        for domain in Domain::ALL {
            for resident in [None, Some(&own)] {
                for version in 0..3 {
                    for bytes in [&record[..], &record[1..]] {
                        let slot = Slot {
                            table: "signing_key", column: "sealed_record", row: key.as_bytes(), resident: id.as_bytes(), schema: 1, version,
                        };
                        assert!(scene.oidc.platform.keys.open_sealed(domain, &slot, resident, bytes).is_err());
                    }
                }
            }
        }
        // The activation key itself is wrapped by the root alone: the ring has no way to it, another root neither.
        let (realm, by) = (Realm::parse("test-demo").unwrap(), scene.by());
        let (right, wrong) = (Root::new(Secret::new([3; 32])), Root::new(Secret::new([4; 32])));
        let store = &scene.oidc.platform.store;
        let wrapped = key::wrapped(store, &right, &realm, &by).await.unwrap();
        let opened = wrapped.open(&right, &realm).unwrap();
        assert!(wrapped.open(&wrong, &realm).is_err());
        assert!(key::wrapped(store, &wrong, &realm, &by).await.is_err());
        assert!(wrapped.open(&right, &Realm::parse("test-other").unwrap()).is_err());
        assert_eq!(*key::wrapped(store, &right, &realm, &by).await.unwrap().open(&right, &realm).unwrap(), *opened);
        // The root is exchanged: both open it, then the new one alone.
        key::rewrap(store, &right, &wrong, &realm, &by).await.unwrap();
        let both = key::wrapped(store, &wrong, &realm, &by).await.unwrap();
        assert_eq!(*both.open(&wrong, &realm).unwrap(), *opened);
        key::forget_old(store, &wrong, &realm).await.unwrap();
        let left: Vec<_> = store.read(activation_key::all).await.unwrap_or_else(|error: lionrock_store::Error| panic!("{error}"));
        assert_eq!(left.len(), 1);
        assert!(key::wrapped(store, &right, &realm, &by).await.is_err());
        // A record that somebody makes with a key of the ring, or of their own, is not one.
        let forged = Key::new(Secret::new([9; 32])).seal_random(&System, b"lionrock activation record v1", b"{}").unwrap();
        execute(&scene, "UPDATE signing_key SET sealed_record = $2 WHERE resident = $1", vec![
            mei.id.as_bytes().into(), [&[1][..], &forged].concat().into(),
        ]).await;
        let mut mei = mei;
        let begun = scene.request(&pdf("One"), Form::Pdf).await;
        assert_eq!(scene.sign(&mut mei, &begun.handle).await.unwrap_err(), SigningRefusal::SoleControlRefused);
        scene.nothing_signed().await;
        assert_ne!(*opened, KEY, "the stand-in has a key of its own");
    }

    fn a_certificate_that_ended_signs_nothing_even_after_the_approval(at place) {
        let (scene, mut mei) = ready(&place).await;
        let begun = scene.request(&pdf("One"), Form::Pdf).await;
        let asked = scene.options(&mei, &begun.handle).await.unwrap();
        let answer = scene.answer(&mut mei, &asked, &Manner::default());
        let (owned, by, id) = (std::sync::Arc::clone(&scene.oidc.platform), scene.by(), mei.id);
        let revoked = scene.oidc.platform.store.write(move |tx| {
            let key = signing_key::of_resident(tx, id)?.remove(0);
            authority::change(tx, &owned, &by, &key.serial, Act::Hold, By::Resident)
        }).await;
        assert!(revoked.is_ok());
        assert_eq!(scene.approve(&mei, &begun.handle, &answer).await.unwrap_err(), SigningRefusal::CertificateNotGood);
        assert_eq!(scene.options(&mei, &begun.handle).await.unwrap_err(), SigningRefusal::CertificateNotGood);
        scene.nothing_signed().await;
    }

    fn making_a_key_takes_the_persons_own_answer(at place) {
        let (scene, mut mei, mut thief, _) = two(&place).await;
        use lionrock_service::signing::enrol;
        let cookie = mei.cookie.clone().unwrap();
        let asked = enrol::options(&scene.oidc.platform, &scene.by(), &cookie, "ES256").await.unwrap();
        let mut forged = serde_json::to_value(&asked).unwrap();
        forged["allowCredentials"] = serde_json::json!([]);
        let theirs = thief.phone.get(&forged, ISSUER, &Manner::default()).unwrap();
        let refused = enrol::finish(&scene.oidc.platform, &scene.by(), &cookie, response(&theirs)).await;
        assert!(said(refused).is_err());
        // Answered well, in the thief's session.
        let asked = enrol::options(&scene.oidc.platform, &scene.by(), &cookie, "ES256").await.unwrap();
        let mine = response(&scene.answer(&mut mei, &asked, &Manner::default()));
        let elsewhere = thief.cookie.clone().unwrap();
        assert!(enrol::finish(&scene.oidc.platform, &scene.by(), &elsewhere, mine.clone()).await.is_err());
        enrol::finish(&scene.oidc.platform, &scene.by(), &cookie, mine.clone()).await.unwrap();
        assert!(enrol::finish(&scene.oidc.platform, &scene.by(), &cookie, mine).await.is_err(), "once");
        let _: Option<Enrol> = None;
        // The older key is gone, and its certificate revoked.
        assert_eq!(scene.count("SELECT COUNT(*) FROM signing_key").await, 2);
        assert_eq!(scene.count("SELECT COUNT(*) FROM certificate WHERE state = 'revoked'").await, 1);
        let _ = ask(Form::Pdf, b"");
    }
}

fn asked_id(asked: &lionrock_wire::webauthn::json::RequestOptions) -> serde_json::Value {
    serde_json::to_value(asked).unwrap()["allowCredentials"][0]["id"].clone()
}

async fn record(scene: &Scene, who: &Person) -> Vec<u8> {
    let id = who.id;
    let rows = scene.oidc.platform.store.read(move |tx| signing_key::of_resident(tx, id)).await;
    let rows: Vec<signing_key::SigningKey> = rows.unwrap_or_else(|error: lionrock_store::Error| panic!("{error}"));
    rows[0].sealed_record.clone()
}

/// The order a compromised web process would send for the request it holds, with this answer.
async fn order_with(scene: &Scene, who: &Person, answer: &serde_json::Value) -> Order {
    use lionrock_activation::{Activation, Document, Form as How, text};
    let key = scene.key(who).await.to_string();
    let asked = Activation {
        certificate: [9; 32].into(),
        documents: vec![Document { digest: [5; 32].into(), form: How::Exact }],
        key,
        nonce: [1; 32].into(),
        realm: "test-demo".to_owned(),
        service: "library".to_owned(),
        shown: [2; 32].into(),
        time: scene.by().now.0,
        v: text::ACTIVATION.to_owned(),
    };
    let answer = response(answer);
    let passkey = lionrock_activation::Passkey {
        authenticator_data: Base64Url(answer.authenticator_data.clone()),
        client_data: Base64Url(answer.client_data_json.clone()),
        id: Base64Url(answer.id.clone()),
        signature: Base64Url(answer.signature.clone()),
        user_handle: None,
    };
    Order::Sign(Box::new(Sign {
        messages: vec![Base64Url(Vec::new())],
        passkey,
        record: Base64Url(record(scene, who).await),
        text: Base64Url(text::canonical(&asked)),
    }))
}

impl Scene {
    async fn key(&self, who: &Person) -> lionrock_model::id::SigningKeyId {
        let id = who.id;
        let rows = self.oidc.platform.store.read(move |tx| signing_key::of_resident(tx, id)).await;
        let rows: Vec<signing_key::SigningKey> = rows.unwrap_or_else(|error: lionrock_store::Error| panic!("{error}"));
        rows[0].id
    }
}

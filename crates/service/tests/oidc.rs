//! Logging in to online services, on both engines: the whole way, and every step spoilt.

mod planted;
mod rush;
pub mod scene;

use crate::stage::caller;
use lionrock_crypto::sign::{Algorithm, SigningKey};
use lionrock_model::credential::PasskeyRefusal;
use lionrock_model::oidc::{ApprovalRefusal, PageRefusal};
use lionrock_model::policy::Field;
use lionrock_rehearsal::authenticator::Manner;
use lionrock_service::oidc::authorize::Outcome;
use lionrock_service::oidc::consent::{self, look, options};
use lionrock_service::oidc::decline::decline;
use lionrock_service::oidc::exchange::{Exchange, exchange};
use lionrock_service::oidc::push::{Push, push};
use lionrock_service::retention;
use lionrock_store::{consent as consents, resident};
use lionrock_testkit::both_engines;
use lionrock_wire::jose::jws::sign;
use lionrock_wire::jose::{Jwk, encode};
use lionrock_wire::oauth::{Code, Credential};
use scene::{
    CHALLENGE, ISSUER, Person, REDIRECT, SECRET, VERIFIER, answer, choice, code_of, parameters, person, refusal_of,
    request, scene,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
both_engines! {
    fn one_passkey_answer_signs_in_and_approves(at place) {
        let scene = scene(&place).await;
        let mut mei = person(&scene, "CHAN, Tai Man").await;
        let uri = scene.push("library", &[]).await.unwrap();
        let handle = scene.arrive("library", &uri).await.unwrap();
        let view = look(&scene.platform, &caller(&scene.clock), &handle, None).await.unwrap();
        assert!(!view.sign_in_first && view.offered.is_empty());
        scene.pass(5);
        let location = scene.approve(&mut mei, choice(&handle, &[], 0)).await.unwrap();
        let sent = answer(&location);
        assert_eq!((sent["state"].as_str(), sent["iss"].as_str()), ("st", ISSUER));
        let tokens = scene.exchange("library", &[("code", &sent["code"])]).await.unwrap();
        let claims = scene.id_token(&tokens.id_token);
        let now = scene.clock.now().seconds();
        assert_eq!(Value::Object(claims.clone()), json!({
            "iss": ISSUER, "sub": claims["sub"], "aud": "library", "exp": now + 300, "iat": now, "auth_time": now,
            "nonce": "no", "acr": "phrh", "amr": ["hwk", "user", "mfa"],
        }));
        assert_eq!(claims["sub"].as_str().unwrap().len(), 43);
        assert_eq!(Value::Object(scene.userinfo(&tokens.access_token).await.unwrap()), json!({"sub": claims["sub"]}));
        assert_eq!(scene.leaves("consent.granted").await, 1);
        assert_eq!(scene.leaves("personal.opened").await, 0, "nothing personal was opened");
        assert!(mei.cookie.is_some(), "the same answer signed in");
    }

    fn a_pseudonym_stays_at_its_service_and_says_nothing_elsewhere(at place) {
        let scene = scene(&place).await;
        let (mut mei, mut sam) = (person(&scene, "CHAN, Mei").await, person(&scene, "WONG, Sam").await);
        let sub = async |who: &mut Person, service: &str| {
            let code = scene.code(who, service).await;
            let tokens = scene.exchange(service, &[("code", &code)]).await.unwrap();
            scene.id_token(&tokens.id_token)["sub"].as_str().unwrap().to_owned()
        };
        let first = sub(&mut mei, "library").await;
        assert_eq!(sub(&mut mei, "library").await, first);
        assert_ne!(sub(&mut mei, "museum").await, first);
        assert_ne!(sub(&mut sam, "library").await, first);
    }

    fn chosen_values_and_no_others_are_released(at place) {
        let scene = scene(&place).await;
        let mut mei = person(&scene, "CHAN, Tai Man").await;
        let uri = scene.push("library", &[("scope", "openid profile email")]).await.unwrap();
        let handle = scene.arrive("library", &uri).await.unwrap();
        let by = caller(&scene.clock);
        let view = look(&scene.platform, &by, &handle, None).await.unwrap();
        assert!(view.sign_in_first && view.offered.is_empty(), "nothing is shown to nobody");
        let early = options(&scene.platform, &by, &choice(&handle, &[Field::EnglishName], 2), None).await;
        assert_eq!(refusal_of(early.unwrap_err()), PageRefusal::SignInFirst);
        scene.code(&mut mei, "museum").await;
        let view = look(&scene.platform, &by, &handle, mei.cookie.as_deref()).await.unwrap();
        let shown: Vec<_> = view.offered.iter().map(|it| (it.field, it.essential, it.value.as_deref())).collect();
        assert_eq!(shown, [
            (Field::EnglishName, true, Some("CHAN, Tai Man")),
            (Field::Birth, false, Some("1990-02-03")),
            (Field::Email, false, Some("mei@example.hk")),
        ]);
        assert_eq!(scene.leaves("personal.opened").await, 1, "the preview is written down");
        let fields = [Field::EnglishName, Field::Email];
        let location = scene.approve(&mut mei, choice(&handle, &fields, view.version)).await.unwrap();
        let tokens = scene.exchange("library", &[("code", &answer(&location)["code"])]).await.unwrap();
        let claims = scene.userinfo(&tokens.access_token).await.unwrap();
        assert_eq!(Value::Object(claims.clone()), json!({
            "sub": claims["sub"], "name": "CHAN, Tai Man", "email": "mei@example.hk", "email_verified": true,
        }));
        assert_eq!(scene.leaves("personal.opened").await, 2, "the release is written down");
        let body = scene.id_token(&tokens.id_token);
        assert!(!body.contains_key("name") && !body.contains_key("email"), "the ID Token carries nothing personal");
    }

    fn an_approval_holds_for_exactly_what_was_shown(at place) {
        let scene = scene(&place).await;
        let (mut mei, mut sam) = (person(&scene, "CHAN, Mei").await, person(&scene, "WONG, Sam").await);
        scene.code(&mut mei, "museum").await;
        let uri = scene.push("library", &[("scope", "openid profile email")]).await.unwrap();
        let handle = scene.arrive("library", &uri).await.unwrap();
        let all = [Field::EnglishName, Field::Birth, Field::Email];
        let by = caller(&scene.clock);
        let less = choice(&handle, &[Field::EnglishName], 2);
        let asked = options(&scene.platform, &by, &less, mei.cookie.as_deref()).await.unwrap();
        let signed = mei.phone.get(&serde_json::to_value(asked).unwrap(), ISSUER, &Manner::default()).unwrap();

        let page = |refusal| Err(ApprovalRefusal::Page(refusal));
        assert_eq!(scene.approve(&mut mei, choice(&handle, &[Field::Email], 2)).await, page(PageRefusal::EssentialFieldMissing));
        assert_eq!(scene.approve(&mut mei, choice(&handle, &[Field::EnglishName, Field::Hkid], 2)).await, page(PageRefusal::ShownAgain));
        assert_eq!(scene.approve(&mut mei, choice(&handle, &all, 3)).await, page(PageRefusal::ShownAgain));

        // An answer made for another request, with another key, without the person, or by another person.
        let not_taken = Err(ApprovalRefusal::Passkey(PasskeyRefusal::PasskeyNotAccepted));
        let other_uri = scene.push("library", &[("scope", "openid profile email")]).await.unwrap();
        let other_handle = scene.arrive("library", &other_uri).await.unwrap();
        assert_eq!(scene.send(&mut mei, &other_handle, &signed).await, not_taken);
        let asked = options(&scene.platform, &by, &less, mei.cookie.as_deref()).await.unwrap();
        let mut asked = serde_json::to_value(asked).unwrap();
        let forged = mei.phone.get(&asked, ISSUER, &Manner { wrong_key: true, ..Manner::default() }).unwrap();
        assert_eq!(scene.send(&mut mei, &handle, &forged).await, not_taken);
        let elsewhere = Manner { origin: Some("https://evil.example".to_owned()), ..Manner::default() };
        let phished = mei.phone.get(&asked, ISSUER, &elsewhere).unwrap();
        assert_eq!(scene.send(&mut mei, &handle, &phished).await, not_taken);
        let unverified = mei.phone.get(&asked, ISSUER, &Manner { verified: false, ..Manner::default() }).unwrap();
        assert_eq!(scene.send(&mut mei, &handle, &unverified).await, Err(ApprovalRefusal::Passkey(PasskeyRefusal::UserNotVerified)));
        // The right random bytes before the digest of a page that was never shown.
        let right = lionrock_wire::jose::decode(asked["challenge"].as_str().unwrap(), "challenge").unwrap();
        let mut other_page = asked.clone();
        other_page["challenge"] = json!(encode(&[&right[..32], &[7; 32]].concat()));
        let swapped = mei.phone.get(&other_page, ISSUER, &Manner::default()).unwrap();
        assert_eq!(scene.send(&mut mei, &handle, &swapped).await, page(PageRefusal::ShownAgain));
        asked["allowCredentials"] = json!([]);
        let sams = sam.phone.get(&asked, ISSUER, &Manner::default()).unwrap();
        assert_eq!(scene.send(&mut mei, &handle, &sams).await, not_taken);

        // None of it used the request up, and the right answer still counts, once.
        assert!(scene.send(&mut mei, &handle, &signed).await.is_ok());
        assert_eq!(scene.send(&mut mei, &handle, &signed).await, page(PageRefusal::RequestGone));
        assert_eq!(scene.leaves("consent.granted").await, 2);
        let id = mei.id;
        let kept = scene.platform.store.read(move |tx| consents::latest(tx, id, "library")).await;
        let kept = kept.unwrap_or_else(|it: lionrock_store::Error| panic!("{it}")).unwrap();
        assert_eq!(kept.fields, [Field::EnglishName], "the signature says which fields");
    }

    fn a_code_works_once_and_a_second_use_takes_back_what_it_gave(at place) {
        let scene = scene(&place).await;
        let mut mei = person(&scene, "CHAN, Mei").await;
        let code = scene.code(&mut mei, "library").await;
        let tokens = scene.exchange("library", &[("code", &code)]).await.unwrap();
        assert!(scene.userinfo(&tokens.access_token).await.is_ok());
        assert_eq!(scene.exchange("library", &[("code", &code)]).await.unwrap_err(), Code::InvalidGrant);
        assert_eq!(scene.userinfo(&tokens.access_token).await.unwrap_err(), Code::InvalidToken);
        assert_eq!(scene.exchange("library", &[("code", &code)]).await.unwrap_err(), Code::InvalidGrant);
    }

    fn two_exchanges_at_once_give_one_answer_at_most(at place) {
        let scene = scene(&place).await;
        let mut mei = person(&scene, "CHAN, Mei").await;
        let code = scene.code(&mut mei, "library").await;
        let changes = [("code", code.as_str())];
        let (a, b, c) = tokio::join!(
            scene.exchange("library", &changes), scene.exchange("library", &changes), scene.exchange("library", &changes)
        );
        assert!([&a, &b, &c].into_iter().filter(|it| it.is_ok()).count() <= 1);
    }

    fn a_code_lives_for_a_minute(at place) {
        let scene = scene(&place).await;
        let mut mei = person(&scene, "CHAN, Mei").await;
        let code = scene.code(&mut mei, "library").await;
        scene.pass(59);
        assert!(scene.exchange("library", &[("code", &code)]).await.is_ok());
        let code = scene.code(&mut mei, "library").await;
        scene.pass(61);
        assert_eq!(scene.exchange("library", &[("code", &code)]).await.unwrap_err(), Code::InvalidGrant);
    }

    fn a_code_is_bound_to_client_redirect_and_verifier(at place) {
        let scene = scene(&place).await;
        let mut mei = person(&scene, "CHAN, Mei").await;
        let code = scene.code(&mut mei, "library").await;
        let other = "x".repeat(43);
        for (service, changes, why) in [
            ("museum", vec![], Code::InvalidGrant),
            ("library", vec![("code_verifier", other.as_str())], Code::InvalidGrant),
            ("library", vec![("code_verifier", "")], Code::InvalidRequest),
            ("library", vec![("redirect_uri", "https://library.example/cb2")], Code::InvalidGrant),
            ("library", vec![("redirect_uri", "")], Code::InvalidRequest),
            ("library", vec![("grant_type", "client_credentials")], Code::UnsupportedGrantType),
            ("library", vec![("grant_type", "")], Code::InvalidRequest),
            ("library", vec![("code", "unknown")], Code::InvalidGrant),
        ] {
            let mut all = vec![("code", code.as_str())];
            all.extend(changes);
            assert_eq!(scene.exchange(service, &all).await.unwrap_err(), why, "{all:?}");
        }
        assert!(scene.exchange("library", &[("code", &code)]).await.is_ok(), "none of it burnt the code");
    }

    fn an_access_token_lives_for_five_minutes(at place) {
        let scene = scene(&place).await;
        let mut mei = person(&scene, "CHAN, Mei").await;
        let code = scene.code(&mut mei, "library").await;
        let tokens = scene.exchange("library", &[("code", &code)]).await.unwrap();
        assert_eq!((tokens.expires_in, tokens.token_type, tokens.scope.as_str()), (300, "Bearer", "openid"));
        scene.pass(299);
        assert!(scene.userinfo(&tokens.access_token).await.is_ok());
        scene.pass(1);
        assert_eq!(scene.userinfo(&tokens.access_token).await.unwrap_err(), Code::InvalidToken);
        for wrong in ["", "x", &code] {
            assert_eq!(scene.userinfo(wrong).await.unwrap_err(), Code::InvalidToken);
        }
    }

    fn taking_consent_back_or_closing_the_account_ends_the_token(at place) {
        let scene = scene(&place).await;
        let mut mei = person(&scene, "CHAN, Mei").await;
        let code = scene.code(&mut mei, "library").await;
        let tokens = scene.exchange("library", &[("code", &code)]).await.unwrap();
        let (id, now) = (mei.id, scene.clock.now());
        scene.platform.store.write(move |tx| consents::end(tx, id, "library", now)).await.unwrap_or_else(|it: lionrock_store::Error| panic!("{it}"));
        assert_eq!(scene.userinfo(&tokens.access_token).await.unwrap_err(), Code::InvalidToken);

        let code = scene.code(&mut mei, "library").await;
        let tokens = scene.exchange("library", &[("code", &code)]).await.unwrap();
        assert!(scene.userinfo(&tokens.access_token).await.is_ok());
        let closed: Result<bool, lionrock_store::Error> = scene.platform.store.write(move |tx| resident::close(tx, id, 2, now.0)).await;
        assert!(closed.unwrap());
        assert_eq!(scene.userinfo(&tokens.access_token).await.unwrap_err(), Code::InvalidToken);
    }

    fn a_pushed_request_is_its_clients_and_waits_nine_minutes(at place) {
        let scene = scene(&place).await;
        let mut mei = person(&scene, "CHAN, Mei").await;
        let uri = scene.push("library", &[]).await.unwrap();
        assert_eq!(scene.arrive("museum", &uri).await, Err(PageRefusal::RequestGone));
        assert_eq!(scene.arrive("nobody", &uri).await, Err(PageRefusal::UnknownService));
        let guess = format!("urn:ietf:params:oauth:request_uri:{}", encode(&[0; 32]));
        assert_eq!(scene.arrive("library", &guess).await, Err(PageRefusal::RequestGone));
        assert_eq!(scene.arrive("library", "https://evil.example/request").await, Err(PageRefusal::RequestGone));

        // Loading the page, also many times, uses nothing up.
        for _ in 0..3 {
            scene.arrive("library", &uri).await.unwrap();
        }
        let handle = scene.arrive("library", &uri).await.unwrap();
        scene.approve(&mut mei, choice(&handle, &[], 0)).await.unwrap();
        assert_eq!(scene.arrive("library", &uri).await, Err(PageRefusal::RequestGone), "answered once");

        let uri = scene.push("library", &[]).await.unwrap();
        scene.pass(539);
        let handle = scene.arrive("library", &uri).await.unwrap();
        scene.pass(1);
        assert_eq!(scene.arrive("library", &uri).await, Err(PageRefusal::RequestGone));
        let late = scene.approve(&mut mei, choice(&handle, &[], 0)).await;
        assert_eq!(late, Err(ApprovalRefusal::Page(PageRefusal::RequestGone)));
        scene.pass(90_000);
        assert!(retention::sweep(&scene.platform, &caller(&scene.clock)).await.unwrap().total() >= 4);
        assert_eq!(retention::sweep(&scene.platform, &caller(&scene.clock)).await.unwrap().total(), 0);
    }

    fn an_assertion_is_good_for_one_request(at place) {
        let scene = scene(&place).await;
        let mut mei = person(&scene, "CHAN, Mei").await;
        let once = scene.assertion("library");
        let push_with = async |credential: &Credential| {
            let command = Push { credential: credential.clone(), parameters: request(&[]) };
            push(&scene.platform, &caller(&scene.clock), command).await.map(drop).map_err(code_of)
        };
        assert_eq!(push_with(&once).await, Ok(()));
        assert_eq!(push_with(&once).await, Err(Code::InvalidClient));
        let code = scene.code(&mut mei, "library").await;
        let exchange_with = async |credential: &Credential, verifier: &str| {
            let parameters = parameters(&[
                ("grant_type", "authorization_code"), ("redirect_uri", REDIRECT), ("code_verifier", verifier), ("code", &code),
            ]);
            let command = Exchange { credential: credential.clone(), parameters };
            exchange(&scene.platform, &caller(&scene.clock), command).await.map(drop).map_err(code_of)
        };
        assert_eq!(exchange_with(&once, VERIFIER).await, Err(Code::InvalidClient), "used at another endpoint");
        let again = scene.assertion("library");
        assert_eq!(exchange_with(&again, &"x".repeat(43)).await, Err(Code::InvalidGrant));
        assert_eq!(exchange_with(&again, VERIFIER).await, Err(Code::InvalidClient), "a refused request uses it up too");
        assert_eq!(exchange_with(&scene.assertion("library"), VERIFIER).await, Ok(()));
    }

    fn strangers_are_told_nothing_about_clients(at place) {
        let scene = scene(&place).await;
        let other = SigningKey::generate(Algorithm::Es256).unwrap();
        let kid = Jwk::ours(scene.key.public().unwrap(), Algorithm::Es256).kid.unwrap();
        let now = scene.clock.now().seconds();
        let claims = |id: &str| json!({"iss": id, "sub": id, "aud": ISSUER, "exp": now + 60, "jti": "x"});
        let forged = |id: &str| Credential::Assertion { assertion: sign(&other, &kid, "JWT", &claims(id)).unwrap(), client_id: None };
        let secret = |id: &str, secret: &str| Credential::Secret { client_id: id.to_owned(), secret: secret.to_owned() };
        let mut answers = Vec::new();
        for credential in [
            forged("library"), forged("nobody"), secret("shop", "wrong"), secret("nobody", "wrong"), secret("library", SECRET),
            Credential::None { client_id: "library".to_owned() }, Credential::None { client_id: "shop".to_owned() },
            Credential::Assertion { assertion: "x.y.z".to_owned(), client_id: None },
        ] {
            let command = Push { credential, parameters: request(&[]) };
            answers.push(refusal_of(push(&scene.platform, &caller(&scene.clock), command).await.unwrap_err()));
        }
        assert!(answers.iter().all(|it| *it == answers[0] && it.0.code == Code::InvalidClient), "{answers:?}");
        let mixed = Credential::Assertion {
            assertion: match scene.assertion("library") { Credential::Assertion { assertion, .. } => assertion, _ => unreachable!() },
            client_id: Some("museum".to_owned()),
        };
        let command = Push { credential: mixed, parameters: request(&[]) };
        assert_eq!(code_of(push(&scene.platform, &caller(&scene.clock), command).await.unwrap_err()), Code::InvalidRequest);
    }

    fn requests_with_faults_are_refused_at_the_push(at place) {
        let scene = scene(&place).await;
        for (change, code) in [
            (("redirect_uri", "https://library.example/cb/"), Code::InvalidRequest),
            (("redirect_uri", ""), Code::InvalidRequest),
            (("client_id", "museum"), Code::InvalidRequest),
            (("code_challenge", ""), Code::InvalidRequest),
            (("response_type", "token"), Code::UnsupportedResponseType),
            (("scope", "openid hkid"), Code::InvalidScope),
            (("request_uri", "urn:x"), Code::InvalidRequest),
        ] {
            assert_eq!(scene.push("library", &[change]).await.unwrap_err(), code, "{change:?}");
        }
        for service in ["library", "shop", "game"] {
            assert!(scene.push(service, &[("client_id", service)]).await.is_ok());
        }
    }

    fn the_front_door_is_for_the_plain_profile_and_redirects_nowhere_unregistered(at place) {
        let scene = scene(&place).await;
        let mut mei = person(&scene, "CHAN, Mei").await;
        let good = [
            ("response_type", "code"), ("redirect_uri", REDIRECT), ("scope", "openid"), ("state", "st"),
            ("code_challenge", CHALLENGE), ("code_challenge_method", "S256"), ("client_id", "shop"),
        ];
        let ask = async |changes: &[(&str, &str)]| {
            let mut all: BTreeMap<&str, &str> = good.into_iter().collect();
            all.extend(changes.iter().copied());
            all.retain(|_, value| !value.is_empty());
            scene.authorize(&all.into_iter().collect::<Vec<_>>(), None).await
        };
        for uri in ["https://evil.example/cb", "https://library.example/cb?x=1", ""] {
            assert_eq!(ask(&[("redirect_uri", uri)]).await, Err(PageRefusal::UnregisteredRedirect), "{uri}");
        }
        assert_eq!(ask(&[("client_id", "nobody")]).await, Err(PageRefusal::UnknownService));
        assert_eq!(ask(&[("client_id", "")]).await, Err(PageRefusal::UnknownService));
        for (change, error) in [
            (("client_id", "library"), "invalid_request"),
            (("code_challenge", ""), "invalid_request"),
            (("response_type", "token"), "unsupported_response_type"),
            (("prompt", "none"), "login_required"),
        ] {
            let Outcome::Answer { location } = ask(&[change]).await.unwrap() else { panic!("{change:?} was accepted") };
            let sent = answer(&location);
            assert_eq!((sent["error"].as_str(), sent["state"].as_str(), sent["iss"].as_str()), (error, "st", ISSUER));
            assert!(!sent.contains_key("code"));
        }
        let Outcome::Ask { handle } = ask(&[]).await.unwrap() else { panic!("not asked") };
        let location = scene.approve(&mut mei, choice(&handle, &[], 0)).await.unwrap();
        let tokens = scene.exchange("shop", &[("code", &answer(&location)["code"])]).await.unwrap();
        assert_eq!(scene.id_token(&tokens.id_token)["aud"], "shop");
        assert!(!scene.id_token(&tokens.id_token).contains_key("nonce"));
    }

    fn a_person_who_declines_sends_back_a_no(at place) {
        let scene = scene(&place).await;
        let uri = scene.push("library", &[]).await.unwrap();
        let handle = scene.arrive("library", &uri).await.unwrap();
        let location = decline(&scene.platform, &caller(&scene.clock), &handle, None).await.unwrap();
        let sent = answer(&location);
        assert_eq!((sent["error"].as_str(), sent["state"].as_str(), sent["iss"].as_str()), ("access_denied", "st", ISSUER));
        let again = decline(&scene.platform, &caller(&scene.clock), &handle, None).await;
        assert_eq!(refusal_of(again.unwrap_err()), PageRefusal::RequestGone);
        assert_eq!(scene.leaves("consent.declined").await, 1);
    }

    fn without_a_page_only_what_was_approved_before_is_answered(at place) {
        let scene = scene(&place).await;
        let mut mei = person(&scene, "CHAN, Mei").await;
        let silent = async |changes: &[(&str, &str)], cookie: Option<&str>| {
            let mut all = vec![("prompt", "none")];
            all.extend(changes);
            let uri = scene.push("library", &all).await.unwrap();
            match scene.authorize(&[("client_id", "library"), ("request_uri", &uri)], cookie).await.unwrap() {
                Outcome::Answer { location } => answer(&location),
                Outcome::Ask { .. } => panic!("asked although it was told not to"),
                Outcome::Sign { .. } => panic!("asked to sign"),
            }
        };
        assert_eq!(silent(&[], None).await["error"], "login_required");
        assert_eq!(silent(&[], Some("not a session")).await["error"], "login_required");
        scene.code(&mut mei, "museum").await;
        let cookie = mei.cookie.clone();
        assert_eq!(silent(&[], cookie.as_deref()).await["error"], "consent_required", "approved elsewhere only");
        scene.code(&mut mei, "library").await;
        let cookie = mei.cookie.clone();
        let signed_in = scene.clock.now().seconds();
        scene.pass(100);
        let sent = silent(&[("max_age", "100")], cookie.as_deref()).await;
        let tokens = scene.exchange("library", &[("code", &sent["code"])]).await.unwrap();
        assert_eq!(scene.id_token(&tokens.id_token)["auth_time"], signed_in);
        assert_eq!(silent(&[("max_age", "99")], cookie.as_deref()).await["error"], "login_required");
        assert_eq!(silent(&[("scope", "openid email")], cookie.as_deref()).await["error"], "consent_required");
        scene.pass(3_600);
        assert_eq!(silent(&[], cookie.as_deref()).await["error"], "login_required", "the session is over");
    }

    fn the_store_never_holds_a_word_that_opens_something(at place) {
        let scene = scene(&place).await;
        let mut mei = person(&scene, "CHAN, Mei").await;
        let uri = scene.push("library", &[]).await.unwrap();
        let handle = scene.arrive("library", &uri).await.unwrap();
        let location = scene.approve(&mut mei, choice(&handle, &[], 0)).await.unwrap();
        let code = answer(&location)["code"].clone();
        let tokens = scene.exchange("library", &[("code", &code)]).await.unwrap();
        scene.platform.store.close().await;
        if place.is_sqlite() {
            let words = [handle.as_bytes(), code.as_bytes(), tokens.access_token.as_bytes(), mei.cookie.as_deref().unwrap().as_bytes()];
            let leaks = lionrock_testkit::canary::scan(place.folder(), &words);
            assert!(leaks.is_empty(), "{leaks:?}");
            assert!(lionrock_testkit::canary::weight(place.folder()) > 10_000);
        }
    }
}

#[test]
fn offered_values_do_not_show_in_debug_output() {
    let offered = consent::Offered { essential: true, field: Field::Email, value: Some("mei@example.hk".to_owned()) };
    assert!(!format!("{offered:?}").contains("mei"));
}

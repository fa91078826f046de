//! The Cloud Signature Consortium's API: the honest way, and whoever wants more signatures than were approved.

use super::scene::{Scene, pdf, ready, said};
use crate::oidc::scene::{Person, REDIRECT, VERIFIER, answer, choice, parameters, refusal_of};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lionrock_crypto::digest::{sha256, sha384};
use lionrock_crypto::sign::Algorithm;
use lionrock_model::oidc::PageRefusal;
use lionrock_model::policy::Field;
use lionrock_model::signing::{Form, SigningRefusal};
use lionrock_pki::certificate::Certificate;
use lionrock_pki::validation::Trust;
use lionrock_pki::{cms, pades};
use lionrock_service::authority::{self, Act, By};
use lionrock_service::oidc::authorize::Outcome;
use lionrock_service::oidc::{Rejected, consent};
use lionrock_service::signing::csc::credential::{self, Certificates, Wish};
use lionrock_service::signing::csc::redeem::{self, Hashes, Proof};
use lionrock_service::signing::csc::{document, info, stamp};
use lionrock_service::signing::person;
use lionrock_service::{Error, Fault};
use lionrock_store::signing_key;
use lionrock_testkit::both_engines;
use lionrock_testkit::engines::Place;
use lionrock_wire::oauth::Code;
use lionrock_wire::oauth::answer::Tokens;
use serde_json::{Value, json};
use std::io::Cursor;

const SHA_256: &str = "2.16.840.1.101.3.4.2.1";
const ES_256: &str = "1.2.840.10045.4.3.2";

fn refused<T: std::fmt::Debug>(outcome: Result<T, Error<Rejected>>) -> (Code, &'static str) {
    match outcome.unwrap_err() {
        Error::Refuse(Rejected(problem)) => (problem.code, problem.description),
        Error::Fault(fault) => panic!("{fault}"),
    }
}

/// What a service asks to have signed.
fn details(credential: &str, hashes: &[[u8; 32]], kind: &str) -> Value {
    let digests: Vec<_> = hashes
        .iter()
        .enumerate()
        .map(|(n, hash)| json!({"hash": STANDARD.encode(hash), "hashType": kind, "label": format!("Letter {n}")}))
        .collect();
    json!([{"type": "credential", "credentialID": credential, "documentDigests": digests, "hashAlgorithmOID": SHA_256}])
}

fn wanted(hashes: &[[u8; 32]]) -> Hashes {
    Hashes {
        hashes: hashes.iter().map(|hash| hash.to_vec()).collect(),
        hash: Some(SHA_256.to_owned()),
        signature: ES_256.to_owned(),
    }
}

fn proof(token: &str, sad: Option<&str>, credential: &str) -> Proof {
    Proof { token: token.to_owned(), sad: sad.map(str::to_owned), credential: credential.to_owned() }
}

impl Scene {
    /// A token of scope `service`, which the person approved on the consent page.
    async fn service_token(&self, who: &mut Person, service: &str) -> String {
        let uri = self.oidc.push(service, &[("scope", "service")]).await.unwrap();
        let handle = self.oidc.arrive(service, &uri).await.unwrap();
        let view = consent::look(&self.oidc.platform, &self.by(), &handle, who.cookie.as_deref()).await.unwrap();
        assert!(view.signing && view.offered.len() == 2);
        let choice = choice(&handle, &[Field::EnglishName, Field::ChineseName], view.version);
        let location = self.oidc.approve(who, choice).await.unwrap();
        let tokens = self.oidc.exchange(service, &[("code", &answer(&location)["code"])]).await.unwrap();
        assert_eq!((tokens.scope.as_str(), tokens.id_token.as_str()), ("service", ""));
        tokens.access_token
    }

    async fn credential(&self, token: &str) -> String {
        let listed = credential::list(&self.oidc.platform, &self.by(), token, Wish::default(), false).await.unwrap();
        listed["credentialIDs"][0].as_str().unwrap().to_owned()
    }

    /// Pushes a request for signatures and sends the browser: the handle of the page.
    async fn ask(&self, service: &str, details: &Value) -> Result<String, Code> {
        let text = details.to_string();
        let uri = self.oidc.push(service, &[("scope", ""), ("nonce", ""), ("authorization_details", &text)]).await?;
        match self.oidc.authorize(&[("client_id", service), ("request_uri", &uri)], None).await.unwrap() {
            Outcome::Sign { handle } => Ok(handle),
            other => panic!("{other:?}"),
        }
    }

    async fn granted(&self, who: &mut Person, service: &str, handle: &str) -> Tokens {
        let approved = self.sign(who, handle).await.unwrap();
        let code = answer(&approved.location.unwrap())["code"].clone();
        self.oidc.exchange(service, &[("code", &code)]).await.unwrap()
    }

    /// The whole way to signature activation data.
    async fn sad(&self, who: &mut Person, service: &str, details: &Value) -> String {
        let handle = self.ask(service, details).await.unwrap();
        self.granted(who, service, &handle).await.access_token
    }

    async fn hashes(&self, proof: Proof, wanted: Hashes) -> Result<Vec<Vec<u8>>, Error<Rejected>> {
        redeem::hashes(&self.oidc.platform, &self.by(), proof, wanted).await
    }

    async fn hold(&self, who: &Person, act: Act) {
        let (owned, by, id) = (std::sync::Arc::clone(&self.oidc.platform), self.by(), who.id);
        let done: Result<(), Fault> = self
            .oidc
            .platform
            .store
            .write(move |tx| {
                let key = signing_key::of_resident(tx, id)?.remove(0);
                authority::change(tx, &owned, &by, &key.serial, act, By::Resident).map_err(|error| match error {
                    Error::Fault(fault) => fault,
                    Error::Refuse(refusal) => panic!("{refusal:?}"),
                })
            })
            .await;
        done.unwrap();
    }
}

/// A resident who can sign, what `press` holds of them, and the name of their credential there.
async fn stage(place: &Place) -> (Scene, Person, String, String) {
    let (scene, mut mei) = ready(place).await;
    let token = scene.service_token(&mut mei, "press").await;
    let credential = scene.credential(&token).await;
    (scene, mei, token, credential)
}

both_engines! {
    fn hashes_are_approved_signed_and_handed_out_once(at place) {
        let (scene, mut mei, token, credential) = stage(&place).await;
        let (platform, by) = (&scene.oidc.platform, scene.by());
        let wish = Wish { certificates: Certificates::Chain, described: true, only_valid: false };
        let look = credential::look(platform, &by, &token, &credential, wish).await.unwrap();
        assert_eq!((&look["key"]["status"], &look["cert"]["status"], &look["SCAL"]), (&json!("enabled"), &json!("valid"), &json!("2")));
        assert_eq!(look["auth"]["mode"], "oauth2code");
        assert!(look["cert"]["validTo"].as_str().is_some_and(|at| at.len() == 15 && at.ends_with('Z')));
        assert!(look["cert"]["subjectDN"].as_str().is_some_and(|name| name.contains("CN=CANARY Mei")));
        let chain = look["cert"]["certificates"].as_array().unwrap();
        let own = Certificate::from_der(&STANDARD.decode(chain[0].as_str().unwrap()).unwrap()).unwrap();
        assert_eq!(chain.len(), 3);

        let hashes = [sha256(b"one"), sha256(b"two")];
        let handle = scene.ask("press", &details(&credential, &hashes, "dtbsr")).await.unwrap();
        let cookie = mei.cookie.clone().unwrap();
        let shown = person::look(platform, &by, &cookie, &handle).await.unwrap();
        assert_eq!((shown.form, shown.documents.len(), shown.check_code.len()), (Form::Digest, 2, 9), "digests, labelled as such");
        assert_eq!(shown.documents[1].name, "Letter 1");
        let tokens = scene.granted(&mut mei, "press", &handle).await;
        assert_eq!((tokens.scope.as_str(), tokens.expires_in), ("credential", 300));
        let said = tokens.authorization_details.unwrap();
        assert_eq!((&said[0]["credentialID"], &said[0]["documentDigests"][0]["hash"]), (&json!(credential), &json!(STANDARD.encode(hashes[0]))));
        let sad = tokens.access_token;
        let order = scene.stand_in.orders.lock().unwrap().last().unwrap().clone();
        let text = String::from_utf8(order.text.0).unwrap();
        assert!(hashes.iter().all(|hash| text.contains(&lionrock_activation::Hex::from(*hash).to_string())), "what the passkey signed");

        // In another order than asked for: each hash has its own signature.
        let wanted = wanted(&[hashes[1], hashes[0]]);
        let made = scene.hashes(proof(&token, Some(&sad), &credential), wanted.clone()).await.unwrap();
        let key = own.key().unwrap();
        for (signature, message) in made.iter().zip([b"two", b"one"]) {
            key.verify_der(Algorithm::Es256, message, signature).unwrap();
        }
        // Once, whichever way it comes.
        let (code, why) = refused(scene.hashes(proof(&token, Some(&sad), &credential), wanted.clone()).await);
        assert_eq!((code, why.contains("used before")), (Code::InvalidRequest, true));
        assert_eq!(refused(scene.hashes(proof(&sad, None, &credential), wanted).await).0, Code::InvalidToken);
        assert_eq!(scene.count("SELECT COUNT(*) FROM signature").await, 1);
        assert_eq!(scene.count("SELECT COUNT(*) FROM signing_part").await, 0, "nothing is kept of it");
    }

    fn the_token_in_the_header_is_enough_and_keys_of_all_kinds_sign(at place) {
        let scene = crate::signing::scene::scene(&place).await;
        for (kind, card, oid) in [("ES256", "U123456", ES_256), ("RS256", "U345678", "1.2.840.113549.1.1.1")] {
            let mut who = scene.plus("CANARY, Mei", card).await;
            scene.enrol(&mut who, kind).await.unwrap();
            let token = scene.service_token(&mut who, "press").await;
            let credential = scene.credential(&token).await;
            let hash = sha256(kind.as_bytes());
            let sad = scene.sad(&mut who, "press", &details(&credential, &[hash], "dtbsr")).await;
            let unnamed = Hashes { signature: oid.to_owned(), hash: None, ..wanted(&[hash]) };
            if oid != ES_256 {
                let (_, why) = refused(scene.hashes(proof(&sad, None, &credential), unnamed.clone()).await);
                assert!(why.contains("hashAlgorithmOID"));
            }
            let named = Hashes { hash: Some(SHA_256.to_owned()), ..unnamed };
            assert_eq!(scene.hashes(proof(&sad, None, &credential), named).await.unwrap().len(), 1);
        }
        let mut who = scene.plus("CANARY, Mei", "U567890").await;
        scene.enrol(&mut who, "ES384").await.unwrap();
        let token = scene.service_token(&mut who, "press").await;
        let credential = scene.credential(&token).await;
        let hash = sha384(b"long");
        let long = json!([{"type": "credential", "credentialID": credential, "hashAlgorithmOID": "2.16.840.1.101.3.4.2.2",
            "documentDigests": [{"hash": STANDARD.encode(hash), "label": "Long"}]}]);
        let sad = scene.sad(&mut who, "press", &long).await;
        let good = Hashes { hashes: vec![hash.to_vec()], hash: None, signature: "1.2.840.10045.4.3.3".to_owned() };
        scene.hashes(proof(&sad, None, &credential), good).await.unwrap();
    }

    fn nothing_but_what_was_approved_is_handed_out(at place) {
        let (scene, mut mei, token, credential) = stage(&place).await;
        let hashes = [sha256(b"one"), sha256(b"two")];
        let sad = scene.sad(&mut mei, "press", &details(&credential, &hashes, "dtbsr")).await;
        let own = || proof(&token, Some(&sad), &credential);
        for (bad, why) in [
            (wanted(&[sha256(b"another")]), "Hash is not authorized by the SAD"),
            (wanted(&[hashes[0], hashes[0]]), "Hash is not authorized by the SAD"),
            (wanted(&[hashes[0], hashes[1], hashes[0]]), "more signatures than were authorised"),
            (wanted(&[]), "Empty hash array"),
            (Hashes { hashes: vec![vec![1; 20]], ..wanted(&[]) }, "Invalid digest value length"),
            (Hashes { hashes: vec![vec![1; 48]], ..wanted(&[]) }, "Invalid digest value length"),
            (Hashes { signature: "1.2.840.10045.4.3.3".to_owned(), ..wanted(&hashes) }, "Invalid parameter signAlgo"),
            (Hashes { signature: "1.2.840.113549.1.1.11".to_owned(), ..wanted(&hashes) }, "Invalid parameter signAlgo"),
            (Hashes { hash: Some("1.3.14.3.2.26".to_owned()), ..wanted(&hashes) }, "Invalid parameter hashAlgorithmOID"),
        ] {
            assert_eq!(refused(scene.hashes(own(), bad.clone()).await), (Code::InvalidRequest, why), "{bad:?}");
        }
        let (_, why) = refused(scene.hashes(proof(&token, None, &credential), wanted(&hashes)).await);
        assert!(why.contains("SAD"), "the service's token signs nothing: {why}");
        for sad in [token.as_str(), "nonsense"] {
            let (code, _) = refused(scene.hashes(proof(&token, Some(sad), &credential), wanted(&hashes)).await);
            assert_eq!(code, Code::InvalidRequest);
        }
        let (code, _) = refused(scene.hashes(proof("nonsense", Some(&sad), &credential), wanted(&hashes)).await);
        assert_eq!(code, Code::InvalidToken);
        // As documents it is not handed out either.
        let digests = redeem::digests(&scene.oidc.platform, &scene.by(), own(), wanted(&hashes)).await;
        assert_eq!(refused(digests).0, Code::InvalidRequest);
        // All that used nothing up.
        scene.hashes(own(), wanted(&hashes[..1])).await.unwrap();
    }

    fn one_service_has_nothing_of_anothers(at place) {
        let (scene, mut mei, token, credential) = stage(&place).await;
        let theirs = scene.service_token(&mut mei, "notary").await;
        let other = scene.credential(&theirs).await;
        assert_ne!(credential, other, "services cannot compare what they know");
        let look = credential::look(&scene.oidc.platform, &scene.by(), &theirs, &credential, Wish::default()).await;
        assert_eq!(refused(look), (Code::InvalidRequest, "Invalid parameter credentialID"));
        let hash = [sha256(b"one")];
        // A request for a credential that is not theirs is signed by nobody.
        let handle = scene.ask("notary", &details(&credential, &hash, "dtbsr")).await.unwrap();
        assert_eq!(scene.sign(&mut mei, &handle).await.unwrap_err(), SigningRefusal::OtherPerson);
        scene.nothing_signed().await;
        // Nor one that another person opens.
        let mut ho = scene.plus("CANARY, Ho", "U234567").await;
        scene.enrol(&mut ho, "ES256").await.unwrap();
        let handle = scene.ask("press", &details(&credential, &hash, "dtbsr")).await.unwrap();
        assert_eq!(scene.sign(&mut ho, &handle).await.unwrap_err(), SigningRefusal::OtherPerson);
        scene.nothing_signed().await;
        let sad = scene.granted(&mut mei, "press", &handle).await.access_token;
        let of_ho = scene.service_token(&mut ho, "press").await;
        for (bearer, named) in [(&theirs, &other), (&theirs, &credential), (&of_ho, &credential)] {
            let (code, why) = refused(scene.hashes(proof(bearer, Some(&sad), named), wanted(&hash)).await);
            assert_eq!((code, why), (Code::InvalidRequest, "Invalid parameter SAD"));
        }
        let (_, why) = refused(scene.hashes(proof(&token, Some(&sad), &other), wanted(&hash)).await);
        assert_eq!(why, "Invalid parameter credentialID");
        // Whoever writes to the database turns no grant into another's signature.
        let second = scene.sad(&mut mei, "press", &details(&credential, &[sha256(b"second")], "dtbsr")).await;
        let swap = "UPDATE oidc_grant SET signing = (SELECT signing FROM oidc_grant WHERE scope = 'credential' \
                    ORDER BY issued_at, code LIMIT 1) WHERE scope = 'credential'";
        // Whichever came first in the table: one of the two now says something else than when it was given out.
        let swapped = scene.oidc.platform.store.write(move |tx| tx.execute(swap, &[])).await;
        assert_eq!(swapped.unwrap_or_else(|error: lionrock_store::Error| panic!("{error}")), 2);
        let second_hash = [sha256(b"second")];
        let mut codes = Vec::new();
        for (sad, own, others) in [(&sad, &hash, &second_hash), (&second, &second_hash, &hash)] {
            for hashes in [others, own] {
                codes.push(scene.hashes(proof(sad, None, &credential), wanted(hashes)).await.is_ok());
            }
        }
        // The one that was not touched hands out its own; the other nothing at all.
        assert!(codes == [false, true, false, false] || codes == [false, false, false, true], "{codes:?}");
    }

    fn time_runs_out_and_is_short(at place) {
        let (scene, mut mei, token, credential) = stage(&place).await;
        let hash = [sha256(b"one")];
        let sad = scene.sad(&mut mei, "press", &details(&credential, &hash, "dtbsr")).await;
        scene.oidc.pass(301);
        assert_eq!(refused(scene.hashes(proof(&sad, None, &credential), wanted(&hash)).await).0, Code::InvalidToken);
        let token = { drop(token); scene.service_token(&mut mei, "press").await };
        let (code, why) = refused(scene.hashes(proof(&token, Some(&sad), &credential), wanted(&hash)).await);
        assert_eq!((code, why.contains("expired")), (Code::InvalidRequest, true));
        let handle = scene.ask("press", &details(&credential, &hash, "dtbsr")).await.unwrap();
        scene.oidc.pass(541);
        assert_eq!(scene.sign(&mut mei, &handle).await.unwrap_err(), SigningRefusal::RequestGone);
        assert_eq!(scene.count("SELECT COUNT(*) FROM signature").await, 1);
    }

    fn tokens_are_for_what_they_are_for(at place) {
        let (scene, mut mei, token, credential) = stage(&place).await;
        let (platform, by) = (&scene.oidc.platform, scene.by());
        let code = scene.oidc.code(&mut mei, "press").await;
        let login = scene.oidc.exchange("press", &[("code", &code)]).await.unwrap().access_token;
        let hash = [sha256(b"one")];
        let sad = scene.sad(&mut mei, "press", &details(&credential, &hash, "dtbsr")).await;
        for token in [&login, &sad] {
            let list = credential::list(platform, &by, token, Wish::default(), false).await;
            assert_eq!(refused(list).0, Code::InsufficientScope);
        }
        assert_eq!(refused(scene.hashes(proof(&login, Some(&sad), &credential), wanted(&hash)).await).0, Code::InsufficientScope);
        for token in [&token, &sad] {
            assert_eq!(scene.oidc.userinfo(token).await.unwrap_err(), Code::InsufficientScope);
        }
        let stamped = stamp::stamp(platform, &by, &token, (SHA_256, hash[0].to_vec()), Some(vec![7])).await.unwrap();
        assert!(!stamped.is_empty());
        assert_eq!(refused(stamp::stamp(platform, &by, &login, (SHA_256, hash[0].to_vec()), None).await).0, Code::InsufficientScope);
        assert_eq!(refused(stamp::stamp(platform, &by, &token, (SHA_256, vec![1; 31]), None).await).0, Code::InvalidRequest);
        assert_eq!(refused(stamp::stamp(platform, &by, &token, ("1.3.14.3.2.26", vec![1; 20]), None).await).0, Code::InvalidRequest);
        let said = info::info(platform, lionrock_model::language::Language::En).await.unwrap();
        assert_eq!((said["methods"].as_array().unwrap().len(), &said["authType"]), (9, &json!(["oauth2code"])));
    }

    fn requests_without_their_guards_are_refused(at place) {
        let (scene, mut mei, _, credential) = stage(&place).await;
        let text = details(&credential, &[sha256(b"one")], "dtbsr").to_string();
        let asking: &[(&str, &str)] = &[("scope", "credential"), ("authorization_details", &text)];
        let with = |more: &[(&'static str, &'static str)]| -> Vec<(String, String)> {
            asking.iter().copied().chain(more.iter().copied()).map(|(a, b)| (a.to_owned(), b.to_owned())).collect()
        };
        for (service, changes, code) in [
            ("press", with(&[("code_challenge", "")]), Code::InvalidRequest),
            ("press", with(&[("code_challenge_method", "plain")]), Code::InvalidRequest),
            ("press", with(&[("redirect_uri", "https://evil.example/cb")]), Code::InvalidRequest),
            ("press", with(&[("authorization_details", "[]")]), Code::InvalidAuthorizationDetails),
            ("library", with(&[]), Code::UnauthorizedClient),
            ("library", vec![("scope".to_owned(), "service".to_owned())], Code::InvalidScope),
        ] {
            let changes: Vec<(&str, &str)> = changes.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
            assert_eq!(scene.oidc.push(service, &changes).await.unwrap_err(), code, "{changes:?}");
        }
        for (pointer, value) in [
            ("/0/hashAlgorithmOID", json!("1.3.14.3.2.26")),
            ("/0/documentDigests/0/hash", json!(STANDARD.encode([1; 31]))),
            ("/0/locations", json!(["https://elsewhere.example"])),
            ("/0/documentDigests/0/label", json!("a\u{7}b")),
        ] {
            let mut bad = details(&credential, &[sha256(b"one")], "dtbsr");
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            bad.pointer_mut(parent).unwrap()[name] = value;
            assert_eq!(scene.ask("press", &bad).await.unwrap_err(), Code::InvalidAuthorizationDetails, "{pointer}");
        }
        // Only the page that shows what is signed answers it.
        let uri = scene.oidc.push("press", asking).await.unwrap();
        let query = [("client_id", "press"), ("request_uri", uri.as_str())];
        let Outcome::Sign { handle } = scene.oidc.authorize(&query, None).await.unwrap() else { panic!("not asked to sign") };
        let look = consent::look(&scene.oidc.platform, &scene.by(), &handle, mei.cookie.as_deref()).await;
        assert_eq!(refusal_of(look.unwrap_err()), PageRefusal::RequestGone);
        let shown = scene.oidc.approve(&mut mei, choice(&handle, &[], 0)).await;
        assert!(shown.is_err());
        let mut silent = asking.to_vec();
        silent.push(("prompt", "none"));
        let uri = scene.oidc.push("press", &silent).await.unwrap();
        let query = [("client_id", "press"), ("request_uri", uri.as_str())];
        let Outcome::Answer { location } = scene.oidc.authorize(&query, mei.cookie.as_deref()).await.unwrap() else { panic!("asked") };
        assert_eq!(answer(&location)["error"], "consent_required");
        // A code is for its client and its verifier.
        let handle = scene.ask("press", &details(&credential, &[sha256(b"one")], "dtbsr")).await.unwrap();
        let approved = scene.sign(&mut mei, &handle).await.unwrap();
        let code = answer(&approved.location.unwrap())["code"].clone();
        assert_eq!(scene.oidc.exchange("notary", &[("code", &code)]).await.unwrap_err(), Code::InvalidGrant);
        let other = VERIFIER.to_uppercase();
        assert_eq!(scene.oidc.exchange("press", &[("code", &code), ("code_verifier", &other)]).await.unwrap_err(), Code::InvalidGrant);
        assert_eq!(scene.oidc.exchange("press", &[("code", &code), ("code_verifier", "")]).await.unwrap_err(), Code::InvalidRequest);
        // No is no.
        let handle = scene.ask("press", &details(&credential, &[sha256(b"two")], "dtbsr")).await.unwrap();
        let cookie = mei.cookie.clone().unwrap();
        let location = said(person::decline(&scene.oidc.platform, &scene.by(), &cookie, &handle).await).unwrap().unwrap();
        assert_eq!(answer(&location)["error"], "access_denied");
        assert_eq!(scene.sign(&mut mei, &handle).await.unwrap_err(), SigningRefusal::RequestGone);
        assert!(location.starts_with(REDIRECT) && parameters(&[]).get("x").is_none());
    }

    fn who_may_not_sign_signs_nothing(at place) {
        let (scene, mut mei, token, credential) = stage(&place).await;
        let (platform, hash) = (&scene.oidc.platform, [sha256(b"one")]);
        // A basic account has no credential, and is told so on the page.
        let mut basic = crate::oidc::scene::person_with(&scene.oidc, "CANARY, Ho", "U234567").await;
        scene.oidc.code(&mut basic, "game").await;
        let theirs = scene.service_token(&mut basic, "press").await;
        let listed = credential::list(platform, &scene.by(), &theirs, Wish::default(), true).await.unwrap();
        assert_eq!(listed, json!({"credentialIDs": [], "credentialInfos": []}));
        let handle = scene.ask("press", &details(&credential, &hash, "dtbsr")).await.unwrap();
        assert_eq!(scene.sign(&mut basic, &handle).await.unwrap_err(), SigningRefusal::NotPlus);
        // A suspended certificate: before the approval, and between approval and signature.
        let sad = scene.sad(&mut mei, "press", &details(&credential, &hash, "dtbsr")).await;
        scene.hold(&mei, Act::Hold).await;
        let (_, why) = refused(scene.hashes(proof(&token, Some(&sad), &credential), wanted(&hash)).await);
        assert_eq!(why, "Signing certificate is suspended, revoked or expired");
        let look = credential::look(platform, &scene.by(), &token, &credential, Wish::default()).await.unwrap();
        assert_eq!((&look["key"]["status"], &look["cert"]["status"]), (&json!("disabled"), &json!("suspended")));
        let valid = Wish { only_valid: true, ..Wish::default() };
        let listed = credential::list(platform, &scene.by(), &token, valid, false).await.unwrap();
        assert_eq!(listed, json!({"credentialIDs": [], "onlyValid": true}));
        let handle = scene.ask("press", &details(&credential, &hash, "dtbsr")).await.unwrap();
        assert_eq!(scene.sign(&mut mei, &handle).await.unwrap_err(), SigningRefusal::CertificateNotGood);
        scene.hold(&mei, Act::Resume).await;
        scene.hashes(proof(&token, Some(&sad), &credential), wanted(&hash)).await.unwrap();
        // Another key: what was signed with the old one is not handed out as if it were the new one's.
        let sad = scene.sad(&mut mei, "press", &details(&credential, &hash, "dtbsr")).await;
        scene.enrol(&mut mei, "ES256").await.unwrap();
        let (_, why) = refused(scene.hashes(proof(&sad, None, &credential), wanted(&hash)).await);
        assert_eq!(why, "The credential identified by credentialID is disabled");
    }

    fn a_document_is_seen_before_it_is_signed(at place) {
        let (scene, mut mei, token, credential) = stage(&place).await;
        let (platform, file) = (&scene.oidc.platform, pdf("Press agreement"));
        let take = document::deposit(platform, &scene.by(), &token, &credential, (file.clone(), Form::Pdf)).await;
        let first = take.unwrap();
        let again = document::deposit(platform, &scene.by(), &token, &credential, (file.clone(), Form::Pdf)).await;
        assert_eq!(again.unwrap(), first, "the same document waits once");
        let stranger = document::deposit(platform, &scene.by(), &token, "another", (file.clone(), Form::Pdf)).await;
        assert_eq!(refused(stranger).1, "Invalid parameter credentialID");
        let ask = details(&credential, &[sha256(&file)], "sodr");
        let handle = scene.ask("press", &ask).await.unwrap();
        let cookie = mei.cookie.clone().unwrap();
        let shown = person::look(platform, &scene.by(), &cookie, &handle).await.unwrap();
        assert_eq!((shown.form, shown.title.as_str()), (Form::Pdf, "Letter 0"));
        let (_, seen) = person::document(platform, &scene.by(), &cookie, &handle).await.unwrap();
        assert_eq!(seen.bytes().await.unwrap(), file);
        let tokens = scene.granted(&mut mei, "press", &handle).await;
        let own = || proof(&token, Some(&tokens.access_token), &credential);
        let other = redeem::documents(platform, &scene.by(), own(), (pdf("Another"), Form::Pdf), ES_256.to_owned()).await;
        assert_eq!(refused(other).1, "documentDigests or documents are not authorized by the SAD");
        assert_eq!(refused(scene.hashes(own(), wanted(&[sha256(&file)])).await).0, Code::InvalidRequest);
        let signed = redeem::documents(platform, &scene.by(), own(), (file.clone(), Form::Pdf), ES_256.to_owned()).await.unwrap();
        let chain = authority::chain(platform).await.unwrap().unwrap();
        let now = u64::try_from(scene.by().now.seconds()).unwrap();
        let trust = Trust { anchors: vec![chain.root.clone()], policies: Vec::new(), now };
        assert!(signed.starts_with(&file));
        assert!(pades::validate(&mut Cursor::new(&signed), &trust).unwrap().verdict().passed());
        let spent = redeem::documents(platform, &scene.by(), own(), (file.clone(), Form::Pdf), ES_256.to_owned()).await;
        assert_eq!(refused(spent).0, Code::InvalidRequest);
        // The same document may be sent again; one that is not here is labelled as a digest.
        document::deposit(platform, &scene.by(), &token, &credential, (file.clone(), Form::Pdf)).await.unwrap();
        let handle = scene.ask("notary", &ask).await.unwrap();
        let shown = person::look(platform, &scene.by(), &cookie, &handle).await.unwrap();
        assert_eq!(shown.form, Form::PdfDigest, "another service's document is not theirs");
        let hash = [sha256(b"part of a PDF")];
        let sad = scene.sad(&mut mei, "press", &details(&credential, &hash, "sodr")).await;
        let made = redeem::digests(platform, &scene.by(), proof(&sad, None, &credential), wanted(&hash)).await.unwrap();
        let signature = cms::Signature::read(&made[0]).unwrap();
        signature.check(&hash[0]).unwrap();
        assert!(signature.unsigned(cms::TIME_STAMP).unwrap().is_some());
    }
}

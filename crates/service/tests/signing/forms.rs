//! Other forms than PDFs; what the iAM Smart interface calls: digests, authenticated and anonymous, in bulk, with the codes.

use super::scene::{ask, pdf, ready, said, scene};
use lionrock_activation::{Hex, chamber};
use lionrock_crypto::digest::sha256;
use lionrock_crypto::sign::Algorithm;
use lionrock_model::signing::{Category, Form, Receipt, SigningRefusal};
use lionrock_pki::certificate::Certificate;
use lionrock_pki::cms;
use lionrock_service::signing::code::{For, legacy};
use lionrock_service::signing::person;
use lionrock_service::signing::receipt::{self, Receipts};
use lionrock_service::signing::request::{self, Ask, Named, Signer, digest};
use lionrock_store::signing_request::Kind;
use lionrock_testkit::both_engines;
use lionrock_wire::webauthn::json::Base64Url;
use serde_json::Value;

fn digests(form: Form, count: usize) -> Ask {
    let documents = (0..count).map(|n| Named {
        digest: sha256(format!("document {n}").as_bytes()).into(),
        id: format!("doc-{n}"),
        name: format!("Document {n}"),
    });
    Ask { documents: documents.collect(), document: None, ..ask(form, b"") }
}

fn bytes(value: &Value) -> Vec<u8> {
    serde_json::from_value::<Base64Url>(value.clone()).unwrap().0
}

both_engines! {
    fn a_file_gets_a_signature_beside_it(at place) {
        let (scene, mut mei) = ready(&place).await;
        let file = b"name,amount\nlibrary,12\n".repeat(20_000);
        let begun = scene.request(&file, Form::Cms).await;
        scene.sign(&mut mei, &begun.handle).await.unwrap();
        let signature = cms::Signature::read(&scene.fetch(&begun, Kind::Result).await.unwrap()).unwrap();
        signature.check(&sha256(&file)).unwrap();
        assert!(signature.check(&sha256(b"another")).is_err());
        assert!(signature.unsigned(cms::TIME_STAMP).unwrap().is_some());
    }

    fn digests_are_signed_in_bulk_and_labelled(at place) {
        let (scene, mut mei) = ready(&place).await;
        let begun = scene.begin(digests(Form::Digest, 25)).await.unwrap();
        assert!(begun.legacy_code.is_none() && begun.check_code.len() == 9);
        let cookie = mei.cookie.clone().unwrap();
        let look = person::look(&scene.oidc.platform, &scene.by(), &cookie, &begun.handle).await.unwrap();
        assert_eq!((look.form, look.documents.len(), look.sha256), (Form::Digest, 25, None));
        scene.sign(&mut mei, &begun.handle).await.unwrap();
        let result: Value = serde_json::from_slice(&scene.fetch(&begun, Kind::Result).await.unwrap()).unwrap();
        let certificate = Certificate::from_der(&bytes(&result["certificate"])).unwrap();
        let key = certificate.key().unwrap();
        let all = result["signatures"].as_array().unwrap();
        assert_eq!(all.len(), 25);
        for (n, one) in all.iter().enumerate() {
            key.verify(Algorithm::Es256, format!("document {n}").as_bytes(), &bytes(&one["signature"])).unwrap();
        }
        let second = scene.begin(digests(Form::PdfDigest, 2)).await.unwrap();
        scene.sign(&mut mei, &second.handle).await.unwrap();
        let result: Value = serde_json::from_slice(&scene.fetch(&second, Kind::Result).await.unwrap()).unwrap();
        let one = cms::Signature::read(&bytes(&result["signatures"][1]["cms"])).unwrap();
        one.check(&sha256(b"document 1")).unwrap();
    }

    fn a_service_says_what_it_was_given(at place) {
        let (scene, mut mei) = ready(&place).await;
        let say = async |begun: &request::Begun, receipts: Receipts| {
            said(receipt::acknowledge(&scene.oidc.platform, &scene.by(), begun.id, &begun.token, receipts).await)
        };
        // One of three did not come: nothing is destroyed, and it can be fetched again.
        let begun = scene.begin(digests(Form::Digest, 3)).await.unwrap();
        assert_eq!(say(&begun, Receipts::All(Receipt::Accepted)).await, Err(SigningRefusal::WrongStep), "before it is signed");
        scene.sign(&mut mei, &begun.handle).await.unwrap();
        let each = |all: &[(&str, Receipt)]| Receipts::Each(all.iter().map(|(id, one)| ((*id).to_owned(), *one)).collect());
        let two = [("doc-0", Receipt::Accepted), ("doc-1", Receipt::Rejected)];
        assert_eq!(say(&begun, each(&[("doc-9", Receipt::Accepted)])).await, Err(SigningRefusal::RequestMalformed));
        say(&begun, each(&two)).await.unwrap();
        say(&begun, each(&[two[0], two[1], ("doc-2", Receipt::NotReceived)])).await.unwrap();
        say(&begun, Receipts::All(Receipt::NotReceived)).await.unwrap();
        assert_eq!((scene.state(&begun).await, scene.oidc.leaves("signing.acknowledged").await), ("signed", 3));
        assert!(scene.fetch(&begun, Kind::Result).await.is_ok());
        say(&begun, each(&[two[0], two[1], ("doc-2", Receipt::Accepted)])).await.unwrap();
        assert_eq!(scene.state(&begun).await, "delivered");
        assert_eq!(scene.count("SELECT COUNT(*) FROM signing_part").await, 0);
        // Rejected is an answer too; a stranger's token is none.
        let begun = scene.begin(digests(Form::PdfDigest, 1)).await.unwrap();
        scene.sign(&mut mei, &begun.handle).await.unwrap();
        let stranger = request::Begun { token: "another".to_owned(), ..begun.clone() };
        assert_eq!(say(&stranger, Receipts::All(Receipt::Accepted)).await, Err(SigningRefusal::ServiceUnknown));
        say(&begun, Receipts::All(Receipt::Rejected)).await.unwrap();
        say(&begun, Receipts::All(Receipt::Rejected)).await.unwrap();
        assert_eq!(scene.state(&begun).await, "delivered");
    }

    fn what_the_older_interface_asks_for_works_with_and_without_login(at place) {
        let (scene, mut mei) = ready(&place).await;
        let card = Signer::Card(sha256(b"U123456"));
        // Hash and PDF, anonymous and in bulk: the card decides who may sign, and both sides show the same four digits.
        for (form, count) in [(Form::Digest, 1), (Form::PdfDigest, 1), (Form::Digest, 40), (Form::PdfDigest, 40)] {
            let begun = scene.begin(Ask { signer: card.clone(), ..digests(form, count) }).await.unwrap();
            let own = legacy(&sha256(b"document 0"), For::Anonymous(&sha256(b"U123456"), "library"));
            assert_eq!(begun.legacy_code.as_deref(), Some(own.as_str()));
            let cookie = mei.cookie.clone().unwrap();
            let look = person::look(&scene.oidc.platform, &scene.by(), &cookie, &begun.handle).await.unwrap();
            assert_eq!((look.legacy_code, look.documents.len()), (Some(own), count));
            scene.sign(&mut mei, &begun.handle).await.unwrap();
            let result: Value = serde_json::from_slice(&scene.fetch(&begun, Kind::Result).await.unwrap()).unwrap();
            let all = result["signatures"].as_array().unwrap();
            assert!(all.len() == count && all.iter().all(|one| one["cms"].is_null() == (form == Form::Digest)));
        }
        // Authenticated: by the name the service knows from logging in.
        let code = scene.oidc.code(&mut mei, "library").await;
        let tokens = scene.oidc.exchange("library", &[("code", &code)]).await.unwrap();
        let sub = scene.oidc.id_token(&tokens.id_token)["sub"].as_str().unwrap().to_owned();
        for form in [Form::Digest, Form::PdfDigest] {
            let begun = scene.begin(Ask { signer: Signer::Known(sub.clone()), ..digests(form, 1) }).await.unwrap();
            assert_eq!(begun.legacy_code, Some(legacy(&sha256(b"document 0"), For::Known(&sub))));
            scene.sign(&mut mei, &begun.handle).await.unwrap();
        }
        // A bulk request is taken back while nobody approved it, and not afterwards.
        let begun = scene.begin(digests(Form::Digest, 5)).await.unwrap();
        said(request::withdraw(&scene.oidc.platform, &scene.by(), begun.id, &begun.token).await).unwrap();
        assert_eq!(scene.state(&begun).await, "refused");
        assert_eq!(scene.sign(&mut mei, &begun.handle).await.unwrap_err(), SigningRefusal::RequestGone);
        let begun = scene.begin(digests(Form::Digest, 5)).await.unwrap();
        scene.sign(&mut mei, &begun.handle).await.unwrap();
        let late = request::withdraw(&scene.oidc.platform, &scene.by(), begun.id, &begun.token).await;
        assert_eq!(said(late), Err(SigningRefusal::WrongStep));
    }

    fn every_algorithm_signs_pdfs(at place) {
        let scene = scene(&place).await;
        for (n, algorithm) in ["ES256", "ES384", "RS256"].into_iter().enumerate() {
            let mut who = scene.plus("CANARY, Mei", ["U123456", "U234567", "U345678"][n]).await;
            scene.enrol(&mut who, algorithm).await.unwrap();
            let begun = scene.request(&pdf(algorithm), Form::Pdf).await;
            scene.sign(&mut who, &begun.handle).await.unwrap();
            assert_eq!(scene.state(&begun).await, "signed");
        }
    }

    fn a_service_that_names_its_person_gets_that_person_alone(at place) {
        let (scene, mut mei) = ready(&place).await;
        let mut other = scene.plus("CANARY, Ho", "U234567").await;
        scene.enrol(&mut other, "ES256").await.unwrap();
        // By the card: the digest of the number without its check digit.
        let signer = Signer::Card(sha256(b"U123456"));
        let begun = scene.begin(Ask { signer, ..digests(Form::Digest, 1) }).await.unwrap();
        assert_eq!(begun.legacy_code.as_deref(), Some(legacy(&sha256(b"document 0"), For::Anonymous(&sha256(b"U123456"), "library")).as_str()));
        assert_eq!(scene.sign(&mut other, &begun.handle).await.unwrap_err(), SigningRefusal::OtherPerson);
        scene.nothing_signed().await;
        scene.sign(&mut mei, &begun.handle).await.unwrap();
        // By the name the service knows.
        let unknown = Signer::Known("A".repeat(43));
        assert_eq!(scene.begin(Ask { signer: unknown, ..digests(Form::Digest, 1) }).await.unwrap_err(), SigningRefusal::OtherPerson);
    }

    fn what_the_ordinance_leaves_out_is_refused(at place) {
        let (scene, mei) = ready(&place).await;
        for category in Category::ALL.iter().filter(|category| category.is_excluded()) {
            let excluded = Ask { category: *category, ..ask(Form::Pdf, &pdf("x")) };
            assert_eq!(scene.begin(excluded).await.unwrap_err(), SigningRefusal::DocumentExcluded, "{category:?}");
        }
        assert_eq!(scene.oidc.leaves("signing.excluded").await, 13);
        let document = pdf("x");
        let named = Ask { title: "Enduring Power of Attorney".to_owned(), ..ask(Form::Pdf, &document) };
        let begun = scene.begin(named).await.unwrap();
        scene.send(&begun, &document).await.unwrap();
        let cookie = mei.cookie.clone().unwrap();
        let look = person::look(&scene.oidc.platform, &scene.by(), &cookie, &begun.handle).await.unwrap();
        assert_eq!(look.warning, Some(Category::PowerOfAttorney));
    }

    fn the_form_of_a_request_is_looked_at(at place) {
        let (scene, _) = ready(&place).await;
        let good = || digests(Form::Digest, 2);
        let mut short = good();
        short.documents[1].digest = Hex(vec![1; 31]);
        for bad in [
            Ask { title: String::new(), ..good() },
            Ask { title: "x".repeat(256), ..good() },
            Ask { title: "a\u{7}b".to_owned(), ..good() },
            Ask { redirect_uri: Some("https://evil.example/".to_owned()), ..good() },
            Ask { documents: Vec::new(), ..good() },
            digests(Form::Digest, 1_001),
            Ask { document: Some((1, [0; 32])), ..good() },
            short,
        ] {
            assert_eq!(scene.begin(bad.clone()).await.unwrap_err(), SigningRefusal::RequestMalformed, "{bad:?}");
        }
        let large = Ask { document: Some((1024 * 1024 * 1024 + 1, [0; 32])), ..ask(Form::Pdf, b"") };
        assert_eq!(scene.begin(large).await.unwrap_err(), SigningRefusal::DocumentTooLarge);
        scene.begin(good()).await.unwrap();
        assert!(digest("uU0nuZNNPgilLlLX2n2r-sSE7-N6U4DukIj3rOLvzek").is_some() && digest("00").is_none());
        assert!(chamber::public_key(Algorithm::Es256, &[1; 63]).is_none());
    }
}

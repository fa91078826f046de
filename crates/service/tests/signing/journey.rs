//! The honest way, from the request to the stranger who checks.

use super::scene::{Mood, ask, pdf, ready, said, scene};
use crate::stage::caller;
use lionrock_model::signing::{Form, SigningRefusal};
use lionrock_pki::pades;
use lionrock_pki::validation::Trust;
use lionrock_service::ledger::Publisher;
use lionrock_service::signing::verify::{self, Anchors, CHECKS};
use lionrock_service::signing::{history, person, request, sweep};
use lionrock_service::{authority, ledger};
use lionrock_store::signing_request::Kind;
use lionrock_testkit::both_engines;
use std::io::Cursor;
use std::time::Duration;

async fn publish(scene: &super::scene::Scene) {
    ledger::sequence(&scene.oidc.platform, &scene.by()).await.unwrap();
    Publisher::new(&scene.oidc.platform).unwrap().publish(&scene.oidc.platform).await.unwrap();
}

async fn anchors(scene: &super::scene::Scene) -> Anchors {
    let chain = authority::chain(&scene.oidc.platform).await.unwrap().unwrap();
    Anchors {
        roots: vec![chain.root.clone()],
        log: ledger::verifiers(&scene.oidc.platform).unwrap(),
        now: u64::try_from(scene.by().now.seconds()).unwrap(),
    }
}

both_engines! {
    fn a_document_is_asked_for_seen_approved_signed_and_checked_by_a_stranger(at place) {
        let (scene, mut mei) = ready(&place).await;
        let document = pdf("Library rules");
        let begun = scene.request(&document, Form::Pdf).await;
        assert_eq!(scene.state(&begun).await, "requested");
        let cookie = mei.cookie.clone().unwrap();
        let look = person::look(&scene.oidc.platform, &scene.by(), &cookie, &begun.handle).await.unwrap();
        assert_eq!((look.title.as_str(), look.service.as_str(), look.hindrance), ("Library rules", "library", None));
        assert_eq!(look.check_code, begun.check_code);
        assert_eq!(look.certificate.unwrap().0, "CANARY Mei");
        let (_, bytes) = person::document(&scene.oidc.platform, &scene.by(), &cookie, &begun.handle).await.unwrap();
        assert_eq!(bytes.bytes().await.unwrap(), document);
        let approved = scene.sign(&mut mei, &begun.handle).await.unwrap();
        let location = approved.location.unwrap();
        assert!(location.contains("outcome=signed") && location.contains("state=st"), "{location}");
        assert_eq!(scene.state(&begun).await, "signed");
        publish(&scene).await;

        let signed = scene.fetch(&begun, Kind::Result).await.unwrap();
        assert!(signed.starts_with(&document), "what was seen stands unchanged in what was signed");
        let anchors = anchors(&scene).await;
        let trust = Trust { anchors: anchors.roots.clone(), policies: Vec::new(), now: anchors.now };
        let report = pades::validate(&mut Cursor::new(&signed), &trust).unwrap();
        assert!(report.verdict().passed(), "{:?}", report.verdict());
        let mut spoilt = signed.clone();
        let place = document.windows(5).position(|part| part == b"rules").unwrap();
        spoilt[place] ^= 1;
        assert!(!pades::validate(&mut Cursor::new(&spoilt), &trust).is_ok_and(|report| report.verdict().passed()));

        let evidence = scene.fetch(&begun, Kind::Evidence).await.unwrap();
        let report = verify::evidence(&evidence, &anchors);
        assert!(report.passed(), "{:#?}", report.checks);
        assert!(report.checks.iter().all(|check| check.holds == Some(true)), "{:#?}", report.checks);
        assert_eq!(report.result, Some(hex(&lionrock_crypto::digest::sha256(&signed))));
        assert_eq!(report.signer.as_deref(), Some("CANARY Mei"));
        assert!(report.at.is_some_and(|at| at.abs_diff(anchors.now) < 5));
        // The person's own copy says the same.
        let own = history::evidence(&scene.oidc.platform, &scene.by(), &cookie, approved.signature).await.unwrap();
        assert!(verify::evidence(&own, &anchors).passed());
        let lines = history::list(&scene.oidc.platform, &scene.by(), &cookie).await.unwrap();
        assert_eq!(lines.len(), 1);
        assert_eq!((lines[0].title.as_str(), lines[0].service.as_str(), lines[0].seen), ("Library rules", "library", true));

        request::acknowledge(&scene.oidc.platform, &scene.by(), begun.id, &begun.token).await.unwrap();
        assert_eq!(scene.count("SELECT COUNT(*) FROM signing_part").await, 0, "documents are destroyed");
        assert_eq!(said(request::fetch(&scene.oidc.platform, begun.id, &begun.token, Kind::Result).await), Err(SigningRefusal::WrongStep));
    }

    fn evidence_that_was_changed_anywhere_proves_nothing(at place) {
        let (scene, mut mei) = ready(&place).await;
        let begun = scene.request(&pdf("Rules"), Form::Pdf).await;
        scene.sign(&mut mei, &begun.handle).await.unwrap();
        publish(&scene).await;
        let evidence = scene.fetch(&begun, Kind::Evidence).await.unwrap();
        let anchors = anchors(&scene).await;
        assert!(verify::evidence(&evidence, &anchors).passed());
        // Another root, and a stranger's log.
        assert!(!verify::evidence(&evidence, &Anchors { roots: Vec::new(), ..anchors.clone() }).passed());
        let text = String::from_utf8(evidence).unwrap();
        for (from, to) in [
            ("library", "librari"),
            ("\\\\\\\"time\\\\\\\":", "\\\\\\\"time\\\\\\\":1"),
            ("Library rules", "Library rulez"),
            ("document.signed", "document.sealed"),
            ("lionrock activation v1", "lionrock activation v2"),
        ] {
            let changed = text.replacen(from, to, 1);
            if changed == text {
                continue;
            }
            assert!(!verify::evidence(changed.as_bytes(), &anchors).passed(), "{from}");
        }
        // Any character of the base64 parts.
        let mut failed = 0;
        let mut tried = 0;
        for place in (0..text.len()).step_by(97) {
            let mut bytes = text.clone().into_bytes();
            if !bytes[place].is_ascii_alphanumeric() {
                continue;
            }
            bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
            tried += 1;
            failed += usize::from(!verify::evidence(&bytes, &anchors).passed());
        }
        // All but what proves nothing: base64 in the certificates and lists that no check needs, and the log's name.
        assert!(tried > 50 && failed * 10 >= tried * 6, "{failed} of {tried}");
        assert_eq!(CHECKS.len(), 10);
    }

    fn saying_no_and_waiting_too_long_destroy_the_document(at place) {
        let (scene, mei) = ready(&place).await;
        let cookie = mei.cookie.clone().unwrap();
        let no = scene.request(&pdf("No"), Form::Pdf).await;
        let location = person::decline(&scene.oidc.platform, &scene.by(), &cookie, &no.handle).await.unwrap().unwrap();
        assert!(location.contains("access_denied"));
        assert_eq!(scene.state(&no).await, "refused");
        assert_eq!(scene.options(&mei, &no.handle).await.unwrap_err(), SigningRefusal::RequestGone);
        let late = scene.request(&pdf("Late"), Form::Pdf).await;
        scene.oidc.pass(31 * 60);
        assert_eq!(scene.options(&mei, &late.handle).await.unwrap_err(), SigningRefusal::RequestGone);
        assert_eq!(sweep::sweep(&scene.oidc.platform, &scene.by()).await.unwrap(), 1);
        assert_eq!(scene.state(&late).await, "expired");
        assert_eq!(scene.count("SELECT COUNT(*) FROM signing_part").await, 0);
    }

    fn what_cannot_be_proved_is_not_signed_and_can_be_approved_again(at place) {
        let (scene, mut mei) = ready(&place).await;
        let begun = scene.request(&pdf("Rules"), Form::Pdf).await;
        *scene.stand_in.mood.lock().unwrap() = Mood::Dies;
        assert_eq!(scene.sign(&mut mei, &begun.handle).await.unwrap_err(), SigningRefusal::SoleControlUnavailable);
        *scene.stand_in.mood.lock().unwrap() = Mood::Works;
        assert_eq!(scene.state(&begun).await, "shown");
        scene.nothing_signed().await;
        scene.oidc.platform.gate.doubt_clock(true);
        assert_eq!(scene.sign(&mut mei, &begun.handle).await.unwrap_err(), SigningRefusal::ProofUnavailable);
        scene.oidc.platform.gate.doubt_clock(false);
        assert_eq!(scene.state(&begun).await, "shown");
        scene.nothing_signed().await;
        scene.sign(&mut mei, &begun.handle).await.unwrap();
        assert_eq!(scene.state(&begun).await, "signed");
    }

    fn a_key_is_for_plus_residents_outside_a_cooling_off(at place) {
        let scene = scene(&place).await;
        let mut basic = crate::oidc::scene::person(&scene.oidc, "CANARY, Mei").await;
        scene.oidc.code(&mut basic, "game").await;
        assert_eq!(scene.enrol(&mut basic, "ES256").await, Err(SigningRefusal::NotPlus));
        let mut mei = scene.plus("CANARY, Ho", "U234567").await;
        assert_eq!(scene.enrol(&mut mei, "EdDSA").await, Err(SigningRefusal::RequestMalformed));
        scene.enrol(&mut mei, "ES384").await.unwrap();
        let begun = scene.request(&pdf("Rules"), Form::Pdf).await;
        let recovered = "INSERT INTO recovery (id, resident, browser, first_code, second_code, lost, created_at, expires_at, done_at) \
                         VALUES ($1, $1, NULL, $2, $2, 0, $3, $4, $3)";
        let (id, now) = (mei.id, caller(&scene.oidc.clock).now);
        let until = now.after(Duration::from_secs(72 * 3600));
        scene.oidc.platform.store.write(move |tx| {
            tx.execute(recovered, &[id.as_bytes().into(), (&[0_u8; 32]).into(), now.into(), until.into()])
        }).await.map(drop).unwrap_or_else(|error: lionrock_store::Error| panic!("{error}"));
        assert_eq!(scene.sign(&mut mei, &begun.handle).await.unwrap_err(), SigningRefusal::CoolingOff);
        assert_eq!(scene.enrol(&mut mei, "ES256").await, Err(SigningRefusal::CoolingOff));
        scene.nothing_signed().await;
    }

    fn a_document_comes_whole_or_not_at_all(at place) {
        let (scene, mei) = ready(&place).await;
        let document = pdf("Rules");
        let begun = scene.begin(ask(Form::Pdf, &document)).await.unwrap();
        assert_eq!(scene.options(&mei, &begun.handle).await.unwrap_err(), SigningRefusal::DocumentIncomplete);
        let upload = async |at: u64, bytes: &[u8], token: &str| {
            said(request::upload(&scene.oidc.platform, &scene.by(), begun.id, token, at, bytes.to_vec()).await)
        };
        assert_eq!(upload(0, &document, "other").await, Err(SigningRefusal::ServiceUnknown));
        assert_eq!(upload(1, &document[1..], &begun.token).await, Err(SigningRefusal::RequestMalformed));
        assert_eq!(upload(0, &document[..9], &begun.token).await, Err(SigningRefusal::RequestMalformed));
        let mut other = document.clone();
        other[100] ^= 1;
        assert_eq!(upload(0, &other, &begun.token).await, Err(SigningRefusal::DocumentIncomplete));
        assert_eq!(scene.count("SELECT COUNT(*) FROM signing_part").await, 0);
        let whole = scene.request(&document, Form::Pdf).await;
        assert!(scene.options(&mei, &whole.handle).await.is_ok());
        // Something that is no PDF, or an encrypted one, is refused when it is to be signed.
        let none = scene.request(b"not a PDF at all", Form::Pdf).await;
        assert_eq!(scene.options(&mei, &none.handle).await.unwrap_err(), SigningRefusal::DocumentRefused);
        let tricky = scene.request(&pdf("tricky"), Form::Pdf).await;
        assert_eq!(scene.options(&mei, &tricky.handle).await.unwrap_err(), SigningRefusal::DocumentRefused);
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

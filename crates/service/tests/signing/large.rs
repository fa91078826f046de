//! Documents that do not fit into memory, seals, and data in JSON: the same journey, and strangers who look at what came of it.

use super::scene::{Person, Scene, ask, pdf, ready, said};

use lionrock_crypto::digest::sha256;
use lionrock_model::signing::{Form, PIECE_BYTES, SigningRefusal};
use lionrock_pki::pades;
use lionrock_pki::validation::{Evidence, Trust};
use lionrock_pki::{jades, validation};
use lionrock_service::authority;
use lionrock_service::port::document::{Readable, Reading};
use lionrock_service::signing::request::{self, Ask, Seal};
use lionrock_service::signing::{person, sweep};
use lionrock_store::signing_request::{self, Kind, ROUND};
use lionrock_testkit::both_engines;
use std::path::PathBuf;
use std::process::Command;

async fn trust(scene: &Scene) -> Trust {
    let chain = authority::chain(&scene.oidc.platform).await.unwrap().unwrap();
    let now = u64::try_from(scene.by().now.seconds()).unwrap();
    Trust { anchors: vec![chain.root.clone()], policies: Vec::new(), now: now + 1 }
}

/// A PDF with so many bytes that nothing draws.
fn heavy(bytes: usize) -> Vec<u8> {
    let mut file = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n\
                     3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>\nendobj\n4 0 obj\n"
        .to_vec();
    file.extend(format!("<< /Length {bytes} >>\nstream\n").into_bytes());
    file.extend((0..bytes).map(|n| u8::try_from(n * 31 % 251).unwrap()));
    file.extend(b"\nendstream\nendobj\n");
    let table = file.len();
    let place = |number: u8| file.windows(7).position(|part| part == format!("{number} 0 obj").as_bytes()).unwrap();
    let lines: Vec<String> = (1..=4).map(|number| format!("{:010} 00000 n \n", place(number))).collect();
    let rest = format!("trailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n");
    file.extend(format!("xref\n0 5\n0000000000 65535 f \n{}{rest}", lines.concat()).into_bytes());
    file
}

async fn signed(scene: &Scene, who: &mut Person, asked: Ask, bytes: &[u8]) -> Vec<u8> {
    let begun = scene.begin(asked).await.unwrap();
    scene.send(&begun, bytes).await.unwrap();
    scene.sign(who, &begun.handle).await.unwrap();
    scene.fetch(&begun, Kind::Result).await.unwrap()
}

both_engines! {
    fn a_document_larger_than_any_reader_holds_is_signed_where_it_lies_and_goes_in_rounds(at place) {
        let (scene, mut mei) = ready(&place).await;
        let document = heavy(40 << 20);
        let begun = scene.begin(ask(Form::Pdf, &document)).await.unwrap();
        for (number, part) in document.chunks(16 * PIECE_BYTES).enumerate() {
            let at = (number * 16 * PIECE_BYTES) as u64;
            let sent = request::upload(&scene.oidc.platform, &scene.by(), begun.id, &begun.token, at, part.to_vec()).await;
            assert_eq!(said(sent).unwrap(), at + part.len() as u64);
        }
        let pieces = scene.count("SELECT COUNT(*) FROM signing_part").await;
        scene.sign(&mut mei, &begun.handle).await.unwrap();
        // Nothing was copied: what came is the head of what goes out.
        let head = scene.count("SELECT COUNT(*) FROM signing_part WHERE kind = 'document'").await;
        assert_eq!(head, pieces);
        let (form, file) = request::result(&scene.oidc.platform, begun.id, &begun.token).await.unwrap();
        assert_eq!((form, file.length() > document.len() as u64), (Form::Pdf, true));
        let trust = trust(&scene).await;
        let report = tokio::task::spawn_blocking(move || pades::validate(&mut Reading::new(&file), &trust)).await.unwrap();
        assert!(report.unwrap().verdict().passed());
        assert!(scene.fetch(&begun, Kind::Result).await.unwrap().starts_with(&document));
        // One transaction removes some of it, and whoever comes after a server that stopped there removes the rest.
        let id = begun.id;
        assert!(pieces > i64::from(ROUND));
        let cut: Result<u64, lionrock_store::Error> =
            scene.oidc.platform.store.write(move |tx| signing_request::clear(tx, id)).await;
        assert_eq!(cut.unwrap(), u64::from(ROUND));
        assert!(scene.count("SELECT COUNT(*) FROM signing_part").await > 0);
        request::acknowledge(&scene.oidc.platform, &scene.by(), begun.id, &begun.token).await.unwrap();
        assert_eq!(scene.count("SELECT COUNT(*) FROM signing_part").await, 0);
        assert_eq!(sweep::sweep(&scene.oidc.platform, &scene.by()).await.unwrap(), 0);
    }

    fn what_lies_in_the_store_is_what_is_signed_or_nobody_is_asked(at place) {
        let (scene, mei) = ready(&place).await;
        let begun = scene.request(&heavy(600_000), Form::Pdf).await;
        assert!(scene.options(&mei, &begun.handle).await.is_ok());
        // Somebody cuts the document short in the database; or swaps two of its pieces.
        for change in [
            "UPDATE signing_request SET announced = 262144, received = 262144",
            "UPDATE signing_part SET number = 9 - number",
        ] {
            let done: Result<u64, lionrock_store::Error> =
                scene.oidc.platform.store.write(move |tx| tx.execute(change, &[])).await;
            done.unwrap();
            let (platform, by) = (&scene.oidc.platform, scene.by());
            let asked = person::options(platform, &by, mei.cookie.as_deref().unwrap(), &begun.handle).await;
            assert!(asked.is_err(), "{change}");
        }
        scene.nothing_signed().await;
    }

    fn the_largest_document_is_what_the_operator_says(at place) {
        let (mut scene, _) = ready(&place).await;
        std::sync::Arc::get_mut(&mut scene.oidc.platform).unwrap().settings.limits.document_bytes = 1_000;
        let large = Ask { document: Some((1_001, [0; 32])), ..ask(Form::Pdf, b"") };
        assert_eq!(scene.begin(large.clone()).await.unwrap_err(), SigningRefusal::DocumentTooLarge);
        scene.begin(Ask { document: Some((1_000, [0; 32])), ..large }).await.unwrap();
    }

    fn a_service_asks_for_a_seal_and_the_person_is_told_where(at place) {
        let (scene, mut mei) = ready(&place).await;
        let document = pdf("Rules");
        let seal = Seal { field: None, page: 1, place: [60, 60, 220, 64] };
        let asked = Ask { seal: Some(seal.clone()), ..ask(Form::Pdf, &document) };
        let begun = scene.begin(asked.clone()).await.unwrap();
        scene.send(&begun, &document).await.unwrap();
        let look = person::look(&scene.oidc.platform, &scene.by(), mei.cookie.as_deref().unwrap(), &begun.handle).await;
        assert_eq!(look.unwrap().seal, Some(seal));
        scene.sign(&mut mei, &begun.handle).await.unwrap();
        let signed = scene.fetch(&begun, Kind::Result).await.unwrap();
        let report = pades::validate(&mut std::io::Cursor::new(&signed), &trust(&scene).await).unwrap();
        assert!(report.verdict().passed(), "{:?}", report.verdict());
        let keep = |name: &str, bytes: &[u8]| {
            let path = std::env::temp_dir().join(format!("lionrock-seal-{}-{name}", std::process::id()));
            std::fs::write(&path, bytes).unwrap();
            path
        };
        let ink = |bytes: &[u8]| {
            let (from, to) = (keep("in.pdf", bytes), keep("out.pgm", b""));
            let drawn = Command::new("mutool").args(["draw", "-q", "-F", "pgm", "-r", "72", "-o"]).args([&to, &from]).status();
            assert!(drawn.unwrap().success());
            if let Ok(folder) = std::env::var("LIONROCK_KEEP") {
                std::fs::copy(&from, format!("{folder}/seal-{}.pdf", bytes.len())).unwrap();
            }
            let picture = std::fs::read(&to).unwrap();
            [from, to].iter().for_each(|path| std::fs::remove_file(path).unwrap());
            // The lower half: nothing but the seal is there.
            picture[picture.len() - 595 * 300..].iter().filter(|pixel| **pixel < 128).count()
        };
        assert_eq!(ink(&document), 0);
        assert!(ink(&signed) > 300, "the seal is seen: {}", ink(&signed));
        // Off the page, too small, on a page that is not there, or for something that is no PDF.
        for (page, place, why) in [
            (1, [500, 60, 220, 64], SigningRefusal::DocumentRefused),
            (1, [60, 60, 4, 4], SigningRefusal::DocumentRefused),
            (2, [60, 60, 220, 64], SigningRefusal::DocumentRefused),
        ] {
            let asked = Ask { seal: Some(Seal { field: None, page, place }), ..asked.clone() };
            let begun = scene.begin(asked).await.unwrap();
            scene.send(&begun, &document).await.unwrap();
            assert_eq!(scene.options(&mei, &begun.handle).await.unwrap_err(), why, "{page} {place:?}");
        }
        let odd = Ask { form: Form::Cms, ..asked };
        assert_eq!(scene.begin(odd).await.unwrap_err(), SigningRefusal::RequestMalformed);
    }

    fn data_comes_back_as_jades_that_strangers_accept(at place) {
        let (scene, mut mei) = ready(&place).await;
        let data = br#"{"agreed":true,"amount":10}"#;
        let result = signed(&scene, &mut mei, ask(Form::Json, data), data).await;
        let read = jades::Signature::read(&result).unwrap();
        assert_eq!(read.content().unwrap(), data);
        let judged = read.judge(&Evidence::default(), &trust(&scene).await).unwrap();
        assert!(judged.verdict.passed(), "{:?}", judged.verdict);
        assert_eq!(judged.level, validation::Level::LT);
        let mut spoilt: serde_json::Value = serde_json::from_slice(&result).unwrap();
        let payload = spoilt["payload"].as_str().unwrap().to_owned();
        spoilt["payload"] = format!("{}A", &payload[..payload.len() - 1]).into();
        let script = r"
import base64, json, sys
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from joserfc import jws
from joserfc.jwk import ECKey
whole = json.loads(sys.stdin.read())
whole.pop('header')
head = json.loads(base64.urlsafe_b64decode(whole['protected'] + '==='))
certificate = x509.load_der_x509_certificate(base64.b64decode(head['x5c'][0]))
pem = certificate.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
# Chains are longer than the headers it expects.
registry = jws.JWSRegistry(algorithms=['ES256'], strict_check_header=False)
registry.max_header_length = 1 << 16
found = jws.deserialize_json(whole, ECKey.import_key(pem), registry=registry)
assert json.loads(found.payload) == {'agreed': True, 'amount': 10}
";
        for (text, holds) in [(result, true), (spoilt.to_string().into_bytes(), false)] {
            let python = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/test-python/bin/python");
            let mut asked = Command::new(python);
            let asked = asked.args(["-c", script]).stdin(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
            let mut child = asked.spawn().unwrap();
            std::io::Write::write_all(&mut child.stdin.take().unwrap(), &text).unwrap();
            let said = child.wait_with_output().unwrap();
            assert_eq!(said.status.success(), holds, "{}", String::from_utf8_lossy(&said.stderr));
        }
        let most = Ask { document: Some((5 << 20, sha256(b""))), ..ask(Form::Json, b"x") };
        assert_eq!(scene.begin(most).await.unwrap_err(), SigningRefusal::DocumentTooLarge);
    }
}

//! Signatures of data in JSON and beside files, with everything a judge needs.

use crate::notary::Notary;
use lionrock_crypto::sign::Algorithm;
use lionrock_pki::cms::{self, Content, Signature as Cms};
use lionrock_pki::jades::{Signature, Unsigned};
use lionrock_pki::validation::{self, Evidence, Indication, Level, Sub, Trust};

const DATA: &[u8] = br#"{"agreed":true,"amount":10}"#;

fn trust(notary: &Notary) -> Trust {
    Trust { anchors: vec![notary.stage.root.clone()], policies: vec![], now: notary.now + 5 }
}

fn evidence(notary: &Notary) -> Evidence {
    let material = notary.material();
    Evidence { certificates: material.certificates, answers: material.answers, lists: material.lists }
}

#[test]
fn data_is_signed_stamped_and_judged() {
    for algorithm in [Algorithm::Es256, Algorithm::Es384] {
        let notary = Notary::new(algorithm);
        let unsigned =
            Unsigned::new(DATA, "application/json", &[&notary.leaf, &notary.stage.issuing], algorithm, notary.now)
                .unwrap();
        assert!(unsigned.clone().complete(&[1; 64]).is_err(), "another key's signature never leaves");
        let value = notary.key.sign(unsigned.message()).unwrap();
        let signed = unsigned.complete(&value).unwrap();
        let token = notary.stamp(signed.stamped());
        let text = signed.clone().with_timestamp(&token).to_json();
        let read = Signature::read(text.as_bytes()).unwrap();
        assert_eq!(read.content().unwrap(), DATA);
        let judged = read.judge(&evidence(&notary), &trust(&notary)).unwrap();
        assert!(judged.verdict.passed(), "{:?}", judged.verdict);
        assert_eq!((judged.proved, judged.level), (Some(notary.now), Level::LT));
        // Without status nobody can know.
        let alone = read.judge(&Evidence::default(), &trust(&notary)).unwrap();
        assert_eq!(alone.verdict.sub, Some(Sub::TryLater));
        // Content, header, signature and time-stamp of somebody else.
        let whole: serde_json::Value = serde_json::from_str(&text).unwrap();
        for key in ["payload", "protected", "signature"] {
            let mut other = whole.clone();
            let old = other[key].as_str().unwrap().to_owned();
            let turned = if old.as_bytes()[10] == b'A' { "B" } else { "A" };
            other[key] = format!("{}{turned}{}", &old[..10], &old[11..]).into();
            let judged =
                Signature::read(other.to_string().as_bytes()).unwrap().judge(&evidence(&notary), &trust(&notary));
            assert_eq!(judged.unwrap().verdict.indication, Indication::Failed, "{key}");
        }
        let wrong = signed.with_timestamp(&notary.stamp(b"something else"));
        assert!(!wrong.judge(&evidence(&notary), &trust(&notary)).unwrap().verdict.passed());
        for odd in ["", "[]", "{}", "{\"payload\":1}", &text.replace("\"payload\"", "\"evil\":1,\"payload\"")] {
            assert!(Signature::read(odd.as_bytes()).is_err(), "{odd}");
        }
    }
}

#[test]
fn files_are_signed_with_everything_beside_them() {
    let notary = Notary::new(Algorithm::Es256);
    let digest = notary.digest().of(DATA);
    let content = Content { kind: cms::DATA, digest: &digest, inside: None, claimed: Some(notary.now) };
    let signed = cms::sign(&content, &[&notary.leaf, &notary.stage.issuing], &notary.key).unwrap();
    let read = Cms::read(&signed).unwrap();
    let token = notary.stamp(read.bytes());
    let stamped = read.with_unsigned(cms::TIME_STAMP, &token).unwrap();
    let judge = |der: &[u8], content: &[u8]| {
        validation::judge(der, &mut |digest| Ok(digest.of(content)), &Evidence::default(), &trust(&notary), None)
            .unwrap()
    };
    assert_eq!(judge(&stamped, DATA).verdict.sub, Some(Sub::TryLater), "B-T says nothing of status");
    let material = notary.material();
    let whole =
        Cms::read(&stamped).unwrap().with_evidence(&material.certificates, &material.answers, &material.lists).unwrap();
    let judged = judge(&whole, DATA);
    assert!(judged.verdict.passed(), "{:?}", judged.verdict);
    assert_eq!((judged.level, judged.claimed), (Level::LT, Some(notary.now)));
    assert_eq!(judge(&whole, b"other").verdict.sub, Some(Sub::HashFailure));
    let again =
        Cms::read(&whole).unwrap().with_evidence(&material.certificates, &material.answers, &material.lists).unwrap();
    assert_eq!(again, whole, "nothing stands twice");
    // OpenSSL reads it too, and refuses another file.
    let root = notary.stage.pem("root.pem", &[&notary.stage.root]);
    let (name, out) = (notary.stage.keep("lt.p7s", &whole), notary.stage.path("out"));
    let verify = |file: &str| {
        let content = notary.stage.keep(file, if file == "good" { DATA } else { b"other" });
        notary.stage.openssl(&[
            "cms",
            "-verify",
            "-binary",
            "-cades",
            "-inform",
            "DER",
            "-in",
            &name,
            "-content",
            &content,
            "-CAfile",
            &root,
            "-purpose",
            "any",
            "-out",
            out.to_str().unwrap(),
        ])
    };
    assert!(verify("good").0, "{}", verify("good").1);
    assert!(!verify("bad").0);
}

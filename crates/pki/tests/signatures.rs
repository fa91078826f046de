//! Detached signatures and time-stamps.

use crate::stage::{POLICY, Stage, spoilt};
use lionrock_crypto::sign::Algorithm;
use lionrock_pki::Error;
use lionrock_pki::algorithm::Digest;
use lionrock_pki::cms::{self, Content, Signature};
use lionrock_pki::profile::Profile;
use lionrock_pki::timestamp::{self, Failure, Stamp};

const FILE: &[u8] = b"I agree to pay ten dollars.\n";

#[test]
fn openssl_verifies_detached_signatures() {
    for algorithm in [Algorithm::Es256, Algorithm::Es384] {
        let stage = Stage::new(algorithm);
        let (leaf, key) = stage.leaf(Profile::ResidentSigning, algorithm);
        let digest = Digest::of_signature(algorithm).of(FILE);
        let content = Content { kind: cms::DATA, digest: &digest, inside: None, claimed: Some(stage.now) };
        let signed = cms::sign(&content, &[&leaf, &stage.issuing], &key).unwrap();
        let root = stage.pem("root.pem", &[&stage.root]);
        let (file, other) = (stage.keep("file", FILE), stage.keep("other", b"I agree to pay ten dollars!\n"));
        let judge = |name: &str, der: &[u8], content: &str| {
            let signature = stage.keep(name, der);
            let out = stage.path("out");
            stage.openssl(&[
                "cms",
                "-verify",
                "-binary",
                "-cades",
                "-inform",
                "DER",
                "-in",
                &signature,
                "-content",
                content,
                "-CAfile",
                &root,
                "-purpose",
                "any",
                "-out",
                out.to_str().unwrap(),
            ])
        };
        let (agreed, says) = judge("good.p7s", &signed, &file);
        assert!(agreed, "{says}");
        assert!(!judge("good.p7s", &signed, &other).0, "another file");
        assert!(!judge("spoilt.p7s", &spoilt(&signed), &file).0, "spoilt");

        let read = Signature::read(&signed).unwrap();
        assert_eq!(read.check(&digest).unwrap(), &leaf);
        assert_eq!(read.claimed().unwrap(), Some(stage.now));
        assert_eq!(read.check(&Digest::of_signature(algorithm).of(b"other")).unwrap_err(), Error::BadSignature);
        assert!(Signature::read(&spoilt(&signed)).and_then(|bad| bad.check(&digest).map(|_| ())).is_err());
        // Another person's certificate of the same authority, put in the place of the signer's.
        let (stranger, _) = stage.leaf(Profile::ResidentSigning, algorithm);
        assert!(cms::sign(&content, &[&stranger], &key).is_err());
    }
}

#[test]
fn openssl_verifies_time_stamps_over_every_digest() {
    let stage = Stage::new(Algorithm::Es256);
    let (own, key) = stage.leaf(Profile::TimeStamping, Algorithm::Es256);
    let (root, chain) = (stage.pem("root.pem", &[&stage.root]), stage.pem("issuing.pem", &[&stage.issuing]));
    let file = stage.keep("file", FILE);
    for (digest, word) in [(Digest::Sha256, "-sha256"), (Digest::Sha384, "-sha384"), (Digest::Sha512, "-sha512")] {
        let question = stage.path("question.tsq");
        let question = question.to_str().unwrap();
        stage.agrees(&["ts", "-query", "-data", &file, word, "-cert", "-out", question]);
        let asked = timestamp::read(&std::fs::read(question).unwrap()).unwrap();
        assert_eq!((asked.digest, &asked.hash), (digest, &digest.of(FILE)));
        let stamp = Stamp { policy: POLICY, serial: [0xee; 16], now: stage.now, accuracy_ms: 1500 };
        let token = timestamp::stamp(&asked, &stamp, &[&own, &stage.issuing], &key).unwrap();
        let answer = timestamp::grant(&token).unwrap();
        let judge = |name: &str, der: &[u8]| {
            let answer = stage.keep(name, der);
            stage.openssl(&[
                "ts",
                "-verify",
                "-queryfile",
                question,
                "-in",
                &answer,
                "-CAfile",
                &root,
                "-untrusted",
                &chain,
            ])
        };
        let (agreed, says) = judge("answer.tsr", &answer);
        assert!(agreed, "{says}");
        assert!(!judge("spoilt.tsr", &spoilt(&answer)).0, "spoilt");
        let text = stage.agrees(&["ts", "-reply", "-in", &stage.keep("a.tsr", &answer), "-text"]);
        assert!(text.contains("0x01 seconds") && text.contains("500 millis") || text.contains("Accuracy"), "{text}");
        let checked = timestamp::check(&timestamp::token(&answer).unwrap(), digest, &digest.of(FILE), None).unwrap();
        assert_eq!((checked.at, checked.policy, &checked.certificate), (stage.now, POLICY, &own));
        assert!(timestamp::check(&token, digest, &digest.of(b"other"), None).is_err());
        assert!(timestamp::check(&spoilt(&token), digest, &digest.of(FILE), None).is_err());
    }
}

#[test]
fn time_stamps_are_refused_for_clear_reasons() {
    let stage = Stage::new(Algorithm::Es256);
    let (own, key) = stage.leaf(Profile::TimeStamping, Algorithm::Es256);
    let hash = Digest::Sha256.of(FILE);
    let nonce = [0x80; 16];
    let question = timestamp::ask(Digest::Sha256, &hash, Some(&nonce)).unwrap();
    let asked = timestamp::read(&question).unwrap();
    let stamp = Stamp { policy: POLICY, serial: [1; 16], now: stage.now, accuracy_ms: 500 };
    let token = timestamp::stamp(&asked, &stamp, &[&own], &key).unwrap();
    timestamp::check(&token, Digest::Sha256, &hash, Some(&nonce)).unwrap();
    assert!(matches!(timestamp::check(&token, Digest::Sha256, &hash, Some(&[1; 16])), Err(Error::Refused(_))));
    // A signing certificate is no time-stamping certificate.
    let (leaf, leaf_key) = stage.leaf(Profile::ResidentSigning, Algorithm::Es256);
    assert!(matches!(timestamp::stamp(&asked, &stamp, &[&leaf], &leaf_key), Err(Error::Refused(_))));
    let mut other = asked.clone();
    other.policy = Some("1.2.3.4".parse().unwrap());
    assert!(matches!(timestamp::stamp(&other, &stamp, &[&own], &key), Err(Error::Refused(_))));
    for cut in 0..question.len() {
        assert!(timestamp::read(&question[..cut]).is_err());
    }
    assert_eq!(timestamp::read(&vec![0; timestamp::LONGEST_REQUEST + 1]), Err(Failure::BadRequest));
    assert!(timestamp::ask(Digest::Sha512, &hash, None).is_err());
    for failure in [Failure::BadAlgorithm, Failure::TimeNotAvailable, Failure::SystemFailure] {
        let answer = timestamp::refuse(failure, "no").unwrap();
        assert!(timestamp::token(&answer).is_err());
        let text = stage.agrees(&["ts", "-reply", "-in", &stage.keep("no.tsr", &answer), "-text"]);
        assert!(text.contains("Rejected"), "{text}");
    }
    let says = |failure| {
        let answer = timestamp::refuse(failure, "no").unwrap();
        stage.agrees(&["ts", "-reply", "-in", &stage.keep("no.tsr", &answer), "-text"])
    };
    assert!(says(Failure::TimeNotAvailable).contains("time source is not available"));
    assert!(says(Failure::BadAlgorithm).contains("algorithm"));
}

#[test]
fn whoever_asks_for_no_certificate_gets_none() {
    let stage = Stage::new(Algorithm::Es256);
    for algorithm in [Algorithm::Es256, Algorithm::Rs256] {
        let (own, key) = stage.leaf(Profile::TimeStamping, algorithm);
        let (root, issuing, file) = (
            stage.pem("root.pem", &[&stage.root]),
            stage.pem("issuing.pem", &[&own, &stage.issuing]),
            stage.keep("file", FILE),
        );
        let question = stage.path("bare.tsq");
        let question = question.to_str().unwrap();
        stage.agrees(&["ts", "-query", "-data", &file, "-sha512", "-out", question]);
        let asked = timestamp::read(&std::fs::read(question).unwrap()).unwrap();
        assert!(!asked.certificate);
        let stamp = Stamp { policy: POLICY, serial: [0xee; 16], now: stage.now, accuracy_ms: 2000 };
        let token = timestamp::stamp(&asked, &stamp, &[&own, &stage.issuing], &key).unwrap();
        assert!(cms::Signature::read(&token).unwrap().certificates().is_empty());
        let answer = stage.keep("bare.tsr", &timestamp::grant(&token).unwrap());
        let judge = ["ts", "-verify", "-queryfile", question, "-in", &answer, "-CAfile", &root, "-untrusted", &issuing];
        stage.agrees(&judge);
    }
}

#[test]
fn a_time_stamp_rides_on_a_signature() {
    let stage = Stage::new(Algorithm::Es256);
    let (leaf, key) = stage.leaf(Profile::ResidentSigning, Algorithm::Es256);
    let (own, stamping) = stage.leaf(Profile::TimeStamping, Algorithm::Es256);
    let digest = Digest::Sha256.of(FILE);
    let content = Content { kind: cms::DATA, digest: &digest, inside: None, claimed: None };
    let signed = Signature::read(&cms::sign(&content, &[&leaf, &stage.issuing], &key).unwrap()).unwrap();
    let over = Digest::Sha256.of(signed.bytes());
    let asked = timestamp::read(&timestamp::ask(Digest::Sha256, &over, None).unwrap()).unwrap();
    let stamp = Stamp { policy: POLICY, serial: [3; 16], now: stage.now, accuracy_ms: 500 };
    let token = timestamp::stamp(&asked, &stamp, &[&own, &stage.issuing], &stamping).unwrap();
    let whole = signed.with_unsigned(cms::TIME_STAMP, &token).unwrap();
    let read = Signature::read(&whole).unwrap();
    assert_eq!(read.check(&digest).unwrap(), &leaf);
    let inside = read.unsigned(cms::TIME_STAMP).unwrap().unwrap();
    let checked = timestamp::check(&inside, Digest::Sha256, &Digest::Sha256.of(read.bytes()), None).unwrap();
    assert_eq!(checked.at, stage.now);
    let root = stage.pem("root.pem", &[&stage.root]);
    let (file, signature) = (stage.keep("file", FILE), stage.keep("t.p7s", &whole));
    let out = stage.path("out");
    stage.agrees(&[
        "cms",
        "-verify",
        "-binary",
        "-cades",
        "-inform",
        "DER",
        "-in",
        &signature,
        "-content",
        &file,
        "-CAfile",
        &root,
        "-purpose",
        "any",
        "-out",
        out.to_str().unwrap(),
    ]);
}

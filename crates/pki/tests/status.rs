//! Revocation lists and status answers.

use crate::stage::{DAY, Stage, spoilt};
use lionrock_crypto::sign::Algorithm;
use lionrock_pki::crl::{self, Entry, List, Reason};
use lionrock_pki::ocsp::{self, Answer, Status};
use lionrock_pki::profile::Profile;
use lionrock_pki::{Error, certificate};

#[test]
fn openssl_reads_revocation_lists() {
    let stage = Stage::new(Algorithm::Es256);
    let (leaf, _) = stage.leaf(Profile::ResidentSigning, Algorithm::Es256);
    let (root, chain) = (stage.pem("root.pem", &[&stage.root]), stage.pem("issuing.pem", &[&stage.issuing]));
    let file = stage.pem("leaf.pem", &[&leaf]);
    let list = |entries: Vec<Entry>| List { number: 4711, now: stage.now - 60, next: stage.now + DAY, entries };
    let sign = |entries| crl::sign(&list(entries), &stage.issuing, &stage.issuing_key).unwrap();
    let check = |name: &str, der: &[u8]| {
        let pem = stage.keep(name, crl::to_pem(der).unwrap().as_bytes());
        stage.openssl(&[
            "verify",
            "-x509_strict",
            "-crl_check",
            "-CRLfile",
            &pem,
            "-CAfile",
            &root,
            "-untrusted",
            &chain,
            &file,
        ])
    };
    let empty = sign(vec![]);
    assert!(check("empty.crl", &empty).0);
    let other = Entry { serial: vec![0x41; 16], at: stage.now - 3600, reason: Reason::Hold };
    assert!(check("other.crl", &sign(vec![other.clone()])).0, "another certificate is revoked");
    let own = Entry { serial: leaf.serial().to_vec(), at: stage.now - 3600, reason: Reason::KeyCompromise };
    let revoked = sign(vec![own.clone(), other, own]);
    let (good, says) = check("revoked.crl", &revoked);
    assert!(!good && says.contains("certificate revoked"), "{says}");
    let text = stage.agrees(&["crl", "-inform", "DER", "-in", &stage.keep("r.der", &revoked), "-noout", "-text"]);
    assert!(text.contains("Key Compromise") && text.contains("4711"), "{text}");

    let read = crl::check(&revoked, &stage.issuing, stage.now).unwrap();
    assert_eq!((read.number, read.entries.len()), (Some(4711), 2));
    assert!(read.entries.contains(&(leaf.serial().to_vec(), stage.now - 3600, Some(Reason::KeyCompromise))));
    assert!(matches!(crl::check(&revoked, &stage.issuing, stage.now + 2 * DAY), Err(Error::Refused(_))), "too old");
    assert!(matches!(crl::check(&revoked, &stage.root, stage.now), Err(Error::Refused(_))), "another authority's");
    assert!(crl::check(&spoilt(&revoked), &stage.issuing, stage.now).is_err());
    let backwards = List { next: stage.now - 120, ..list(vec![]) };
    assert!(crl::sign(&backwards, &stage.issuing, &stage.issuing_key).is_err());
    assert!(crl::sign(&list(vec![]), &stage.issuing, &stage.root_key).is_err());
}

#[test]
fn openssl_asks_and_understands_status_answers() {
    let stage = Stage::new(Algorithm::Es256);
    let (leaf, _) = stage.leaf(Profile::ResidentSigning, Algorithm::Es256);
    let (responder, key) = stage.leaf(Profile::Ocsp, Algorithm::Es256);
    let (root, chain) = (stage.pem("root.pem", &[&stage.root]), stage.pem("issuing.pem", &[&stage.issuing]));
    let file = stage.pem("leaf.pem", &[&leaf]);
    for digest in ["-sha1", "-sha256"] {
        let question = stage.path("question.der");
        let question = question.to_str().unwrap();
        stage.agrees(&["ocsp", digest, "-issuer", &chain, "-cert", &file, "-reqout", question]);
        let asked = ocsp::read(&std::fs::read(question).unwrap()).unwrap();
        assert_eq!(asked.ids.len(), 1);
        assert!(asked.ids[0].is_of(&stage.issuing).unwrap() && !asked.ids[0].is_of(&stage.root).unwrap());
        assert_eq!(asked.ids[0].serial(), leaf.serial());
        for (status, word) in [
            (Status::Good, ": good"),
            (Status::Revoked(stage.now - 3600, Reason::Superseded), ": revoked"),
            (Status::Unknown, ": unknown"),
        ] {
            let singles = vec![(asked.ids[0].clone(), status)];
            let answer = Answer { singles, nonce: asked.nonce.clone(), now: stage.now - 5, next: stage.now + 600 };
            let der = ocsp::answer(&answer, &responder, &key).unwrap();
            let judge = |name: &str, der: &[u8]| {
                let answer = stage.keep(name, der);
                stage.openssl(&[
                    "ocsp",
                    digest,
                    "-issuer",
                    &chain,
                    "-cert",
                    &file,
                    "-respin",
                    &answer,
                    "-reqin",
                    question,
                    "-CAfile",
                    &root,
                    "-verify_other",
                    &chain,
                    "-no_nonce",
                ])
            };
            let (agreed, says) = judge("answer.der", &der);
            assert!(agreed && says.contains("Response verify OK") && says.contains(word), "{says}");
            let (_, says) = judge("spoilt.der", &spoilt(&der));
            assert!(!says.contains("Response verify OK"), "{says}");
        }
    }
}

#[test]
fn answers_are_for_one_question_one_certificate_and_today() {
    let stage = Stage::new(Algorithm::Es384);
    let (leaf, leaf_key) = stage.leaf(Profile::ResidentSigning, Algorithm::Es384);
    let (responder, key) = stage.leaf(Profile::Ocsp, Algorithm::Es384);
    let nonce = [5; 32];
    let asked = ocsp::read(&ocsp::ask(&leaf, &stage.issuing, Some(&nonce)).unwrap()).unwrap();
    assert_eq!(asked.nonce.as_deref(), Some(&nonce[..]));
    let make = |status| Answer {
        singles: vec![(asked.ids[0].clone(), status)],
        nonce: asked.nonce.clone(),
        now: stage.now,
        next: stage.now + 600,
    };
    let good = ocsp::answer(&make(Status::Good), &responder, &key).unwrap();
    let check = |der: &[u8], nonce: &[u8; 32], now| ocsp::check(der, &leaf, &stage.issuing, Some(nonce), now);
    assert_eq!(check(&good, &nonce, stage.now + 1), Ok(Status::Good));
    let revoked = ocsp::answer(&make(Status::Revoked(17, Reason::Hold)), &responder, &key).unwrap();
    assert_eq!(check(&revoked, &nonce, stage.now), Ok(Status::Revoked(17, Reason::Hold)));
    assert!(matches!(check(&good, &[6; 32], stage.now), Err(Error::Refused(_))), "another question");
    assert!(matches!(check(&good, &nonce, stage.now + 601), Err(Error::Refused(_))), "too old");
    assert!(matches!(check(&good, &nonce, stage.now - 1), Err(Error::Refused(_))), "from the future");
    assert!(matches!(
        ocsp::check(&good, &responder, &stage.issuing, None, stage.now),
        Err(Error::Refused(_)) | Ok(Status::Good)
    ));
    assert!(check(&spoilt(&good), &nonce, stage.now).is_err());
    // Whoever is not a responder of this authority says nothing about its certificates.
    let forged = ocsp::answer(&make(Status::Good), &leaf, &leaf_key).unwrap();
    assert!(matches!(check(&forged, &nonce, stage.now), Err(Error::Refused(_))));
    let other = Stage::new(Algorithm::Es384);
    let (stranger, stranger_key) = other.leaf(Profile::Ocsp, Algorithm::Es384);
    let forged = ocsp::answer(&make(Status::Good), &stranger, &stranger_key).unwrap();
    assert!(matches!(check(&forged, &nonce, stage.now), Err(Error::Refused(_))));
    // The authority itself may answer.
    let direct = ocsp::answer(&make(Status::Good), &stage.issuing, &stage.issuing_key).unwrap();
    assert_eq!(check(&direct, &nonce, stage.now), Ok(Status::Good));
    assert!(ocsp::answer(&make(Status::Good), &responder, &leaf_key).is_err());
    let refused = ocsp::refuse(ocsp::Reception::TryLater).unwrap();
    assert!(matches!(check(&refused, &nonce, stage.now), Err(Error::Refused(_))));
}

#[test]
fn odd_questions_are_refused() {
    let stage = Stage::new(Algorithm::Es256);
    let (leaf, _) = stage.leaf(Profile::Officer, Algorithm::Es256);
    let good = ocsp::ask(&leaf, &stage.issuing, None).unwrap();
    assert!(ocsp::read(&good).is_ok());
    for cut in 0..good.len() {
        assert!(ocsp::read(&good[..cut]).is_err());
    }
    assert!(ocsp::read(&[&good[..], &[0]].concat()).is_err());
    assert!(matches!(ocsp::read(&vec![0x30; ocsp::LONGEST_REQUEST + 1]), Err(Error::Refused(_))));
    let _ = certificate::SERIAL_BYTES;
}

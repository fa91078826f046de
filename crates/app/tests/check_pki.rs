//! `lionrock check cms|timestamp|ocsp|crl`, from outside: good ones pass, spoilt ones and ones about something else do not.

use crate::run::{Ran, lionrock};
use lionrock_crypto::sign::{Algorithm, SigningKey};
use lionrock_pki::algorithm::Digest;
use lionrock_pki::certificate::{self, Certificate, Order, Places};
use lionrock_pki::cms::{self, Content, Signature};
use lionrock_pki::crl::{self, Entry, List, Reason};
use lionrock_pki::name::Subject;
use lionrock_pki::ocsp::{self, Answer, Status};
use lionrock_pki::profile::Profile;
use lionrock_pki::timestamp::{self, Stamp};
use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};
use tempfile::TempDir;

const FILE: &[u8] = b"I agree.\n";
const DAY: u64 = 86_400;

struct Authority {
    folder: TempDir,
    now: u64,
    key: SigningKey,
    issuing: Certificate,
}

fn order(profile: Profile, name: &str, key: &SigningKey, now: u64) -> Order {
    let root = profile == Profile::Root;
    Order {
        profile,
        subject: Subject::Organisation {
            country: "HK".into(),
            organisation: "TEST".into(),
            identifier: None,
            unit: None,
            common_name: name.into(),
        },
        key: key.public().unwrap(),
        serial: Digest::Sha256.of(name.as_bytes())[..16].try_into().unwrap(),
        from: now - 60,
        until: now + if profile.is_authority() { 300 * DAY } else { 20 * DAY },
        policies: if root { vec![] } else { vec!["2.16.344.8.99999.1".parse().unwrap()] },
        hosts: vec![],
        places: Places {
            crl: (!root && profile != Profile::Ocsp).then(|| "http://crl.example.test/1".into()),
            ..Places::default()
        },
    }
}

fn authority() -> Authority {
    let folder = TempDir::new().unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let (top, key) = (SigningKey::generate(Algorithm::Es256).unwrap(), SigningKey::generate(Algorithm::Es256).unwrap());
    let root = certificate::issue(&order(Profile::Root, "TEST Root", &top, now), None, &top).unwrap();
    let issuing = certificate::issue(&order(Profile::Issuing, "TEST Issuing", &key, now), Some(&root), &top).unwrap();
    fs::write(folder.path().join("root.pem"), root.to_pem().unwrap()).unwrap();
    fs::write(folder.path().join("issuing.pem"), issuing.to_pem().unwrap()).unwrap();
    fs::write(folder.path().join("file"), FILE).unwrap();
    fs::write(folder.path().join("other"), b"I do not agree.\n").unwrap();
    Authority { folder, now, key, issuing }
}

impl Authority {
    fn leaf(&self, profile: Profile, name: &str) -> (Certificate, SigningKey) {
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let made = certificate::issue(&order(profile, name, &key, self.now), Some(&self.issuing), &self.key).unwrap();
        fs::write(self.folder.path().join(format!("{name}.pem")), made.to_pem().unwrap()).unwrap();
        (made, key)
    }

    fn check(&self, arguments: &[&str], input: &[u8]) -> Ran {
        let named: Vec<String> = arguments
            .iter()
            .map(|one| match one.strip_prefix('@') {
                Some(name) => self.folder.path().join(name).to_str().unwrap().to_owned(),
                None => (*one).to_owned(),
            })
            .collect();
        let all: Vec<&str> = std::iter::once("check").chain(named.iter().map(String::as_str)).collect();
        lionrock(&all, input)
    }
}

fn spoilt(bytes: &[u8]) -> Vec<u8> {
    let mut copy = bytes.to_vec();
    let at = copy.len() - 9;
    copy[at] ^= 1;
    copy
}

#[test]
fn signatures_and_time_stamps() {
    let authority = authority();
    let (signer, key) = authority.leaf(Profile::ResidentSigning, "signer");
    let (stamper, stamping) = authority.leaf(Profile::TimeStamping, "stamper");
    let digest = Digest::Sha256.of(FILE);
    let content = Content { kind: cms::DATA, digest: &digest, inside: None, claimed: None };
    let plain = cms::sign(&content, &[&signer, &authority.issuing], &key).unwrap();
    let stamp = |hash: &[u8]| {
        let asked = timestamp::read(&timestamp::ask(Digest::Sha256, hash, None).unwrap()).unwrap();
        let stamp = Stamp {
            policy: "2.16.344.8.99999.1".parse().unwrap(),
            serial: [8; 16],
            now: authority.now,
            accuracy_ms: 500,
        };
        timestamp::stamp(&asked, &stamp, &[&stamper, &authority.issuing], &stamping).unwrap()
    };
    let cms_of = ["cms", "--over", "@file", "--root", "@root.pem"];
    let ran = authority.check(&cms_of, &plain);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("signed by signer") && ran.out.contains("not proved"), "{ran:?}");
    let read = Signature::read(&plain).unwrap();
    let token = stamp(&Digest::Sha256.of(read.bytes()));
    let whole = read.with_unsigned(cms::TIME_STAMP, &token).unwrap();
    let json = authority.check(&[&cms_of[..], &["--json"]].concat(), &whole).json();
    assert_eq!((&json["ok"], json["stamped"].as_u64()), (&true.into(), Some(authority.now)));
    // A year later only the stamped one can still be judged at the time of signing.
    let later = (authority.now + 200 * DAY).to_string();
    assert_eq!(authority.check(&[&cms_of[..], &["--at", &later]].concat(), &whole).code, 1);
    let foreign = Signature::read(&plain).unwrap().with_unsigned(cms::TIME_STAMP, &stamp(&digest)).unwrap();
    for (arguments, input) in [
        (["cms", "--over", "@other", "--root", "@root.pem"], &whole),
        (["cms", "--over", "@file", "--root", "@stamper.pem"], &whole),
        (cms_of, &spoilt(&plain)),
        (cms_of, &foreign),
        (cms_of, &b"hello".to_vec()),
    ] {
        let ran = authority.check(&arguments, input);
        assert_eq!(ran.code, 1, "{arguments:?}: {ran:?}");
        assert!(ran.err.starts_with("error: refused: "), "{ran:?}");
    }

    let over = ["timestamp", "--over", "@file", "--root", "@root.pem"];
    let token = stamp(&digest);
    assert_eq!(authority.check(&over, &token).code, 0);
    assert_eq!(authority.check(&over, &timestamp::grant(&token).unwrap()).code, 0, "the whole answer");
    for (arguments, input) in [
        (["timestamp", "--over", "@other", "--root", "@root.pem"], &token),
        (["timestamp", "--over", "@file", "--root", "@signer.pem"], &token),
        (over, &spoilt(&token)),
        (over, &plain),
    ] {
        assert_eq!(authority.check(&arguments, input).code, 1, "{arguments:?}");
    }
    assert_eq!(authority.check(&over, b"").code, 2, "nothing to judge");
    assert_eq!(authority.check(&["timestamp", "--over", "@nothing", "--root", "@root.pem"], &token).code, 2);
}

#[test]
fn answers_and_lists() {
    let authority = authority();
    let (leaf, _) = authority.leaf(Profile::Officer, "officer");
    let (responder, key) = authority.leaf(Profile::Ocsp, "responder");
    let asked = ocsp::read(&ocsp::ask(&leaf, &authority.issuing, None).unwrap()).unwrap();
    let answer = |status| {
        let singles = vec![(asked.ids[0].clone(), status)];
        let answer = Answer { singles, nonce: None, now: authority.now, next: authority.now + 600 };
        ocsp::answer(&answer, &responder, &key).unwrap()
    };
    let about = ["ocsp", "--certificate", "@officer.pem", "--issuer", "@issuing.pem"];
    assert_eq!(authority.check(&about, &answer(Status::Good)).code, 0);
    let ran = authority.check(&about, &answer(Status::Revoked(authority.now - 5, Reason::KeyCompromise)));
    assert!(ran.code == 1 && ran.err.contains("keyCompromise"), "{ran:?}");
    for bad in [answer(Status::Unknown), spoilt(&answer(Status::Good)), b"x".to_vec()] {
        assert_eq!(authority.check(&about, &bad).code, 1);
    }
    let old = (authority.now + 601).to_string();
    assert_eq!(authority.check(&[&about[..], &["--at", &old]].concat(), &answer(Status::Good)).code, 1);

    let entries = vec![Entry { serial: leaf.serial().to_vec(), at: authority.now, reason: Reason::Hold }];
    let list = List { number: 3, now: authority.now, next: authority.now + DAY, entries };
    let der = crl::sign(&list, &authority.issuing, &authority.key).unwrap();
    let pem = crl::to_pem(&der).unwrap();
    for form in [&der[..], pem.as_bytes()] {
        let ran = authority.check(&["crl", "--issuer", "@issuing.pem"], form);
        assert!(ran.code == 0 && ran.out.contains("1 certificates revoked"), "{ran:?}");
        let ran = authority.check(&["crl", "--issuer", "@issuing.pem", "--certificate", "@officer.pem"], form);
        assert!(ran.code == 1 && ran.err.contains("certificateHold"), "{ran:?}");
        assert_eq!(
            authority.check(&["crl", "--issuer", "@issuing.pem", "--certificate", "@responder.pem"], form).code,
            0
        );
        assert_eq!(authority.check(&["crl", "--issuer", "@root.pem"], form).code, 1, "another authority's");
    }
    assert_eq!(authority.check(&["crl", "--issuer", "@issuing.pem"], &spoilt(&der)).code, 1);
}

//! Profiles and lint.

use crate::stage::{DAY, Stage, organisation, spoilt};
use lionrock_crypto::sign::{Algorithm, PublicKey, SigningKey};
use lionrock_pki::certificate::{self, Certificate};
use lionrock_pki::name::Subject;
use lionrock_pki::profile::Profile;
use lionrock_pki::{Error, request};

#[test]
fn openssl_accepts_every_profile_strictly_and_for_its_use_alone() {
    for algorithm in [Algorithm::Es256, Algorithm::Es384, Algorithm::EdDsa] {
        let stage = Stage::new(algorithm);
        let root = stage.pem("root.pem", &[&stage.root]);
        let issuing = stage.pem("issuing.pem", &[&stage.issuing]);
        let chain = ["verify", "-x509_strict", "-policy_check", "-CAfile", &root, "-untrusted", &issuing];
        for profile in
            [Profile::Ocsp, Profile::TimeStamping, Profile::ResidentSigning, Profile::InternalTls, Profile::Officer]
        {
            let (leaf, _) = stage.leaf(profile, algorithm);
            let file = stage.pem("leaf.pem", &[&leaf]);
            stage.agrees(&[&chain[..], &[&file]].concat());
            let bad = Certificate::from_der(&spoilt(leaf.der()));
            if let Ok(bad) = bad {
                let file = stage.pem("bad.pem", &[&bad]);
                stage.refuses(&[&chain[..], &[&file]].concat());
                assert!(bad.verify(&stage.issuing.key().unwrap()).is_err());
            }
            let purpose = |purpose: &str| stage.openssl(&[&chain[..], &["-purpose", purpose, &file]].concat()).0;
            assert_eq!(purpose("timestampsign"), profile == Profile::TimeStamping, "{profile:?}");
            assert_eq!(purpose("sslserver"), profile == Profile::InternalTls, "{profile:?}");
        }
        let leaf = stage.pem("issuing-alone.pem", &[&stage.issuing]);
        stage.agrees(&["verify", "-x509_strict", "-CAfile", &root, &leaf]);
    }
}

#[test]
fn a_persons_name_is_there_in_both_scripts() {
    let stage = Stage::new(Algorithm::Es256);
    let (leaf, _) = stage.leaf(Profile::ResidentSigning, Algorithm::Es256);
    let file = stage.pem("leaf.pem", &[&leaf]);
    let says = stage.agrees(&["x509", "-in", &file, "-noout", "-text", "-nameopt", "utf8,sep_comma_plus"]);
    for wanted in
        ["CHAN Tai Man 陳大文", "LR-7f3a9c1e", "Non Repudiation", "1.3.6.1.5.5.7.3.36", "OCSP - URI", "CA Issuers"]
    {
        assert!(says.contains(wanted), "{wanted}: {says}");
    }
    assert!(!says.contains("CA:TRUE"));
    let parts = lionrock_pki::name::common_name(leaf.subject());
    assert_eq!(parts.as_deref(), Some("CHAN Tai Man 陳大文"));
}

#[test]
fn what_must_not_exist_is_not_signed() {
    let stage = Stage::new(Algorithm::Es256);
    let key = SigningKey::generate(Algorithm::Es256).unwrap().public().unwrap();
    let good = stage.order(Profile::ResidentSigning, key.clone());
    certificate::issue(&good, Some(&stage.issuing), &stage.issuing_key).unwrap();
    let mut cases = Vec::new();
    let mut case = |says: &'static str, change: &dyn Fn(&mut certificate::Order)| {
        let mut order = good.clone();
        change(&mut order);
        cases.push((says, order));
    };
    case("before it begins", &|o| o.until = o.from - 1);
    case("longer than its profile", &|o| o.until = o.from + 4 * 366 * DAY);
    case("after its issuer", &|o| {
        o.from = stage.now + 4 * 365 * DAY;
        o.until = o.from + 2 * 365 * DAY;
    });
    case("serial number is zero", &|o| o.serial = [0; 16]);
    case("names no policy", &|o| o.policies.clear());
    case("where its status", &|o| o.places = certificate::Places::default());
    case("belong to TLS", &|o| o.hosts = vec!["a.example.test".into()]);
    case("weaker", &|o| o.key = PublicKey::Rsa { n: vec![0xc1; 256], e: vec![1, 0, 1] });
    case("weaker", &|o| o.key = PublicKey::Rsa { n: vec![0xc1; 384], e: vec![3] });
    case("another authority", &|o| o.profile = Profile::Issuing);
    for (says, order) in cases {
        match certificate::issue(&order, Some(&stage.issuing), &stage.issuing_key) {
            Err(Error::Lint(faults)) => assert!(faults.iter().any(|fault| fault.contains(says)), "{says}: {faults:?}"),
            other => panic!("{says}: {other:?}"),
        }
    }
    // A resident's certificate certifies nobody, whoever signs.
    let (leaf, leaf_key) = stage.leaf(Profile::ResidentSigning, Algorithm::Es256);
    let refused = certificate::issue(&good, Some(&leaf), &leaf_key);
    assert!(matches!(refused, Err(Error::Lint(_))), "{refused:?}");
    // Another's key.
    let refused = certificate::issue(&good, Some(&stage.issuing), &stage.root_key);
    assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
    for subject in [
        organisation(""),
        organisation("a\nb"),
        organisation(&"a".repeat(65)),
        Subject::Organisation {
            country: "hk".into(),
            organisation: "x".into(),
            identifier: None,
            unit: None,
            common_name: "y".into(),
        },
    ] {
        let order = certificate::Order { subject, ..good.clone() };
        assert!(matches!(certificate::issue(&order, Some(&stage.issuing), &stage.issuing_key), Err(Error::Refused(_))));
    }
}

#[test]
fn requests_prove_that_their_sender_holds_the_key() {
    let stage = Stage::new(Algorithm::Es384);
    let key = SigningKey::generate(Algorithm::Es384).unwrap();
    let made = request::make(&organisation("Lionrock TEST Issuing 2"), &key).unwrap();
    let read = request::read(&made).unwrap();
    assert_eq!(read.key, key.public().unwrap());
    let file = stage.keep("request.der", &made);
    stage.agrees(&["req", "-inform", "DER", "-in", &file, "-verify", "-noout"]);
    assert!(request::read(&spoilt(&made)).is_err());
    for cut in [0, 1, made.len() / 2, made.len() - 1] {
        assert!(request::read(&made[..cut]).is_err());
    }
}

#[test]
fn serial_numbers_are_positive_and_of_one_length() {
    let stage = Stage::new(Algorithm::Es256);
    assert_eq!((stage.root.serial().len(), stage.root.serial()[0]), (16, 0x7f));
    assert_eq!((stage.issuing.serial().len(), stage.issuing.serial()[0]), (16, 0x47));
}

//! Profiles and lint.

use crate::stage::{DAY, Stage, organisation, spoilt};
use lionrock_crypto::sign::{Algorithm, PublicKey, SigningKey};
use lionrock_pki::certificate::{self, Certificate};
use lionrock_pki::name::Subject;
use lionrock_pki::profile::Profile;
use lionrock_pki::{Error, lint, request};

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
    assert!(matches!(request::read(&vec![0x30; request::LONGEST + 1]), Err(Error::Refused(_))));
}

#[test]
fn a_request_gets_nothing_it_asks_for() {
    let stage = Stage::new(Algorithm::Es256);
    let (key, plain, greedy) = (stage.path("k.pem"), stage.path("plain.der"), stage.path("greedy.der"));
    let [key, plain, greedy] = [&key, &plain, &greedy].map(|path| path.to_str().unwrap());
    stage.agrees(&["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key]);
    let make = ["req", "-new", "-key", key, "-subj", "/CN=somebody", "-outform", "DER", "-out"];
    stage.agrees(&[&make[..], &[plain]].concat());
    stage.agrees(&[&make[..], &[greedy, "-addext", "basicConstraints=critical,CA:TRUE"]].concat());
    let good = request::read(&std::fs::read(plain).unwrap()).unwrap();
    assert_eq!(lionrock_pki::name::common_name(&good.subject).as_deref(), Some("somebody"));
    let refused = request::read(&std::fs::read(greedy).unwrap());
    assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
}

#[test]
fn names_that_are_not_what_they_look_like_are_refused() {
    for name in [
        "a\0b",
        "CHAN\u{202e}nataS",
        "CHAN\u{200b}",
        " CHAN",
        "CHAN ",
        "a\u{7f}",
        "\u{feff}CHAN",
        "\u{e0041}",
        &"陳".repeat(65),
    ] {
        assert!(matches!(organisation(name).name(), Err(Error::Refused(_))), "{name:?}");
    }
    assert!(organisation(&"陳".repeat(64)).name().is_ok());
}

#[test]
fn a_test_realm_is_told_from_production_in_every_name() {
    let stage = Stage::new(Algorithm::Es256);
    let key = SigningKey::generate(Algorithm::Es256).unwrap().public().unwrap();
    let mut order = stage.order(Profile::Officer, key);
    order.subject = Subject::Organisation {
        country: "HK".into(),
        organisation: "Lionrock Test".into(),
        identifier: None,
        unit: Some("TEST test-demo".into()),
        common_name: "officer".into(),
    };
    match certificate::issue(&order, Some(&stage.issuing), &stage.issuing_key) {
        Err(Error::Lint(faults)) => assert!(faults.iter().any(|fault| fault.contains("another realm")), "{faults:?}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_others_signed_is_looked_at_as_closely() {
    let stage = Stage::new(Algorithm::Es256);
    assert!(lint::received(&stage.issuing, Profile::Issuing).is_empty());
    for profile in [Profile::Ocsp, Profile::TimeStamping, Profile::ResidentSigning, Profile::Officer] {
        let (leaf, _) = stage.leaf(profile, Algorithm::Es256);
        assert!(lint::received(&leaf, profile).is_empty());
        for other in [Profile::Issuing, Profile::Root, Profile::InternalTls] {
            assert!(!lint::received(&leaf, other).is_empty(), "{profile:?} as {other:?}");
        }
    }
    assert!(!lint::received(&stage.root, Profile::Issuing).is_empty(), "another path length");
}

#[test]
fn serial_numbers_are_positive_and_of_one_length() {
    let stage = Stage::new(Algorithm::Es256);
    assert_eq!((stage.root.serial().len(), stage.root.serial()[0]), (16, 0x7f));
    assert_eq!((stage.issuing.serial().len(), stage.issuing.serial()[0]), (16, 0x47));
}

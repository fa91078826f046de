//! Everything the authority makes, before judges of other makers: OpenSSL, GnuTLS, NSS, pkilint and sigstore's time-stamp client. Each
//! also gets a spoilt copy, and must refuse it. The time is the real one, because not every judge can be told another.

use crate::life::{House, house_at};
use lionrock_crypto::sign::Algorithm;
use lionrock_model::certificate::Ground;
use lionrock_model::time::Millis;
use lionrock_pki::certificate::Certificate;
use lionrock_pki::{crl, ocsp};
use lionrock_service::authority::{Act, By};
use lionrock_service::timestamp::{self, Key};
use lionrock_service::{Caller, authority, status};
use lionrock_testkit::engines::Place;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

struct Court {
    house: House,
    folder: PathBuf,
    leaf: Certificate,
    _place: Place,
}

async fn court() -> Court {
    let place = Place::sqlite();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let house = house_at(&place, Millis(i64::try_from(now).unwrap())).await;
    let (leaf, _) = house.issue(Algorithm::Es256).await;
    let folder = place.folder().join("court");
    std::fs::create_dir_all(&folder).unwrap();
    let court = Court { house, folder, leaf, _place: place };
    let chain = &court.house.chain;
    court.keep("root.pem", chain.root.to_pem().unwrap().as_bytes());
    court.keep("issuing.pem", chain.issuing.certificate.to_pem().unwrap().as_bytes());
    court.keep(
        "both.pem",
        format!("{}{}", chain.issuing.certificate.to_pem().unwrap(), chain.root.to_pem().unwrap()).as_bytes(),
    );
    court.keep("leaf.pem", court.leaf.to_pem().unwrap().as_bytes());
    court
}

/// The same bytes with one bit turned where the signature lies.
fn spoilt(bytes: &[u8]) -> Vec<u8> {
    let mut copy = bytes.to_vec();
    let at = copy.len() - 9;
    copy[at] ^= 1;
    copy
}

impl Court {
    fn keep(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).to_str().unwrap().to_owned()
    }

    /// What a judge says, and whether it agrees.
    fn ask(&self, program: &str, arguments: &[&str]) -> (bool, String) {
        let output = Command::new(program).args(arguments).current_dir(&self.folder).output();
        let output = output.unwrap_or_else(|error| panic!("{program} is missing ({error}): ./test installs it"));
        let says = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&says).into_owned())
    }

    fn agrees(&self, program: &str, arguments: &[&str]) -> String {
        let (agreed, says) = self.ask(program, arguments);
        assert!(agreed, "{program} {}: {says}", arguments.join(" "));
        says
    }

    fn refuses(&self, program: &str, arguments: &[&str]) -> String {
        let (agreed, says) = self.ask(program, arguments);
        assert!(!agreed, "{program} {} accepted a spoilt one: {says}", arguments.join(" "));
        says
    }

    fn caller(&self) -> Caller {
        crate::stage::caller(&self.house.scene.clock)
    }

    async fn list(&self, issuer: &'static str) -> Vec<u8> {
        status::list(&self.house.scene.platform, &self.caller(), issuer).await.unwrap().unwrap().der
    }
}

/// A command of the Python that `./test` makes; nothing when this machine has none.
fn python(name: &str) -> Option<String> {
    let folder = std::env::var_os("LIONROCK_TEST_PYTHON")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/test-python/bin"), PathBuf::from);
    let path = folder.join(name);
    let found = path.exists().then(|| path.to_str().unwrap().to_owned());
    assert!(
        found.is_some() || std::env::var_os("LIONROCK_TEST_ALL").is_none(),
        "{name} is missing: ./test installs it"
    );
    found
}

#[tokio::test]
async fn chains_stand_before_openssl_gnutls_and_nss() {
    let court = court().await;
    let strict = ["verify", "-x509_strict", "-policy_check", "-CAfile", "root.pem", "-untrusted", "issuing.pem"];
    court.agrees("openssl", &[&strict[..], &["leaf.pem"]].concat());
    let bad = Certificate::from_der(&spoilt(court.leaf.der())).unwrap();
    court.keep("bad.pem", bad.to_pem().unwrap().as_bytes());
    court.refuses("openssl", &[&strict[..], &["bad.pem"]].concat());
    for profile in [&court.house.chain.tsa, &court.house.chain.ocsp, &court.house.chain.tsa_rsa] {
        court.keep("own.pem", profile.as_ref().unwrap().certificate.to_pem().unwrap().as_bytes());
        court.agrees("openssl", &[&strict[..], &["own.pem"]].concat());
    }
    // GnuTLS: the chain of leaf and issuing authority, against the root.
    let both = |leaf: &str| {
        format!(
            "{}{}",
            std::fs::read_to_string(court.path(leaf)).unwrap(),
            std::fs::read_to_string(court.path("issuing.pem")).unwrap()
        )
    };
    court.keep("chain.pem", both("leaf.pem").as_bytes());
    court.keep("bad-chain.pem", both("bad.pem").as_bytes());
    let gnutls = ["--verify", "--load-ca-certificate", "root.pem", "--infile"];
    court.agrees("certtool", &[&gnutls[..], &["chain.pem"]].concat());
    court.refuses("certtool", &[&gnutls[..], &["bad-chain.pem"]].concat());
    // NSS: a data base that trusts the root for everything.
    std::fs::create_dir_all(court.path("nss")).unwrap();
    court.agrees("certutil", &["-N", "-d", "sql:nss", "--empty-password"]);
    court.agrees("certutil", &["-A", "-d", "sql:nss", "-n", "root", "-t", "CT,C,C", "-i", "root.pem"]);
    // It knows no use for a signature on a document, so an officer's certificate stands for all: usage 0, client of TLS.
    let officer = court.house.officer("privacy-1").await;
    for (name, bytes) in [
        ("leaf.der", officer.der().to_vec()),
        ("bad.der", spoilt(officer.der())),
        ("issuing.der", court.house.chain.issuing.certificate.der().to_vec()),
    ] {
        court.keep(name, &bytes);
    }
    let nss = |leaf: &str| court.ask("vfychain", &["-d", "sql:nss", "-pp", "-u", "0", leaf, "issuing.der"]);
    let (good, says) = nss("leaf.der");
    assert!(good && says.contains("Chain is good"), "{says}");
    assert!(!nss("bad.der").1.contains("Chain is good"));
}

#[tokio::test]
async fn lists_stand_before_openssl_gnutls_and_nss() {
    let mut court = court().await;
    court.leaf = court.house.officer("privacy-1").await;
    court.keep("leaf.pem", court.leaf.to_pem().unwrap().as_bytes());
    court.house.change(&court.leaf, Act::Revoke(Ground::KeyCompromise), By::Officer).await.unwrap();
    let other = court.house.officer("security-1").await;
    court.keep("other.pem", other.to_pem().unwrap().as_bytes());
    let (list, root) = (court.list(authority::ISSUING).await, court.list(authority::ROOT).await);
    court.keep("issuing.der", &list);
    court.keep("issuing.crl", crl::to_pem(&list).unwrap().as_bytes());
    court.keep("root.crl", crl::to_pem(&root).unwrap().as_bytes());
    court.keep("all.crl", format!("{}{}", crl::to_pem(&list).unwrap(), crl::to_pem(&root).unwrap()).as_bytes());
    let check = [
        "verify",
        "-x509_strict",
        "-crl_check_all",
        "-CRLfile",
        "all.crl",
        "-CAfile",
        "root.pem",
        "-untrusted",
        "issuing.pem",
    ];
    court.agrees("openssl", &[&check[..], &["other.pem"]].concat());
    assert!(court.refuses("openssl", &[&check[..], &["leaf.pem"]].concat()).contains("certificate revoked"));
    let text = court.agrees("openssl", &["crl", "-in", "issuing.crl", "-CAfile", "issuing.pem", "-noout", "-text"]);
    assert!(text.contains("Key Compromise") && text.contains("Next Update") && text.contains("CRL Number"), "{text}");
    court.agrees("certtool", &["--verify-crl", "--load-ca-certificate", "issuing.pem", "--infile", "issuing.crl"]);
    court.keep("bad.crl", crl::to_pem(&spoilt(&list)).unwrap().as_bytes());
    court.refuses("certtool", &["--verify-crl", "--load-ca-certificate", "issuing.pem", "--infile", "bad.crl"]);
    // NSS takes the list in when it was signed by an authority that it knows.
    std::fs::create_dir_all(court.path("nss")).unwrap();
    court.agrees("certutil", &["-N", "-d", "sql:nss", "--empty-password"]);
    court.agrees("certutil", &["-A", "-d", "sql:nss", "-n", "root", "-t", "CT,C,C", "-i", "root.pem"]);
    court.agrees("certutil", &["-A", "-d", "sql:nss", "-n", "issuing", "-t", ",,", "-i", "issuing.pem"]);
    court.keep("bad.der", &spoilt(&list));
    court.refuses("crlutil", &["-I", "-d", "sql:nss", "-i", "bad.der"]);
    court.agrees("crlutil", &["-I", "-d", "sql:nss", "-i", "issuing.der"]);
    for (name, one) in [("leaf.der", &court.leaf), ("other.der", &other)] {
        court.keep(name, one.der());
    }
    court.keep("above.der", court.house.chain.issuing.certificate.der());
    let nss = |leaf: &str| court.ask("vfychain", &["-d", "sql:nss", "-u", "0", leaf, "above.der"]).1;
    assert!(nss("other.der").contains("Chain is good"), "{}", nss("other.der"));
    assert!(!nss("leaf.der").contains("Chain is good"), "NSS knows that it was revoked");
}

#[tokio::test]
async fn answers_stand_before_openssl_and_gnutls() {
    let court = court().await;
    for (word, revoked) in [("good", false), ("revoked", true)] {
        if revoked {
            court.house.change(&court.leaf, Act::Revoke(Ground::Superseded), By::Officer).await.unwrap();
        }
        for digest in ["-sha1", "-sha256"] {
            for nonce in ["-nonce", "-no_nonce"] {
                let ask =
                    ["ocsp", digest, "-issuer", "issuing.pem", "-cert", "leaf.pem", nonce, "-reqout", "question.der"];
                court.agrees("openssl", &ask);
                let question = std::fs::read(court.path("question.der")).unwrap();
                let answer = status::answer(&court.house.scene.platform, &court.caller(), &question).await.unwrap();
                court.keep("answer.der", &answer.der);
                court.keep("spoilt.der", &spoilt_answer(&answer.der));
                let judge = |file: &str| {
                    let judge = [
                        "ocsp",
                        digest,
                        "-issuer",
                        "issuing.pem",
                        "-cert",
                        "leaf.pem",
                        "-reqin",
                        "question.der",
                        "-respin",
                        file,
                        "-CAfile",
                        "root.pem",
                        "-verify_other",
                        "issuing.pem",
                        "-no_nonce",
                    ];
                    court.ask("openssl", &judge).1
                };
                let says = judge("answer.der");
                assert!(says.contains("Response verify OK") && says.contains(&format!("leaf.pem: {word}")), "{says}");
                assert!(!judge("spoilt.der").contains("Response verify OK"));
            }
        }
        court.agrees(
            "ocsptool",
            &[
                "--generate-request",
                "--load-issuer",
                "issuing.pem",
                "--load-cert",
                "leaf.pem",
                "--outfile",
                "gnutls.der",
            ],
        );
        let question = std::fs::read(court.path("gnutls.der")).unwrap();
        let answer = status::answer(&court.house.scene.platform, &court.caller(), &question).await.unwrap();
        court.keep("answer.der", &answer.der);
        court.keep("spoilt.der", &spoilt_answer(&answer.der));
        let trust = court.house.chain.issuing.certificate.to_pem().unwrap();
        court.keep("trust.pem", trust.as_bytes());
        let judge =
            |file: &str| court.ask("ocsptool", &["--verify-response", "--load-trust", "trust.pem", "--infile", file]);
        let (good, says) = judge("answer.der");
        assert!(good && says.contains("Success"), "{says}");
        let (good, says) = judge("spoilt.der");
        assert!(!good || !says.contains("Success"), "{says}");
        let shown = court.agrees("ocsptool", &["--response-info", "--infile", "answer.der"]);
        assert!(shown.contains(&format!("Certificate Status: {word}")), "{shown}");
    }
    // A signature of somebody else's responder says nothing.
    let stranger = Box::pin(self::court()).await;
    let question = ocsp::ask(&court.leaf, &court.house.chain.issuing.certificate, None).unwrap();
    court.keep("question.der", &question);
    let chain = &stranger.house.chain;
    let asked = ocsp::read(&question).unwrap();
    let answer = ocsp::Answer {
        singles: vec![(asked.ids[0].clone(), ocsp::Status::Good)],
        nonce: None,
        now: court.house.now(),
        next: court.house.now() + 600,
    };
    let responder = chain.ocsp.as_ref().unwrap();
    court.keep("forged.der", &ocsp::answer(&answer, &responder.certificate, &*responder.key).unwrap());
    let judge = [
        "ocsp",
        "-issuer",
        "issuing.pem",
        "-cert",
        "leaf.pem",
        "-reqin",
        "question.der",
        "-respin",
        "forged.der",
        "-CAfile",
        "root.pem",
        "-verify_other",
        "issuing.pem",
    ];
    assert!(!court.ask("openssl", &judge).1.contains("Response verify OK"));
}

/// A bit of the signed part: the signature is followed by a certificate.
fn spoilt_answer(der: &[u8]) -> Vec<u8> {
    let mut copy = der.to_vec();
    // Within the times of the answer: a digit of the year.
    let at = copy.windows(4).position(|window| window == b"\x18\x0f20").unwrap() + 5;
    copy[at] ^= 1;
    copy
}

#[tokio::test]
async fn time_stamps_stand_before_openssl_and_sigstore() {
    let court = court().await;
    court.keep("file", b"I agree.\n");
    for (key, kind) in [(Key::Ecdsa, "ecdsa"), (Key::Rsa, "rsa")] {
        for digest in ["-sha256", "-sha384", "-sha512"] {
            for certificate in [&["-cert"][..], &[]] {
                court.agrees(
                    "openssl",
                    &[&["ts", "-query", "-data", "file", digest, "-out", "q.tsq"][..], certificate].concat(),
                );
                let question = std::fs::read(court.path("q.tsq")).unwrap();
                let answer =
                    timestamp::answer(&court.house.scene.platform, &court.caller(), key, &question).await.unwrap();
                court.keep("a.tsr", &answer);
                court.keep("spoilt.tsr", &spoilt(&answer));
                let own = court.house.chain.stamping(if key == Key::Rsa {
                    lionrock_crypto::ring::Signer::TsaRsa
                } else {
                    lionrock_crypto::ring::Signer::Tsa
                });
                let above = format!(
                    "{}{}",
                    own.unwrap().certificate.to_pem().unwrap(),
                    court.house.chain.issuing.certificate.to_pem().unwrap()
                );
                court.keep("above.pem", above.as_bytes());
                let judge = |file| {
                    [
                        "ts",
                        "-verify",
                        "-queryfile",
                        "q.tsq",
                        "-in",
                        file,
                        "-CAfile",
                        "root.pem",
                        "-untrusted",
                        "above.pem",
                    ]
                };
                court.agrees("openssl", &judge("a.tsr"));
                court.refuses("openssl", &judge("spoilt.tsr"));
            }
        }
        let Some(python) = python("python") else { continue };
        court.keep("stamp.py", SIGSTORE.as_bytes());
        let tsa = court.house.chain.stamping(if kind == "rsa" {
            lionrock_crypto::ring::Signer::TsaRsa
        } else {
            lionrock_crypto::ring::Signer::Tsa
        });
        court.keep("tsa.pem", tsa.unwrap().certificate.to_pem().unwrap().as_bytes());
        court.agrees(&python, &["stamp.py", "ask", "q.tsq"]);
        let question = std::fs::read(court.path("q.tsq")).unwrap();
        let answer = timestamp::answer(&court.house.scene.platform, &court.caller(), key, &question).await.unwrap();
        court.keep("a.tsr", &answer);
        court.keep("spoilt.tsr", &spoilt(&answer));
        court.agrees(&python, &["stamp.py", "check", "a.tsr"]);
        court.refuses(&python, &["stamp.py", "check", "spoilt.tsr"]);
    }
}

/// sigstore's client: it makes the question, and checks the answer against root, issuing authority and stamper.
const SIGSTORE: &str = r#"
import sys
from cryptography import x509
from rfc3161_client import TimestampRequestBuilder, VerifierBuilder, decode_timestamp_response

MESSAGE = b"I agree.\n"

def certificate(name):
    with open(name, "rb") as file:
        return x509.load_pem_x509_certificate(file.read())

if sys.argv[1] == "ask":
    request = TimestampRequestBuilder().data(MESSAGE).nonce(nonce=True).build()
    with open(sys.argv[2], "wb") as file:
        file.write(request.as_bytes())
else:
    with open(sys.argv[2], "rb") as file:
        response = decode_timestamp_response(file.read())
    builder = VerifierBuilder().tsa_certificate(certificate("tsa.pem"))
    builder = builder.add_intermediate_certificate(certificate("issuing.pem")).add_root_certificate(certificate("root.pem"))
    verifier = builder.build()
    assert verifier.verify_message(response, MESSAGE)
"#;

#[tokio::test]
async fn certificates_lists_and_answers_stand_before_pkilint() {
    let court = court().await;
    if python("lint_pkix_cert").is_none() {
        println!("pkilint is not here: ./test installs it");
        return;
    }
    let lint = |program: &str, arguments: &[&str]| court.ask(&python(program).unwrap(), arguments);
    let (good, says) =
        lint("lint_etsi_cert", &["lint", "-t", "NCP-NATURAL-PERSON-CERTIFICATE", "-s", "WARNING", "leaf.pem"]);
    assert!(good, "ETSI EN 319 412-2: {says}");
    let (rsa, _) = court.house.issue(Algorithm::Rs256).await;
    court.keep("rsa.pem", rsa.to_pem().unwrap().as_bytes());
    let (good, says) =
        lint("lint_etsi_cert", &["lint", "-t", "NCP-NATURAL-PERSON-CERTIFICATE", "-s", "WARNING", "rsa.pem"]);
    assert!(good, "ETSI EN 319 412-2: {says}");
    let chain = &court.house.chain;
    let own = [
        ("issuing", &chain.issuing.certificate),
        ("ocsp", &chain.ocsp.as_ref().unwrap().certificate),
        ("root", &chain.root),
        ("tsa", &chain.tsa.as_ref().unwrap().certificate),
        ("tsa-rsa", &chain.tsa_rsa.as_ref().unwrap().certificate),
    ];
    for (name, one) in own {
        let file = court.keep(&format!("{name}.pem"), one.to_pem().unwrap().as_bytes());
        let (good, says) = lint("lint_pkix_cert", &["lint", "-s", "WARNING", &file]);
        assert!(good, "RFC 5280, {name}: {says}");
    }
    for issuer in [authority::ISSUING, authority::ROOT] {
        let file = court.keep("list.crl", crl::to_pem(&court.list(issuer).await).unwrap().as_bytes());
        let (good, says) = lint("lint_crl", &["lint", "-t", "CRL", "-p", "PKIX", "-s", "WARNING", &file]);
        assert!(good, "RFC 5280, list of {issuer}: {says}");
    }
    let question = ocsp::ask(&court.leaf, &chain.issuing.certificate, None).unwrap();
    let answer = status::answer(&court.house.scene.platform, &court.caller(), &question).await.unwrap();
    let file = court.keep("answer.der", &answer.der);
    let (good, says) = lint("lint_ocsp_response", &["lint", "-s", "WARNING", &file]);
    assert!(good, "RFC 6960: {says}");
    // A certificate for something else is no certificate of a natural person.
    assert!(!lint("lint_etsi_cert", &["lint", "-t", "NCP-NATURAL-PERSON-CERTIFICATE", "-s", "WARNING", "tsa.pem"]).0);
    let _ = Arc::strong_count(&court.house.chain);
}

//! What strangers say about our PDFs: poppler, MuPDF, qpdf and pyHanko.

use crate::notary::{Level, Notary};
use crate::paper::Paper;
use lionrock_crypto::sign::Algorithm;
use std::path::PathBuf;
use std::process::Command;

/// Runs a program; whether it agreed, and what it said.
pub fn ask(program: &str, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .unwrap_or_else(|why| panic!("{program}: {why}; ./test installs what the tests need"));
    let says = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    (output.status.success(), says)
}

/// pyHanko, in the Python that `./test` keeps: what it says about each signature.
pub fn pyhanko(file: &str, root: &str) -> String {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let python = here.join("../../target/test-python/bin/python");
    let script = here.join("tests/pyhanko_judge.py");
    ask(python.to_str().unwrap(), &[script.to_str().unwrap(), file, root]).1
}

/// poppler: digest and signature of the first signature.
pub fn pdfsig(file: &str) -> bool {
    let (_, says) = ask("pdfsig", &["-nocert", file]);
    says.contains("Signature is Valid") && !says.contains("Invalid") && !says.contains("Mismatch")
}

/// MuPDF: no signature error, whoever it trusts.
pub fn mutool(file: &str) -> bool {
    let (_, says) = ask("mutool", &["sign", "-v", file]);
    says.contains("Verifying signature") && !says.contains("Signature error") && !says.contains("Digest")
}

#[test]
fn strangers_accept_what_we_sign_and_refuse_it_spoilt() {
    for algorithm in [Algorithm::Es256, Algorithm::Es384] {
        let notary = Notary::new(algorithm);
        let root = notary.stage.pem("root.pem", &[&notary.stage.root]);
        for (kind, file) in [
            ("table", Paper::contract(3).table()),
            ("packed", Paper::contract(3).packed()),
            ("form", Paper::form().table()),
        ] {
            for level in Level::ALL {
                let signed = notary.sign(&file, level);
                let name = notary.stage.keep(&format!("{kind}-{level:?}.pdf"), &signed);
                let (sound, says) = ask("qpdf", &["--check", &name]);
                assert!(sound, "{kind} {level:?}: {says}");
                assert!(pdfsig(&name), "{kind} {level:?}: {}", ask("pdfsig", &["-nocert", &name]).1);
                assert!(mutool(&name), "{kind} {level:?}: {}", ask("mutool", &["sign", "-v", &name]).1);
                let says = pyhanko(&name, &root);
                // Before B-LT nobody can know offline whether the certificate was revoked.
                let expected = if level >= Level::LT {
                    "passed OK sound"
                } else {
                    "indeterminate CERTIFICATE_CHAIN_GENERAL_FAILURE sound"
                };
                assert!(says.starts_with(expected), "{kind} {level:?}: {says}");
                // One byte of what was signed.
                let mut bad = signed.clone();
                let at = bad.windows(11).position(|window| window == b"ten dollars").unwrap_or(40);
                bad[at] ^= 1;
                let bad = notary.stage.keep("spoilt.pdf", &bad);
                assert!(!pdfsig(&bad) && !mutool(&bad), "{kind} {level:?} spoilt");
                let says = pyhanko(&bad, &root);
                assert!(says.starts_with("failed"), "{kind} {level:?} spoilt: {says}");
            }
        }
    }
}

/// Keeps examples for looking at by hand: `LIONROCK_KEEP=folder`.
#[test]
fn examples_are_kept_on_request() {
    let Ok(folder) = std::env::var("LIONROCK_KEEP") else { return };
    let notary = Notary::new(Algorithm::Es256);
    for level in Level::ALL {
        std::fs::write(format!("{folder}/{level:?}.pdf"), notary.sign(&Paper::contract(2).table(), level)).unwrap();
        std::fs::write(format!("{folder}/packed-{level:?}.pdf"), notary.sign(&Paper::contract(2).packed(), level))
            .unwrap();
    }
    std::fs::write(format!("{folder}/root.pem"), notary.stage.root.to_pem().unwrap()).unwrap();
    std::fs::write(format!("{folder}/answer.der"), &notary.material().answers[0]).unwrap();
}

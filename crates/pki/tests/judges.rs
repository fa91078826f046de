//! What strangers say about our PDFs: poppler, MuPDF, qpdf and pyHanko.

use crate::notary::{Level, Notary};
use crate::paper::Paper;
use lionrock_crypto::sign::Algorithm;
use lionrock_pki::pades::{Seen, Wish, Words, seal};
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

#[test]
fn rsa_keys_sign_too() {
    let notary = Notary::under(Algorithm::Es256, Algorithm::Rs256);
    let root = notary.stage.pem("root.pem", &[&notary.stage.root]);
    let signed = notary.sign(&Paper::form().packed(), Level::LTA);
    let name = notary.stage.keep("rsa.pdf", &signed);
    assert!(pdfsig(&name) && mutool(&name));
    assert!(pyhanko(&name, &root).starts_with("passed"), "{}", pyhanko(&name, &root));
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

/// The fonts of the rehearsal: Latin letters and those of synthetic people's names.
fn fonts() -> [Vec<u8>; 2] {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../rehearsal/assets/fonts");
    ["specimen-latin-sans.ttf", "specimen-han-sans.otf"].map(|name| std::fs::read(folder.join(name)).unwrap())
}

#[test]
fn a_seal_is_seen_in_both_scripts() {
    let notary = Notary::new(Algorithm::Es256);
    let [latin, han] = fonts();
    let words = Words { name: "CHAN Tai Man 陳大文", lines: &["Signed 23 November 2026", "Lionrock"] };
    let drawing = seal(&words, &[&latin, &han]).unwrap();
    assert_eq!(drawing.words, "CHAN Tai Man 陳大文, Signed 23 November 2026, Lionrock");
    // A letter that no font has is never left out.
    assert!(matches!(seal(&words, &[&latin]), Err(lionrock_pki::Error::Refused(_))));
    assert!(seal(&words, &[b"no font"]).is_err());
    let place = [72, 400, 220, 64];
    let wish = Wish { seen: Some(Seen { page: 1, place, drawing }), ..notary.wish() };
    let paper = Paper::contract(2);
    for file in [paper.table(), paper.packed()] {
        let signed = notary.sign_as(&file, Level::LT, &wish);
        let name = notary.stage.keep("seen.pdf", &signed);
        let root = notary.stage.pem("root.pem", &[&notary.stage.root]);
        assert!(ask("qpdf", &["--check", &name]).0 && pdfsig(&name) && mutool(&name));
        assert!(pyhanko(&name, &root).starts_with("passed"), "{}", pyhanko(&name, &root));
        // Drawn by MuPDF: dark where the seal is, white where it is not.
        let picture = notary.stage.path("seen.pgm");
        assert!(ask("mutool", &["draw", "-q", "-F", "pgm", "-r", "72", "-o", picture.to_str().unwrap(), &name, "2"]).0);
        let pgm = std::fs::read(&picture).unwrap();
        let dark = |left: usize, bottom: usize, width: usize, height: usize| {
            let pixels = &pgm[pgm.len() - 595 * 842..];
            let rows = 842 - bottom - height..842 - bottom;
            rows.flat_map(|row| &pixels[row * 595 + left..row * 595 + left + width]).filter(|one| **one < 128).count()
        };
        assert!(dark(72, 400, 64, 64) > 100 && dark(136, 400, 156, 64) > 150, "the seal and the name");
        assert_eq!(dark(72, 200, 220, 64), 0, "nothing elsewhere");
        if let Ok(folder) = std::env::var("LIONROCK_KEEP") {
            std::fs::write(format!("{folder}/seen.pdf"), &signed).unwrap();
        }
    }
}

//! The offline proof of one entry.

use lionrock_ledger::bundle::{Bundle, Error};
use lionrock_ledger::proof;

use crate::stage::{self, ORIGIN, entries, publish, verifier};

#[test]
fn proves_an_entry_and_no_other() {
    let entries = entries(600);
    let files = publish(&entries);
    let checkpoint = String::from_utf8(files.0["checkpoint"].clone()).unwrap();
    for index in [0u64, 255, 256, 599] {
        let bundle = Bundle::make(&files, &checkpoint, 600, index).unwrap().unwrap();
        let again = Bundle::parse(&bundle.to_string()).unwrap();
        assert_eq!(again, bundle);
        let entry = &entries[index as usize];
        assert_eq!(again.check(entry, ORIGIN, &[verifier()]).unwrap().size, 600);
        assert_eq!(again.check(b"other", ORIGIN, &[verifier()]), Err(Error::Proof(proof::Error::Root)));
        assert!(again.check(entry, "lionrock.production/x", &[verifier()]).is_err());
        assert!(again.check(entry, ORIGIN, &[]).is_err());
        let moved = Bundle { index: index ^ 1, ..again };
        assert_eq!(moved.check(entry, ORIGIN, &[verifier()]), Err(Error::Proof(proof::Error::Root)));
    }
    assert_eq!(Bundle::make(&files, &checkpoint, 600, 600).unwrap(), None);
}

#[test]
fn says_what_is_missing() {
    let mut files = publish(&entries(600));
    let checkpoint = String::from_utf8(files.0["checkpoint"].clone()).unwrap();
    files.0.remove("tile/0/001");
    let error = Bundle::make(&files, &checkpoint, 600, 300).unwrap_err();
    assert_eq!(error.to_string(), "tile/0/001 is missing or damaged");
}

#[test]
fn text_form_is_strict() {
    let files = publish(&stage::entries(5));
    let checkpoint = String::from_utf8(files.0["checkpoint"].clone()).unwrap();
    let mut bundle = Bundle::make(&files, &checkpoint, 5, 3).unwrap().unwrap();
    bundle.extra = Some(b"more".to_vec());
    let text = bundle.to_string();
    assert!(text.starts_with("c2sp.org/tlog-proof@v1\nextra bW9yZQ==\nindex 3\n"), "{text}");
    assert!(text.ends_with(&checkpoint));
    assert_eq!(Bundle::parse(&text), Ok(bundle));
    for bad in [
        "",
        &text.replace("@v1", "@v2"),
        &text.replace("index 3", "index 03"),
        &text.replace("index 3\n", ""),
        &text.replace("index 3", "index -3"),
        &text.replace("bW9yZQ==", "bW9yZQ"),
        &text.replace("\n\nlionrock", "\nlionrock"),
        &text.replace('\n', "\r\n"),
    ] {
        assert_eq!(Bundle::parse(bad), Err(Error::Form), "{bad}");
    }
}

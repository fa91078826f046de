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

mod receipts {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use lionrock_crypto::sign::{PublicKey, SigningKey};
    use lionrock_ledger::bundle::Bundle;
    use lionrock_ledger::leaf::{CoarseTime, Kind, Leaf};
    use lionrock_ledger::receipt::{Error, Receipt, digest};
    use serde_json::{Value, json};

    use crate::stage::{entries, publish, verifier};

    fn statement(header: Value, claims: Value, key: &SigningKey) -> String {
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes()).unwrap()))
    }

    fn receipt_of(statement: String, event: &str, key: &SigningKey) -> Receipt {
        let kind = Kind::parse("custody.closed").unwrap();
        let leaf = Leaf::commit([1; 16], kind, CoarseTime::from_millis(0), &[2; 32], event.as_bytes());
        let mut all = entries(20);
        all.push(leaf.encode());
        let files = publish(&all);
        let checkpoint = String::from_utf8(files.0["checkpoint"].clone()).unwrap();
        let PublicKey::Ed25519(public) = key.public().unwrap() else { panic!() };
        Receipt {
            statement,
            key: public,
            entry: leaf.encode(),
            event: event.to_owned(),
            event_key: [2; 32],
            proof: Bundle::make(&files, &checkpoint, 21, 20).unwrap().unwrap(),
            log: verifier().to_string(),
        }
    }

    fn good() -> (Receipt, SigningKey) {
        let key = SigningKey::from_ed25519_seed(&[8; 32]).unwrap();
        let jws = statement(json!({"alg": "EdDSA", "typ": "receipt+jwt"}), json!({"pictures": 7}), &key);
        let event = json!({"body": {"receipt": digest(&jws)}, "kind": "custody.closed"}).to_string();
        (receipt_of(jws, &event, &key), key)
    }

    #[test]
    fn a_receipt_says_what_was_signed_and_logged() {
        let (receipt, _) = good();
        let again = Receipt::parse(receipt.to_json().to_string().as_bytes()).unwrap();
        assert_eq!(again, receipt);
        let statement = again.check(&[verifier()]).unwrap();
        assert_eq!(statement.claims["pictures"], 7);
        assert_eq!((statement.index, statement.leaf.kind.as_str()), (20, "custody.closed"));
        assert_eq!(again.named_log().unwrap(), verifier());
    }

    #[test]
    fn nothing_in_it_can_be_changed() {
        let (receipt, key) = good();
        let check = |receipt: &Receipt| receipt.check(&[verifier()]).unwrap_err();
        // Another statement by the very same key: signed, but not the one in the log.
        let other = statement(json!({"alg": "EdDSA", "typ": "receipt+jwt"}), json!({"pictures": 8}), &key);
        assert_eq!(check(&Receipt { statement: other.clone(), ..receipt.clone() }), Error::Digest);
        // The event changed to fit it: the entry does not commit to that.
        let event = receipt.event.replace(&digest(&receipt.statement), &digest(&other));
        assert_eq!(check(&Receipt { statement: other.clone(), event: event.clone(), ..receipt.clone() }), Error::Event);
        // The entry changed to fit that: the log does not hold it.
        let forged = receipt_of(other, &event, &key);
        assert!(matches!(check(&Receipt { proof: receipt.proof.clone(), ..forged }), Error::Proof(_)));
        assert_eq!(check(&Receipt { key: [9; 32], ..receipt.clone() }), Error::Signature);
        assert_eq!(check(&Receipt { event_key: [9; 32], ..receipt.clone() }), Error::Event);
        for header in [
            json!({"alg": "none", "typ": "receipt+jwt"}),
            json!({"alg": "EdDSA", "typ": "JWT"}),
            json!({"alg": "EdDSA"}),
            json!({"alg": "EdDSA", "typ": "receipt+jwt", "crit": []}),
        ] {
            let jws = statement(header, json!({}), &key);
            assert_eq!(check(&Receipt { statement: jws, ..receipt.clone() }), Error::Statement);
        }
        assert_eq!(receipt.check(&[]), Err(Error::NoKey));
        let thief = crate::stage::verifier_of(&key, "another/log");
        assert!(matches!(receipt.check(&[thief]), Err(Error::Proof(_))));
    }

    #[test]
    fn broken_files_are_named() {
        let whole = good().0.to_json();
        for member in ["format", "statement", "key", "entry", "event", "event_key", "proof", "log"] {
            for value in [None, Some(json!(7)), Some(json!({}))] {
                let mut file = whole.clone();
                match value {
                    None => drop(file.as_object_mut().unwrap().remove(member)),
                    Some(value) => file[member] = value,
                }
                assert_eq!(Receipt::parse(file.to_string().as_bytes()), Err(Error::Member(member)));
            }
        }
        assert_eq!(Receipt::parse(b"\xff\xd8 not json"), Err(Error::NotJson));
        assert_eq!(Receipt::parse(b"[]"), Err(Error::NotJson));
        assert_eq!(Receipt::parse(&vec![b' '; 300_000]), Err(Error::TooLarge));
    }
}

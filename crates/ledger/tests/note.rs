//! Signed notes and checkpoints: the examples of the C2SP pages, and everything that must be refused.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lionrock_crypto::sign::SigningKey;
use lionrock_ledger::checkpoint::{self, Checkpoint, origin};
use lionrock_ledger::hash::Hash;
use lionrock_ledger::note::{self, Error, Verifier};

use crate::stage::{self, verifier_of};

const VKEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const NOTE: &str = "This is an example message.\n\n\u{2014} example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

#[test]
fn example_of_signed_note() {
    let verifier = Verifier::parse(VKEY).unwrap();
    assert_eq!((verifier.name(), verifier.id()), ("example.com/foo", 0x530d_903a));
    assert_eq!(verifier.to_string(), VKEY);
    assert_eq!(note::open(NOTE.as_bytes(), &[verifier]), Ok("This is an example message.\n"));
}

#[test]
fn example_without_a_known_key_has_a_form() {
    let poem = "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n";
    let note = format!(
        "{poem}\n\u{2014} quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n"
    );
    let (text, signatures) = note::parse(note.as_bytes()).unwrap();
    assert_eq!(text, poem, "the last empty line divides, not the first");
    assert_eq!(
        (signatures[0].name, signatures[0].id, signatures[0].bytes.len()),
        ("quasimodo.example/salvatore", 0x367b_a04b, 64)
    );
    assert_eq!(note::open(note.as_bytes(), &[Verifier::parse(VKEY).unwrap()]), Err(Error::Unsigned));
}

#[test]
fn example_of_checkpoint() {
    let text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    let checkpoint = Checkpoint::parse(text).unwrap();
    assert_eq!((checkpoint.origin.as_str(), checkpoint.size), ("example.com/behind-the-sofa", 20_852_163));
    assert_eq!(checkpoint.to_string(), text);
}

#[test]
fn signs_what_it_opens() {
    let (key, verifier) = (stage::key(), stage::verifier());
    let text = "one\n\ntwo\n";
    let note = note::sign(text, &verifier, &key).unwrap();
    assert_eq!(note::open(note.as_bytes(), std::slice::from_ref(&verifier)), Ok(text));
    for bad in ["", "no newline", "tab\there\n", "return\r\n", "null\0\n"] {
        assert_eq!(note::sign(bad, &verifier, &key), Err(Error::Text), "{bad:?}");
    }
    let other = SigningKey::from_ed25519_seed(&[6; 32]).unwrap();
    assert_eq!(note::sign(text, &verifier, &other), Err(Error::Signing));
}

#[test]
fn unknown_keys_are_ignored_and_known_ones_are_not() {
    let (key, verifier) = (stage::key(), stage::verifier());
    let other_key = SigningKey::from_ed25519_seed(&[6; 32]).unwrap();
    let other = verifier_of(&other_key, "witness.example");
    let mine = note::sign("text\n", &verifier, &key).unwrap();
    let theirs = note::sign("text\n", &other, &other_key).unwrap();
    let line = theirs.rsplit("\n\n").next().unwrap();
    let both = format!("{mine}{line}");
    assert!(note::open(both.as_bytes(), std::slice::from_ref(&verifier)).is_ok());
    assert!(note::open(both.as_bytes(), std::slice::from_ref(&other)).is_ok());
    // A known key's failing signature rejects the note, even beside a good one.
    let broken = both.replace("text\n\n", "test\n\n");
    assert_eq!(
        note::open(broken.as_bytes(), std::slice::from_ref(&verifier)),
        Err(Error::Signature(stage::ORIGIN.into()))
    );
    let wrong = line.replace("witness.example ", &format!("{} ", stage::ORIGIN));
    // Same name, other id: not our key, so ignored.
    assert!(note::open(format!("{mine}{wrong}").as_bytes(), std::slice::from_ref(&verifier)).is_ok());
    // Same id, other name: not our key either.
    let namesake = mine.rsplit("\n\n").next().unwrap().replace(stage::ORIGIN, "somebody.example");
    assert!(note::open(format!("{mine}{namesake}").as_bytes(), &[stage::verifier()]).is_ok());
    assert_eq!(note::open(format!("text\n\n{namesake}").as_bytes(), &[stage::verifier()]), Err(Error::Unsigned));
    // Same name and id, other signature: ours, and it fails.
    let mut forged = verifier.id().to_be_bytes().to_vec();
    forged.extend([7; 64]);
    let forged = format!("{mine}\u{2014} {} {}\n", stage::ORIGIN, STANDARD.encode(forged));
    assert!(matches!(note::open(forged.as_bytes(), &[verifier]), Err(Error::Signature(_))));
}

#[test]
fn sixteen_signatures_and_more_but_not_without_end() {
    let mine = note::sign("text\n", &stage::verifier(), &stage::key()).unwrap();
    let line = |n: usize| format!("\u{2014} w{n}.example {}\n", STANDARD.encode([n as u8; 4 + 2420]));
    let with = |count: usize| format!("{mine}{}", (0..count).map(line).collect::<String>());
    assert!(note::open(with(16).as_bytes(), &[stage::verifier()]).is_ok());
    assert!(note::open(with(63).as_bytes(), &[stage::verifier()]).is_ok());
    assert_eq!(note::open(with(64).as_bytes(), &[stage::verifier()]), Err(Error::TooLarge));
    let long = format!("{}\n{mine}", "x".repeat(note::LARGEST));
    assert_eq!(note::open(long.as_bytes(), &[stage::verifier()]), Err(Error::TooLarge));
}

#[test]
fn broken_notes_are_refused() {
    let verifier = [Verifier::parse(VKEY).unwrap()];
    let signature = NOTE.rsplit(' ').next().unwrap();
    let cases = [
        String::new(),
        "\n\n".into(),
        "text\n".into(),
        "text\n\n".into(),
        NOTE.trim_end().into(),
        NOTE.replace("\u{2014} ", "- "),
        NOTE.replace("\u{2014} ", "\u{2014}"),
        NOTE.replace("example.com/foo ", "example.com/foo  "),
        NOTE.replace("example.com/foo ", " "),
        NOTE.replace("example.com/foo ", "example.com+foo "),
        NOTE.replace("example.com/foo ", "example.com\u{a0}foo "),
        NOTE.replace(signature, "Uw2QOg==\n"),
        NOTE.replace(signature, "????\n"),
        NOTE.replace("QM=\n", "QN=\n"),
        format!("{NOTE}\n"),
        format!("{NOTE}more\n"),
    ];
    for case in cases {
        assert_eq!(note::open(case.as_bytes(), &verifier), Err(Error::Form), "{case:?}");
    }
    assert_eq!(note::open(NOTE.replace("example m", "example\tm").as_bytes(), &verifier), Err(Error::Text));
    assert_eq!(note::open(NOTE.replace('\n', "\r\n").as_bytes(), &verifier), Err(Error::Text));
    assert_eq!(note::open(&[NOTE.as_bytes(), b"\xff\n"].concat(), &verifier), Err(Error::Text));
}

#[test]
fn broken_keys_are_refused() {
    for (vkey, error) in [
        ("example.com/foo", Error::Key),
        ("example.com/foo+530d903a", Error::Key),
        ("example.com/foo+530d903a+", Error::Key),
        ("example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", Error::KeyId),
        ("example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", Error::KeyId),
        ("example.com/bar+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", Error::KeyId),
        ("example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", Error::KeyType(2)),
        ("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3Q==", Error::Key),
        ("+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", Error::Name),
    ] {
        assert_eq!(Verifier::parse(vkey).unwrap_err(), error, "{vkey}");
    }
}

#[test]
fn broken_checkpoints_are_refused() {
    let root = Hash::of_nothing().to_base64();
    for text in [
        "",
        "\n",
        "origin\n0\n",
        &format!("\n0\n{root}\n"),
        &format!("origin\n00\n{root}\n"),
        &format!("origin\n+1\n{root}\n"),
        &format!("origin\n-1\n{root}\n"),
        &format!("origin\n 1\n{root}\n"),
        &format!("origin\n18446744073709551616\n{root}\n"),
        &format!("origin\n1\n{root}"),
        &format!("origin\n1\n{}\n", &root[4..]),
        &format!("origin\n1\n{root}\nextension\n"),
        &format!("origin\n1\n{root}\n\n"),
    ] {
        assert_eq!(Checkpoint::parse(text), Err(checkpoint::Error::Form), "{text:?}");
    }
    let signed = stage::sign(0, Hash::of_nothing());
    assert!(Checkpoint::open(&signed, stage::ORIGIN, &[stage::verifier()]).is_ok());
    let other = Checkpoint::open(&signed, "lionrock.production/localhost:8443", &[stage::verifier()]);
    assert!(matches!(other, Err(checkpoint::Error::Origin { .. })));
    let named = Checkpoint { origin: "other".into(), size: 0, root: Hash::of_nothing() };
    assert!(matches!(named.sign(&stage::verifier(), &stage::key()), Err(checkpoint::Error::Origin { .. })));
}

#[test]
fn realm_and_place_stand_in_the_origin() {
    assert_eq!(origin("test-demo", "https://localhost:8443"), "lionrock.test-demo/localhost:8443");
    assert_eq!(origin("production", "https://id.example.hk/a b+c/"), "lionrock.production/id.example.hk/a-b-c");
}

#[test]
fn fewer_signatures_leave_the_text_and_the_kept_ones_as_they_were() {
    let (key, verifier) = (stage::key(), stage::verifier());
    let whole = note::sign("one\n\ntwo\n", &verifier, &key).unwrap();
    let cosigned = format!("{whole}\u{2014} example.com/foo {}\n", STANDARD.encode([7; 2424]));
    assert_eq!(note::shortened(&cosigned, std::slice::from_ref(&verifier)).unwrap(), whole);
    assert_eq!(note::open(whole.as_bytes(), std::slice::from_ref(&verifier)), Ok("one\n\ntwo\n"));
    assert_eq!(note::shortened(&cosigned, &[Verifier::parse(VKEY).unwrap()]), Err(Error::Unsigned));
}

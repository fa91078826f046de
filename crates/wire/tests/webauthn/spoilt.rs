//! Each check fails exactly when its field is spoilt.

use super::fixture::{self, CHALLENGE, Parts, client};
use lionrock_wire::webauthn::cbor::{CborError, Value};
use lionrock_wire::webauthn::*;

#[test]
fn sound_parts_pass() {
    let made = Parts::registration().register().unwrap();
    assert_eq!((made.id.as_slice(), made.sign_count, made.user_verified), (&fixture::ID[..], 1, true));
    assert_eq!((made.backup_eligible, made.attestation), (false, AttestationKind::None));
    let attested = Parts::registration().self_attested().register().unwrap();
    assert_eq!(attested.attestation, AttestationKind::SelfSigned);
    let assertion = Parts::assertion().authenticate().unwrap();
    assert_eq!(assertion.counter, assertion::Counter::Advanced);
}

type Spoil = fn(&mut Parts);

/// Spoilt client data, authenticator data and flags, the same for both ceremonies.
const SHARED: &[(&str, Spoil, Failure)] = &[
    ("no JSON", |p| p.client = "text".into(), Failure::ClientData),
    ("no origin", |p| drop(p.client.as_object_mut().unwrap().remove("origin")), Failure::ClientData),
    ("type of another ceremony", |p| p.client["type"] = "payment.get".into(), Failure::Type),
    ("another challenge", |p| p.client["challenge"] = "AAAA".into(), Failure::Challenge),
    ("padded challenge", |p| pad(&mut p.client["challenge"]), Failure::Challenge),
    ("another origin", |p| p.client["origin"] = "https://example.org.evil.test".into(), Failure::Origin),
    ("plain origin", |p| p.client["origin"] = "http://example.org".into(), Failure::Origin),
    ("port in origin", |p| p.client["origin"] = "https://example.org:444".into(), Failure::Origin),
    ("slash after origin", |p| p.client["origin"] = "https://example.org/".into(), Failure::Origin),
    ("framed", |p| p.client["crossOrigin"] = true.into(), Failure::CrossOrigin),
    ("top origin", |p| p.client["topOrigin"] = "https://example.org".into(), Failure::TopOrigin),
    ("another RP ID", |p| p.rp_id = "example.com".into(), Failure::RpIdHash),
    ("nobody there", |p| p.flags &= !1, Failure::UserPresence),
    ("not verified", |p| p.flags &= !4, Failure::UserVerification),
    ("backed up but not eligible", |p| p.flags |= 0x10, Failure::BackupState),
    ("bytes after authenticator data", |p| p.tail = vec![0], Failure::AuthenticatorData),
    ("extensions announced, none there", |p| p.flags |= 0x80, Failure::AuthenticatorData),
    (
        "extensions that are no map",
        |p| {
            p.flags |= 0x80;
            p.tail = vec![0x01]
        },
        Failure::AuthenticatorData,
    ),
];

fn pad(challenge: &mut serde_json::Value) {
    *challenge = format!("{}==", challenge.as_str().unwrap()).into();
}

#[test]
fn registration_names_what_is_spoilt() {
    let own: &[(&str, Spoil, Failure)] = &[
        ("assertion's type", |p| p.client = client("webauthn.get"), Failure::Type),
        ("no credential", |p| p.flags &= !0x40, Failure::AuthenticatorData),
        ("short id", |p| p.id = vec![1; 15], Failure::CredentialIdLength),
        ("long id", |p| p.id = vec![1; 1024], Failure::CredentialIdLength),
        ("algorithm not offered", |p| set(&mut p.cose, 3, Value::Int(-47)), Failure::Algorithm),
        ("curve of another algorithm", |p| set(&mut p.cose, -1, Value::Int(2)), Failure::PublicKey),
        ("key type of another algorithm", |p| set(&mut p.cose, 1, Value::Int(1)), Failure::PublicKey),
        ("short coordinate", |p| set(&mut p.cose, -2, Value::Bytes(vec![1; 31])), Failure::PublicKey),
        ("point off the curve", |p| set(&mut p.cose, -2, Value::Bytes(vec![1; 32])), Failure::PublicKey),
        ("optional key parameter", |p| push(&mut p.cose, 2, Value::Bytes(vec![1])), Failure::PublicKey),
        ("none with a statement", |p| p.statement = statement(vec![1]), Failure::AttestationStatement),
        ("unknown format", |p| p.format = "compound".into(), Failure::AttestationFormat),
    ];
    for (what, spoil, failure) in SHARED.iter().chain(own) {
        let mut parts = Parts::registration();
        spoil(&mut parts);
        assert_eq!(parts.register().unwrap_err(), *failure, "{what}");
    }
}

#[test]
fn assertion_names_what_is_spoilt() {
    let own: &[(&str, Spoil, Failure)] = &[
        ("registration's type", |p| p.client = client("webauthn.create"), Failure::Type),
        ("carries a credential", |p| p.flags |= 0x40, Failure::AuthenticatorData),
        ("became eligible for backup", |p| p.flags |= 0x08, Failure::BackupEligibility),
        ("another credential", |p| p.id = vec![4; 32], Failure::CredentialNotAllowed),
    ];
    for (what, spoil, failure) in SHARED.iter().chain(own) {
        let mut parts = Parts::assertion();
        spoil(&mut parts);
        assert_eq!(parts.authenticate().unwrap_err(), *failure, "{what}");
    }
}

#[test]
fn a_signature_covers_every_byte() {
    let parts = Parts::assertion();
    let cose = parts.cose.encode();
    let sound = parts.assertion_response();
    assert!(fixture::authenticate(&sound, &cose).is_ok());
    let mut other = sound.clone();
    *other.authenticator_data.last_mut().unwrap() ^= 1;
    assert_eq!(fixture::authenticate(&other, &cose).unwrap_err(), Failure::Signature);
    let mut other = sound.clone();
    let end = other.client_data_json.len() - 1;
    other.client_data_json.insert(end, b' ');
    assert_eq!(fixture::authenticate(&other, &cose).unwrap_err(), Failure::Signature);
    for at in 0..sound.signature.len() {
        let mut other = sound.clone();
        other.signature[at] ^= 1;
        assert_eq!(fixture::authenticate(&other, &cose).unwrap_err(), Failure::Signature, "byte {at}");
    }
    let stranger = Parts::assertion().cose.encode();
    assert_eq!(fixture::authenticate(&sound, &stranger).unwrap_err(), Failure::Signature);
    let mut fixed = sound.clone();
    fixed.signature = vec![0x30, 0x06, 2, 1, 0, 2, 1, 0];
    assert_eq!(fixture::authenticate(&fixed, &cose).unwrap_err(), Failure::Signature);
}

#[test]
fn the_user_handle_is_needed_and_must_match() {
    let parts = Parts::assertion();
    let mut answer = parts.assertion_response();
    answer.user_handle = None;
    assert_eq!(fixture::authenticate(&answer, &parts.cose.encode()).unwrap_err(), Failure::UserHandle);
    answer.user_handle = Some(vec![6; 64]);
    assert_eq!(fixture::authenticate(&answer, &parts.cose.encode()).unwrap_err(), Failure::UserHandle);
}

#[test]
fn only_allowed_credentials_answer() {
    let parts = Parts::assertion();
    let origins = ["https://example.org".to_owned()];
    let (cose, allowed) = (parts.cose.encode(), [vec![8; 32]]);
    let stored = StoredCredential {
        id: &fixture::ID,
        public_key: &cose,
        user_handle: &fixture::HANDLE,
        sign_count: 0,
        backup_eligible: false,
    };
    let expected = AssertionExpectation {
        party: fixture::party(&origins),
        challenge: &CHALLENGE,
        user_verification: true,
        allowed: &allowed,
        person_known: true,
    };
    let outcome = assertion::verify(&parts.assertion_response(), &expected, &stored);
    assert_eq!(outcome.unwrap_err(), Failure::CredentialNotAllowed);
}

#[test]
fn the_counter_is_a_signal() {
    use assertion::Counter::{Absent, Advanced, Suspicious};
    for (counter, stored, expected) in
        [(0, 0, Absent), (2, 1, Advanced), (1, 1, Suspicious), (0, 1, Suspicious), (5, 9, Suspicious)]
    {
        let mut parts = Parts::assertion();
        parts.counter = counter;
        let cose = parts.cose.encode();
        let origins = ["https://example.org".to_owned()];
        let record = StoredCredential {
            id: &fixture::ID,
            public_key: &cose,
            user_handle: &fixture::HANDLE,
            sign_count: stored,
            backup_eligible: false,
        };
        let expected_ceremony = AssertionExpectation {
            party: fixture::party(&origins),
            challenge: &CHALLENGE,
            user_verification: true,
            allowed: &[],
            person_known: false,
        };
        let outcome = assertion::verify(&parts.assertion_response(), &expected_ceremony, &record).unwrap();
        assert_eq!(outcome.counter, expected, "{counter} after {stored}");
    }
}

#[test]
fn self_attestation_is_checked() {
    let mut wrong = Parts::registration().self_attested();
    wrong.counter = 9; // signed data changed afterwards
    assert_eq!(wrong.register().unwrap_err(), Failure::AttestationStatement);
    let mut other = Parts::registration().self_attested();
    other.statement = Value::Map(vec![
        (Value::Text("alg".into()), Value::Int(-8)),
        (Value::Text("sig".into()), Value::Bytes(other.signature())),
    ]);
    assert_eq!(other.register().unwrap_err(), Failure::AttestationStatement);
}

#[test]
fn the_envelope_names_the_same_credential() {
    let mut answer = Parts::registration().registration_response();
    answer.id = vec![8; 32];
    assert_eq!(fixture::register(&answer, &CHALLENGE).unwrap_err(), Failure::CredentialIdMismatch);
}

#[test]
fn attestation_objects_are_canonical_and_whole() {
    let sound = Parts::registration().registration_response();
    for cut in 0..sound.attestation_object.len() {
        let mut answer = sound.clone();
        answer.attestation_object.truncate(cut);
        assert!(
            matches!(fixture::register(&answer, &CHALLENGE).unwrap_err(), Failure::AttestationObject(_)),
            "cut at {cut}"
        );
    }
    let mut answer = sound.clone();
    answer.attestation_object.push(0);
    let trailing = Failure::AttestationObject(CborError::Trailing);
    assert_eq!(fixture::register(&answer, &CHALLENGE).unwrap_err(), trailing);
    let mut answer = sound;
    answer.attestation_object[0] = 0xa2; // two of three members
    assert!(matches!(fixture::register(&answer, &CHALLENGE).unwrap_err(), Failure::AttestationObject(_)));
}

#[test]
fn short_challenges_are_never_right() {
    let mut parts = Parts::registration();
    parts.client["challenge"] = "AAAAAAAAAAAAAAAAAAAA".into();
    assert_eq!(fixture::register(&parts.registration_response(), &[0; 15]).unwrap_err(), Failure::Challenge);
}

#[test]
fn repeated_members_and_long_client_data_are_refused() {
    let parts = Parts::registration();
    let mut answer = parts.registration_response();
    let text = String::from_utf8(parts.client_bytes()).unwrap();
    answer.client_data_json = text.replacen('{', "{\"origin\":\"https://example.org\",", 1).into_bytes();
    assert_eq!(fixture::register(&answer, &CHALLENGE).unwrap_err(), Failure::ClientData);
    answer.client_data_json = format!("{text}{}", " ".repeat(4096)).into_bytes();
    assert_eq!(fixture::register(&answer, &CHALLENGE).unwrap_err(), Failure::ClientData);
    answer.client_data_json = [b"\xef\xbb\xbf", text.as_bytes()].concat();
    assert!(fixture::register(&answer, &CHALLENGE).is_ok());
}

fn set(cose: &mut Value, label: i64, value: Value) {
    let Value::Map(entries) = cose else { panic!() };
    entries.iter_mut().find(|(k, _)| *k == Value::Int(label)).unwrap().1 = value;
}

fn push(cose: &mut Value, label: i64, value: Value) {
    let Value::Map(entries) = cose else { panic!() };
    entries.push((Value::Int(label), value));
}

fn statement(signature: Vec<u8>) -> Value {
    Value::Map(vec![(Value::Text("sig".into()), Value::Bytes(signature))])
}

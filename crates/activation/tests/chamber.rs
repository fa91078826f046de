//! Sole control: the honest resident signs; nobody else does, whatever they hold.

use crate::stage::{
    CERTIFICATE, NOW, Phone, REALM, approval, attributes, chamber, chamber_of, digest_for, order, sign, value,
};
use lionrock_activation::chamber::{self as room, AHEAD, WINDOW};
use lionrock_activation::message::{Answer, Order};
use lionrock_activation::{Document, Enrolled, Form, Hex, Refusal, record, text};
use lionrock_crypto::digest::sha256;
use lionrock_crypto::random::System;
use lionrock_rehearsal::authenticator::Manner;
use lionrock_wire::webauthn::Failure;
use lionrock_wire::webauthn::json::Base64Url;

fn enrolled(phone: &mut Phone, chamber: &mut room::Chamber) -> Enrolled {
    phone.enrolled(chamber, "ES256", "key-1")
}

#[test]
fn a_resident_signs_with_each_algorithm_and_anybody_can_check_it() {
    for name in ["ES256", "ES384", "RS256"] {
        let (mut chamber, mut phone) = (chamber(), Phone::new());
        let algorithm = record::algorithm(name).unwrap();
        let enrolment = phone.enrolment(name, "key-1");
        let made = chamber.enrol(&enrolment, NOW, &System).unwrap();
        let public = room::public_key(algorithm, &made.public_key.0).unwrap();
        let request = lionrock_pki::request::read(&made.request.0).unwrap();
        assert_eq!(request.key, public);
        assert_eq!(lionrock_pki::name::common_name(&request.subject).as_deref(), Some("LR-REFERENCE"));
        let digest = digest_for(name, b"document");
        let order = order(&mut phone, &approval("key-1", &digest, 1), &made.record);
        let signed = sign(&mut chamber, &order).unwrap();
        public.verify(algorithm, &attributes(&digest, &CERTIFICATE), &signed.signatures[0].0).unwrap();
        assert!(public.verify(algorithm, &attributes(&digest, &[8; 32]), &signed.signatures[0].0).is_err());
    }
}

#[test]
fn several_documents_and_exact_digests_are_signed_in_order() {
    let (mut chamber, mut phone) = (chamber(), Phone::new());
    let made = enrolled(&mut phone, &mut chamber);
    let mut text = approval("key-1", &sha256(b"one"), 1);
    text.documents.push(Document { digest: sha256(b"two").into(), form: Form::Exact });
    let signed = sign(&mut chamber, &order(&mut phone, &text, &made.record)).unwrap();
    let algorithm = record::algorithm("ES256").unwrap();
    let public = room::public_key(algorithm, &made.public_key.0).unwrap();
    public.verify(algorithm, &attributes(&sha256(b"one"), &CERTIFICATE), &signed.signatures[0].0).unwrap();
    public.verify(algorithm, b"two", &signed.signatures[1].0).unwrap();
}

#[test]
fn an_approval_signs_once() {
    let (mut chamber, mut phone) = (chamber(), Phone::new());
    let made = enrolled(&mut phone, &mut chamber);
    let order = order(&mut phone, &approval("key-1", &sha256(b"one"), 1), &made.record);
    let signed = sign(&mut chamber, &order).unwrap();
    assert_ne!(signed.record, made.record, "the counter moves on");
    // The very same bytes: the counter does not grow any more, and the older record does not bring the older counter back.
    assert_eq!(sign(&mut chamber, &order), Err(Refusal::Counter));
    // A device without a counter: then the nonce alone says so.
    let mut still = Phone::behaving(Manner { counter: Some(0), ..Manner::default() });
    let made = still.enrolled(&mut chamber, "ES256", "key-2");
    let order = crate::stage::order(&mut still, &approval("key-2", &sha256(b"one"), 2), &made.record);
    sign(&mut chamber, &order).unwrap();
    assert_eq!(sign(&mut chamber, &order), Err(Refusal::Replayed));
}

#[test]
fn the_same_nonce_shown_on_two_devices_signs_once() {
    let mut chamber = chamber();
    let mut still = Phone::behaving(Manner { counter: Some(0), ..Manner::default() });
    let made = enrolled(&mut still, &mut chamber);
    let text = approval("key-1", &sha256(b"one"), 1);
    let (one, two) = (order(&mut still, &text, &made.record), order(&mut still, &text, &made.record));
    sign(&mut chamber, &one).unwrap();
    assert_eq!(sign(&mut chamber, &two), Err(Refusal::Replayed));
}

#[test]
fn an_approval_is_for_its_documents_its_key_and_its_certificate() {
    let (mut chamber, mut phone) = (chamber(), Phone::new());
    let made = enrolled(&mut phone, &mut chamber);
    let text = approval("key-1", &sha256(b"one"), 1);
    // Another document's attributes, another certificate's, something that is no attributes at all, or too few messages.
    for message in [
        attributes(&sha256(b"another"), &CERTIFICATE),
        attributes(&sha256(b"one"), &[8; 32]),
        sha256(b"one").to_vec(),
        Vec::new(),
        [attributes(&sha256(b"one"), &CERTIFICATE), vec![0]].concat(),
    ] {
        let mut order = order(&mut phone, &text, &made.record);
        order.messages = vec![Base64Url(message)];
        assert_eq!(sign(&mut chamber, &order), Err(Refusal::Document));
    }
    let mut none = order(&mut phone, &text, &made.record);
    none.messages.clear();
    assert_eq!(sign(&mut chamber, &none), Err(Refusal::Text));
    // A server writes another document into the text: the passkey did not sign that.
    let mut changed = order(&mut phone, &text, &made.record);
    changed.text = Base64Url(text::canonical(&approval("key-1", &sha256(b"another"), 1)));
    changed.messages = vec![Base64Url(attributes(&sha256(b"another"), &CERTIFICATE))];
    assert_eq!(sign(&mut chamber, &changed), Err(Refusal::Passkey(Failure::Challenge)));
    // Another key's id: the record does not open in its place.
    let other = order(&mut phone, &approval("key-2", &sha256(b"one"), 1), &made.record);
    assert_eq!(sign(&mut chamber, &other), Err(Refusal::Record));
    sign(&mut chamber, &order(&mut phone, &text, &made.record)).unwrap();
}

#[test]
fn another_residents_passkey_opens_nothing() {
    let (mut chamber, mut phone, mut thief) = (chamber(), Phone::new(), Phone::new());
    let made = enrolled(&mut phone, &mut chamber);
    let theirs = thief.enrolled(&mut chamber, "ES256", "key-2");
    let text = approval("key-1", &sha256(b"one"), 1);
    // Their passkey under the victim's key.
    let stolen = order(&mut thief, &text, &made.record);
    assert_eq!(sign(&mut chamber, &stolen), Err(Refusal::Passkey(Failure::CredentialNotAllowed)));
    // The victim's credential id in front of their signature.
    let mut forged = order(&mut thief, &text, &made.record);
    forged.passkey.id = phone.known.id.clone();
    assert_eq!(sign(&mut chamber, &forged), Err(Refusal::Passkey(Failure::Signature)));
    // Their record in the victim's row.
    let swapped = order(&mut thief, &text, &theirs.record);
    assert_eq!(sign(&mut chamber, &swapped), Err(Refusal::Record));
    sign(&mut chamber, &order(&mut phone, &text, &made.record)).unwrap();
}

#[test]
fn the_passkey_is_on_one_device_verifies_its_person_and_answers_this_page() {
    let mut chamber = chamber();
    let mut phone = Phone::new();
    let made = enrolled(&mut phone, &mut chamber);
    for (manner, failure) in [
        (Manner { verified: false, ..Manner::default() }, Failure::UserVerification),
        (Manner { present: false, ..Manner::default() }, Failure::UserPresence),
        (Manner { synced: true, ..Manner::default() }, Failure::BackupEligibility),
        (Manner { origin: Some("https://id.example.evil".into()), ..Manner::default() }, Failure::Origin),
        (Manner { cross_origin: true, ..Manner::default() }, Failure::CrossOrigin),
        (Manner { wrong_key: true, ..Manner::default() }, Failure::Signature),
    ] {
        phone.manner = manner;
        let order = order(&mut phone, &approval("key-1", &sha256(b"one"), 1), &made.record);
        assert_eq!(sign(&mut chamber, &order), Err(Refusal::Passkey(failure)));
    }
    phone.manner = Manner { counter: Some(1), ..Manner::default() };
    let order_again = order(&mut phone, &approval("key-1", &sha256(b"one"), 1), &made.record);
    assert_eq!(sign(&mut chamber, &order_again), Err(Refusal::Counter));
    // A synced passkey guards no key in the first place.
    let mut synced = Phone::behaving(Manner { synced: true, ..Manner::default() });
    let asked = synced.enrolment("ES256", "key-3");
    assert_eq!(chamber.enrol(&asked, NOW, &System), Err(Refusal::Passkey(Failure::BackupEligibility)));
    phone.manner = Manner::default();
    sign(&mut chamber, &order(&mut phone, &approval("key-1", &sha256(b"one"), 1), &made.record)).unwrap();
}

#[test]
fn time_passes_and_a_new_process_takes_no_approval_of_an_old_one() {
    let (mut chamber, mut phone) = (chamber(), Phone::new());
    let made = enrolled(&mut phone, &mut chamber);
    let mut at = |time: i64, now: i64| {
        let mut text = approval("key-1", &sha256(b"one"), 1);
        text.time = time;
        let order = order(&mut phone, &text, &made.record);
        chamber.sign(&order, now, &System).map(drop)
    };
    assert_eq!(at(NOW, NOW + WINDOW + 1), Err(Refusal::Window));
    assert_eq!(at(NOW + AHEAD + 1, NOW), Err(Refusal::Window));
    assert_eq!(at(NOW - 1_001, NOW), Err(Refusal::BeforeStart));
    assert_eq!(at(NOW, NOW + WINDOW), Ok(()));
    let order = order(&mut phone, &approval("key-1", &sha256(b"one"), 2), &made.record);
    let mut again = crate::stage::chamber();
    sign(&mut again, &order).unwrap();
    let opening = lionrock_activation::Opening {
        key: Base64Url(vec![7; 32]),
        origins: vec![crate::stage::ORIGIN.into()],
        realm: REALM.into(),
        rp_id: crate::stage::RP.into(),
    };
    let mut restarted = room::Chamber::open(&opening, NOW + 20).unwrap();
    assert_eq!(restarted.sign(&order, NOW + 30, &System), Err(Refusal::BeforeStart));
}

#[test]
fn a_record_opens_in_its_realm_with_its_key_unchanged() {
    let (mut chamber, mut phone) = (chamber(), Phone::new());
    let made = enrolled(&mut phone, &mut chamber);
    let text = approval("key-1", &sha256(b"one"), 1);
    let honest = order(&mut phone, &text, &made.record);
    assert_eq!(sign(&mut chamber_of("test-other", [7; 32]), &honest), Err(Refusal::Realm));
    assert_eq!(sign(&mut chamber_of(REALM, [8; 32]), &honest), Err(Refusal::Record));
    for place in [0, 1, 13, made.record.0.len() - 1] {
        let mut spoilt = honest.clone();
        spoilt.record.0[place] ^= 1;
        assert_eq!(sign(&mut chamber, &spoilt), Err(Refusal::Record));
    }
    sign(&mut chamber, &honest).unwrap();
}

#[test]
fn a_key_is_made_for_whoever_answers_only() {
    let (mut chamber, mut phone, mut thief) = (chamber(), Phone::new(), Phone::new());
    // The thief's answer for the resident's passkey; a text about another passkey; another realm; an algorithm of no use.
    let mut asked = phone.enrolment("ES256", "key-1");
    asked.passkey = thief.approve(&asked.text.0);
    asked.passkey.id = phone.known.id.clone();
    assert_eq!(chamber.enrol(&asked, NOW, &System), Err(Refusal::Passkey(Failure::Signature)));
    let mut asked = phone.enrolment("ES256", "key-1");
    asked.authenticator = thief.known.clone();
    assert_eq!(chamber.enrol(&asked, NOW, &System), Err(Refusal::Text));
    let asked = phone.enrolment("EdDSA", "key-1");
    assert_eq!(chamber.enrol(&asked, NOW, &System), Err(Refusal::Algorithm));
    let asked = phone.enrolment("ES256", "key-1");
    assert_eq!(chamber_of("test-other", [7; 32]).enrol(&asked, NOW, &System), Err(Refusal::Realm));
    // An approval to sign makes no key, and the other way round.
    let text = text::canonical(&approval("key-1", &sha256(b"one"), 1));
    let mut crossed = phone.enrolment("ES256", "key-1");
    crossed.passkey = phone.approve(&text);
    crossed.text = Base64Url(text);
    assert_eq!(chamber.enrol(&crossed, NOW, &System), Err(Refusal::Text));
    let asked = phone.enrolment("ES256", "key-1");
    chamber.enrol(&asked, NOW, &System).unwrap();
    assert!(matches!(chamber.enrol(&asked, NOW, &System), Err(Refusal::Counter | Refusal::Replayed)));
}

#[test]
fn a_text_has_one_form() {
    let good = text::canonical(&approval("key-1", &sha256(b"one"), 1));
    assert!(text::read::<lionrock_activation::Activation>(&good).is_some());
    let written = String::from_utf8(good).unwrap();
    for bad in [
        written.replace(',', ", "),
        written.replace("\"key\"", "\"kez\""),
        written.replace("{\"certificate\"", "{\"a\":1,\"certificate\""),
        written.replace("0909", "0A0A"),
        format!("{written} "),
        String::new(),
    ] {
        assert!(text::read::<lionrock_activation::Activation>(bad.as_bytes()).is_none(), "{bad}");
    }
    let (mut chamber, mut phone) = (chamber(), Phone::new());
    let made = enrolled(&mut phone, &mut chamber);
    for documents in [Vec::new(), vec![Document { digest: Hex(vec![1; 31]), form: Form::Exact }]] {
        let mut text = approval("key-1", &sha256(b"one"), 1);
        text.documents = documents;
        let order = order(&mut phone, &text, &made.record);
        assert!(matches!(sign(&mut chamber, &order), Err(Refusal::Text | Refusal::Algorithm)));
    }
}

#[test]
fn attributes_have_one_meaning() {
    use lionrock_activation::attributes::read;
    let good = attributes(&[1; 32], &[2; 32]);
    let named = read(&good).unwrap();
    assert_eq!((named.digest, named.certificate), (&[1; 32][..], &[2; 32][..]));
    // Every cut, every longer one, a second digest, an attribute of no known kind.
    assert!((0..good.len()).all(|length| read(&good[..length]).is_none()));
    let inside = if good[1] == 0x81 { &good[3..] } else { &good[2..] };
    assert!(read(&value(0x31, inside)).is_some());
    let oid = |last: u8| value(6, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, last]);
    for more in [
        value(0x30, &[oid(0x04), value(0x31, &value(4, &[3; 32]))].concat()),
        value(0x30, &[oid(0x07), value(0x31, &value(4, &[3; 32]))].concat()),
        vec![0x30, 0x80, 0, 0],
    ] {
        assert_eq!(read(&value(0x31, &[inside, &more[..]].concat())), None);
    }
    let time = value(0x30, &[oid(0x05), value(0x31, &value(0x17, b"261123120000Z"))].concat());
    assert!(read(&value(0x31, &[inside, &time[..]].concat())).is_some());
}

#[test]
fn messages_survive_the_pipe_and_show_no_key() {
    let (mut chamber, mut phone) = (chamber(), Phone::new());
    let order = Order::Enrol(Box::new(phone.enrolment("ES256", "key-1")));
    let bytes = serde_json::to_vec(&order).unwrap();
    let read: Order = serde_json::from_slice(&bytes).unwrap();
    let answer = chamber.answer(&read, NOW, &System);
    assert!(matches!(answer, Answer::Enrolled(_)), "{answer:?}");
    let again = chamber.answer(&read, NOW, &System);
    assert!(matches!(again, Answer::Refused(_)), "{again:?}");
    assert_eq!(serde_json::from_slice::<Answer>(&serde_json::to_vec(&again).unwrap()).unwrap(), again);
    assert!(!format!("{chamber:?}").contains('7'));
}

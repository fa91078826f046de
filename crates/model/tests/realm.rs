//! Two universes of people: a million numbers each way, at the rule itself and at the rule of registration that stands on it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use lionrock_model::hkid::Hkid;
use lionrock_model::proofing::{CardText, Reason};
use lionrock_model::realm::Realm;
use lionrock_model::register;

const MILLION: u32 = 1_000_000;

/// Every synthetic number there is.
fn synthetic() -> impl Iterator<Item = Hkid> {
    (0..MILLION).map(|digits| Hkid::with_check_digit(&format!("U{digits:06}")).unwrap())
}

/// A million different ordinary numbers, with every prefix of one or two letters: U as the first of two and the second of two too.
fn ordinary() -> impl Iterator<Item = Hkid> {
    let letter = |n: u8| char::from(b'A' + n);
    let single = (0..26).map(letter).filter(|letter| *letter != 'U').map(String::from);
    let double =
        (0..26).flat_map(move |first| (0..26).map(move |second| format!("{}{}", letter(first), letter(second))));
    let prefixes: Vec<String> = single.chain(double).collect();
    assert_eq!(prefixes.len(), 25 + 26 * 26);
    // 7919 has no factor in common with a million: no two of them are the same.
    (0..MILLION).map(move |step| {
        let prefix = &prefixes[usize::try_from(step).unwrap() % prefixes.len()];
        let digits = u64::from(step) * 7919 % u64::from(MILLION);
        Hkid::with_check_digit(&format!("{prefix}{digits:06}")).unwrap()
    })
}

#[test]
fn a_million_synthetic_numbers_never_enter_production() {
    let test = Realm::parse("test-demo").unwrap();
    let mut seen = 0;
    for hkid in synthetic() {
        assert!(!Realm::Production.admits(&hkid), "{}", hkid.body());
        assert!(test.admits(&hkid), "{}", hkid.body());
        seen += 1;
    }
    assert_eq!(seen, MILLION);
}

#[test]
fn a_million_ordinary_numbers_never_enter_a_test_realm() {
    let test = Realm::parse("test-demo").unwrap();
    let mut seen = 0;
    for hkid in ordinary() {
        assert!(!test.admits(&hkid), "{}", hkid.body());
        assert!(Realm::Production.admits(&hkid), "{}", hkid.body());
        seen += 1;
    }
    assert_eq!(seen, MILLION);
}

/// The same through the rule by which registration turns a read card into facts: in the wrong realm that is the reason it gives.
#[test]
fn registration_keeps_the_two_apart_for_two_million_cards() {
    let test = Realm::parse("test-demo").unwrap();
    let today = jiff::civil::date(2026, 11, 23);
    let mut text = CardText {
        hkid: String::new(),
        english_name: "CHAN, Tai Man".to_owned(),
        chinese_name: String::new(),
        commercial_codes: String::new(),
        resolved_by_code: false,
        birth: "1990-01-02".to_owned(),
        sex: "M".to_owned(),
        symbols: String::new(),
        first_registered: "2008-01".to_owned(),
        issued: "2019-05-06".to_owned(),
    };
    let mut judged = |hkid: Hkid, home: &Realm, other: &Realm| {
        text.hkid = hkid.reveal();
        assert!(register::facts(&text, home, today).is_ok(), "{}", hkid.body());
        assert_eq!(register::facts(&text, other, today).map(drop), Err(Reason::CardWrongRealm), "{}", hkid.body());
    };
    synthetic().for_each(|hkid| judged(hkid, &test, &Realm::Production));
    ordinary().for_each(|hkid| judged(hkid, &Realm::Production, &test));
}

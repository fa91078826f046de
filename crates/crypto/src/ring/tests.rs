//! The ring opens with its own root and realm, and each value in its own place only.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    reason = "tests stand at the edge: they own environment and folders"
)]

//! What a ring promises: bound to place, version and person; complete or not opened at all.

use super::*;
use crate::random::{Seeded, System};

mod held;
mod turn;

const ALICE: [u8; 16] = [1; 16];
const BOB: [u8; 16] = [2; 16];

fn slot<'a>() -> Slot<'a> {
    Slot { table: "resident", column: "sealed_profile", row: &ALICE, resident: &ALICE, schema: 1, version: 3 }
}

#[test]
fn a_ring_opens_with_its_root_and_realm_only() {
    let root = Root::new(Secret::random(&System));
    let (ring, stored) = KeyRing::create(&root, "test-demo", &System).unwrap();
    let index = ring.mac(Mac::BlindIndex, "hkid", b"U123456").unwrap();
    let again = KeyRing::open(&root, "test-demo", &stored).unwrap();
    assert_eq!(again.mac(Mac::BlindIndex, "hkid", b"U123456").unwrap(), index);
    assert_ne!(again.mac(Mac::Code, "hkid", b"U123456").unwrap(), index);
    assert_eq!(
        KeyRing::open(&Root::new(Secret::random(&System)), "test-demo", &stored).unwrap_err(),
        Error::DoesNotOpen
    );
    assert_eq!(KeyRing::open(&root, "test-other", &stored).unwrap_err(), Error::DoesNotOpen);
    assert_eq!(KeyRing::open(&root, "test-demo", &stored[1..]).unwrap_err(), Error::NoSuchKey);
    let mut swapped = stored.clone();
    swapped[0].sealed = stored[1].sealed.clone();
    assert_eq!(KeyRing::open(&root, "test-demo", &swapped).unwrap_err(), Error::DoesNotOpen);
}

#[test]
fn a_value_opens_in_its_own_place_only() {
    let root = Root::new(Secret::random(&System));
    let (ring, _) = KeyRing::create(&root, "test-demo", &System).unwrap();
    let (other_ring, _) = KeyRing::create(&root, "test-other", &System).unwrap();
    let (key, wrapped) = ring.new_resident_key(&ALICE, &System).unwrap();
    let (other_key, _) = ring.new_resident_key(&BOB, &System).unwrap();
    let sealed = ring.seal(Domain::Profile, &slot(), Some(&key), b"facts", &System).unwrap().to_bytes();

    let again = ring.resident_key(&ALICE, &wrapped).unwrap();
    assert_eq!(&**ring.open_sealed(Domain::Profile, &slot(), Some(&again), &sealed).unwrap(), b"facts");

    let refuse = |ring: &KeyRing, domain, slot: Slot<'_>, key: Option<&ResidentKey>| {
        assert_eq!(ring.open_sealed(domain, &slot, key, &sealed).unwrap_err(), Error::DoesNotOpen, "{slot:?}");
    };
    refuse(&ring, Domain::Contact, slot(), Some(&key));
    refuse(&ring, Domain::Profile, Slot { table: "credential", ..slot() }, Some(&key));
    refuse(&ring, Domain::Profile, Slot { column: "sealed_contact", ..slot() }, Some(&key));
    refuse(&ring, Domain::Profile, Slot { row: &BOB, ..slot() }, Some(&key));
    refuse(&ring, Domain::Profile, Slot { resident: &BOB, ..slot() }, Some(&key));
    refuse(&ring, Domain::Profile, Slot { schema: 2, ..slot() }, Some(&key));
    refuse(&ring, Domain::Profile, Slot { version: 4, ..slot() }, Some(&key));
    refuse(&ring, Domain::Profile, slot(), Some(&other_key));
    refuse(&ring, Domain::Profile, slot(), None);
    refuse(&other_ring, Domain::Profile, slot(), Some(&key));
    assert!(ring.resident_key(&BOB, &wrapped).is_err());
    for i in 0..sealed.len() {
        let mut spoilt = sealed.clone();
        spoilt[i] ^= 1;
        assert!(ring.open_sealed(Domain::Profile, &slot(), Some(&key), &spoilt).is_err(), "byte {i}");
        assert!(ring.open_sealed(Domain::Profile, &slot(), Some(&key), &sealed[..i]).is_err(), "cut at {i}");
    }
}

#[test]
fn the_same_value_never_seals_alike() {
    let root = Root::new(Secret::random(&Seeded::new(1)));
    let (ring, _) = KeyRing::create(&root, "test-demo", &System).unwrap();
    let seal = || ring.seal(Domain::Contact, &slot(), None, b"x", &System).unwrap().to_bytes();
    assert_ne!(seal(), seal());
}

#[test]
fn nothing_prints_a_key() {
    let root = Root::new(Secret::random(&System));
    let (ring, _) = KeyRing::create(&root, "test-demo", &System).unwrap();
    let shown = format!(
        "{root:?} {ring:?} {:?} {:?}",
        ring.signer(Signer::Token),
        ring.new_resident_key(&ALICE, &System).unwrap().0
    );
    assert!(!shown.contains(", 0x") && shown.len() < 300, "{shown}");
}

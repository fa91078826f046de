//! A key that is held opens what others made with it, and makes nothing.

use super::*;

#[test]
fn a_held_key_opens_and_makes_nothing() {
    let root = Root::new(Secret::random(&System));
    let (ring, mut stored) = KeyRing::create(&root, "test-demo", &System).unwrap();
    let names: Vec<_> = ["realm", "domain/profile", "signer/receipt"].map(str::to_owned).to_vec();
    for name in &names {
        stored.push(ring.next(name, &System).unwrap());
    }
    let held: Vec<_> = names.iter().map(|name| (name.clone(), 2)).collect();
    assert!(ring.adopt_holding(&stored, &held).unwrap());
    assert!(!ring.adopt_holding(&stored, &held).unwrap(), "nothing new");
    assert_eq!((ring.newest(Domain::Profile), ring.newest_realm(), ring.signer(Signer::Receipt).unwrap().0), (1, 1, 1));
    let published: Vec<_> = ring.signers(Signer::Receipt).map(|(epoch, _)| epoch).collect();
    assert_eq!(published, [1, 2], "a signer's key is published before it signs");
    assert_eq!(ring.next("domain/profile", &System).unwrap().epoch, 3, "the held epoch is taken");

    // Another server uses them already.
    let other = KeyRing::open(&root, "test-demo", &stored).unwrap();
    let sealed = other.seal(Domain::Profile, &slot(), None, b"facts", &System).unwrap().to_bytes();
    assert_eq!(Sealed::epoch_of(&sealed), Ok(2));
    assert_eq!(&**ring.open_sealed(Domain::Profile, &slot(), None, &sealed).unwrap(), b"facts");
    let (_, wrapped) = other.new_resident_key(&ALICE, &System).unwrap();
    assert_eq!(KeyRing::wrapping_epoch(&wrapped), Ok(2));
    assert!(ring.resident_key(&ALICE, &wrapped).is_ok());
    let (_, wrapped) = ring.new_resident_key(&ALICE, &System).unwrap();
    assert_eq!(KeyRing::wrapping_epoch(&wrapped), Ok(1));

    assert!(ring.adopt(&stored).unwrap(), "released");
    assert_eq!((ring.newest(Domain::Profile), ring.newest_realm(), ring.signer(Signer::Receipt).unwrap().0), (2, 2, 2));
    let all = [("domain/profile".to_owned(), 1), ("domain/profile".to_owned(), 2)];
    assert_eq!(ring.adopt_holding(&stored, &all), Err(Error::NoSuchKey), "nothing would be left to use");
    assert_eq!(ring.newest(Domain::Profile), 2, "and nothing changed");
}

//! What rotation relies on: the stored set is the truth, nothing else changes what a ring holds, old keys open until destroyed.

use super::*;

fn ring() -> (Root, KeyRing, Vec<Wrapped>) {
    let root = Root::new(Secret::random(&System));
    let (ring, stored) = KeyRing::create(&root, "test-demo", &System).unwrap();
    (root, ring, stored)
}

fn names() -> Vec<String> {
    let domains = Domain::ALL.map(|domain| format!("domain/{}", domain.word()));
    let signers = Signer::FIRST.map(|signer| format!("signer/{}", signer.word()));
    [REALM.to_owned()].into_iter().chain(domains).chain(signers).collect()
}

#[test]
fn every_name_has_a_next_key_that_works_once_it_is_adopted() {
    let (root, ring, mut stored) = ring();
    for name in names() {
        for epoch in 2..=4 {
            let next = ring.next(&name, &System).unwrap();
            assert_eq!((next.name.as_str(), next.epoch), (name.as_str(), epoch), "made, not used");
            assert_eq!(ring.next(&name, &System).unwrap().epoch, epoch, "made, not used");
            assert!(!ring.adopt(&stored).unwrap());
            stored.push(next);
            assert!(ring.adopt(&stored).unwrap());
            assert!(!ring.adopt(&stored).unwrap(), "nothing more to adopt");
        }
    }
    assert_eq!(ring.newest_realm(), 4);
    let other = KeyRing::open(&root, "test-demo", &stored).unwrap();
    for domain in Domain::ALL {
        assert_eq!(ring.newest(domain), 4);
        let sealed = ring.seal(domain, &slot(), None, b"facts", &System).unwrap().to_bytes();
        assert_eq!((Sealed::epoch_of(&sealed), Sealed::version_of(&sealed)), (Ok(4), Ok(3)));
        assert_eq!(&**other.open_sealed(domain, &slot(), None, &sealed).unwrap(), b"facts");
    }
    for signer in Signer::FIRST {
        let publics = |ring: &KeyRing| -> Vec<_> {
            ring.signers(signer).map(|(epoch, key)| (epoch, key.public().unwrap())).collect()
        };
        let mine = publics(&ring);
        assert_eq!(mine.iter().map(|(epoch, _)| *epoch).collect::<Vec<_>>(), [1, 2, 3, 4]);
        assert_eq!(mine, publics(&other));
        assert_eq!(mine.iter().map(|(_, key)| key).collect::<std::collections::HashSet<_>>().len(), 4);
        assert_eq!(ring.signer(signer).unwrap().0, 4);
    }
    for refused in ["mac/blind-index", "domain/none", "realm/x", ""] {
        assert_eq!(ring.next(refused, &System).unwrap_err(), Error::NoSuchKey);
    }
}

#[test]
fn a_signer_of_the_authority_is_made_when_it_is_needed_and_kept_like_the_others() {
    let (root, ring, mut stored) = ring();
    for signer in Signer::AUTHORITY {
        assert_eq!(ring.signer(signer).unwrap_err(), Error::NoSuchKey, "no ring has one from the beginning");
        let first = ring.next(&format!("signer/{}", signer.word()), &System).unwrap();
        assert_eq!(first.epoch, 1);
        stored.push(first);
    }
    ring.adopt(&stored).unwrap();
    let again = KeyRing::open(&root, "test-demo", &stored).unwrap();
    for signer in Signer::AUTHORITY {
        let (epoch, key) = again.signer(signer).unwrap();
        assert_eq!((epoch, key.algorithm()), (1, signer.algorithm()));
        assert_eq!(key.public().unwrap(), ring.signer(signer).unwrap().1.public().unwrap());
    }
    assert_eq!(ring.next("signer/tsa", &System).unwrap().epoch, 2);
}

#[test]
fn a_destroyed_epoch_opens_nothing_any_more_and_the_others_go_on() {
    let (_, ring, mut stored) = ring();
    let old = ring.seal(Domain::Profile, &slot(), None, b"old", &System).unwrap().to_bytes();
    stored.push(ring.next("domain/profile", &System).unwrap());
    ring.adopt(&stored).unwrap();
    let new = ring.seal(Domain::Profile, &slot(), None, b"new", &System).unwrap().to_bytes();
    assert_eq!(&**ring.open_sealed(Domain::Profile, &slot(), None, &old).unwrap(), b"old");
    stored.retain(|entry| entry.name != "domain/profile" || entry.epoch != 1);
    assert!(ring.adopt(&stored).unwrap());
    assert_eq!(ring.open_sealed(Domain::Profile, &slot(), None, &old).unwrap_err(), Error::DoesNotOpen);
    assert_eq!(&**ring.open_sealed(Domain::Profile, &slot(), None, &new).unwrap(), b"new");
    // The epoch is bound: the old value does not open as one of the new epoch either.
    let mut moved = old;
    moved[1..5].copy_from_slice(&2_u32.to_be_bytes());
    assert_eq!(ring.open_sealed(Domain::Profile, &slot(), None, &moved).unwrap_err(), Error::DoesNotOpen);
}

#[test]
fn the_realm_key_turns_while_its_old_wrappings_open_until_they_are_rewrapped() {
    let (root, ring, mut stored) = ring();
    let (key, first) = ring.new_resident_key(&ALICE, &System).unwrap();
    let sealed = ring.seal(Domain::Profile, &slot(), Some(&key), b"facts", &System).unwrap().to_bytes();
    assert_eq!(KeyRing::wrapping_epoch(&first), Ok(1));
    stored.push(ring.next(REALM, &System).unwrap());
    ring.adopt(&stored).unwrap();
    assert!(ring.resident_key(&ALICE, &first).is_ok());
    let second = ring.rewrap_resident_key(&ALICE, &first, &System).unwrap();
    assert_eq!(KeyRing::wrapping_epoch(&second), Ok(2));
    assert_eq!(ring.rewrap_resident_key(&BOB, &first, &System).unwrap_err(), Error::DoesNotOpen);

    // The old realm key may not go while something is wrapped under it: the set is refused, the ring stays as it was.
    let gone = |stored: &[Wrapped]| -> Vec<Wrapped> {
        stored.iter().filter(|entry| entry.name != REALM || entry.epoch != 1).cloned().collect()
    };
    assert_eq!(KeyRing::open(&root, "test-demo", &gone(&stored)).unwrap_err(), Error::NoSuchKey);
    for entry in stored.iter_mut().filter(|entry| entry.name != REALM) {
        *entry = ring.rewrap(entry, &System).unwrap();
        assert_eq!(KeyRing::wrapping_epoch(&entry.sealed), Ok(2));
    }
    let stored = gone(&stored);
    assert!(ring.adopt(&stored).unwrap());
    for ring in [ring, KeyRing::open(&root, "test-demo", &stored).unwrap()] {
        assert_eq!(ring.resident_key(&ALICE, &first).unwrap_err(), Error::NoSuchKey);
        let key = ring.resident_key(&ALICE, &second).unwrap();
        assert_eq!(&**ring.open_sealed(Domain::Profile, &slot(), Some(&key), &sealed).unwrap(), b"facts");
        // The wrapping epoch is bound too.
        let mut moved = first.clone();
        moved[1..5].copy_from_slice(&2_u32.to_be_bytes());
        assert_eq!(ring.resident_key(&ALICE, &moved).unwrap_err(), Error::DoesNotOpen);
    }
}

#[test]
fn a_set_that_is_incomplete_foreign_or_damaged_changes_nothing() {
    let (_, ring, stored) = ring();
    let (_, elsewhere) = KeyRing::create(&Root::new(Secret::random(&System)), "test-demo", &System).unwrap();
    let mut foreign = stored.clone();
    foreign.push(
        KeyRing::open(&Root::new(Secret::new([7; 32])), "test-demo", &elsewhere).map_or_else(
            |_| Wrapped { epoch: 2, ..elsewhere[0].clone() },
            |_| unreachable!("another root opens no ring"),
        ),
    );
    let mut damaged = stored.clone();
    let mut next = ring.next("domain/profile", &System).unwrap();
    *next.sealed.last_mut().unwrap() ^= 1;
    damaged.push(next);
    let mut relabelled = stored.clone();
    relabelled.push(Wrapped { epoch: 2, ..stored[1].clone() });
    let mut realm_under_realm = stored.clone();
    realm_under_realm.push(Wrapped { name: REALM.to_owned(), epoch: 2, sealed: stored[1].sealed.clone() });
    let before = ring.mac(Mac::Code, "x", b"y").unwrap();
    for (set, error) in [
        (Vec::new(), Error::NoSuchKey),
        (stored[1..].to_vec(), Error::NoSuchKey),
        (stored[..stored.len() - 1].to_vec(), Error::NoSuchKey),
        (foreign, Error::DoesNotOpen),
        (damaged, Error::DoesNotOpen),
        (relabelled, Error::DoesNotOpen),
        (realm_under_realm, Error::DoesNotOpen),
    ] {
        assert_eq!(ring.adopt(&set).unwrap_err(), error);
        assert_eq!(ring.mac(Mac::Code, "x", b"y").unwrap(), before);
        assert_eq!(ring.newest(Domain::Profile), 1);
    }
}

#[test]
fn another_root_takes_over_once_what_it_wrapped_is_stored() {
    let (old, ring, mut stored) = ring();
    stored.push(ring.next(REALM, &System).unwrap());
    ring.adopt(&stored).unwrap();
    let new = || Root::new(Secret::new([9; 32]));
    let realm: Vec<_> = stored.iter().filter(|entry| entry.name == REALM).cloned().collect();
    let rewrapped = ring.reroot(&new(), &realm, &System).unwrap();
    assert_eq!(rewrapped.iter().map(|entry| entry.epoch).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(ring.reroot(&new(), &stored, &System).unwrap_err(), Error::NoSuchKey, "realm keys alone");

    // Not stored yet: the old root goes on.
    ring.adopt(&stored).unwrap();
    let more = ring.next(REALM, &System).unwrap();
    assert!(KeyRing::open(&old, "test-demo", &[stored.clone(), vec![more]].concat()).is_ok());

    for entry in &rewrapped {
        *stored.iter_mut().find(|old| old.name == entry.name && old.epoch == entry.epoch).unwrap() = entry.clone();
    }
    assert!(!ring.adopt(&stored).unwrap(), "the same keys");
    stored.push(ring.next(REALM, &System).unwrap());
    ring.adopt(&stored).unwrap();
    assert_eq!(KeyRing::open(&old, "test-demo", &stored).unwrap_err(), Error::DoesNotOpen);
    let again = KeyRing::open(&new(), "test-demo", &stored).unwrap();
    assert_eq!(again.mac(Mac::Code, "x", b"y").unwrap(), ring.mac(Mac::Code, "x", b"y").unwrap());
}

#[test]
fn what_is_not_a_wrapped_key_has_no_epoch() {
    for bytes in [&b""[..], &[1, 0, 0], &[4, 0, 0, 0, 1, 9]] {
        assert_eq!(KeyRing::wrapping_epoch(bytes), Err(Error::DoesNotOpen));
        assert_eq!(Sealed::epoch_of(bytes), Err(Error::DoesNotOpen));
        assert_eq!(Sealed::version_of(bytes), Err(Error::DoesNotOpen));
    }
}

#[test]
fn readers_see_whole_sets_while_keys_turn() {
    let (_, ring, mut stored) = ring();
    std::thread::scope(|scope| {
        let reading = scope.spawn(|| {
            for _ in 0..500 {
                let sealed = ring.seal(Domain::Contact, &slot(), None, b"x", &System).unwrap().to_bytes();
                assert!(ring.open_sealed(Domain::Contact, &slot(), None, &sealed).is_ok());
            }
        });
        for _ in 0..50 {
            stored.push(ring.next("domain/contact", &System).unwrap());
            ring.adopt(&stored).unwrap();
        }
        reading.join().unwrap();
    });
    assert_eq!(ring.newest(Domain::Contact), 51);
}

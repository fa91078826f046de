//! One time-stamp over many digests (RFC 4998).

use crate::stage::{POLICY, Stage, spoilt};
use lionrock_crypto::sign::{Algorithm, SigningKey};
use lionrock_pki::Error;
use lionrock_pki::algorithm::Digest;
use lionrock_pki::certificate::Certificate;
use lionrock_pki::evidence::{self, Tree};
use lionrock_pki::profile::Profile;
use lionrock_pki::timestamp::{self, Stamp};

fn token(stage: &Stage, by: &(Certificate, SigningKey), digest: Digest, over: &[u8], later: u64) -> Vec<u8> {
    let asked = timestamp::read(&timestamp::ask(digest, over, None).unwrap()).unwrap();
    let stamp = Stamp { policy: POLICY, serial: [9; 16], now: stage.now + later, accuracy_ms: 2000 };
    timestamp::stamp(&asked, &stamp, &[&by.0, &stage.issuing], &by.1).unwrap()
}

fn leaves(digest: Digest, count: u32) -> Vec<Vec<u8>> {
    (0..count).map(|n| digest.of(&n.to_be_bytes())).collect()
}

#[test]
fn one_stamp_covers_every_object_and_no_other() {
    let stage = Stage::new(Algorithm::Es256);
    let by = stage.leaf(Profile::TimeStamping, Algorithm::Es256);
    for digest in Digest::ALL {
        for count in [1, 2, 3, 5, 8, 13, 1000] {
            let leaves = leaves(digest, count);
            let tree = Tree::new(digest, leaves.clone()).unwrap();
            let token = token(&stage, &by, digest, tree.root(), 0);
            for place in [0, 1, count / 2, count - 1] {
                let Some(own) = leaves.get(place as usize) else { continue };
                let record = tree.record(place as usize, &token).unwrap();
                let stamps = evidence::check(&record, digest, own).unwrap();
                assert_eq!((stamps.len(), stamps[0].at, &stamps[0].certificate), (1, stage.now, &by.0));
                let other = digest.of(b"another object");
                assert!(evidence::check(&record, digest, &other).is_err(), "{count} {place}");
                // A hash further up is no object: else anything with that hash inside would do.
                assert!(count < 3 || evidence::check(&record, digest, tree.root()).is_err());
                assert!(record.len() < token.len() + 2000, "the others' digests are not in it");
            }
            assert!(tree.record(count as usize, &token).is_err());
        }
    }
}

#[test]
fn records_that_were_changed_are_refused() {
    let stage = Stage::new(Algorithm::Es256);
    let by = stage.leaf(Profile::TimeStamping, Algorithm::Es256);
    let leaves = leaves(Digest::Sha256, 9);
    let tree = Tree::new(Digest::Sha256, leaves.clone()).unwrap();
    let token = token(&stage, &by, Digest::Sha256, tree.root(), 0);
    let record = tree.record(4, &token).unwrap();
    assert!(evidence::check(&spoilt(&record), Digest::Sha256, &leaves[4]).is_err());
    for cut in 0..record.len() {
        assert!(evidence::check(&record[..cut], Digest::Sha256, &leaves[4]).is_err());
    }
    // Every single bit of the path counts.
    let path = 20..record.len() - token.len();
    for at in path {
        let mut copy = record.clone();
        copy[at] ^= 1;
        assert!(evidence::check(&copy, Digest::Sha256, &leaves[4]).is_err(), "byte {at}");
    }
    assert!(evidence::check(&record, Digest::Sha384, &Digest::Sha384.of(b"x")).is_err());
    assert!(matches!(
        evidence::check(&vec![0x30; evidence::LONGEST + 1], Digest::Sha256, &leaves[4]),
        Err(Error::Refused(_))
    ));
    // A token over something else makes no record.
    let other = Tree::new(Digest::Sha256, leaves[..3].to_vec()).unwrap();
    assert!(other.record(0, &token).is_err());
    assert!(Tree::new(Digest::Sha256, vec![]).is_err() && Tree::new(Digest::Sha256, vec![vec![0; 48]]).is_err());
}

#[test]
fn a_record_outlives_its_first_stamp() {
    let stage = Stage::new(Algorithm::Es256);
    let (first, second) =
        (stage.leaf(Profile::TimeStamping, Algorithm::Es256), stage.leaf(Profile::TimeStamping, Algorithm::Es256));
    let leaves = leaves(Digest::Sha256, 6);
    let tree = Tree::new(Digest::Sha256, leaves.clone()).unwrap();
    let record = tree.record(5, &token(&stage, &first, Digest::Sha256, tree.root(), 0)).unwrap();
    let (digest, over) = evidence::to_renew(&record).unwrap();
    let newer = token(&stage, &second, digest, &over, 3600);
    let renewed = evidence::renew(&record, &newer).unwrap();
    let stamps = evidence::check(&renewed, Digest::Sha256, &leaves[5]).unwrap();
    assert_eq!(stamps.iter().map(|one| one.at - stage.now).collect::<Vec<_>>(), [0, 3600]);
    // Its neighbour in the tree was stamped as well, and stands in the record; the others do not.
    assert!(evidence::check(&renewed, Digest::Sha256, &leaves[0]).is_err());
    // The newer stamp belongs to this record alone, and cannot be older than the one it covers.
    let another = tree.record(5, &token(&stage, &second, Digest::Sha256, tree.root(), 0)).unwrap();
    assert!(evidence::renew(&another, &newer).is_err());
    let (digest, over) = evidence::to_renew(&renewed).unwrap();
    let older = token(&stage, &second, digest, &over, 60);
    let backwards = evidence::renew(&renewed, &older).unwrap();
    assert!(matches!(evidence::check(&backwards, Digest::Sha256, &leaves[5]), Err(Error::Refused(_))));
}

//! A small log in memory: what the platform would publish, and hands to change it with.

use std::collections::BTreeMap;

use lionrock_crypto::sign::{PublicKey, SigningKey};
use lionrock_ledger::checkpoint::Checkpoint;
use lionrock_ledger::hash::Hash;
use lionrock_ledger::leaf::{CoarseTime, Kind, Leaf};
use lionrock_ledger::note::Verifier;
use lionrock_ledger::source::{Error, Source};
use lionrock_ledger::tile::{self, Resource};
use lionrock_ledger::tree::Edge;
use lionrock_ledger::verify::{Log, Report};

pub const ORIGIN: &str = "lionrock.test-demo/localhost:8443";

#[derive(Clone, Default)]
pub struct Files(pub BTreeMap<String, Vec<u8>>);

impl Source for Files {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.0.get(path).cloned())
    }
}

pub fn key() -> SigningKey {
    SigningKey::from_ed25519_seed(&[5; 32]).unwrap()
}

pub fn verifier_of(key: &SigningKey, name: &str) -> Verifier {
    let PublicKey::Ed25519(public) = key.public().unwrap() else { panic!("not Ed25519") };
    Verifier::new(name, public).unwrap()
}

pub fn verifier() -> Verifier {
    verifier_of(&key(), ORIGIN)
}

/// Entry `index`; `salt` makes another history.
pub fn entry(index: u64, salt: u8) -> Vec<u8> {
    let mut event = [salt; 16];
    event[..8].copy_from_slice(&index.to_be_bytes());
    let kind = if index.is_multiple_of(3) { "custody.opened" } else { "account.signed-in" };
    let time = CoarseTime::from_millis(1_795_430_000_000 + i64::try_from(index).unwrap() * 1000);
    Leaf::commit(event, Kind::parse(kind).unwrap(), time, &[salt; 32], &index.to_be_bytes()).encode()
}

pub fn entries(size: u64) -> Vec<Vec<u8>> {
    (0..size).map(|index| entry(index, 0)).collect()
}

pub fn sign(size: u64, root: Hash) -> Vec<u8> {
    let checkpoint = Checkpoint { origin: ORIGIN.to_owned(), size, root };
    checkpoint.sign(&verifier(), &key()).unwrap().into_bytes()
}

/// Everything a log of these entries publishes.
pub fn publish(entries: &[Vec<u8>]) -> Files {
    let mut files = Files::default();
    let mut edge = Edge::new();
    for entry in entries {
        edge.push(Hash::of_entry(entry), |resource, hashes| {
            files.0.insert(resource.to_string(), tile::bytes_of(hashes));
            Ok::<_, ()>(())
        })
        .unwrap();
    }
    for (resource, hashes) in edge.partials() {
        files.0.insert(resource.to_string(), tile::bytes_of(hashes));
    }
    put_entries(&mut files, entries);
    files.0.insert("checkpoint".into(), sign(edge.size(), edge.root()));
    files
}

/// Writes the bundles alone.
pub fn put_entries(files: &mut Files, entries: &[Vec<u8>]) {
    for (index, chunk) in entries.chunks(256).enumerate() {
        let mut bundle = Vec::new();
        chunk.iter().for_each(|entry| assert!(tile::push_entry(&mut bundle, entry)));
        let hashes = Resource { width: u16::try_from(chunk.len()).unwrap(), ..Resource::full(0, index as u64) };
        files.0.insert(hashes.entries().unwrap().to_string(), bundle);
    }
}

pub fn check(files: &Files) -> Report {
    check_against(files, None)
}

pub fn check_against(files: &Files, kept: Option<&[u8]>) -> Report {
    let log = Log { source: files, origin: ORIGIN.to_owned(), known: vec![verifier()] };
    log.verify(kept, &mut |_, _| ()).unwrap()
}

pub fn codes(report: &Report) -> Vec<&'static str> {
    report.findings.iter().map(|finding| finding.code()).collect()
}

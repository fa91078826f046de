//! Trees and proofs: published vectors, ct-merkle, and properties.

use ct_merkle::digest::array::typenum::U32;
use ct_merkle::digest::{FixedOutput, HashMarker, Output, OutputSizeUser, Update};
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ct_merkle::{ConsistencyProof, InclusionProof, RootHash};
use lionrock_crypto::digest::Sha256;
use lionrock_ledger::hash::Hash;
use lionrock_ledger::proof::{self, Error, Node};
use lionrock_ledger::source::Tiles;
use lionrock_ledger::tree::{Edge, Frontier, root_of};
use proptest::prelude::*;

use crate::stage;

/// Eight inputs and the roots of their trees of size 0 to 8, as published with the reference implementation of
/// RFC 6962 (Certificate Transparency, merkle tree tests).
const INPUTS: [&[u8]; 8] = [
    b"",
    b"\x00",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    b"\x40\x41\x42\x43",
    b"\x50\x51\x52\x53\x54\x55\x56\x57",
    b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
];
const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

#[test]
fn roots_of_rfc_6962() {
    let (mut frontier, mut edge) = (Frontier::new(), Edge::new());
    for (size, root) in ROOTS.iter().enumerate() {
        let hashes: Vec<Hash> = INPUTS[..size].iter().map(|input| Hash::of_entry(input)).collect();
        assert_eq!(hex(root_of(&hashes)), *root, "size {size}");
        assert_eq!(hex(frontier.root()), *root, "frontier of {size}");
        assert_eq!(hex(edge.root()), *root, "edge of {size}");
        if let Some(input) = INPUTS.get(size) {
            frontier.push(Hash::of_entry(input));
            push(&mut edge, Hash::of_entry(input));
        }
    }
}

#[test]
fn proofs_of_rfc_6962() {
    let a = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7";
    let b = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e";
    let c = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4";
    let d = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b";
    let e = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a";
    let f = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0";
    let hashes: Vec<Hash> = INPUTS.iter().map(|input| Hash::of_entry(input)).collect();
    let inclusion = |index, size| texts(proof::inclusion(index, size, |node| from(&hashes, node)));
    let consistency = |old, size| texts(proof::consistency(old, size, |node| from(&hashes, node)));
    assert_eq!(inclusion(0, 1), Some(vec![]));
    assert_eq!(inclusion(0, 8).unwrap(), [a, b, c]);
    assert_eq!(inclusion(5, 8).unwrap(), [d, f, ROOTS[4]]);
    assert_eq!(inclusion(2, 3).unwrap(), [ROOTS[2]]);
    assert_eq!(inclusion(8, 8), None);
    assert_eq!(consistency(1, 8).unwrap(), [a, b, c]);
    assert_eq!(consistency(6, 8).unwrap(), [e, f, ROOTS[4]]);
    assert_eq!(consistency(2, 5).unwrap(), [b, d]);
    assert_eq!((consistency(0, 8), consistency(8, 8), consistency(9, 8)), (Some(vec![]), Some(vec![]), None));
}

#[test]
fn entries_and_nodes_are_told_apart() {
    let (left, right) = (Hash::of_entry(b"l"), Hash::of_entry(b"r"));
    let node = Hash::of_node(&left, &right);
    assert_ne!(node, Hash::of_entry(&[left.0, right.0].concat()));
    // An inner node offered as an entry of a shorter tree does not prove anything.
    assert_eq!(
        proof::check_inclusion(&Hash::of_entry(&[left.0, right.0].concat()), 0, 1, &node, &[]),
        Err(Error::Root)
    );
}

#[test]
fn every_proof_up_to_seventy_entries_and_every_wrong_one() {
    let hashes: Vec<Hash> = (0..70u64).map(|n| Hash::of_entry(&n.to_be_bytes())).collect();
    for size in 1..=70u64 {
        let root = root_of(&hashes[..size as usize]);
        for index in 0..size {
            let entry = hashes[index as usize];
            let path = proof::inclusion(index, size, |node| from(&hashes, node)).unwrap().unwrap();
            let check = |index, path: &[Hash]| proof::check_inclusion(&entry, index, size, &root, path);
            assert_eq!(check(index, &path), Ok(()));
            assert!(index == 0 || check(index - 1, &path).is_err());
            assert!(check(index + 1, &path).is_err());
            for place in 0..path.len() {
                let mut wrong = path.clone();
                wrong[place].0[31] ^= 1;
                assert_eq!(check(index, &wrong), Err(Error::Root));
            }
            assert_eq!(check(index, &[&path[..], &[root]].concat()), Err(Error::Length));
            assert!(path.is_empty() || check(index, &path[1..]).is_err());
        }
        for old in 0..=size {
            let before = root_of(&hashes[..old as usize]);
            let path = proof::consistency(old, size, |node| from(&hashes, node)).unwrap().unwrap();
            let check = |before: &Hash, path: &[Hash]| proof::check_consistency(old, before, size, &root, path);
            assert_eq!(check(&before, &path), Ok(()), "{old} to {size}");
            let mut other = before;
            other.0[0] ^= 1;
            assert!(check(&other, &path).is_err(), "{old} to {size} from another root");
            assert!(check(&before, &[&path[..], &[root]].concat()).is_err());
            for place in 0..path.len() {
                let mut wrong = path.clone();
                wrong[place].0[0] ^= 1;
                assert!(check(&before, &wrong).is_err());
            }
            assert!(path.is_empty() || check(&before, &path[..path.len() - 1]).is_err());
        }
    }
}

#[test]
fn proofs_come_out_of_published_tiles() {
    let entries = stage::entries(700);
    let files = stage::publish(&entries);
    let hashes: Vec<Hash> = entries.iter().map(|entry| Hash::of_entry(entry)).collect();
    let root = root_of(&hashes);
    for index in [0, 1, 255, 256, 257, 511, 512, 600, 698, 699] {
        let mut tiles = Tiles::new(&files, 700);
        let path = proof::inclusion(index, 700, |node| tiles.hash(node)).unwrap().unwrap();
        assert_eq!(path, proof::inclusion(index, 700, |node| from(&hashes, node)).unwrap().unwrap());
        assert_eq!(proof::check_inclusion(&hashes[index as usize], index, 700, &root, &path), Ok(()));
    }
    let mut tiles = Tiles::new(&files, 700);
    let path = proof::consistency(300, 700, |node| tiles.hash(node)).unwrap().unwrap();
    assert_eq!(proof::check_consistency(300, &root_of(&hashes[..300]), 700, &root, &path), Ok(()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn frontier_edge_and_ct_merkle_agree(size in 1u64..1500, at in 0.0f64..1.0, since in 0.0f64..1.0) {
        let index = (size as f64 * at) as u64;
        let old = 1 + ((size - 1) as f64 * since) as u64;
        let (mut frontier, mut edge) = (Frontier::new(), Edge::new());
        let mut judge = MemoryBackedTree::<JudgeHash, Vec<u8>>::new();
        let mut hashes = Vec::new();
        let mut old_root = None;
        for n in 0..size {
            let entry = n.to_be_bytes().to_vec();
            let hash = Hash::of_entry(&entry);
            frontier.push(hash);
            push(&mut edge, hash);
            hashes.push(hash);
            judge.push(entry);
            if n + 1 == old {
                old_root = Some((frontier.root(), judge.root()));
            }
        }
        let root = frontier.root();
        let (old_root, judge_old) = old_root.unwrap();
        prop_assert_eq!(root.0.to_vec(), judge.root().as_bytes().to_vec());
        prop_assert_eq!(&edge.frontier(), &frontier);
        prop_assert_eq!(Frontier::from_bytes(size, &frontier.to_bytes()), Some(frontier.clone()));
        prop_assert_eq!(Frontier::from_bytes(size + 1, &frontier.to_bytes()).is_some(), (size + 1).count_ones() == size.count_ones());

        let path = proof::inclusion(index, size, |node| from(&hashes, node)).unwrap().unwrap();
        let bytes: Vec<u8> = path.iter().flat_map(|hash| hash.0).collect();
        prop_assert_eq!(judge.prove_inclusion(index as usize).as_bytes().to_vec(), bytes.clone());
        prop_assert_eq!(proof::check_inclusion(&hashes[index as usize], index, size, &root, &path), Ok(()));
        let foreign = InclusionProof::<JudgeHash>::try_from_bytes(bytes).unwrap();
        prop_assert!(judge.root().verify_inclusion(&index.to_be_bytes().to_vec(), index, &foreign).is_ok());

        let path = proof::consistency(old, size, |node| from(&hashes, node)).unwrap().unwrap();
        prop_assert_eq!(proof::check_consistency(old, &old_root, size, &root, &path), Ok(()));
        let ours = RootHash::<JudgeHash>::new(root.0.into(), size);
        if old < size {
            let bytes: Vec<u8> = path.iter().flat_map(|hash| hash.0).collect();
            let foreign = ConsistencyProof::<JudgeHash>::try_from_bytes(bytes).unwrap();
            prop_assert!(ours.verify_consistency(&judge_old, &foreign).is_ok());
        }
    }

    #[test]
    fn an_edge_comes_back_from_its_partial_tiles(size in 0u64..70_000) {
        let mut edge = Edge::new();
        for n in 0..size {
            push(&mut edge, Hash([n as u8; 32]));
        }
        let partials: std::collections::HashMap<_, _> =
            edge.partials().map(|(resource, hashes)| (resource, hashes.to_vec())).collect();
        let again = Edge::from_partials(size, |resource| Ok::<_, ()>(partials[&resource].clone())).unwrap().unwrap();
        prop_assert_eq!(again.root(), edge.root());
        prop_assert_eq!(again.size(), size);
    }
}

/// SHA-256 in the shape ct-merkle asks for.
#[derive(Clone, Default)]
struct JudgeHash(Sha256);

impl HashMarker for JudgeHash {}

impl OutputSizeUser for JudgeHash {
    type OutputSize = U32;
}

impl Update for JudgeHash {
    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }
}

impl FixedOutput for JudgeHash {
    fn finalize_into(self, out: &mut Output<Self>) {
        out.copy_from_slice(&self.0.finish());
    }
}

fn push(edge: &mut Edge, hash: Hash) {
    edge.push(hash, |_, _| Ok::<_, ()>(())).unwrap();
}

fn from(hashes: &[Hash], node: Node) -> Result<Hash, ()> {
    let start = (node.index << node.height) as usize;
    Ok(root_of(hashes.get(start..start + (1 << node.height)).expect("asked outside the tree")))
}

fn texts(path: Result<Option<Vec<Hash>>, ()>) -> Option<Vec<String>> {
    path.unwrap().map(|path| path.into_iter().map(hex).collect())
}

fn hex(hash: Hash) -> String {
    hash.0.iter().map(|byte| format!("{byte:02x}")).collect()
}

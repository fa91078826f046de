//! Inclusion and consistency proofs: making them from hashes of perfect subtrees, and checking them.
//!
//! Making follows RFC 6962 sections 2.1.1 and 2.1.2; checking follows RFC 9162 sections 2.1.3.2 and 2.1.4.2,
//! whose loops need no knowledge of how the tree was built.

use crate::hash::Hash;
use crate::tree;

/// A perfect subtree: `2^height` entries beginning at entry `index · 2^height`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Node {
    /// Levels above the entries.
    pub height: u8,
    /// Which one of its height, from 0.
    pub index: u64,
}

/// Proof that entry `index` stands in the tree of `size`: hashes from the entry's sibling up.
///
/// `hash_of` is asked only for perfect subtrees inside the tree. `None` when the index is outside.
pub fn inclusion<E>(
    index: u64,
    size: u64,
    mut hash_of: impl FnMut(Node) -> Result<Hash, E>,
) -> Result<Option<Vec<Hash>>, E> {
    if index >= size {
        return Ok(None);
    }
    let mut proof = Vec::new();
    let (mut start, mut end) = (0, size);
    while end - start > 1 {
        let middle = start + split(end - start);
        let sibling = if index < middle { (middle, end) } else { (start, middle) };
        proof.push(range(sibling.0, sibling.1, &mut hash_of)?);
        (start, end) = if index < middle { (start, middle) } else { (middle, end) };
    }
    proof.reverse();
    Ok(Some(proof))
}

/// Proof that the tree of `old` entries is the beginning of the tree of `size`. Empty for equal sizes and for
/// an empty old tree; `None` when `old` is larger.
pub fn consistency<E>(
    old: u64,
    size: u64,
    mut hash_of: impl FnMut(Node) -> Result<Hash, E>,
) -> Result<Option<Vec<Hash>>, E> {
    if old > size {
        return Ok(None);
    }
    if old == 0 || old == size {
        return Ok(Some(Vec::new()));
    }
    let mut proof = Vec::new();
    let (mut start, mut end) = (0, size);
    while end != old {
        let middle = start + split(end - start);
        if old <= middle {
            proof.push(range(middle, end, &mut hash_of)?);
            end = middle;
        } else {
            proof.push(range(start, middle, &mut hash_of)?);
            start = middle;
        }
    }
    if start != 0 {
        proof.push(range(start, end, &mut hash_of)?);
    }
    proof.reverse();
    Ok(Some(proof))
}

/// Checks that `entry` is the hash of entry `index` in the tree of `size` with this root
/// (RFC 9162 section 2.1.3.2).
pub fn check_inclusion(entry: &Hash, index: u64, size: u64, root: &Hash, proof: &[Hash]) -> Result<(), Error> {
    if index >= size {
        return Err(Error::Outside);
    }
    let (mut node, mut last) = (index, size - 1);
    let mut hash = *entry;
    for sibling in proof {
        if last == 0 {
            return Err(Error::Length);
        }
        if node & 1 == 1 || node == last {
            hash = Hash::of_node(sibling, &hash);
            while node & 1 == 0 && node != 0 {
                (node, last) = (node >> 1, last >> 1);
            }
        } else {
            hash = Hash::of_node(&hash, sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    if last != 0 {
        return Err(Error::Length);
    }
    if hash == *root { Ok(()) } else { Err(Error::Root) }
}

/// Checks that the tree of `old` entries with `old_root` is the beginning of the tree of `size` with `root`
/// (RFC 9162 section 2.1.4.2; an empty old tree is the beginning of every tree).
pub fn check_consistency(old: u64, old_root: &Hash, size: u64, root: &Hash, proof: &[Hash]) -> Result<(), Error> {
    if old > size {
        return Err(Error::Outside);
    }
    if old == 0 || old == size {
        let same = if old == 0 { *old_root == Hash::of_nothing() } else { old_root == root };
        return match (proof.is_empty(), same) {
            (false, _) => Err(Error::Length),
            (true, false) => Err(Error::Root),
            (true, true) => Ok(()),
        };
    }
    // An old tree that is perfect is itself the first node of the path.
    let mut hashes = proof.iter();
    let first = if old.is_power_of_two() { old_root } else { hashes.next().ok_or(Error::Length)? };
    let (mut node, mut last) = (old - 1, size - 1);
    while node & 1 == 1 {
        (node, last) = (node >> 1, last >> 1);
    }
    let (mut before, mut after) = (*first, *first);
    for sibling in hashes {
        if last == 0 {
            return Err(Error::Length);
        }
        if node & 1 == 1 || node == last {
            before = Hash::of_node(sibling, &before);
            after = Hash::of_node(sibling, &after);
            while node & 1 == 0 && node != 0 {
                (node, last) = (node >> 1, last >> 1);
            }
        } else {
            after = Hash::of_node(&after, sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    if last != 0 {
        return Err(Error::Length);
    }
    if before == *old_root && after == *root { Ok(()) } else { Err(Error::Root) }
}

/// Why a proof does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Too few or too many hashes for these sizes.
    #[error("the proof has the wrong number of hashes for this tree")]
    Length,
    /// The entry or the old tree is larger than the tree.
    #[error("the proof is about something outside the tree")]
    Outside,
    /// It leads to another root.
    #[error("the proof leads to another root")]
    Root,
}

/// Hash of the entries `start..end`, where `start` is a multiple of the power of two that spans the range.
fn range<E>(start: u64, end: u64, hash_of: &mut impl FnMut(Node) -> Result<Hash, E>) -> Result<Hash, E> {
    let mut peaks = Vec::new();
    let mut at = start;
    while at < end {
        let height = (end - at).ilog2() as u8;
        peaks.push(hash_of(Node { height, index: at >> height })?);
        at += 1 << height;
    }
    Ok(tree::join(&peaks))
}

/// Largest power of two smaller than `count`, for `count` of at least 2.
fn split(count: u64) -> u64 {
    1 << (count - 1).ilog2()
}

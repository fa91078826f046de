//! The two hashes of a Merkle tree (RFC 6962 section 2.1, same in RFC 9162): one prefix byte keeps an entry
//! from ever being mistaken for an inner node.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lionrock_crypto::digest::{Sha256, sha256};

/// A SHA-256 hash: of an entry, of an inner node, or of a whole tree.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hash(pub [u8; Hash::LENGTH]);

impl Hash {
    /// Bytes in a hash.
    pub const LENGTH: usize = 32;

    /// Hash of an entry: `SHA-256(0x00 ‖ entry)`.
    pub fn of_entry(entry: &[u8]) -> Hash {
        let mut digest = Sha256::default();
        digest.update(&[ENTRY]);
        digest.update(entry);
        Hash(digest.finish())
    }

    /// Hash of an inner node: `SHA-256(0x01 ‖ left ‖ right)`.
    pub fn of_node(left: &Hash, right: &Hash) -> Hash {
        let mut input = [NODE; 1 + 2 * Hash::LENGTH];
        let (head, tail) = input.split_at_mut(1 + Hash::LENGTH);
        head.iter_mut().skip(1).zip(left.0).for_each(|(to, from)| *to = from);
        tail.copy_from_slice(&right.0);
        Hash(sha256(&input))
    }

    /// Root of the tree without entries: `SHA-256("")`.
    pub fn of_nothing() -> Hash {
        Hash(sha256(b""))
    }

    /// Reads a hash of exactly 32 bytes.
    pub fn from_slice(bytes: &[u8]) -> Option<Hash> {
        bytes.try_into().ok().map(Hash)
    }

    /// Reads standard base64 with padding, as checkpoints and proofs write it.
    pub fn from_base64(text: &str) -> Option<Hash> {
        Hash::from_slice(&STANDARD.decode(text).ok()?)
    }

    /// Standard base64 with padding.
    pub fn to_base64(self) -> String {
        STANDARD.encode(self.0)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_base64())
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

const ENTRY: u8 = 0;
const NODE: u8 = 1;

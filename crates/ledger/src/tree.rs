//! Growing a tree without holding it: a [`Frontier`] for its root, an [`Edge`] for its tiles.

use crate::hash::Hash;
use crate::tile::{self, Resource};

/// The roots of the perfect subtrees a tree is made of, largest first: enough to append and to know the
/// root, in at most 64 hashes whatever the size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    /// The tree without entries.
    pub fn new() -> Frontier {
        Frontier::default()
    }

    /// Number of entries.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends the hash of the next entry.
    pub fn push(&mut self, entry: Hash) {
        let mut hash = entry;
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                hash = Hash::of_node(&left, &hash);
            }
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// Root of the whole tree (RFC 6962 section 2.1).
    pub fn root(&self) -> Hash {
        join(&self.peaks)
    }

    /// The peaks one after the other, for keeping beside [`Frontier::size`].
    pub fn to_bytes(&self) -> Vec<u8> {
        self.peaks.iter().flat_map(|peak| peak.0).collect()
    }

    /// Reads what [`Frontier::to_bytes`] wrote; `None` when the bytes do not fit the size.
    pub fn from_bytes(size: u64, bytes: &[u8]) -> Option<Frontier> {
        let (peaks, rest) = bytes.as_chunks::<{ Hash::LENGTH }>();
        let fits = rest.is_empty() && peaks.len() == usize::try_from(size.count_ones()).ok()?;
        fits.then(|| Frontier { size, peaks: peaks.iter().copied().map(Hash).collect() })
    }
}

/// The right edge of the tiles of a tree: for every level the hashes that do not fill a tile yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edge {
    size: u64,
    levels: Vec<Vec<Hash>>,
}

impl Edge {
    /// The edge of a tree without entries.
    pub fn new() -> Edge {
        Edge::default()
    }

    /// Number of entries.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Puts the edge together again from the partial tiles of a tree of `size` entries: `read(level)` gives the
    /// hashes of the partial tile of that level. `None` when a tile has the wrong width.
    pub fn from_partials<E>(
        size: u64,
        mut read: impl FnMut(Resource) -> Result<Vec<Hash>, E>,
    ) -> Result<Option<Edge>, E> {
        let mut levels = Vec::new();
        for level in 0..tile::levels(size) {
            let hashes = match tile::partial(level, size) {
                Some(resource) => read(resource)?,
                None => Vec::new(),
            };
            if hashes.len() as u64 != tile::width_at(level, size) {
                return Ok(None);
            }
            levels.push(hashes);
        }
        Ok(Some(Edge { size, levels }))
    }

    /// Appends the hash of the next entry and hands every tile that became full, lowest level first, to `full`.
    pub fn push<E>(&mut self, entry: Hash, mut full: impl FnMut(Resource, &[Hash]) -> Result<(), E>) -> Result<(), E> {
        let mut hash = entry;
        self.size += 1;
        for level in 0..tile::LEVELS {
            let place = usize::from(level);
            if self.levels.len() <= place {
                self.levels.push(Vec::with_capacity(tile::WIDTH));
            }
            let Some(hashes) = self.levels.get_mut(place) else { break };
            hashes.push(hash);
            if hashes.len() < tile::WIDTH {
                break;
            }
            hash = root_of(hashes);
            full(Resource::full(level, tile::index_of_last(level, self.size)), hashes)?;
            hashes.clear();
        }
        Ok(())
    }

    /// The partial tiles as they stand, lowest level first.
    pub fn partials(&self) -> impl Iterator<Item = (Resource, &[Hash])> {
        (0u8..)
            .zip(&self.levels)
            .filter_map(|(level, hashes)| Some((tile::partial(level, self.size)?, hashes.as_slice())))
    }

    /// The same tree's frontier.
    pub fn frontier(&self) -> Frontier {
        let mut peaks = Vec::new();
        for hashes in self.levels.iter().rev() {
            let mut rest = hashes.as_slice();
            while !rest.is_empty() {
                let (perfect, tail) = rest.split_at(1 << rest.len().ilog2());
                peaks.push(root_of(perfect));
                rest = tail;
            }
        }
        Frontier { size: self.size, peaks }
    }

    /// Root of the whole tree.
    pub fn root(&self) -> Hash {
        self.frontier().root()
    }
}

/// Root of the tree over these hashes (RFC 6962 section 2.1, where the hashes stand for perfect subtrees of
/// one height, except that the last may be lower).
pub fn root_of(hashes: &[Hash]) -> Hash {
    let mut row = hashes.to_vec();
    while row.len() > 1 {
        let (pairs, odd) = row.as_chunks::<2>();
        let mut above: Vec<Hash> = pairs.iter().map(|[left, right]| Hash::of_node(left, right)).collect();
        above.extend_from_slice(odd);
        row = above;
    }
    row.first().copied().unwrap_or_else(Hash::of_nothing)
}

/// Joins the roots of ever smaller perfect subtrees, largest first, into the root of the tree they make.
pub(crate) fn join(peaks: &[Hash]) -> Hash {
    let mut smallest_first = peaks.iter().rev();
    match smallest_first.next() {
        None => Hash::of_nothing(),
        Some(&last) => smallest_first.fold(last, |right, left| Hash::of_node(left, &right)),
    }
}

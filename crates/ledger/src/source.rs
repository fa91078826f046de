//! Where published files come from: a folder here, or whatever the caller fetches them with.

use std::collections::HashMap;
use std::path::PathBuf;

use crate::hash::Hash;
use crate::proof::Node;
use crate::tile::{self, Level, Resource};
use crate::tree;

/// Reads the files of one log. Paths are as published: `checkpoint`, `tile/0/000`, `tile/entries/000.p/7`.
pub trait Source {
    /// The whole file, or `None` when there is none.
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Error>;

    /// Several files at once, in the order asked for. A source with a long way to go fetches them side by side.
    fn read_all(&self, paths: &[String]) -> Vec<Result<Option<Vec<u8>>, Error>> {
        paths.iter().map(|path| self.read(path)).collect()
    }
}

/// A log in a folder, as the platform publishes it or as somebody copied it.
#[derive(Clone, Debug)]
pub struct Directory(PathBuf);

impl Directory {
    /// The log in this folder.
    pub fn new(path: impl Into<PathBuf>) -> Directory {
        Directory(path.into())
    }
}

impl Source for Directory {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Error> {
        if !tile::is_text(path) && Resource::parse(path).is_none() {
            return Ok(None);
        }
        match std::fs::read(self.0.join(path)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => {
                Ok(None)
            }
            Err(error) => Err(Error { path: path.to_owned(), reason: error.to_string() }),
        }
    }
}

impl<S: Source + ?Sized> Source for &S {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Error> {
        (**self).read(path)
    }

    fn read_all(&self, paths: &[String]) -> Vec<Result<Option<Vec<u8>>, Error>> {
        (**self).read_all(paths)
    }
}

/// A file could not be read: the place, not the log, is at fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path} could not be read: {reason}")]
pub struct Error {
    /// The published path.
    pub path: String,
    /// What went wrong, for people.
    pub reason: String,
}

/// Hashes of perfect subtrees of a tree of one size, read from its tiles and kept while proofs are made.
pub struct Tiles<S> {
    source: S,
    size: u64,
    kept: HashMap<(u8, u64), Vec<Hash>>,
}

impl<S: Source> Tiles<S> {
    /// The tiles of the tree of `size` entries.
    pub fn new(source: S, size: u64) -> Tiles<S> {
        Tiles { source, size, kept: HashMap::new() }
    }

    /// Hash of a perfect subtree, for [`crate::proof::inclusion`] and [`crate::proof::consistency`].
    pub fn hash(&mut self, node: Node) -> Result<Hash, Missing> {
        let level = node.height / 8;
        let height = node.height % 8;
        let first = node.index << height;
        let index = first >> 8;
        let from = (first % tile::WIDTH as u64) as usize;
        let hashes = self.tile(level, index)?;
        let part = hashes.get(from..from + (1 << height));
        let resource = Resource::full(level, index);
        part.map(tree::root_of).ok_or_else(|| Missing::Tile(resource.to_string()))
    }

    fn tile(&mut self, level: u8, index: u64) -> Result<&Vec<Hash>, Missing> {
        let key = (level, index);
        if !self.kept.contains_key(&key) {
            let resource = tile::at(level, index, self.size)
                .ok_or_else(|| Missing::Tile(Resource::full(level, index).to_string()))?;
            let bytes = read(&self.source, resource)?.ok_or_else(|| Missing::Tile(resource.to_string()))?;
            let hashes = tile::hashes_of(&bytes, resource.width);
            self.kept.insert(key, hashes.ok_or_else(|| Missing::Tile(resource.to_string()))?);
        }
        self.kept.get(&key).ok_or_else(|| Missing::Tile(Resource::full(level, index).to_string()))
    }
}

/// Why a hash could not be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Missing {
    /// The place failed.
    #[error(transparent)]
    Source(#[from] Error),
    /// The file is not there, or not a tile.
    #[error("{0} is missing or damaged")]
    Tile(String),
}

/// Reads a tile or bundle. A partial one that is gone may have been replaced by the full one, whose beginning
/// is the same (tlog-tiles, "Partial Tiles").
pub fn read(source: &impl Source, resource: Resource) -> Result<Option<Vec<u8>>, Error> {
    match source.read(&resource.to_string())? {
        None if resource.is_partial() => {
            let full = source.read(&resource.when_full().to_string())?;
            Ok(full.and_then(|bytes| beginning(bytes, resource)))
        }
        found => Ok(found),
    }
}

/// The first `resource.width` hashes or entries of a full tile or bundle; `None` when it is not one.
pub(crate) fn beginning(mut full: Vec<u8>, resource: Resource) -> Option<Vec<u8>> {
    let length = match resource.level {
        Level::Hashes(_) => usize::from(resource.width) * Hash::LENGTH,
        Level::Entries => {
            let entries = tile::entries_of(&full, resource.when_full().width)?;
            entries.iter().take(usize::from(resource.width)).map(|entry| 2 + entry.len()).sum()
        }
    };
    if length > full.len() {
        return None;
    }
    full.truncate(length);
    Some(full)
}
